"""Proposals from scores that are known: the boxes, their order, and what is left out."""

import numpy as np
from numpy.testing import assert_allclose

from kontur.geometry import boxes as rectangles
from kontur.geometry.anchors import anchors
from kontur.models.rpn import propose as module
from kontur.models.rpn.config import RpnConfig
from kontur.models.rpn.propose import propose

SIZE, STRIDES = (32, 48), (8, 16)
CONFIG = RpnConfig(sizes=(1.0,), ratios=(1.0,))
EVERY = anchors(SIZE, STRIDES, sizes=CONFIG.sizes, ratios=CONFIG.ratios)


def proposals(scores, deltas=None, sizes=None, config=CONFIG, lowest=0.1, corner=(0, 0)):
    deltas = np.zeros((*scores.shape[:2], 4), np.float32) if deltas is None else deltas
    sizes = sizes or [SIZE] * len(scores)
    return propose(
        *(scores, deltas),
        size=SIZE,
        sizes=sizes,
        strides=STRIDES,
        config=config,
        lowest=lowest,
        corner=corner,
    )


def nothing(b=1, k=1):
    return np.zeros((b, len(EVERY), k), np.float32)


def test_a_sure_anchor_becomes_its_box_moved_and_clipped():
    scores = nothing(b=2)
    scores[1, 0], scores[1, 25] = 0.6, 0.9  # the first cell of the finer level, the second coarse
    deltas = np.zeros((2, len(EVERY), 4), np.float32)
    target = np.array([[-4.0, 2, 6, 9]])
    deltas[1, 0] = rectangles.deltas(EVERY[:1], target)[0]
    found = proposals(scores, deltas)
    assert found.image_index.tolist() == [1, 1]
    assert_allclose(found.scores, [0.9, 0.6])
    assert_allclose(found.boxes, [[16, 0, 32, 16], [0, 2, 6, 9]], atol=1e-5)


def test_nothing_sure_gives_nothing_and_numbers_that_are_none_neither():
    assert len(proposals(nothing(b=2)).boxes) == 0
    assert len(proposals(nothing() * np.nan).boxes) == 0
    scores, deltas = nothing() + 1, np.full((1, len(EVERY), 4), np.nan, np.float32)
    assert len(proposals(scores, deltas).boxes) == 0


def test_of_boxes_of_a_class_that_overlap_the_best_stays_and_other_classes_do_not_care():
    scores = nothing(k=2)
    scores[0, :2] = [[0.9, 0.3], [0.8, 0.0]]
    deltas = np.zeros((1, len(EVERY), 4), np.float32)
    deltas[0, 1, 0] = -1  # the second cell's anchor moved onto the first's
    found = proposals(scores, deltas)
    assert found.labels.tolist() == [0, 1]
    assert_allclose(found.scores, [0.9, 0.3])


def test_the_limits_hold_for_each_square_whatever_there_is_in_the_others(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 16)
    scores = np.linspace(0.2, 0.9, len(EVERY), dtype=np.float32)[None, :, None]
    one = proposals(scores, config=CONFIG.replace(overlap=1.0, candidates=1))
    assert len(one.boxes) == 6 + 6  # squares of 16 in 32×48, at two levels
    few = proposals(scores, config=CONFIG.replace(overlap=1.0, kept=1))
    assert len(few.boxes) == 6
    dim = scores.copy()
    dim[0, : len(EVERY) // 2] = 0
    corner = few.boxes[(few.boxes[:, :2] >= [32, 16]).all(axis=1)]
    again = proposals(dim, config=CONFIG.replace(overlap=1.0, kept=1)).boxes
    assert_allclose(again[(again[:, :2] >= [32, 16]).all(axis=1)], corner)


def test_the_limits_of_a_flipped_image_hold_for_the_same_squares(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 32)  # the image is one and a half of them wide
    config = CONFIG.replace(overlap=1.0, candidates=2, kept=3)
    scores = np.random.default_rng(0).permutation(len(EVERY)).astype(np.float32)
    scores = 0.2 + scores[None, :, None] / 100  # all above the lowest
    fine, coarse = scores[0, :24, 0].reshape(4, 6), scores[0, 24:, 0].reshape(2, 3)
    across = np.concatenate([fine[:, ::-1].ravel(), coarse[:, ::-1].ravel()])[None, :, None]
    along = np.concatenate([fine[::-1].ravel(), coarse[::-1].ravel()])[None, :, None]
    expected = proposals(scores, config=config)
    for flipped, corner, axis in ((across, (48, 0), 0), (along, (0, 32), 1)):
        found = proposals(flipped, config=config, corner=corner)
        assert_allclose(found.scores, expected.scores)
        moved = found.boxes[:, [axis + 2, axis]] * -1 + SIZE[1 - axis]
        assert_allclose(moved, expected.boxes[:, [axis, axis + 2]])
    usual = proposals(across, config=config)
    assert len(usual.scores) != len(expected.scores) or (usual.scores != expected.scores).any()


def test_the_limits_hold_by_area_and_padding_holds_no_box():
    scores = np.linspace(0.2, 0.9, len(EVERY), dtype=np.float32)[None, :, None]
    every = proposals(scores, config=CONFIG.replace(overlap=1.0))
    assert len(every.boxes) == len(EVERY)
    assert (np.diff(every.scores) <= 0).all()
    few = proposals(scores, config=CONFIG.replace(overlap=1.0, kept=3))
    assert len(few.boxes) == 3
    some = proposals(scores, config=CONFIG.replace(overlap=1.0, candidates=2))
    assert len(some.boxes) == 4  # of two levels
    cut = proposals(scores, sizes=[(8, 8)], config=CONFIG.replace(overlap=1.0))
    assert_allclose(cut.boxes, [[0, 0, 8, 8]] * 2)
