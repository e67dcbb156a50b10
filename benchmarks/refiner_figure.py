"""The error of every refiner against its milliseconds, from the results of `ablation.py`.

One panel for each results file: 1 − AP (the mean over IoU 0.5 to 0.9) with its range over the
seeds, against the milliseconds of one image on one thread. Lower and further left is better.

    python benchmarks/refiner_figure.py nuclei.jsonl worms.jsonl --out refiners.png
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from ledger import Ledger, Result
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SHOWN = "edge, quality"  # what the variants that differ in their refiner alone begin with
COLOURS = {"circular": "#0072b2", "recurrent": "#d55e00", "attention": "#009e73"}


def main() -> None:
    options = _options()
    figure = Figure(figsize=(5.2 * len(options.results), 4.4), layout="constrained")
    panels = figure.subplots(1, len(options.results), squeeze=False)[0]
    for axes, path in zip(panels, options.results, strict=True):
        _draw(axes, Ledger(path).results)
    panels[0].set_ylabel("error: 1 − mean AP at IoU 0.5 to 0.9")
    handles = [
        axes.plot([], [], "o", color=colour, label=kind)[0] for kind, colour in COLOURS.items()
    ]
    panels[-1].legend(handles=handles, frameon=False)
    figure.savefig(options.out, dpi=130)


def _draw(axes: Axes, results: list[Result]) -> None:
    variants: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if result["variant"].startswith(SHOWN):
            variants[result["variant"].removeprefix(SHOWN).removeprefix(", ")].append(result)
    for name, own in variants.items():
        kind = next((kind for kind in COLOURS if kind in name), "circular")
        errors = np.array([1 - result["AP"] for result in own])
        milliseconds = float(np.mean([result["ms"] for result in own]))
        middle = float(errors.mean())
        spread = [[middle - errors.min()], [errors.max() - middle]]
        axes.errorbar(milliseconds, middle, spread, fmt="o", color=COLOURS[kind], capsize=3)
        words = name.removeprefix(f"{kind} ").removeprefix(f"{kind}, ") or "3 stages"
        axes.annotate(
            f"{words} ({len(own)})",
            (milliseconds, middle),
            xytext=(6, 3),
            textcoords="offset points",
            fontsize=7.5,
        )
    axes.margins(x=0.18)
    axes.set_xlabel("milliseconds an image, one thread")
    axes.set_title(str(results[0]["data"]))
    axes.spines[["top", "right"]].set_visible(False)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", nargs="+", type=Path, help="of ablation.py, one file a data set")
    parser.add_argument("--out", type=Path, default=Path("refiners.png"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
