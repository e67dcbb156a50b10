"""How long measuring takes, group by group: synthetic objects with exact outlines.

Each image holds blobs on a grid (48 points, radius 7 to 11 pixels, so about 250 pixels) over noise
of 16 bits; the same objects are also measured as label images, whose outlines are staircases.
Groups are timed in seconds of the processor; the whole table, images in threads, and the writing of
it in seconds of the clock too.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shapely
from report import heading, table

from kontur.instances import Instances
from kontur.measure.measure_many import measure_many
from kontur.measure.outlines.contour import bends_of, contours_of
from kontur.measure.outlines.curve import measure_curve
from kontur.measure.outlines.fourier import measure_fourier
from kontur.measure.outlines.midline import measure_midline
from kontur.measure.outlines.neighbours import measure_contact, measure_distance
from kontur.measure.outlines.object_rings import rings_of, straightened
from kontur.measure.outlines.shape import centroids, measure_shape
from kontur.measure.pixels.image_part import ImagePart
from kontur.measure.pixels.intensity import measure_intensity
from kontur.measure.pixels.texture import measure_texture
from kontur.measure.sources.source import Picture, Source
from kontur.measure.table import measure
from kontur.measure.tables.table_files import write_table

POINTS = 48
PITCH = 24  # pixels between the centres
RADIUS = (7.0, 11.0)


def scene(rng: np.random.Generator, count: int) -> tuple[Instances, np.ndarray]:
    """`count` blobs and an image of one channel."""
    side = int(np.ceil(np.sqrt(count)))
    angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    waves = np.arange(2, 6)
    heights = rng.uniform(0, 0.35, (count, 1, 4)) / waves
    phases = rng.uniform(0, 2 * np.pi, (count, 1, 4))
    swell = 1 + (heights * np.cos(angle[:, None] * waves + phases)).sum(axis=-1)
    radius = swell * rng.uniform(*RADIUS, (count, 1))
    centres = (np.stack(np.divmod(np.arange(count), side), axis=-1) + 0.5) * PITCH
    rings = radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    size = (side * PITCH, side * PITCH)
    found = Instances.of_valid(shapely.polygons(rings + centres[:, None]), size=size)
    return found, rng.integers(0, 60_000, (*size, 1), dtype=np.uint16)


def groups(found: Instances, image: np.ndarray) -> dict[str, float]:
    """Seconds of the processor for each group of one image."""
    spent: dict[str, float] = {}

    def timed(name: str, call: Callable, *arguments: object) -> object:
        start = time.process_time()
        result = call(*arguments)
        spent[name] = time.process_time() - start
        return result

    polygons = found.polygons
    rings = timed("rings", rings_of, polygons)
    edges = timed("staircases straightened", straightened, rings)
    contours = timed("contours, resampled", contours_of, rings, edges)
    bends = timed("normals and curvature", bends_of, contours)
    form = timed("shape", measure_shape, polygons, rings, edges)
    timed("curve", measure_curve, contours, bends)
    timed("midline", measure_midline, contours, form["area"])
    timed("Fourier descriptors", measure_fourier, edges)
    depth = form["area"] / form["perimeter"]
    part = timed("levels and background", ImagePart.whole, image, polygons)
    timed("intensity", measure_intensity, polygons, part, contours, bends, depth)
    timed("texture", measure_texture, polygons, part)
    every, count = np.arange(len(polygons)), ~found.ignore
    timed("contact", measure_contact, polygons, contours, polygons, every, count)
    timed("distances", measure_distance, centroids(rings), count)
    return spent


def main() -> None:
    options = _options()
    images = -(-options.objects // options.per_image)
    heading(
        f"{options.objects:,} objects in {images} images of one channel; seconds of the processor"
    )
    rng = np.random.default_rng(0)
    scenes = [scene(rng, options.per_image) for _ in range(images)]
    kinds = {"outlines": scenes}
    traced = [(Instances.from_label_image(f.label_image()), image) for f, image in scenes]
    kinds["label images"] = traced
    measure(*scenes[0])  # the packages are imported now
    spent: dict[str, dict[str, float]] = {}
    for kind, pairs in kinds.items():
        each = [groups(found, image) for found, image in pairs]
        spent[kind] = {name: sum(one[name] for one in each) for name in each[0]}
    rows = [[name, *(f"{spent[kind][name]:.1f}" for kind in kinds)] for name in spent["outlines"]]
    rows.append(["all", *(f"{sum(spent[kind].values()):.1f}" for kind in kinds)])
    print(table(["group", *kinds], rows), end="\n\n")

    rows = []
    for kind, pairs in kinds.items():
        sources = [
            Source.whole(f"{i:03}", lambda pair=pair: Picture(*pair))
            for i, pair in enumerate(pairs)
        ]
        start, busy = time.perf_counter(), time.process_time()
        whole = measure_many(sources)
        seconds, processor = time.perf_counter() - start, time.process_time() - busy
        cells = [f"{len(whole):,} × {len(whole.columns)}", f"{seconds:.1f}", f"{processor:.1f}"]
        for ending in (".parquet", ".csv"):
            with tempfile.TemporaryDirectory() as folder:
                start = time.perf_counter()
                write_table(Path(folder) / f"t{ending}", whole)
                cells.append(f"{time.perf_counter() - start:.1f}")
        rows.append([kind, *cells])
    head = [
        "measured",
        "table",
        "s",
        "s of the processor",
        "s to write .parquet",
        "s to write .csv",
    ]
    print(table(head, rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--per-image", type=int, default=1000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
