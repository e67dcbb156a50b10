"""Objects drawn by hand and at random, for what measures them."""

import numpy as np
import shapely
from shapely import Polygon

from kontur.instances import Instances


def disc(radius, centre=(0.0, 0.0), points=360):
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return Polygon(np.column_stack([np.cos(angle), np.sin(angle)]) * radius + centre)


def ellipse(long, short, turn=0.0, centre=(0.0, 0.0), points=360):
    """Half axes, turned by `turn` radians from the x axis towards y."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    x, y = long * np.cos(angle), short * np.sin(angle)
    turned = np.column_stack(
        [x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)]
    )
    return Polygon(turned + centre)


def blob(seed, radius=20.0, centre=(0.0, 0.0), points=200):
    """A smooth closed curve with dents, without any symmetry."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    waves = np.arange(2, 6)
    heights, phases = rng.uniform(0.1, 0.4, 4) / waves, rng.uniform(0, 2 * np.pi, 4)
    swell = 1 + (heights * np.cos(angle[:, None] * waves + phases)).sum(axis=1)
    return Polygon(
        np.column_stack([np.cos(angle), np.sin(angle)]) * swell[:, None] * radius + centre
    )


def worm(length, width, bend, centre=(0.0, 0.0)):
    """A tube of this width about an arc of this length that turns by `bend` radians in all."""
    along = np.linspace(-0.5, 0.5, 200)
    if bend:
        radius = length / bend
        line = np.column_stack([radius * np.sin(along * bend), radius * (1 - np.cos(along * bend))])
    else:
        line = np.column_stack([along * length, 0 * along])
    return shapely.LineString(line + centre).buffer(width / 2)


def instances(*polygons, size=None, **fields):
    return Instances.of(list(polygons), size=size, **fields)


def noise_labels(seed, size=(90, 110), blobs=12):
    """A label image of smooth blobs and boxes, some at the border, with a hole and one pixel."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(size, np.int32)
    y, x = np.mgrid[: size[0], : size[1]]
    for number in range(1, blobs + 1):
        cy, cx = rng.uniform(0, size[0]), rng.uniform(0, size[1])
        a, b, turn = rng.uniform(4, 13), rng.uniform(4, 9), rng.uniform(0, np.pi)
        u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
        v = (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
        labels[((u / a) ** 2 + (v / b) ** 2 < 1) & (labels == 0)] = number
    labels[2:9, 2:9] = blobs + 1
    labels[4:6, 4:7] = 0
    labels[0, size[1] - 1] = blobs + 2
    return labels
