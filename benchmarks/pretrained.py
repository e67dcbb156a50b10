"""Does a backbone that has seen ImageNet help where there are few labelled images?

The same network, EfficientNet-Lite0 below a snake, Mask R-CNN or U-Net, from random weights and
from ImageNet's, and the preset's own backbone from random weights beside it; each with the first N
images of one shuffled list of DATA's training part, for the same number of minutes. AP is that of
`kontur train` on DATA's validation part, thresholds tuned there, alike for all.
Finished trainings are lines of the results file; a second call goes on where the first one ended.
"""

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ledger import Ledger, Result, cell
from report import heading, table

import kontur
from kontur.data.folder import Folder, open_folder

STARTS: dict[str, list[str]] = {
    "own, scratch": [],
    "lite0, scratch": ["model.backbone=efficientnet-lite0", "model.pretrained=false"],
    "lite0, ImageNet": ["model.backbone=efficientnet-lite0"],
}
SCORES = ("AP50", "AP70", "AP90", "AP")
STEPS = 1_000_000  # more than any number of minutes allows: the schedule follows the minutes


def main() -> None:
    options = _options()
    heading(__doc__.partition("\n\n")[0])
    ledger = Ledger(options.results)
    for data in options.data:
        whole = open_folder(data, split="train")
        counts = sorted({min(count, len(whole)) for count in options.counts})
        for seed in range(options.seeds):
            for count in counts:
                for start in STARTS:
                    key = {
                        "data": data.resolve().name,
                        "kind": options.kind,
                        "images": count,
                        "start": start,
                        "seed": seed,
                        "minutes": options.minutes,
                        "settings": options.set,
                    }
                    if not ledger.find(key):
                        result = {**key, **_train(options, ledger, data, whole, key)}
                        ledger.add(result)
                        print(f"{_words(key)}: AP {cell([result['scores']['AP']])}", flush=True)
    same = {"kind": options.kind, "minutes": options.minutes, "settings": options.set}
    print(f"\n{options.kind}, {options.minutes:g} minutes a training, preset {options.preset}\n")
    print(_table(ledger.find(same)))


def _train(
    options: argparse.Namespace, ledger: Ledger, data: Path, whole: Folder, key: Result
) -> Result:
    from kontur.train.run import train

    run = ledger.folder(f"{options.kind}, {_words(key)}".replace(", ", "-").replace(" ", "-"))
    if (run / "config.toml").exists():
        train(out=run, resume=True)
    else:
        names = (
            np.random.default_rng(key["seed"]).permutation(whole.names)[: key["images"]].tolist()
        )
        few = data  # all of it, as it stands: only there a class may be in `val` alone
        if len(names) < len(whole):
            few = _subset(whole, names, run.with_name(f"{run.name}-images"))
        settings = [
            f"training.seed={key['seed']}",
            f"training.minutes={options.minutes:g}",
            f"training.steps={STEPS}",
            f"training.validate_every={options.validate_every}",
            "training.patience=0",
            *STARTS[key["start"]],
            *options.set,
        ]
        train(
            few,
            out=run,
            val=data / "val",
            kind=options.kind,
            preset=options.preset,
            settings=settings,
        )
    metrics = json.loads((run / "metrics.json").read_text())
    shutil.rmtree(run)
    shutil.rmtree(run.with_name(f"{run.name}-images"), ignore_errors=True)
    return {"scores": metrics["scores"], "steps": metrics["training"]["steps"]}


def _subset(whole: Folder, names: Sequence[str], place: Path) -> Path:
    """A folder of these images, linked, with their outlines as GeoJSON beside them."""
    if place.exists():
        shutil.rmtree(place)
    place.mkdir(parents=True)
    chosen = whole.subset(names)
    for entry, sample in zip(chosen.annotated, chosen.samples, strict=True):
        name = entry.name.replace("/", "-")
        (place / f"{name}{entry.image.suffix}").symlink_to(entry.image.resolve())
        kontur.write(place / f"{name}.geojson", sample.instances)
    return place


def _table(results: Sequence[Result]) -> str:
    rows = []
    for data, images, start in dict.fromkeys((r["data"], r["images"], r["start"]) for r in results):
        own = [r for r in results if (r["data"], r["images"], r["start"]) == (data, images, start)]
        cells = [cell([r["scores"].get(name) for r in own]) for name in SCORES]
        steps = f"{sum(r['steps'] for r in own) / len(own):.0f}"
        rows.append([data, str(images), start, str(len(own)), *cells, steps])
    return table(["data", "images", "start", "seeds", *SCORES, "best step"], rows)


def _words(key: Result) -> str:
    return f"{key['data']}, {key['images']} images, {key['start']}, seed {key['seed']}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "data", type=Path, nargs="+", help="training folders, with train/ and val/ inside"
    )
    parser.add_argument("--kind", choices=("snake", "maskrcnn", "unet"), default="snake")
    parser.add_argument("--minutes", type=float, required=True, help="of every training")
    parser.add_argument(
        "--counts", type=int, nargs="+", default=[5, 10, 20, 48],
        help="of training images; data with several classes want all of theirs",
    )  # fmt: skip
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("pretrained.jsonl"),
        help="JSON lines, one a finished training; unfinished ones lie in a folder of its name",
    )
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of every start")
    parser.add_argument("--validate-every", type=int, default=200, help="steps")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="KEY=VALUE", help="the same for all starts"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
