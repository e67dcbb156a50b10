"""Many images: pooled and mean scores, classes, the table and the JSON."""

import json

import numpy as np
import pytest
import shapely

from kontur.errors import InputError
from kontur.evaluate import THRESHOLDS, evaluate, evaluate_all, summarise
from kontur.instances import Instances

SIZE = (20, 20)
EMPTY = Instances.empty(SIZE)


def boxes(*corners, **fields):
    return Instances.of([shapely.box(*c) for c in corners], size=SIZE, **fields)


ONE = boxes((0, 0, 4, 4))
THREE = boxes((0, 0, 4, 4), (6, 6, 9, 9), (12, 12, 19, 19))


def test_pooled_scores_weigh_objects_and_means_weigh_images():
    summary = evaluate_all([(ONE, ONE), (THREE, ONE)])
    assert summary.ap(0.5) == 2 / 4
    assert summary.mean.ap[0] == (1 + 1 / 3) / 2
    assert summary.counts.fn[0] == 2
    assert summary.pooled.panoptic_quality[0] == 2 / 3
    assert summary.mean_ap == 0.5


def test_area_scores_are_pooled_by_area():
    summary = evaluate_all([(ONE, ONE), (THREE, ONE)])
    assert summary.pooled_areas.dice == pytest.approx(2 * 32 / (32 + 16 + 74))
    assert summary.mean_areas.dice == pytest.approx((1 + 32 / 90) / 2)
    assert summary.pooled_areas.boundary_iou == 1.0  # only matched pairs have one


def test_images_without_objects_are_left_out_of_the_mean():
    with_empty = evaluate_all([(ONE, ONE), (EMPTY, EMPTY)])
    assert with_empty.mean.ap.tolist() == [1.0] * 10
    assert evaluate_all([(ONE, ONE), (EMPTY, ONE)]).mean.ap.tolist() == [0.5] * 10
    assert "1 with no object on either side" in with_empty.table()


def test_nothing_at_all_gives_null_in_json_and_dashes_in_the_table():
    summary = evaluate_all([(EMPTY, EMPTY)])
    report = json.loads(summary.to_json())
    assert report["pooled"]["ap"] == [None] * 10
    assert report["pooled"]["tp"] == [0] * 10
    assert report["mean_over_images"]["dice"] is None
    assert report["per_image"][0]["ap"] == [None] * 10
    assert "nan" not in summary.table().lower()
    assert "–" in summary.table()
    assert np.isnan(summary.mean_ap)


def test_json_holds_every_image_by_name():
    summary = evaluate_all([(ONE, ONE), (THREE, ONE)], names=["first", "zweites „Bild“"])
    report = json.loads(summary.to_json())
    assert [image["name"] for image in report["per_image"]] == ["first", "zweites „Bild“"]
    assert report["per_image"][1]["ap"][0] == 1 / 3
    assert report["thresholds"] == list(THRESHOLDS)
    assert (report["images"], report["true_objects"], report["found_objects"]) == (2, 4, 2)
    assert report["coco_ap"] is None


def test_classes_are_summed_by_name_over_images_that_know_them():
    first = boxes((0, 0, 4, 4), classes=("live", "dead"))
    second = boxes((0, 0, 4, 4), (6, 6, 9, 9), labels=[0, 1], classes=("dead", "unsure"))
    summary = evaluate_all([(first, first), (second, second[:1])])
    assert list(summary.classes) == ["live", "dead", "unsure"]
    assert [rates.ap[0] for rates in summary.classes.values()] == [1.0, 1.0, 0.0]
    assert summary.agnostic.ap[0] == 2 / 3
    assert "AP of unsure" in summary.table()


def test_the_table_has_a_column_for_each_threshold_and_their_mean():
    table = evaluate_all([(THREE, ONE)], thresholds=[0.5, 0.75]).table().splitlines()
    assert table[0] == "1 image, 3 true objects, 1 predicted"
    assert table[2].split() == ["IoU", "0.50", "0.75", "mean"]
    assert table[3].split() == ["AP", "0.333", "0.333", "0.333"]
    assert len({len(line) for line in table[2:11]}) == 1


def test_ap_is_reported_only_where_it_was_taken():
    with pytest.raises(InputError, match=r"not at 0\.77"):
        evaluate_all([(ONE, ONE)]).ap(0.77)


def test_no_images_and_mixed_thresholds_are_refused():
    with pytest.raises(InputError, match="no image"):
        summarise([])
    with pytest.raises(InputError, match="different IoU thresholds"):
        summarise([evaluate(ONE, ONE), evaluate(ONE, ONE, thresholds=[0.5])])
