"""Where a split cuts two discs that overlap, and how straight: the true cut joins their notches.

Runs under the sources of another build too (PYTHONPATH), as far as these have what is called.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import shapely
from report import heading, table

from kontur.geometry import morphology, raster

SIDE = 64  # pixels of the image
PAIRS = 60
NEAR_AXIS = 2.0  # degrees
DEEP = 0.72  # of the largest distance to the background: seeds of growth


class Discs(NamedTuple):
    """Two discs, the halves of their union on either side of the true cut, and that line."""

    union: shapely.Geometry
    halves: tuple[shapely.Geometry, shapely.Geometry]
    line: shapely.Geometry


class Cut(NamedTuple):
    """What is measured of one cut."""

    along_axis: float
    turning: float
    distance: float
    iou: float


def discs(seed: int) -> Discs:
    """Radii of 9 to 15 pixels, the centres at three quarters or more of their sum, at any angle."""
    rng = np.random.default_rng(seed)
    angle, (first, second) = rng.uniform(0, np.pi), rng.uniform(9, 15, 2)
    apart = (first + second) * rng.uniform(0.75, 0.95)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    centre = SIDE / 2 + rng.uniform(-0.5, 0.5, 2) - along * apart / 2
    ends = shapely.points([centre, centre + along * apart])
    union = shapely.union_all(shapely.buffer(ends, [first, second], quad_segs=64))
    notch = centre + along * (apart**2 + first**2 - second**2) / (2 * apart)
    far = np.stack([notch - 99 * across, notch + 99 * across])
    half = shapely.polygons(np.concatenate([far, far[::-1] - 199 * along]))
    return Discs(union, (union & half, union - half), shapely.linestrings(far))


def watershed(mask: np.ndarray) -> np.ndarray:
    """The watershed of the distance, in either build."""
    split = getattr(morphology, "split_by_watershed", None) or morphology.parted  # type: ignore[attr-defined]
    labels: np.ndarray = split(mask, 8.0)
    return labels


def grown(mask: np.ndarray) -> np.ndarray:
    """What is deep inside, grown over the mask, in either build."""
    depth = morphology.distance(mask)
    seeds, _ = morphology.label(depth > DEEP * depth.max(), 8)
    if hasattr(morphology, "grow"):
        return morphology.grow(seeds, mask)
    return morphology.flood(np.zeros(mask.shape, np.int64), seeds, mask)


def outlines(labels: np.ndarray) -> np.ndarray:
    """Polygons, with smooth cuts where the build has them."""
    _, traced = raster.trace_labels(labels)
    try:
        from kontur.geometry.shared_boundaries import smooth_shared_boundaries
    except ImportError:
        return traced
    return smooth_shared_boundaries(traced)


def measured(polygons: np.ndarray, truth: Discs) -> Cut:
    """The line between two polygons beside the true one."""
    shared = shapely.line_merge(shapely.intersection(*shapely.boundary(polygons)))
    lines = [shapely.get_coordinates(part) for part in shapely.get_parts(shared)]
    steps = [np.diff(points, axis=0) for points in lines if len(points) > 1]
    directions = [np.unwrap(np.arctan2(step[:, 1], step[:, 0])) for step in steps]
    lengths = np.concatenate([np.hypot(*step.T) for step in steps])
    degrees = np.degrees(np.concatenate(directions)) % 90
    near = np.minimum(degrees, 90 - degrees) < NEAR_AXIS
    points = shapely.points(shapely.get_coordinates(shapely.segmentize(shared, 0.25)))
    pairs = [list(zip(order, truth.halves, strict=True)) for order in (polygons, polygons[::-1])]
    ious = [[shapely.area(a & b) / shapely.area(a | b) for a, b in pair] for pair in pairs]
    return Cut(
        along_axis=lengths[near].sum() / lengths.sum(),
        turning=np.degrees(sum(np.abs(np.diff(angles)).sum() for angles in directions)),
        distance=float(shapely.distance(points, truth.line).mean()),
        iou=float(np.max(np.mean(ious, axis=1))),
    )


def row(name: str, split: Callable[[np.ndarray], np.ndarray]) -> list[str]:
    """The means over all pairs that were split in two."""
    cuts = []
    for seed in range(PAIRS):
        truth = discs(seed)
        polygons = outlines(split(raster.rasterize(truth.union, (SIDE, SIDE))))
        if len(polygons) == 2:
            cuts.append(measured(polygons, truth))
    axis, turning, distance, iou = np.mean(cuts, axis=0)
    shown = f"{100 * axis:.0f} %", f"{turning:.0f}°", f"{distance:.2f} px", f"{iou:.3f}"
    return [name, f"{len(cuts)} of {PAIRS}", *shown]


if __name__ == "__main__":
    heading("Cuts between two discs that overlap")
    head = ("split", "in two", "along an axis", "turning", "from the true cut", "IoU")
    print(table(head, [row("watershed", watershed), row("grown seeds", grown)]))
