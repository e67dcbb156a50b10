"""Objects that the tests of `Instances` share, and what it means that two are the same."""

import hypothesis.extra.numpy as arrays
import numpy as np
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from shapely import MultiPolygon, box

from kontur.instances import Instances

HOLED = box(0, 0, 8, 8) - box(2, 2, 5, 5)
TWO_PARTS = MultiPolygon([box(0, 0, 2, 2), box(4, 0, 8, 4)])


def several():
    """Three objects of two classes in an image of 20 × 30, every field set."""
    return Instances.of(
        [HOLED, TWO_PARTS, box(10, 10, 29, 19)],
        labels=[0, 1, 1],
        scores=[0.9, np.nan, 0.25],
        ids=[7, 3, 12],
        ignore=[False, True, False],
        extras=[{"name": "a"}, {}, {"name": "c"}],
        size=(20, 30),
        classes=("nucleus", "debris"),
    )


def assert_same(a, b):
    """Equal in every field, polygons point by point."""
    assert all(
        first.equals_exact(second) for first, second in zip(a.polygons, b.polygons, strict=True)
    )
    for name in ("labels", "scores", "ids", "ignore"):
        assert_array_equal(getattr(a, name), getattr(b, name))
    assert (a.extras, a.size, a.classes) == (b.extras, b.size, b.classes)


def label_images(dtype=np.int32, values=(0, 0, 1, 2, 5, 300, -1)):
    """Label images of up to 9 × 9 pixels, for hypothesis."""
    shape = st.tuples(st.integers(0, 9), st.integers(0, 9))
    elements = st.sampled_from(values)
    return shape.flatmap(lambda size: arrays.arrays(dtype, size, elements=elements))
