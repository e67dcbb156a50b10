"""Sets of pixels as runs, against masks."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from kontur.geometry import raster
from kontur.geometry.runs import Grid, intersect, subtract, united

SIZE = (7, 9)
stacks = st.integers(1, 3).flatmap(lambda k: arrays(bool, (k, *SIZE)))
sets = arrays(bool, 24)


def runs_of(masks):
    """The runs of a stack of masks, each an object."""
    outlines = np.array([raster.trace(mask) for mask in masks], dtype=object)
    return Grid(*SIZE).runs(raster.spans(outlines, SIZE))


def masks_of(runs, count):
    """And back."""
    masks = np.zeros((count, *SIZE), bool)
    for owner, row, start, stop in zip(*Grid(*SIZE).spans(runs), strict=True):
        masks[owner, row, start:stop] = True
    return masks


def addresses(runs):
    """Every address by itself."""
    return {int(n) for start, stop in zip(*runs, strict=True) for n in range(start, stop)}


@given(stacks)
def test_masks_are_runs_and_come_back(masks):
    runs = runs_of(masks)
    assert (masks_of(runs, len(masks)) == masks).all()
    assert (runs.start[1:] > runs.stop[:-1]).all()
    assert runs.length.sum() == masks.sum()


@given(stacks)
def test_the_union_is_that_of_all_objects(masks):
    outlines = np.array([raster.trace(mask) for mask in masks], dtype=object)
    union = Grid(*SIZE).union(raster.spans(outlines, SIZE))
    assert (masks_of(union, 1)[0] == masks.any(axis=0)).all()


@given(sets, sets)
def test_sets_are_intersected_and_subtracted_as_sets(first, second):
    a, b = (united(np.flatnonzero(each), np.flatnonzero(each) + 1) for each in (first, second))
    assert addresses(intersect(a, b)) == addresses(a) & addresses(b)
    assert addresses(subtract(a, b)) == addresses(a) - addresses(b)


@given(stacks, st.integers(1, 3))
@settings(max_examples=60)
def test_erosion_is_scipys_object_by_object(masks, distance):
    grid, runs = Grid(*SIZE), runs_of(masks)
    inside = np.stack([ndimage.binary_erosion(m, np.ones((3, 3)), distance) for m in masks])
    assert (masks_of(grid.erode(runs, distance), len(masks)) == inside).all()


@pytest.mark.parametrize("size", [(0, 0), (3, 0), (0, 3)])
def test_images_without_pixels_have_no_runs(size):
    grid = Grid(*size)
    runs = grid.runs(raster.spans(np.array([shapely.box(0, 0, 2, 2)]), size))
    assert len(runs.start) == len(grid.erode(runs, 1).start) == 0
