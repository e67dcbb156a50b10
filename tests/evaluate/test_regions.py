"""AJI, AJI+, Dice and boundary IoU against dense definitions."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kontur.evaluate import evaluate, summarise
from kontur.evaluate.regions import boundary, boundary_distance
from kontur.geometry.raster import pixels, spans
from kontur.geometry.runs import Grid
from kontur.instances import Instances
from tests.evaluate import oracles

stacks = st.integers(1, 4).flatmap(lambda k: arrays(bool, (k, 5, 6)))


@given(stacks, stacks)
@settings(max_examples=40)
def test_jaccard_indices_and_dice_are_those_of_the_masks(truth, found):
    truth, found = (s[s.any(axis=(1, 2))] for s in (truth, found))
    if not len(truth) + len(found):
        return
    scores = evaluate(*(Instances.from_masks(s, size=(5, 6)) for s in (truth, found))).area_scores
    assert scores.aji == pytest.approx(oracles.aji(truth, found, "many"))
    assert scores.aji_plus == pytest.approx(oracles.aji(truth, found, "one"))
    a, b = truth.any(axis=0), found.any(axis=0)
    assert scores.dice == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum()))


def test_aji_takes_one_found_object_several_times_and_aji_plus_once():
    truth = Instances.of([shapely.box(0, 0, 2, 4), shapely.box(2, 0, 4, 4)], size=(4, 4))
    found = Instances.of([shapely.box(0, 0, 4, 4)], size=(4, 4))
    scores = evaluate(truth, found).area_scores
    assert scores.aji == (8 + 8) / (16 + 16)
    assert scores.aji_plus == 8 / (16 + 8)


@given(arrays(bool, (9, 11)), st.integers(1, 4))
@settings(max_examples=40)
def test_a_boundary_is_the_mask_less_its_erosion(mask, distance):
    mask[2:8, 3:9] = True  # something thick enough to have an inside
    grid = Grid(9, 11)
    runs = grid.runs(spans(Instances.from_masks([mask]).polygons, (9, 11)))
    got = np.zeros((9, 11), bool)
    got.ravel()[pixels(grid.spans(boundary(runs, grid, distance)), 11)] = True
    assert (got == oracles.boundary(mask, distance)).all()


def test_boundary_iou_of_squares_by_hand():
    # 30×30 in an image with a boundary of 2 pixels; the rings of 6×6 and 8×8 at one corner
    size = (60, 80)
    assert boundary_distance(size) == 2
    truth = Instances.of([shapely.box(0, 0, 8, 8)], size=size)
    found = Instances.of([shapely.box(0, 0, 6, 6)], size=size)
    outer, inner = np.ones((8, 8), bool), np.zeros((8, 8), bool)
    outer[2:6, 2:6] = False
    inner[:6, :6] = True
    inner[2:4, 2:4] = False
    expected = (outer & inner).sum() / (outer | inner).sum()
    assert evaluate(truth, found).area_scores.boundary_iou == pytest.approx(expected)


def test_without_the_size_of_the_image_there_is_no_boundary_iou():
    boxes = [[shapely.box(left, 2, left + 20, 22)] for left in (2, 3)]
    truth, found = (Instances.of(side) for side in boxes)
    large = (400, 600)
    known = [(truth.replace(size=large), found), (truth, found.replace(size=large))]
    for sides in known:
        assert evaluate(*sides).area_scores.boundary_iou == pytest.approx(19 / 21)
    unknown = evaluate(truth, found)
    assert np.isnan(unknown.area_scores.boundary_iou)
    assert np.isnan(summarise([unknown, evaluate(*known[0])]).pooled_areas.boundary_iou)
    for score in ("aji", "aji_plus", "dice", "hausdorff_95", "image_hausdorff_95"):
        values = {getattr(evaluate(*s).area_scores, score) for s in (*known, (truth, found))}
        assert len(values) == 1
    # where no pair is compared, the size does not matter
    assert evaluate(truth, Instances.empty()).area_scores.boundary_iou == 0
    nothing = evaluate(Instances.empty(), Instances.empty())
    assert summarise([nothing, evaluate(*known[0])]).pooled_areas.boundary_iou > 0.9


def test_boundaries_of_many_pairs_are_compared_pair_by_pair():
    rng = np.random.default_rng(5)
    truth, found = [], []
    for row in range(0, 40, 14):
        for col in range(0, 60, 15):
            height, width = rng.integers(8, 13, 2)
            mask = np.zeros((42, 60), bool)
            mask[row : row + height, col : col + width] = True
            truth.append(mask)
            found.append(np.roll(mask, rng.integers(-1, 2, 2), (0, 1)))
    distance = boundary_distance((42, 60))
    expected = []
    for t, f in zip(truth, found, strict=True):
        if (t & f).sum() / (t | f).sum() >= 0.5:
            a, b = oracles.boundary(t, distance), oracles.boundary(f, distance)
            expected.append((a & b).sum() / (a | b).sum())
    order = rng.permutation(len(found))
    scores = evaluate(Instances.from_masks(truth), Instances.from_masks([found[i] for i in order]))
    assert len(expected) > 5
    assert scores.area_scores.boundary_iou == pytest.approx(np.mean(expected))


def test_the_boundary_is_at_least_one_pixel_wide():
    assert boundary_distance((3, 4)) == 1
    assert boundary_distance((300, 400)) == 10
