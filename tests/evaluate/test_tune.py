"""Choosing thresholds, against evaluating every combination from scratch."""

import numpy as np
import pytest
import shapely
from shapely.affinity import translate

from kontur.errors import InputError
from kontur.evaluate import evaluate_all, tune_thresholds
from kontur.evaluate.tune import SCORES
from kontur.geometry import overlap
from kontur.instances import Instances

SIZE = (40, 40)


def scene(rng, classes):
    """Boxes, and what a detector makes of them: several candidates each, and some of nothing."""
    corners = rng.uniform(0, 30, (6, 2))
    truth = np.concatenate([corners, corners + rng.uniform(4, 9, (6, 2))], axis=1)
    found = np.concatenate([truth + rng.normal(0, s, truth.shape) for s in (0.4, 0.8, 1.2)])
    found = np.concatenate([found, [[1, 1, 4, 4], [30, 2, 36, 9]]])
    scores = np.clip(0.9 - 0.03 * np.arange(len(found)) + rng.normal(0, 0.2, len(found)), 0, 1)
    labels = rng.integers(0, len(classes), 6)
    wrong = rng.random(len(found)) < 0.1
    return (
        Instances.of(shapely.box(*truth.T), labels, size=SIZE, classes=classes).replace(
            ignore=np.arange(6) == 5
        ),
        Instances.of(
            shapely.box(*found.T),
            np.where(wrong, 0, np.resize(labels, len(found))),
            scores=scores,
            size=SIZE,
            classes=classes,
        ),
    )


@pytest.mark.parametrize("classes", [("cell",), ("live", "dead")])
def test_every_value_of_the_grid_is_that_of_a_full_evaluation(classes):
    rng = np.random.default_rng(1)
    truths, candidates = zip(*(scene(rng, classes) for _ in range(4)), strict=True)
    scores, overlaps, ious = (0.2, 0.5, 0.7), (0.1, 0.4, 0.8), (0.5, 0.7, 0.9)
    tuned = tune_thresholds(truths, candidates, scores=scores, overlaps=overlaps, ious=ious)
    for s, score in enumerate(scores):
        for o, limit in enumerate(overlaps):
            kept = [c[c.scores >= score] for c in candidates]
            kept = [c[overlap.suppress(c.polygons, c.scores, limit, labels=c.labels)] for c in kept]
            summary = evaluate_all(zip(truths, kept, strict=True), thresholds=ious)
            assert tuned.grid[s, o] == pytest.approx(summary.mean_ap)
    chosen = scores.index(tuned.score), overlaps.index(tuned.overlap)
    assert tuned.ap == tuned.grid[chosen]
    assert tuned.grid.min() < tuned.ap <= tuned.grid.max()


def test_of_equally_good_thresholds_the_middle_is_taken():
    truth = Instances.of([shapely.box(0, 0, 9, 9)], size=SIZE)
    found = Instances.of(
        [shapely.box(0, 0, 9, 9), shapely.box(20, 20, 29, 29)], scores=[0.9, 0.1], size=SIZE
    )
    tuned = tune_thresholds([truth], [found])
    assert (tuned.ap, tuned.score, tuned.overlap) == (1.0, 0.5, 0.4)


def test_of_equally_good_thresholds_the_usual_is_taken_where_one_is_known():
    truth = Instances.of([shapely.box(0, 0, 9, 9)], size=SIZE)
    found = Instances.of(
        [shapely.box(0, 0, 9, 9), shapely.box(20, 20, 29, 29)], scores=[0.9, 0.41], size=SIZE
    )
    tuned = tune_thresholds([truth], [found], usual=(0.44, 0.3))
    assert (tuned.ap, tuned.score, tuned.overlap) == (1.0, 0.44, 0.3)
    tuned = tune_thresholds([truth] * 20, [found] * 20, usual=(0.2, 0.3))  # not as good
    assert (tuned.ap, tuned.score, tuned.overlap) == (1.0, 0.42, 0.3)


def squares(scores):
    """Twenty true squares and, of a candidate for each, the scores; those of 0 lie elsewhere."""
    boxes = [
        shapely.box(20 * x, 20 * y, 20 * x + 9, 20 * y + 9) for x in range(5) for y in range(4)
    ]
    truth = Instances.of(boxes, size=(100, 100))
    shift = [11 if score < 0 else 0 for score in scores]
    moved = [translate(box, by, by) for box, by in zip(boxes, shift, strict=True)]
    return truth, Instances.of(moved, scores=np.abs(scores), size=(100, 100))


def test_one_object_among_few_does_not_decide():
    # the best threshold, just above the false one of .8, costs nothing on this image alone
    tuned = tune_thresholds(*([each] for each in squares([0.9] * 19 + [-0.8])))
    assert tuned.ap < tuned.grid.max()
    assert tuned.score == pytest.approx(0.46, abs=0.03)


def test_what_chance_may_have_made_worse_is_no_worse():
    """From .6 to .44 one more is found and four wrongly: three, and the root of five is chance."""
    truth, found = squares([0.9] * 12 + [0.5] + [-0.5] * 4 + [-0.05] * 3)
    tuned = tune_thresholds([truth], [found], usual=(0.44, 0.3))
    assert tuned.score == 0.44
    assert tuned.ap == pytest.approx(13 / 24)
    assert tuned.grid.max() == pytest.approx(12 / 20)
    tuned = tune_thresholds([truth] * 20, [found] * 20, usual=(0.44, 0.3))  # sixty, and ten
    assert tuned.score == 0.52
    assert tuned.ap == tuned.grid.max()


def test_an_object_predicted_as_two_classes_counts_once():
    """As in prediction: the surer one stays, whatever overlap is allowed within a class."""
    box, classes = shapely.box(0, 0, 9, 9), ("leaf", "stone")
    truth = Instances.of([box], labels=[0], size=SIZE, classes=classes)
    found = Instances.of([box] * 2, labels=[0, 1], scores=[0.9, 0.8], size=SIZE, classes=classes)
    tuned = tune_thresholds([truth], [found])
    assert (tuned.grid[np.array(SCORES) < 0.9] == 1).all()


def test_one_object_among_many_images_decides():
    truth, found = squares([0.9] * 19 + [-0.8])
    tuned = tune_thresholds([truth] * 20, [found] * 20)
    assert tuned.ap == tuned.grid.max()
    assert 0.8 < tuned.score <= 0.9


def test_where_hardly_anything_is_found_the_thresholds_find_it():
    truth = Instances.of([shapely.box(0, 0, 9, 9)], size=SIZE)
    found = Instances.of([shapely.box(0, 0, 9, 9)], scores=[0.1], size=SIZE)
    assert tune_thresholds([truth], [found]).score <= 0.1


def test_images_without_objects_ask_for_the_threshold_that_finds_nothing():
    none = Instances.empty(SIZE)
    noise = Instances.of([shapely.box(0, 0, 9, 9)], scores=[0.3], size=SIZE)
    tuned = tune_thresholds([none, none], [noise, none])
    assert tuned.score > 0.3
    assert np.isnan(tuned.ap)


def test_bad_input_is_refused():
    some = Instances.of([shapely.box(0, 0, 9, 9)], size=SIZE)
    with pytest.raises(InputError, match="a score for every candidate"):
        tune_thresholds([some], [some])
    with pytest.raises(InputError, match="1 images and candidates of 0"):
        tune_thresholds([some], [])
    with pytest.raises(InputError, match="got 0 images"):
        tune_thresholds([], [])
    with pytest.raises(InputError, match="at least one score"):
        tune_thresholds([some], [some.replace(scores=[1.0])], scores=[])
