"""Forks in the making of a network, such as between a paper and its code: which way is better?

Every variant differs from the default in the named settings only and is trained by `kontur train`
itself: the same seed, so the same first weights and the same crops, the same number of steps.
Thresholds are tuned on DATA's validation part, and AP is taken there, alike for all variants.
Finished trainings are lines of the results file; a second call goes on where the first one ended.
"""

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ledger import Ledger, Result, cell
from report import heading, table

VARIANTS: dict[str, dict[str, list[str]]] = {
    "snake": {
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
        "order paper": ["model.refiner.order=paper"],
        "as published": [
            "model.supervise=last",
            "model.start=truth",
            "model.balance=0",
            "model.beta=1",
            "model.smooth=0",
            "model.tolerance=0.02",
            "model.refiner.order=paper",
        ],
        "detector rpn": ["model.detector=rpn"],
        "detector rpn, overlap 0.5": ["model.detector=rpn", "model.rpn.overlap=0.5"],
    },
    "maskrcnn": {
        "default (align, maximum of the samples)": [],
        "align mean": ["model.reduce=mean"],
        "pool": ["model.roi=pool"],
        "staged": ["training.stages=staged"],
    },
}
WORDS = {
    kind: {name.partition(" (")[0].replace(", ", "-").replace(" ", "-"): name for name in named}
    for kind, named in VARIANTS.items()
}
MEASURED = {
    "snake": ("default", "supervise-last", "start-truth", "start-predicted", "balance-0"),
    "maskrcnn": ("default", "align-mean", "pool"),
}
IOUS = (50, 60, 70, 80, 90)


def main() -> None:
    options = _options()
    heading(__doc__.partition("\n\n")[0])
    same = ["training.validate_images=8", f"training.validate_every={options.steps}", *options.set]
    same += [f"training.steps={options.steps}", f"training.batch={options.batch}"]
    same += [f"augment.crop={options.crop}", f"training.precision={options.precision}"]
    same += [] if options.workers is None else [f"training.workers={options.workers}"]
    ledger = Ledger(options.results)
    words = WORDS[options.kind]
    chosen = options.variants or MEASURED[options.kind]
    for seed in range(options.seeds):  # one seed of every variant before the next seed
        for word in chosen:
            settings = [*same, f"training.seed={seed}", *VARIANTS[options.kind][words[word]]]
            key = {"kind": options.kind, "variant": word, "seed": seed, "preset": options.preset}
            key["settings"] = settings
            if not ledger.find(key):
                result = {**key, **_train(options, ledger, f"{word}-{seed}", settings)}
                ledger.add(result)
                print(f"{word}, seed {seed}: AP {result['scores']['AP']:.3f}", flush=True)
    print(f"\n{options.kind}, preset {options.preset}, {options.steps} steps of", end=" ")
    print(f"{options.batch} crops of {options.crop} pixels, pooled AP on the validation part\n")
    known = ledger.find({"kind": options.kind, "preset": options.preset})
    alike = [result for result in known if set(same) <= set(result["settings"])]
    print(_table(alike, {word: words[word] for word in chosen}))


def _train(options: argparse.Namespace, ledger: Ledger, name: str, settings: list[str]) -> Result:
    from kontur.train.run import train

    run = ledger.folder(f"{options.kind}-{name}-{options.preset}-{options.steps}")
    if (run / "config.toml").exists():
        train(out=run, settings=settings, resume=True)
    else:
        train(
            options.data,
            out=run,
            kind=options.kind,
            preset=options.preset,
            settings=settings,
            val=options.val,
        )
    metrics = json.loads((run / "metrics.json").read_text())
    shutil.rmtree(run)
    seconds = metrics["training"]["seconds"]
    return {"scores": metrics["scores"], "thresholds": metrics["thresholds"], "seconds": seconds}


def _table(results: Sequence[Result], words: Mapping[str, str]) -> str:
    rows = []
    for word, name in words.items():
        own = [result["scores"] for result in results if result["variant"] == word]
        if own:
            cells = [cell([scores[f"AP{iou}"] for scores in own]) for iou in IOUS]
            rows.append([name, str(len(own)), *cells, cell([s["AP"] for s in own])])
    return table(["variant", "seeds", *(f"AP .{iou // 10}" for iou in IOUS), "mean"], rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="a training folder, with train/ and val/ inside")
    parser.add_argument("--kind", choices=VARIANTS, default="snake")
    parser.add_argument("--val", type=Path, help="the validation folder, where it lies elsewhere")
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("forks.jsonl"),
        help="JSON lines, one a finished training; unfinished ones lie in a folder of its name",
    )
    parser.add_argument(
        "--variants", nargs="+", metavar="VARIANT",
        choices=[word for words in WORDS.values() for word in words],
        help="; ".join(
            f"of {kind}: {', '.join(WORDS[kind])} (default: {' '.join(MEASURED[kind])})"
            for kind in WORDS
        ),
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
    options = parser.parse_args()
    foreign = [word for word in options.variants or () if word not in WORDS[options.kind]]
    if foreign:
        parser.error(f"{options.kind} has no variant {foreign[0]}")
    return options


if __name__ == "__main__":
    main()
