"""Objects for layers: a donut around a pixel, two parts, a corner; on the grid and off it."""

import numpy as np
import shapely

from kontur.instances import Instances
from kontur.napari.origin import Origin

SIZE = (40, 50)


def on_grid() -> Instances:
    image = np.zeros(SIZE, dtype=np.uint8)
    image[2:9, 3:12], image[4:7, 5:8], image[5, 6] = 1, 0, 2  # a donut around a pixel
    image[12:15, 3:9], image[17:19, 30:33] = 3, 3  # two parts
    image[39, 49] = 4  # a corner
    found = Instances.from_label_image(image, ["red cell", "white, old"])
    return found.replace(labels=[0, 1, 0, 1], scores=[0.5, np.nan, 1, 0.25])


def off_grid() -> Instances:
    moved = on_grid().scale(0.93, 0.87).shift(1.37, 2.713)
    return moved.replace(size=SIZE, extras=[{"own": {"kept": i}} for i in range(4)])


def origin(found: Instances) -> Origin:
    return Origin({(): found}, image_name="a.png")


def assert_same(left: Instances, right: Instances) -> None:
    assert shapely.to_wkb(left.polygons).tolist() == shapely.to_wkb(right.polygons).tolist()
    assert left.ids.tolist() == right.ids.tolist()
    assert [one.class_name for one in left] == [one.class_name for one in right]
    np.testing.assert_array_equal(left.scores, right.scores)
    assert left.ignore.tolist() == right.ignore.tolist()
    assert left.extras == right.extras
    assert left.size == right.size
