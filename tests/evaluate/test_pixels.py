"""Pixels of objects and what two sets share, against dense masks."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kontur.evaluate.pixels import pixels_of, shared
from kontur.instances import Instances

stacks = st.integers(0, 4).flatmap(lambda k: arrays(bool, (k, 5, 7)))


@given(stacks, stacks)
@settings(max_examples=60)
def test_shared_pixels_are_those_of_the_masks(first, second):
    first, second = (s[s.any(axis=(1, 2))] for s in (first, second))
    sides = [pixels_of(Instances.from_masks(s).polygons, (5, 7)) for s in (first, second)]
    for pixels, masks in zip(sides, (first, second), strict=True):
        assert pixels.areas.tolist() == masks.sum(axis=(1, 2)).tolist()
        assert (pixels.union().reshape(5, 7) == masks.any(axis=0)).all()
    table = np.zeros((len(first), len(second)), dtype=int)
    pairs = shared(*sides)
    table[pairs.rows, pairs.cols] = pairs.area
    assert (table == np.einsum("khw,lhw->kl", first.astype(int), second.astype(int))).all()
    assert (pairs.area > 0).all()
    assert (np.diff(pairs.rows * (len(second) + 1) + pairs.cols) > 0).all()


def test_an_object_outside_or_between_centres_has_no_pixels():
    polygons = np.array([shapely.box(10, 10, 20, 20), shapely.box(0.6, 0.6, 0.9, 0.9)])
    assert pixels_of(polygons, (4, 4)).areas.tolist() == [0, 0]


def test_a_choice_of_objects_is_renumbered_in_its_order():
    polygons = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 3, 1), shapely.box(0, 1, 3, 2)])
    chosen = pixels_of(polygons, (2, 3)).of(np.array([2, 0]))
    assert chosen.owner.tolist() == [0, 0, 0, 1]
    assert chosen.place.tolist() == [3, 4, 5, 0]
    assert chosen.areas.tolist() == [3, 1]
