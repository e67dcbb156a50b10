"""What Kontur and StarDist learn from the same images in the same time, each from random weights.

Both take a fifth of `DATA/train` to choose thresholds on, and are judged on `DATA/val`. Each has
its own defaults (StarDist 32 rays, a grid of 2, and the augmentation of its example), one thread,
and so many minutes of processor time in training steps, so that other work on the machine takes
nothing from either: neither the preparation of crops nor validation counts. Images are grey.
StarDist's environment is made, as by `peers.py`, and kept.

    python benchmarks/learn_beside_stardist.py dsb2018 --where modality=fluorescence --minutes 30
"""

import argparse
import json
import os
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tifffile
from peers import PEERS, SERVERS, environment
from report import heading, table

import kontur
from kontur.data.folder import Folder, open_folder
from kontur.evaluate import Summary, evaluate_all
from kontur.geometry.raster import rasterize
from kontur.instances import Instances
from kontur.train.run import train
from kontur.train.run_folder import LINES
from kontur.train.saved_settings import read_config

IOUS = (0.5, 0.6, 0.7, 0.8, 0.9)


def main() -> None:
    options = _options()
    heading(f"Learning for {options.minutes:g} minutes of processor time, one thread")
    python = environment(options.folder.resolve() / "stardist-env", PEERS["stardist"])
    rows = []
    with TemporaryDirectory() as place:
        learned, judged = (Path(place, part) for part in ("train", "val"))
        _write(learned, open_folder(options.data / "train").where(options.where))
        truths = _write(judged, open_folder(options.data / "val").where(options.where))
        for seed in options.seeds:
            run = Path(place, f"kontur-{seed}")
            found, crops = _kontur(learned, judged, run, options.minutes, seed)
            rows.append(["Kontur", str(seed), f"{crops:,.0f}", *_scores(truths, found)])
            print(" ", *rows[-1], flush=True)
            models = Path(place, f"stardist-{seed}")
            found, crops = _stardist(python, learned, judged, models, options.minutes, seed)
            rows.append(["StarDist", str(seed), f"{crops:,.0f}", *_scores(truths, found)])
            print(" ", *rows[-1], flush=True)
    head = ["", "seed", "megapixels learned", *(f"AP {iou}" for iou in IOUS), "mean"]
    print(table(head, rows))


def _write(place: Path, folder: Folder) -> list[Instances]:
    """Grey images and label images, under numbers; the objects."""
    for part in ("images", "labels", "found"):
        (place / part).mkdir(parents=True)
    truths = []
    for number, sample in enumerate(folder.samples):
        labels = np.zeros(sample.image.shape[:2], np.int32)
        for value, polygon in enumerate(sample.instances.polygons, 1):
            labels[rasterize(polygon, labels.shape)] = value
        tifffile.imwrite(place / "images" / f"{number:04}.tif", sample.image[..., 0])
        tifffile.imwrite(place / "labels" / f"{number:04}.tif", labels)
        truths.append(sample.instances)
    return truths


def _kontur(
    learned: Path, judged: Path, run: Path, minutes: float, seed: int
) -> tuple[list[Instances], float]:
    """The objects that it finds, and the megapixels of the crops that it learned from."""
    settings = [f"training.minutes={minutes}", "training.clock=processor", f"training.seed={seed}"]
    settings += ["training.threads=1", "training.devices=1"]
    file = train(learned, out=run, val=0.2, settings=settings)
    config = read_config(run)
    side = config.augment.crop or 0
    steps = json.loads((run / LINES).read_text().splitlines()[-1])["step"]
    model = kontur.load(file)
    found = [model.predict(image) for image in sorted((judged / "images").iterdir())]
    return found, steps * config.training.batch * side**2 / 1e6


def _stardist(
    python: Path, learned: Path, judged: Path, models: Path, minutes: float, seed: int
) -> tuple[list[Instances], float]:
    """The same."""
    command = [python, SERVERS / "stardist_learning.py", learned, judged, models]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [*map(str, command), str(minutes), str(seed)],
        env=environment | {"OMP_NUM_THREADS": "1"},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("["))
    crops, side = json.loads(line)
    files = sorted((judged / "found").iterdir())
    return [
        Instances.from_label_image(tifffile.imread(file)) for file in files
    ], crops * side**2 / 1e6


def _scores(truths: Sequence[Instances], found: Sequence[Instances]) -> list[str]:
    summary: Summary = evaluate_all(list(zip(truths, found, strict=True)))
    aps = [summary.ap(iou) for iou in IOUS]
    return [f"{ap:.3f}" for ap in (*aps, statistics.fmean(aps))]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="a folder with the parts train and val")
    parser.add_argument("--where", nargs="*", default=[], metavar="COLUMN=VALUE")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--folder", type=Path, default=Path("peers"), help="of environments")
    return parser.parse_args()


if __name__ == "__main__":
    main()
