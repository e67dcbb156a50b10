"""How long a prediction takes, where the time goes, and what one call of the command costs.

Three tables: milliseconds of `Predictor.predict` on arrays (everything between the pixels and valid
polygons) for the 256² images of DATA and for a 1024² mosaic of sixteen of them; the same cut into
its steps; and time and peak memory of `kontur predict` on one small image, from the start of the
process to the written files.
"""

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from PIL import Image
from report import heading, table
from stopwatch import milliseconds

from kontur.data.folder import Folder, open_folder
from kontur.geometry.overlap import suppress
from kontur.geometry.polygons import polygons_from_rings
from kontur.images.image_file import read_image
from kontur.infer.engines.engine import Engine
from kontur.infer.load import load
from kontur.infer.predict import Predictor
from kontur.models.graphs import Graph
from kontur.models.snake.contours import trace_contours
from kontur.models.snake.propose import least_centre, peaks

SIDE = 256  # pixels, of a small image
MOSAIC = 4  # small images along each side of the large one

# Runs a command from a small process of its own: a child's peak memory counts from before it
# becomes another program, so that of a child of this process would be at least ours.
WATCHER = """
import resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(time.perf_counter() - start, peak)
"""


class Case(NamedTuple):
    """Images of one size."""

    name: str
    images: Sequence[np.ndarray]


def main() -> None:
    options = _options()
    heading(
        f"Prediction with ONNX Runtime, {options.threads} threads, medians of {options.repeats} "
        "calls an image and over the images"
    )
    predictor = load(
        options.model, device="cpu", threads=options.threads, precision=options.precision
    )
    files, small = _small_images(open_folder(options.data).where(options.where))
    few = small[:: max(1, len(small) // options.images)][: options.images]
    cases = [Case(f"{SIDE}²", few), Case(f"{SIDE * MOSAIC}²", [mosaic(small)])]
    print(_whole(predictor, cases, options.repeats), end="\n\n")
    print(_steps(predictor, cases, options.repeats), end="\n\n")
    print(_command(options.model, options.precision, files[0], options.repeats))


def _whole(predictor: Predictor, cases: Sequence[Case], repeats: int) -> str:
    rows = []
    for name, images in cases:
        times = [
            milliseconds(partial(predictor.predict, image), repeats=repeats) for image in images
        ]
        objects = statistics.median(len(predictor.predict(image)) for image in images)
        cells = [statistics.median(times), min(times), max(times)]
        rows.append([name, str(len(images)), f"{objects:.0f}", *(f"{c:.1f}" for c in cells)])
    head = ["image", "images", "objects found", "predict, ms", "fastest image", "slowest"]
    return table(head, rows)


def _steps(predictor: Predictor, cases: Sequence[Case], repeats: int) -> str:
    """Each step by itself; what is left of the whole is padding, sorting and `Instances`."""
    columns: dict[str, dict[str, float]] = {}
    for name, images in cases:
        of_images = [_steps_of(predictor, image, repeats) for image in images]
        columns[name] = {
            step: statistics.median(times[step] for times in of_images) for step in of_images[0]
        }
    rows = []
    for step in next(iter(columns.values())):
        row = [step]
        for column in columns.values():
            share = column[step] / column["predict"]
            row += [f"{column[step]:.2f}", "" if step == "read PNG" else f"{share:.0%}"]
        rows.append(row)
    head = ["step"]
    for name in columns:
        head += [f"{name}, ms", "share"]
    return table(head, rows)


def _steps_of(predictor: Predictor, image: np.ndarray, repeats: int) -> dict[str, float]:
    graphs, config = predictor.engine.graphs, predictor.config
    thresholds = predictor.card.thresholds
    size = image.shape[:2]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "image.png"
        Image.fromarray(image.squeeze()).save(file)
        reading = milliseconds(partial(read_image, file), repeats=repeats)
    listener = Listener(predictor.engine)
    Predictor(listener, predictor.card).predict(image)
    (batch,) = listener.images
    *maps, scores, boxes = graphs["detect"](batch)
    least = least_centre(thresholds.score) if config.quality else thresholds.score
    found = peaks(scores, boxes, least)
    rings = trace_contours(graphs, tuple(maps), found, config).stages[-1].astype(np.float64)
    polygons, _ = polygons_from_rings(rings, size)
    steps: dict[str, Callable[[], object]] = {
        "normalise": partial(predictor.prepare, image),
        "detect": partial(graphs["detect"], batch),
        "peaks": partial(peaks, scores, boxes, least),
        "from boxes to contours and quality": partial(
            trace_contours, graphs, tuple(maps), found, config
        ),
        "valid polygons": partial(polygons_from_rings, rings, size),
        "suppress": partial(suppress, polygons, found.scores, thresholds.overlap),
    }
    times = {name: milliseconds(step, repeats=repeats) for name, step in steps.items()}
    whole = milliseconds(partial(predictor.predict, image), repeats=repeats)
    rest = max(whole - sum(times.values()), 0.0)
    return {"read PNG": reading, **times, "the rest": rest, "predict": whole}


class Listener:
    """An engine that keeps the images that `detect` was given."""

    def __init__(self, engine: Engine):
        self.images: list[np.ndarray] = []
        self.graphs = engine.graphs.wrapped(self._listening)

    def _listening(self, name: str, graph: Graph) -> Graph:
        def run(*arrays: np.ndarray) -> Sequence[np.ndarray]:
            self.images += arrays if name == "detect" else []
            return graph(*arrays)

        return run


def _command(model: str, precision: str, image: Path, repeats: int) -> str:
    """Seconds and peak memory of whole processes; the first one may find cold files."""
    seconds, memory = [], []
    for _ in range(max(repeats // 3, 2)):
        with TemporaryDirectory() as folder:
            words = ["predict", str(image), "--model", model, "--out", folder]
            words += ["--precision", precision]
            kontur = [sys.executable, "-c", "from kontur.cli import main; main()", *words]
            run = subprocess.run(
                [sys.executable, "-c", WATCHER, *kontur],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            spent, peak = run.stdout.split()[-2:]
        seconds.append(float(spent))
        memory.append(int(peak) / (1 << 20 if sys.platform == "darwin" else 1 << 10))
    row = [f"{statistics.median(seconds):.2f}", f"{seconds[0]:.2f}", f"{max(memory):.0f}"]
    return table(["`kontur predict`, one image, s", "first call, s", "peak memory, MB"], [row])


def _small_images(folder: Folder) -> tuple[list[Path], list[np.ndarray]]:
    """Files and pixels of the images of SIDE² pixels; there must be enough for the mosaic."""
    samples = folder.samples
    files, images = [], []
    for entry, place in zip(folder.annotated, range(len(samples)), strict=True):
        image = samples[place].image
        if image.shape[:2] == (SIDE, SIDE):
            files.append(entry.image)
            images.append(image)
    if len(images) < MOSAIC**2:
        sys.exit(f"wanted {MOSAIC**2} images of {SIDE} × {SIDE} pixels, got {len(images)}")
    return files, images


def mosaic(images: Sequence[np.ndarray]) -> np.ndarray:
    """The first sixteen images as one, all with the channels of the first."""
    channels = images[0].shape[2]
    tiles = [image for image in images if image.shape[2] == channels][: MOSAIC**2]
    rows = [np.concatenate(tiles[i : i + MOSAIC], axis=1) for i in range(0, MOSAIC**2, MOSAIC)]
    return np.concatenate(rows, axis=0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="a shipped model's name, a .kontur file or a run")
    parser.add_argument("data", type=Path, help="a folder of images with annotations")
    parser.add_argument("--where", nargs="*", default=[], metavar="COLUMN=VALUE")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="auto", help="auto, float32 or int8")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--images", type=int, default=12, help="at most so many small images")
    return parser.parse_args()


if __name__ == "__main__":
    main()
