"""The boxes that the heads learn from: of which objects, reproducible, none ignored."""

import numpy as np

from kontur.geometry import boxes as rectangles
from kontur.models.candidates import Boxes
from kontur.models.maskrcnn.roi_sampling import SPREAD, RoiTruth, sample_rois
from tests.models import contract


def proposals(*boxes):
    boxes = np.array(boxes, float).reshape(-1, 4)
    one = np.zeros(len(boxes), np.int64)
    return Boxes(boxes, np.ones(len(boxes)), one, one)


def truth(*boxes, ignored=(), seed=0):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    ignored = np.array(ignored, np.float32).reshape(-1, 4)
    one = np.zeros(len(boxes), np.int64)
    return RoiTruth(one, boxes, one, one[:0].repeat(0), ignored[:0], np.array([seed]))._replace(
        ignored_index=np.zeros(len(ignored), np.int64), ignored=ignored
    )


def test_the_heads_learn_from_proposals_and_the_true_boxes():
    config = contract.settings("maskrcnn")
    found = proposals([1, 0, 11, 10], [4, 0, 14, 10], [50, 50, 60, 60])
    taught = sample_rois(found, truth([0, 0, 10, 10]), config)
    by_box = {
        tuple(b): (int(n), int(a))
        for b, n, a in zip(taught.boxes, taught.labels, taught.object_index, strict=True)
    }
    assert by_box == {
        (0, 0, 10, 10): (1, 0),
        (1, 0, 11, 10): (1, 0),
        (4, 0, 14, 10): (0, -1),  # IoU 0.43
        (50, 50, 60, 60): (0, -1),
    }
    objects = taught.labels > 0
    moved = rectangles.apply_deltas(taught.boxes[objects], taught.deltas[objects] * SPREAD)
    np.testing.assert_allclose(moved, [[0, 0, 10, 10]] * 2, atol=1e-5)


def test_a_region_to_ignore_is_no_background_and_nothing_gives_nothing():
    config = contract.settings("maskrcnn")
    inside = sample_rois(proposals([1, 1, 5, 5]), truth(ignored=[[0, 0, 9, 9]]), config)
    assert len(inside.boxes) == 0
    assert len(sample_rois(proposals(), truth(), config).boxes) == 0


def test_one_seed_draws_one_sample_and_another_seed_another():
    config = contract.settings("maskrcnn", rois=8)
    corners = np.random.default_rng(0).uniform(20, 60, (50, 2))
    found = proposals(*np.concatenate([corners, corners + 3], axis=1))
    first, again, other = (
        sample_rois(found, truth([0, 0, 9, 9], seed=s), config) for s in (5, 5, 6)
    )
    np.testing.assert_array_equal(first.boxes, again.boxes)
    assert not np.array_equal(first.boxes, other.boxes)
