"""What every published folder shows, and how its numbers are written."""

import json

import numpy as np

from tests.data import drawn

A = [[10.5, 10.25], [30, 11], [29, 35.75], [12, 33]]
B = [[50, 20], [58, 20], [58, 38], [50, 38]]
OBJECTS = (("cell", A), ("red cell", B))
HEIGHT, WIDTH = drawn.squares().shape


def images(folder, *names):
    for seed, name in enumerate(names):
        drawn.save(folder / name, drawn.picture(seed))


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def mask(ring):
    """The pixels of a ring along the edges of pixels."""
    (left, top), (right, bottom) = np.min(ring, axis=0), np.max(ring, axis=0)
    pixels = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    pixels[int(top) : int(bottom), int(left) : int(right)] = 1
    return pixels


def flat(ring):
    return [number for point in ring for number in point]


def shares(ring):
    return " ".join(f"{x / WIDTH:.6f} {y / HEIGHT:.6f}" for x, y in ring)


def percent(ring):
    return [[100 * x / WIDTH, 100 * y / HEIGHT] for x, y in ring]
