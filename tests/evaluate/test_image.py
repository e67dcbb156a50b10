"""One image judged: StarDist's numbers, overlaps, ignore regions, classes, empty images."""

import json
import tracemalloc

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kontur.errors import InputError
from kontur.evaluate import METRICS, THRESHOLDS, evaluate, image, regions, summarise
from kontur.instances import Instances
from tests.evaluate import oracles

label_images = arrays(np.uint8, (6, 7), elements=st.integers(0, 3))
stacks = st.integers(0, 4).flatmap(lambda k: arrays(bool, (k, 4, 5)))


def boxes(*corners, size=(20, 20), **fields):
    return Instances.of([shapely.box(*c) for c in corners], size=size, **fields)


@given(label_images, label_images)
@settings(max_examples=40)
def test_without_overlaps_the_numbers_are_those_of_stardist(truth, found):
    scores = evaluate(Instances.from_label_image(truth), Instances.from_label_image(found))
    iou = oracles.dense_iou(oracles.masks_of(truth), oracles.masks_of(found))
    if not sum(iou.shape):
        return  # StarDist calls it 0, we say undefined: tested below
    for t, threshold in enumerate(THRESHOLDS):
        for name, value in oracles.stardist(iou, threshold).items():
            counts = scores.counts if name in ("tp", "fp", "fn") else scores.rates
            assert getattr(counts, name)[t] == pytest.approx(value), name


@given(label_images, label_images, st.sampled_from([0.05, 0.2, 0.35]))
@settings(max_examples=40)
def test_at_low_thresholds_counts_are_stardists_and_the_matched_iou_no_less(truth, found, level):
    sides = [Instances.from_label_image(image) for image in (truth, found)]
    scores = evaluate(*sides, thresholds=[level])
    expected = oracles.stardist(
        oracles.dense_iou(oracles.masks_of(truth), oracles.masks_of(found)), level
    )
    assert scores.counts.tp[0] == expected["tp"]
    assert scores.counts.iou[0] >= expected["matched_iou"] * expected["tp"] - 1e-9


@given(stacks, stacks)
@settings(max_examples=40)
def test_overlapping_objects_are_matched_as_by_trying_everything(truth, found):
    truth, found = (s[s.any(axis=(1, 2))] for s in (truth, found))
    sides = [Instances.from_masks(s, size=(4, 5)) for s in (truth, found)]
    scores = evaluate(*sides, thresholds=[0.25, 0.5, 0.75])
    for t, threshold in enumerate(scores.thresholds):
        number, total = oracles.best_matching(oracles.dense_iou(truth, found), threshold)
        assert scores.counts.tp[t] == number
        assert scores.counts.iou[t] == pytest.approx(total)


def test_truth_and_found_in_each_others_place_exchange_excess_and_missed():
    rng = np.random.default_rng(3)
    first, second = (Instances.from_label_image(rng.integers(0, 9, (12, 12))) for _ in range(2))
    one, other = evaluate(first, second).counts, evaluate(second, first).counts
    assert one.tp.tolist() == other.tp.tolist()
    assert one.fp.tolist() == other.fn.tolist()
    assert one.iou == pytest.approx(other.iou)


def test_the_order_of_objects_plays_no_part():
    rng = np.random.default_rng(4)
    truth = Instances.from_masks(rng.random((6, 9, 9)) < 0.5)
    found = Instances.from_masks(rng.random((7, 9, 9)) < 0.5)
    levels = (0.2, 0.3, 0.4)
    plain = evaluate(truth, found, thresholds=levels)
    mixed = evaluate(truth[rng.permutation(6)], found[rng.permutation(7)], thresholds=levels)
    assert plain.counts.tp.tolist() == mixed.counts.tp.tolist()
    assert plain.counts.iou == pytest.approx(mixed.counts.iou)
    assert plain.area_scores.aji_plus == pytest.approx(mixed.area_scores.aji_plus)


def test_the_truth_itself_scores_one_everywhere():
    truth = boxes((1, 1, 5, 6), (3, 3, 9, 9), (12, 0, 20, 4))  # two overlap, one is at the border
    scores = evaluate(truth, truth)
    assert scores.counts.tp.tolist() == [3] * 10
    rates = scores.rates
    assert (np.stack([rates.ap, rates.matched_iou, rates.panoptic_quality]) == 1).all()
    shares = dict.fromkeys(("aji", "aji_plus", "dice", "boundary_iou"), 1.0)
    distances = dict.fromkeys(("hausdorff_95", "image_hausdorff_95"), 0.0)
    assert vars(scores.area_scores) == shares | distances


def test_iou_is_counted_in_pixels_whose_centres_lie_inside():
    # 2×4 pixels against 3×4, drawn a quarter pixel off the grid: 8 / 12
    scores = evaluate(boxes((0.25, 0, 2.25, 4)), boxes((0, 0.25, 3.25, 4.25)), thresholds=[0.6])
    assert scores.counts.iou.tolist() == [8 / 12]


def test_regions_to_ignore_are_neither_found_nor_missed():
    truth = boxes((0, 0, 4, 4), (10, 10, 20, 20), ignore=[False, True])
    inside, half_out, outside = (11, 11, 14, 14), (9, 12, 11, 14), (8, 15, 11, 18)
    scores = evaluate(truth, boxes((0, 0, 4, 4), inside, half_out, outside))
    assert (scores.counts.tp[0], scores.counts.fp[0], scores.counts.fn[0]) == (1, 1, 0)
    assert scores.true_count == 1


def test_an_object_that_is_matched_counts_though_it_lies_in_an_ignore_region():
    truth = boxes((0, 0, 4, 4), (0, 0, 10, 10), ignore=[False, True])
    scores = evaluate(truth, boxes((0, 0, 4, 4), (5, 5, 8, 8)))
    assert (scores.counts.tp[0], scores.counts.fp[0]) == (1, 0)
    assert scores.area_scores.dice == 1.0


def test_found_objects_marked_to_ignore_are_left_out():
    scores = evaluate(boxes((0, 0, 4, 4)), boxes((0, 0, 4, 4), (5, 5, 9, 9), ignore=[False, True]))
    assert scores.rates.ap[0] == 1.0


def test_different_sizes_are_refused():
    with pytest.raises(InputError, match="20×20 and 20×21"):
        evaluate(boxes((0, 0, 4, 4)), boxes((0, 0, 4, 4), size=(20, 21)))


@pytest.mark.parametrize("levels", [[], [0.0], [1.1], [float("nan")]])
def test_thresholds_outside_zero_to_one_are_refused(levels):
    with pytest.raises(InputError, match="IoU thresholds"):
        evaluate(boxes((0, 0, 4, 4)), boxes((0, 0, 4, 4)), thresholds=levels)


@pytest.mark.parametrize(("known", "other"), [((20, 20), None), (None, (20, 20)), (None, None)])
def test_one_side_or_none_may_know_the_size(known, other):
    truth, found = boxes((0, 0, 4, 4), size=known), boxes((2, 0, 4.2, 4), size=other)
    assert evaluate(truth, found).counts.iou[0] == 0.5


def test_an_empty_image_has_no_score():
    scores = evaluate(Instances.empty((5, 5)), Instances.empty((5, 5)))
    assert np.isnan(scores.rates.ap).all()
    assert np.isnan(scores.area_scores.dice)


@pytest.mark.parametrize("there", ["truth", "found"])
def test_objects_on_one_side_only_score_zero(there):
    some, none = boxes((0, 0, 4, 4)), Instances.empty((20, 20))
    scores = evaluate(some, none) if there == "truth" else evaluate(none, some)
    for values in vars(scores.rates).values():
        assert values.tolist() == [0.0] * 10
    shares = {k: v for k, v in vars(scores.area_scores).items() if "hausdorff" not in k}
    assert set(shares.values()) == {0.0}


def test_an_object_without_a_pixel_matches_nothing_and_counts():
    speck = boxes((1.6, 1.6, 1.9, 1.9))
    counts = evaluate(speck, speck).counts
    assert (counts.tp[0], counts.fp[0], counts.fn[0]) == (0, 1, 1)


def test_a_zero_sized_image_is_judged():
    nothing = Instances.empty(None)
    assert evaluate(nothing, nothing).counts.tp[0] == 0


@pytest.mark.parametrize("metric", METRICS)
def test_what_is_asked_for_is_what_it_is_among_all_and_the_rest_is_unknown(metric):
    truth = boxes((0, 0, 4, 4), (6, 6, 14, 14), (15, 0, 19, 9))
    found = boxes((0, 0, 4, 5), (6, 7, 14, 14), scores=[0.9, 0.8])
    every, one = evaluate(truth, found), evaluate(truth, found, metrics=[metric])
    assert one.rates.ap.tolist() == every.rates.ap.tolist()
    assert (one.ranked is not None) == (metric == "coco_ap")
    wanted = {name for name in vars(one.area_scores) if metric in name}
    for name, value in vars(one.area_scores).items():
        expected = getattr(every.area_scores, name) if name in wanted else float("nan")
        assert value == pytest.approx(expected, nan_ok=True)
    summary = summarise([one, one])
    assert summary.ap(0.5) == summarise([every, every]).ap(0.5)
    assert (summary.ranked_ap is not None) == (metric == "coco_ap")
    assert json.loads(summary.to_json())["pooled"]["dice"] == (
        every.area_scores.dice if metric == "dice" else None
    )
    assert "–" in summary.table()


def test_ap_alone_does_nothing_for_the_other_metrics(monkeypatch):
    def fail(*_):
        raise AssertionError("not asked for")

    for name in ("_boundary", "_dice", "_jaccard", "hausdorff_of_pairs", "assign"):
        monkeypatch.setattr(regions, name, fail)
    monkeypatch.setattr(image, "rank", fail)
    assert evaluate(boxes((0, 0, 4, 4)), boxes((0, 0, 4, 4)), metrics=["ap"]).rates.ap[0] == 1
    with pytest.raises(AssertionError, match="not asked for"):
        evaluate(boxes((0, 0, 4, 4)), boxes((0, 0, 4, 4)))


@pytest.mark.parametrize("metrics", ["ap", ["AP"], ["dice", "iou"]])
def test_metrics_of_other_names_are_refused_with_those_there_are(metrics):
    with pytest.raises(InputError, match="metrics are a list of ap, coco_ap, aji, dice"):
        evaluate(boxes((0, 0, 4, 4)), boxes((0, 0, 4, 4)), metrics=metrics)


def test_objects_outside_the_image_and_far_beyond_it_have_no_pixels():
    truth = boxes((-1e9, -1e9, -1e8, 4), (0, 0, 4, 4), (1e8, 0, 1e9, 5))
    scores = evaluate(truth, truth)
    assert (scores.counts.tp[0], scores.counts.fn[0]) == (1, 2)
    assert scores.area_scores.dice == 1.0
    assert scores.area_scores.image_hausdorff_95 == 0.0


def test_memory_grows_with_outlines_and_not_with_pixels():
    side, step = 1024, 32
    corner = np.arange(0, side, step)
    x, y = (each.ravel() for each in np.meshgrid(corner, corner))
    truth = Instances.of_valid(shapely.box(x, y, x + 20, y + 20), size=(side, side))
    found = truth.shift(1, 2)
    tracemalloc.start()
    evaluate(truth, found)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak / side**2 < 20  # bytes a pixel; 62 when every pixel had a number
