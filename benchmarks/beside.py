"""How fast this Kontur is beside another one, image by image in turns, as ratios.

Each side runs in a process of its own with its own code and model, and predicts the same images at
the same number of threads; they take turns image by image, so what else the machine does meets
both. The other side may be an older version of Kontur: only `load` and `predict` are called. At
last the command predicts two hundred files.

    git worktree add ../first 7b6fe23
    python benchmarks/beside.py nuclei dsb2018/val --other ../first/src
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from answering import Answering
from PIL import Image
from predict_speed import MOSAIC, SIDE, mosaic
from report import heading, table

import kontur
from kontur.data.folder import open_folder

FILES = 200  # of one call of the command
ONE = ["--precision", "float32", "--workers", "1"]

# Reads the name of an image file a line, answers with seconds and objects; the first line says
# what runs. `load` of the first build knows no precision.
SERVER = """
import inspect, json, sys, time
import numpy as np
import kontur
model, threads, precision = sys.argv[1], int(sys.argv[2]), sys.argv[3]
wanted = {"device": "cpu", "threads": threads, "precision": precision}
known = inspect.signature(kontur.load).parameters
start = time.perf_counter()
predictor = kontur.load(model, **{k: v for k, v in wanted.items() if k in known})
precision = getattr(getattr(predictor, "engine", None), "precision", "float32")
print(json.dumps([time.perf_counter() - start, precision]), flush=True)
for line in sys.stdin:
    image = np.load(line.strip())
    start = time.perf_counter()
    objects = predictor.predict(image)
    print(json.dumps([time.perf_counter() - start, len(objects)]), flush=True)
"""


def _side(source: Path, model: str, threads: int, precision: str) -> Answering:
    """A process that predicts images with one Kontur and one model."""
    command = [sys.executable, "-c", SERVER, model, str(threads), precision]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    return Answering(command, environment, Path("/"))  # no folder has a shipped model's name there


def main() -> None:
    options = _options()
    heading(f"Predictions in turns, {options.threads} threads, {options.repeats} rounds")
    here = Path(kontur.__file__).parents[1]
    folder = open_folder(options.data).where(options.where)
    images = [s.image for s in folder.samples if s.image.shape[:2] == (SIDE, SIDE)]
    chosen = images[:: max(1, len(images) // options.images)][: options.images]
    large = mosaic(images)
    sides = [
        _side(options.other.resolve(), options.other_model, options.threads, "float32"),
        *(_side(here, options.model, options.threads, each) for each in options.precisions),
    ]
    names = [f"the other ({options.other_model})", *(f"this, {s.ready[1]}" for s in sides[1:])]
    rows = []
    with TemporaryDirectory() as place:
        for size, arrays in ((SIDE, chosen), (SIDE * MOSAIC, [large])):
            seconds, objects = _turns(sides, arrays, Path(place), options.repeats)
            for name, own, count in zip(names, seconds, objects, strict=True):
                row = [f"{size}²", name, f"{count:.1f}", f"{own * 1000:.1f}"]
                rows.append([*row, f"{own / seconds[0]:.2f}"])
    for side in sides:
        side.close()
    print(table(["image", "which", "objects", "ms", "ratio"], rows))
    print()
    loading = [[n, f"{side.ready[0]:.2f}"] for n, side in zip(names, sides, strict=True)]
    print(table(["which", "to load, s"], loading))
    print()
    print(_commands(here, options, images))


def _turns(
    sides: Sequence[Answering], arrays: Sequence[np.ndarray], place: Path, repeats: int
) -> tuple[list[float], list[float]]:
    """For each side the mean over the images of the median seconds, and the mean of the objects."""
    taken = np.zeros((len(sides), len(arrays), repeats))
    found = np.zeros((len(sides), len(arrays)))
    for i, array in enumerate(arrays):
        file = place / f"{i}.npy"
        np.save(file, array)
        for side in sides:
            side.predict(file)  # the first of a size prepares memory
        for repeat in range(repeats):
            for j, side in enumerate(sides):
                taken[j, i, repeat], found[j, i] = side.predict(file)
    medians = np.median(taken, axis=2)
    return medians.mean(axis=1).tolist(), found.mean(axis=1).tolist()


def _commands(here: Path, options: argparse.Namespace, images: Sequence[np.ndarray]) -> str:
    """Seconds of `kontur predict` of many small files, each side in turn: mean of two rounds."""
    run = "from kontur.cli import main; main()"
    sides = [
        ("the other", options.other.resolve(), options.other_model, []),
        ("this", here, options.model, []),
        ("this, float32, one at a time", here, options.model, ONE),
    ]
    for source in {source for _, source, *_ in sides}:  # as pip does when it installs
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(source)], check=True)
    seconds = np.zeros((2, len(sides)))
    with TemporaryDirectory() as place:
        folder = Path(place) / "images"
        folder.mkdir()
        for k in range(FILES):
            image = images[k % len(images)].squeeze()
            Image.fromarray(image).save(folder / f"{k:03}.png")
        for taken in seconds:
            for j, (_, source, model, more) in enumerate(sides):
                out = Path(place) / "out"
                words = ["predict", str(folder), "--model", model, "--out", str(out), *more]
                start = time.perf_counter()
                subprocess.run(
                    [sys.executable, "-c", run, *words, "--quiet"],
                    env={**os.environ, "PYTHONPATH": str(source)},
                    cwd="/",
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
                taken[j] = time.perf_counter() - start
                shutil.rmtree(out)
    means = seconds.mean(axis=0)
    rows = [
        [name, f"{own:.2f}", f"{own / means[0]:.2f}"]
        for (name, *_), own in zip(sides, means, strict=True)
    ]
    return table([f"`kontur predict` of {FILES} images of {SIDE}²", "s", "ratio"], rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="of this side")
    parser.add_argument("data", type=Path, help="a folder of images of which some are 256²")
    parser.add_argument(
        "--other", type=Path, required=True, help="the src folder of another Kontur"
    )
    parser.add_argument("--other-model", default="nuclei")
    parser.add_argument("--precisions", nargs="+", default=["float32", "auto"])
    parser.add_argument("--where", nargs="*", default=[], metavar="COLUMN=VALUE")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=9)
    return parser.parse_args()


if __name__ == "__main__":
    main()
