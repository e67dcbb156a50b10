"""The forks between the paper, its published code and the notes: which way gives better outlines?

Every variant differs from the default in the named settings only and is trained by `kontur train`
itself: the same seed, so the same first weights and the same crops, the same number of steps.
Thresholds are tuned on DATA's validation part, and AP is taken there, alike for all variants.
Finished trainings are lines of the results file; a second call goes on where the first one ended.
"""

import argparse
import json
import shutil
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from report import heading, table

VARIANTS: dict[str, list[str]] = {
    "default (supervise all, start jittered)": [],
    "supervise last": ["model.supervise=last"],
    "start truth": ["model.start=truth"],
    "start predicted": ["model.start=predicted"],
    "balance 0": ["model.balance=0"],
    "balance 1": ["model.balance=1"],
    "beta 1": ["model.beta=1"],
    "smooth 0": ["model.smooth=0"],
    "smooth 4": ["model.smooth=4"],
    "tolerance 0.02": ["model.tolerance=0.02"],
    "order paper": ["model.order=paper"],
    "as published": [
        "model.supervise=last",
        "model.start=truth",
        "model.balance=0",
        "model.beta=1",
        "model.smooth=0",
        "model.tolerance=0.02",
        "model.order=paper",
    ],
}
WORDS = {name.partition(" (")[0].replace(" ", "-"): name for name in VARIANTS}
MEASURED = ("default", "supervise-last", "start-truth", "start-predicted", "balance-0")
IOUS = (50, 60, 70, 80, 90)

Result = dict[str, Any]


def main() -> None:
    options = _options()
    heading(__doc__.partition("\n\n")[0])
    same = ["training.validate_images=8", f"training.validate_every={options.steps}", *options.set]
    same += [f"training.steps={options.steps}", f"training.batch={options.batch}"]
    same += [f"augment.crop={options.crop}", f"training.precision={options.precision}"]
    same += [] if options.workers is None else [f"training.workers={options.workers}"]
    results = _read(options.results)
    for seed in range(options.seeds):  # one seed of every variant before the next seed
        for word in options.variants:
            settings = [*same, f"training.seed={seed}", *VARIANTS[WORDS[word]]]
            key = {"variant": word, "seed": seed, "preset": options.preset, "settings": settings}
            if not any(_is(result, key) for result in results):
                result = {**key, **_train(options, word, seed, settings)}
                with options.results.open("a") as file:
                    file.write(json.dumps(result) + "\n")
                results.append(result)
                print(f"{word}, seed {seed}: AP {result['scores']['AP']:.3f}", flush=True)
    chosen = [r for r in results if r["preset"] == options.preset and _shares(r, same)]
    print(f"\npreset {options.preset}, {options.steps} steps of {options.batch} crops of", end=" ")
    print(f"{options.crop} pixels, pooled AP on the validation part\n")
    print(_table(chosen, options.variants))


def _train(options: argparse.Namespace, word: str, seed: int, settings: list[str]) -> Result:
    from kontur.train.run import train

    name = f"{word}-{options.preset}-{options.steps}-{seed}"
    run: Path = options.results.with_suffix("") / name
    if (run / "config.toml").exists():
        train(out=run, settings=settings, resume=True)
    else:
        train(options.data, out=run, preset=options.preset, settings=settings, val=options.val)
    metrics = json.loads((run / "metrics.json").read_text())
    shutil.rmtree(run)
    seconds = metrics["training"]["seconds"]
    return {"scores": metrics["scores"], "thresholds": metrics["thresholds"], "seconds": seconds}


def _table(results: Sequence[Result], words: Iterable[str]) -> str:
    rows = []
    for word in words:
        own = [result["scores"] for result in results if result["variant"] == word]
        if own:
            cells = [_cell([scores[f"AP{iou}"] for scores in own]) for iou in IOUS]
            rows.append([WORDS[word], str(len(own)), *cells, _cell([s["AP"] for s in own])])
    return table(["variant", "seeds", *(f"AP .{iou // 10}" for iou in IOUS), "mean"], rows)


def _cell(values: Sequence[float]) -> str:
    """The mean, and the standard deviation where there are several seeds."""
    spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.3f}{spread}"


def _is(result: Result, key: Result) -> bool:
    return all(result[name] == value for name, value in key.items())


def _shares(result: Result, settings: list[str]) -> bool:
    return set(settings) <= set(result["settings"])


def _read(path: Path) -> list[Result]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return [json.loads(line) for line in path.read_text().splitlines()]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="a training folder, with train/ and val/ inside")
    parser.add_argument("--val", type=Path, help="the validation folder, where it lies elsewhere")
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("forks.jsonl"),
        help="JSON lines, one a finished training; unfinished ones lie in a folder of its name",
    )
    parser.add_argument(
        "--variants", nargs="+", choices=WORDS, default=list(MEASURED), metavar="VARIANT",
        help=f"which of {', '.join(WORDS)} (default: {' '.join(MEASURED)})",
    )  # fmt: skip
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--crop", type=int, default=128, help="pixels")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of every variant")
    parser.add_argument("--precision", default="32", choices=("32", "bf16"))
    parser.add_argument("--workers", type=int, help="processes that prepare crops")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="KEY=VALUE", help="the same for all variants"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
