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
from matplotlib.lines import Line2D

SHOWN = "edge, quality"  # what the variants that differ in their refiner alone begin with
COLOURS = {"circular": "#0072b2", "recurrent": "#d55e00", "attention": "#009e73"}


def main() -> None:
    options = _options()
    panels = [_variants(Ledger(path).results) for path in options.results]
    numbers = {name: i for i, name in enumerate(dict.fromkeys(n for p in panels for n in p), 1)}
    figure = Figure(figsize=(4.4 * len(panels) + 2.2, 4.2), layout="constrained")
    all_axes = figure.subplots(1, len(panels), squeeze=False)[0]
    titles = options.titles or [path.stem for path in options.results]
    for axes, variants, title in zip(all_axes, panels, titles, strict=True):
        _draw(axes, variants, numbers)
        axes.set_title(title)
    all_axes[0].set_ylabel("error: 1 − mean AP at IoU 0.5 to 0.9")
    handles = [
        Line2D([], [], ls="", marker=f"${i}$", color=COLOURS[_kind(name)], label=name)
        for name, i in numbers.items()
    ]
    figure.legend(handles=handles, loc="outside right center", frameon=False, fontsize=9)
    figure.savefig(options.out, dpi=110)


def _variants(results: list[Result]) -> dict[str, list[Result]]:
    """The fits of every refiner, by its name."""
    variants: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if result["variant"].startswith(SHOWN):
            name = result["variant"].removeprefix(SHOWN).removeprefix(", ")
            variants[name if _kind(name) in name else f"circular {name}".strip()].append(result)
    return variants


def _kind(name: str) -> str:
    return next((kind for kind in COLOURS if kind in name), "circular")


def _draw(axes: Axes, variants: dict[str, list[Result]], numbers: dict[str, int]) -> None:
    for name, own in variants.items():
        errors = np.array([1 - result["AP"] for result in own])
        milliseconds = float(np.mean([result["ms"] for result in own]))
        middle = float(errors.mean())
        spread = [[middle - errors.min()], [errors.max() - middle]]
        look = {"color": COLOURS[_kind(name)], "markersize": 4, "capsize": 2, "elinewidth": 1}
        axes.errorbar(milliseconds, middle, spread, fmt="o", **look)
        axes.annotate(
            str(numbers[name]), (milliseconds, middle), xytext=(4, 3), textcoords="offset points",
            color=COLOURS[_kind(name)], fontsize=10, weight="bold",
        )  # fmt: skip
    axes.margins(x=0.1)
    axes.set_xlabel("milliseconds an image, one thread")
    axes.spines[["top", "right"]].set_visible(False)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", nargs="+", type=Path, help="of ablation.py, one file a data set")
    parser.add_argument("--titles", nargs="+", help="one a panel; else the files' names")
    parser.add_argument("--out", type=Path, default=Path("refiners.png"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
