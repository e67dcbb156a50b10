"""Samples whose image is painted from their own polygons, and how far apart the two have come."""

import numpy as np
import shapely

from kontur.data.sample import Sample
from kontur.data.synthetic import coverage
from kontur.instances import Instances


def painted(polygons, size, *, channels=1, **fields):
    """A float32 image with 1 inside the polygons, 0 outside and shares of it at their edges."""
    instances = Instances.of(polygons, size=size, **fields)
    image = np.zeros(size, dtype=np.float32)
    for polygon in polygons:
        image = np.maximum(image, coverage(polygon, size))
    return Sample(np.repeat(image[..., None], channels, axis=2), instances, "painted")


def disc(x, y, radius):
    return shapely.Point(x, y).buffer(radius, quad_segs=32)


def kidney(x, y, radius):
    """A bent outline without symmetry, so that turned and mirrored ones cannot be confused."""
    return disc(x, y, radius).difference(disc(x + 0.9 * radius, y - 0.5 * radius, 0.6 * radius))


def centroid(image):
    """The intensity-weighted mean point (x, y), pixel centres at +0.5."""
    weight = image[..., 0] / image[..., 0].sum()
    rows, columns = np.indices(weight.shape) + 0.5
    return np.array([(weight * columns).sum(), (weight * rows).sum()])


def farthest_from_edge(sample):
    """How far from the contours, in pixels, image and contours still disagree about a pixel."""
    union = shapely.union_all(sample.instances.polygons)
    rows, columns = np.indices(sample.size) + 0.5
    inside = shapely.contains_xy(union, columns, rows)
    wrong = inside != (sample.image[..., 0] > 0.5)
    if not wrong.any():
        return 0.0
    return shapely.distance(shapely.points(columns[wrong], rows[wrong]), union.boundary).max()
