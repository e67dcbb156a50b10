"""At which size are objects learned best? Trainings of equal processor time at several scales.

Every fit is a `kontur train` of one thread that ends after so many minutes of processor time, on
part of a folder's images; what it is judged on it has not seen, neither to learn nor to choose. A
split deals the images anew, a seed the weights, the crops and what is held out to validate on.
Finished fits are lines of the results file, one split and seed of every variant before the next, so
that a second call goes on where the first one ended.

    python benchmarks/working_scale.py photographs --scales auto 1 0.5 0.35 --minutes 3

DATA is a folder, or `photographs` (`photographs.py`), or `scenes-N`: textured scenes of
`kontur.data.synthetic` with objects of about N pixels.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ledger import Ledger, Result, cell
from photographs import write_photographs
from report import heading, table

IOUS = (0.5, 0.6, 0.7, 0.8, 0.9)
SCENES = 18  # of a set that is made
VALIDATE = 1 / 5  # of the images to learn from
SPREAD = 0.7, 1.35  # of the objects' sides in textured scenes, times N


def main() -> None:
    if sys.argv[1:2] == ["--fit"]:
        print(json.dumps(fit(json.loads(sys.argv[2]))))
        return
    options = _options()
    heading(__doc__.partition("\n\n")[0])
    ledger = Ledger(options.results)
    folder = _folder(options.data, ledger)
    variants = {f"scale {scale}": [f"data.scale={scale}"] for scale in options.scales}
    variants |= {words or "default": words.split() for words in options.variants}
    for split, seed in [(a, b) for a in range(options.splits) for b in range(options.seeds)]:
        for name, settings in variants.items():
            key = _key(options, name, split, seed)
            if not ledger.find(key):
                result = _fit_apart(options, ledger, folder, key, settings)
                ledger.add({**key, **result})
                print(
                    f"{name}, split {split}, seed {seed}: {_line(result)}",
                    file=sys.stderr,
                    flush=True,
                )
    preset = "no preset given" if options.preset is None else f"preset {options.preset}"
    print(f"\n{options.data}: {options.kind}, {preset}, {options.minutes:g} minutes")
    print(f"of one processor, {options.held} images judged, {options.source or 'this build'}\n")
    print(_table(options, ledger, list(variants)))


def fit(job: dict[str, Any]) -> Result:
    """One training and its judgement, in this process."""
    from kontur.data.folder import open_folder
    from kontur.evaluate import evaluate, summarise
    from kontur.infer.load import load
    from kontur.models.archive import read_card
    from kontur.train.logger import read_rows
    from kontur.train.run import train
    from kontur.train.run_folder import LINES

    folder = open_folder(job["data"])
    names = np.random.default_rng(job["split"]).permutation(folder.names).tolist()
    most = job["images"] or len(names)
    held, learned = names[: job["held"]], names[job["held"] :][: most - job["held"]]
    learned = np.random.default_rng(job["seed"]).permutation(learned).tolist()
    count = max(1, round(VALIDATE * len(learned)))
    run = Path(job["run"])
    run.mkdir(parents=True, exist_ok=True)
    parts = run / "split.json"
    parts.write_text(json.dumps({"train": learned[count:], "val": learned[:count]}))
    settings = [
        f"training.minutes={job['minutes']}", "training.clock=processor", "training.steps=1000000",
        "training.threads=1", "training.workers=0", "training.precision=32", "training.patience=0",
        f"training.seed={job['seed']}", f"data.split={parts}", *job["settings"],
    ]  # fmt: skip
    model = train(
        job["data"],
        out=run / "run",
        kind=job["kind"],
        preset=job["preset"],
        settings=settings,
        start=job["start"],
        force=True,
    )
    card = read_card(model)
    predictor = load(model, threads=1)
    samples = folder.subset(held).load()
    summary = summarise(
        evaluate(
            sample.instances,
            predictor.predict(sample.image),
            thresholds=IOUS,
            metrics=("ap", "dice"),
        )
        for sample in samples
    )
    log = read_rows(run / "run" / LINES)
    losses = {n: [row[n] for row in log if n in row] for n in ("train/extreme", "train/contour")}
    return {
        "AP": {f"{iou:g}": summary.ap(iou) for iou in IOUS},
        "mean": summary.mean_ap,
        "validated": card.scores["AP"],
        "steps": card.training["steps"],
        "scale": getattr(card, "scale", 1.0),
        "began": card.training["start"],
        "crop": card.training["crop"],
        "losses": {
            n: [values[len(values) // 10], values[-1]] for n, values in losses.items() if values
        },
    }


def _fit_apart(
    options: argparse.Namespace, ledger: Ledger, folder: Path, key: Result, settings: list[str]
) -> Result:
    run = ledger.folder("fit")
    job = {**key, "data": str(folder), "run": str(run), "settings": [*settings, *options.set]}
    environment = dict(os.environ)
    if options.source:
        environment["PYTHONPATH"] = str(options.source)
    done = subprocess.run(
        [sys.executable, __file__, "--fit", json.dumps(job)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=(ledger.path.with_suffix(".log")).open("a"),
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"a fit failed; see {ledger.path.with_suffix('.log')}")
    shutil.rmtree(run)
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return result


def _key(options: argparse.Namespace, variant: str, split: int, seed: int) -> Result:
    return {
        "data": options.data, "kind": options.kind, "preset": options.preset,
        "minutes": options.minutes, "held": options.held, "images": options.images,
        "start": options.start, "set": options.set, "variant": variant,
        "source": str(options.source) if options.source else None, "split": split, "seed": seed,
    }  # fmt: skip


def _folder(data: str, ledger: Ledger) -> Path:
    """The folder that a word means; made where it is not there."""
    if Path(data).is_dir():
        return Path(data)
    folder = ledger.folder(data)
    if not folder.exists():
        word, _, side = data.partition("-")
        if word == "photographs":
            sides = (SPREAD[0] * float(side), SPREAD[1] * float(side)) if side else None
            write_photographs(folder, SCENES, **({"sides": sides} if sides else {}))
        elif word == "scenes" and side.isdigit():
            _write_scenes(folder, float(side))
        else:
            raise SystemExit(f"DATA is a folder, photographs or scenes-N, not {data}")
    return folder


def _write_scenes(folder: Path, side: float) -> None:
    from kontur.data.synthetic import write_dataset

    half = side / 2
    write_dataset(
        folder, SCENES, size=(480, 640), channels=3, classes="shapes",
        shapes=("blob", "ellipse", "star"), radius=(SPREAD[0] * half, SPREAD[1] * half),
        count=int(min(40, 0.25 * 480 * 640 / side**2)), touching=0.15,
    )  # fmt: skip


def _line(result: Result) -> str:
    return (
        f"AP .5 {result['AP']['0.5']:.3f}, mean {result['mean']:.3f}, {result['steps']} steps, "
        f"scale {result['scale']:.3g}, crop {result['crop']}"
    )


def _table(options: argparse.Namespace, ledger: Ledger, variants: list[str]) -> str:
    rows = []
    for name in variants:
        found = ledger.find(_key(options, name, 0, 0) | {"split": None, "seed": None})
        every = [
            _key(options, name, a, b) for a in range(options.splits) for b in range(options.seeds)
        ]
        found = [result for key in every for result in ledger.find(key)]
        cells = [cell([result["AP"][f"{iou:g}"] for result in found]) for iou in IOUS]
        scales = sorted({round(result["scale"], 3) for result in found})
        steps = round(float(np.mean([result["steps"] for result in found])))
        rows.append(
            [
                name,
                "–".join(f"{s:g}" for s in (scales[0], scales[-1]))
                if len(scales) > 1
                else f"{scales[0]:g}",
                str(len(found)),
                f"{steps:,}",
                *cells,
                cell([r["mean"] for r in found]),
            ]
        )
    return table(
        ["variant", "scale", "fits", "steps", *(f"AP {iou:g}" for iou in IOUS), "mean"], rows
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--scales", nargs="*", default=[], help="values of data.scale")
    parser.add_argument(
        "--variants", nargs="*", default=[], metavar="'KEY=VALUE …'", help="settings instead"
    )
    parser.add_argument("--kind", default="snake")
    parser.add_argument("--preset", help="by default what `kontur train` takes without one")
    parser.add_argument("--start", help="weights to begin with")
    parser.add_argument("--minutes", type=float, default=3.0, help="of processor time")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--held", type=int, default=5, help="images to judge on")
    parser.add_argument("--images", type=int, help="images in all, of a folder that has more")
    parser.add_argument("--source", type=Path, help="the folder `src` of another checkout")
    parser.add_argument(
        "--results", type=Path, default=Path("working_scale.jsonl"), help="JSON lines, one a fit"
    )
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="for all fits")
    return parser.parse_args()


if __name__ == "__main__":
    main()
