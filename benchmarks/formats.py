"""Time and memory of every format for many outlines, and of the plain library way beside it.

    python benchmarks/formats.py --objects 100000

Donuts and triangles on a grid, every other object with a hole. Processor time of this process in
seconds, and the largest memory that writing and reading took. The plain way is a loop over the
objects as a tutorial of the library has it.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shapely

from kontur import formats
from kontur.instances import Instances


def scene(objects: int) -> Instances:
    """Objects of 12 points on a grid of 20 pixels, every other one with a hole."""
    side = int(np.ceil(np.sqrt(objects)))
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    shapes = np.empty(objects, dtype=object)
    for i in range(objects):
        centre = np.array([i % side, i // side]) * 20 + 10.125
        hole = [centre + 3 * ring] if i % 2 else []
        shapes[i] = shapely.Polygon(centre + 8 * ring, hole)
    return Instances.of_valid(shapes, size=(side * 20, side * 20))


def seconds(work: Callable[..., object], *values: object) -> float:
    """Processor time of a call."""
    started = time.process_time()
    work(*values)
    return time.process_time() - started


def read_back(path: Path, found: Instances) -> Instances:
    """The objects of a file."""
    return formats.read(path, size=found.size)


def write_rois(path: Path, found: Instances) -> None:
    """Composite ROIs of two rings and simple ones, by roifile."""
    import roifile

    rois = []
    for polygon in found.polygons:
        rings = [polygon.exterior, *polygon.interiors]
        if len(rings) == 1:
            rois.append(roifile.ImagejRoi.frompoints(np.array(polygon.exterior.coords)[:-1]))
            continue
        words: list[float] = []
        for ring in rings:
            points = list(ring.coords)[:-1]
            words += [0, *points[0], *(v for p in points[1:] for v in (1, *p)), 4]
        rois.append(
            roifile.ImagejRoi(
                roitype=roifile.ROI_TYPE.RECT,
                shape_roi_size=len(words),
                multi_coordinates=np.array(words, np.float32),
            )
        )
    roifile.roiwrite(path, rois, mode="w")


def read_rois(path: Path) -> None:
    """Polygons of all ROIs, the first ring the outer one."""
    import roifile

    for roi in roifile.roiread(path):
        first, *holes = roi.coordinates(multi=True) if roi.composite else [roi.coordinates()]
        shapely.Polygon(first, holes)


def write_frame(path: Path, found: Instances) -> None:
    """A GeoDataFrame of all objects."""
    import geopandas

    rows = [{"id": int(i), "geometry": p} for i, p in zip(found.ids, found.polygons, strict=True)]
    geopandas.GeoDataFrame(rows).to_parquet(path)


def read_frame(path: Path) -> None:
    """A GeoDataFrame."""
    import geopandas

    for _, row in geopandas.read_parquet(path).iterrows():
        _ = row.geometry


def read_coco(path: Path) -> None:
    """Masks of all objects, by pycocotools."""
    from pycocotools.coco import COCO

    coco = COCO(str(path))
    for annotation in coco.loadAnns(coco.getAnnIds()):
        coco.annToRLE(annotation)


PLAIN = {
    "imagej": (write_rois, read_rois),
    "geoparquet": (write_frame, read_frame),
    "coco": (None, read_coco),
}


def main() -> None:
    """Print a table of all formats."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--formats", nargs="*", default=list(formats.WRITABLE))
    options = parser.parse_args()
    found = scene(options.objects)
    print(f"| format | write | read | plain write | plain read | {options.objects:,} objects, MB |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in options.formats:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"a{formats.FORMATS[name].ending}"
            cells = [seconds(formats.write, path, found)]
            cells += [seconds(read_back, path, found)]
            size = sum(file.stat().st_size for file in [path, *path.rglob("*")]) / 1e6
            texts = [f"{cell:.2f} s" for cell in cells]
            write, read = PLAIN.get(name, (None, None))
            texts.append(f"{seconds(write, path, found):.2f} s" if write else "")
            texts.append(f"{seconds(read, path):.2f} s" if read else "")
            print(f"| `{name}` | {' | '.join(texts)} | {size:.0f} |", flush=True)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"    most memory of the process until here: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
