"""Tables made up for plots: what is in them is known."""

import numpy as np
import pandas as pd
import shapely
from shapely import Point, box

from kontur.instances import Instances
from kontur.measure.table import measure


def made_up(images=6, each=20, seed=0, **columns):
    """Objects in images of two states, in µm; `columns` are further ones, or replace these."""
    rng = np.random.default_rng(seed)
    n = images * each
    image = np.repeat([f"w{i:02d}" for i in range(images)], each)
    dead = np.repeat(np.arange(images) % 2 == 1, each)
    table = pd.DataFrame(
        {
            "image": image,
            "id": np.tile(np.arange(1, each + 1), images),
            "class": "cell",
            "ignore": False,
            "area": rng.normal(100, 10, n) + 40 * dead,
            "circularity": rng.uniform(0.5, 1, n),
            "solidity": rng.uniform(0.8, 1, n),
            "state": np.where(dead, "dead", "live"),
        }
    )
    for name, values in columns.items():
        table[name] = values
    table.attrs = {"units": {"area": "µm²"}, "pixel_size": 0.5}
    return table


def scene():
    """An image (60, 80, 1) and objects: plain, at the border, with a hole, in two parts."""
    ring = box(40, 5, 60, 25) - box(46, 11, 54, 19)
    parts = box(5, 35, 15, 45) | box(20, 35, 30, 45)
    polygons = [Point(15, 15).buffer(8), box(70, 40, 80, 55), ring, parts]
    image = np.zeros((60, 80, 1), np.uint8)
    image[:, 40:] = 90
    return image, Instances.of(polygons, size=(60, 80), ids=np.array([4, 7, 9, 12]))


def measured(*, outlines=True, images=("a", "b")):
    """The table of `scene` for each image name, and the image."""
    image, objects = scene()
    tables = [measure(objects, image, name=name, outlines=outlines) for name in images]
    table = pd.concat(tables, ignore_index=True)
    table.attrs = tables[0].attrs
    return table, image, objects


def bounds(path):
    return shapely.bounds(shapely.MultiPoint(path.vertices[~np.isnan(path.vertices[:, 0])]))
