"""Anchors and their targets: reproducible, none in regions to ignore."""

import numpy as np
import pydantic
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from kontur.geometry import boxes as rectangles
from kontur.geometry.anchors import anchors
from kontur.models.rpn.assign import assign, is_covered
from kontur.models.rpn.config import RpnConfig

SIZE, STRIDES = (64, 96), (4, 8, 16)
BOXES = np.array([[10.0, 12, 22, 24], [40, 30, 70, 50], [88, 2, 95, 9]])
NONE = np.zeros((0, 4))
EVERY = anchors(SIZE, STRIDES, sizes=RpnConfig().sizes, ratios=RpnConfig().ratios)


def assigned(boxes=BOXES, ignored=NONE, seed=0, **changes):
    labels = np.arange(len(boxes))
    config = RpnConfig(**changes)
    return assign(
        *(boxes, labels, ignored),
        size=SIZE,
        strides=STRIDES,
        config=config,
        rng=np.random.default_rng(seed),
    )


def test_the_deltas_of_a_taught_anchor_lead_to_its_object():
    taught = assigned()
    objects = taught.labels >= 0
    assert set(taught.labels.tolist()) == {-1, 0, 1, 2}
    moved = rectangles.apply_deltas(EVERY[taught.anchors[objects]], taught.deltas[objects])
    assert_allclose(moved, BOXES[taught.labels[objects]], atol=1e-4)
    assert not taught.deltas[~objects].any()


def test_the_sample_is_as_large_as_asked_and_half_of_it_objects_at_most():
    taught = assigned(sampled=32, overlaps=(0.1, 0.2))
    assert len(taught.anchors) == len(set(taught.anchors.tolist())) == 32
    assert (taught.labels >= 0).sum() == 16
    few = assigned(sampled=64, overlaps=(0.3, 0.95))
    assert 3 <= (few.labels >= 0).sum() < 16
    assert len(few.anchors) == 64


def test_one_seed_gives_one_sample_and_another_seed_another():
    first, again, other = assigned(), assigned(), assigned(seed=1)
    assert_array_equal(first.anchors, again.anchors)
    assert not np.array_equal(first.anchors, other.anchors)


def test_background_overlaps_no_object_much_and_lies_in_no_region_to_ignore():
    ignored = np.array([[0.0, 0, 96, 40]])
    taught = assigned(ignored=ignored)
    background = EVERY[taught.anchors[taught.labels < 0]]
    assert (rectangles.iou(background, BOXES) < 0.3).all()
    assert not is_covered(background, ignored).any()
    assert is_covered(EVERY, ignored).any()


def test_an_image_without_objects_has_background_only():
    taught = assigned(boxes=NONE)
    assert len(taught.anchors) == RpnConfig().sampled
    assert (taught.labels == -1).all()


@pytest.mark.parametrize("overlaps", [(0.7, 0.3), (0.3, 7.0), (-0.1, 0.5)])
def test_overlaps_that_would_leave_no_anchor_an_object_s_are_refused(overlaps):
    with pytest.raises(pydantic.ValidationError, match="overlaps"):
        RpnConfig(overlaps=overlaps)
