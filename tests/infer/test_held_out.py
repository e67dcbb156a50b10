"""Judging on images held out: the scores of `evaluate`, and honest costs."""

import json

import pytest
import shapely

from kontur.data.folder import open_folder
from kontur.data.synthetic import write_dataset
from kontur.evaluate import evaluate, summarise
from kontur.infer import held_out
from kontur.infer.folder_evaluation import evaluate_model
from kontur.infer.load import load
from kontur.infer.worker_process import run_worker
from kontur.instances import Instances
from kontur.models.archive import Model, write_model
from kontur.models.baseline.config import BaselineConfig
from kontur.models.card import Card, Thresholds
from kontur.select import FitFailed

RANKED = ("AP", "AP50", "AP75", "PQ", "AJI", "Dice", "boundary IoU")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of scenes, and a model file beside it."""
    path = tmp_path_factory.mktemp("held")
    write_dataset(path / "scenes", 3, size=(48, 56), count=4, radius=(5.0, 8.0))
    card = Card(
        kind="baseline",
        config=BaselineConfig().model_dump(),
        thresholds=Thresholds(score=0.0, overlap=1.0),
        version="0",
    )
    write_model(path / "model.kontur", Model(card, {}, {}))
    return path


def job(place, **changes):
    names = open_folder(place / "scenes").names[:2]
    content = {
        "data": str(place / "scenes"),
        "model": str(place / "model.kontur"),
        "names": names,
        "out": str(place / "out.json"),
        **changes,
    }
    path = place / "job.json"
    path.write_text(json.dumps(content))
    return path


def test_the_scores_are_those_of_evaluate_on_the_named_images(place):
    run_worker("kontur.infer.held_out", [str(job(place))], log=place / "log.txt")
    found = json.loads((place / "out.json").read_text())
    folder = open_folder(place / "scenes")
    expected = evaluate_model(load(place / "model.kontur"), folder.subset(folder.names[:2])).summary
    assert found["scores"]["AP50"] == expected.ap(0.5)
    assert found["scores"]["AP"] == pytest.approx(expected.mean_ap)
    assert found["scores"]["PQ"] == expected.pooled.panoptic_quality[0]
    assert found["scores"]["Dice"] == expected.pooled_areas.dice
    assert 0 < found["milliseconds"] < 5000
    assert 20 < found["memory"] < 300


def test_finding_nothing_where_nothing_is_beats_finding_something():
    none = Instances.empty((50, 50))
    one = Instances.of([shapely.box(5, 5, 20, 20)], size=(50, 50))
    right, wrong = (
        held_out.comparable_scores(summarise([evaluate(none, each)])) for each in (none, one)
    )
    for name in RANKED:
        assert (right[name], wrong[name]) == (1, 0)
    assert right["Hausdorff-95"] is None
    missed = held_out.comparable_scores(summarise([evaluate(one, none)]))
    assert {missed[name] for name in RANKED} == {0}


def test_with_several_classes_there_is_a_score_of_each_their_mean_and_that_of_the_outlines():
    classes = ("cell", "nerve", "vessel")
    boxes = [shapely.box(x, 5, x + 10, 20) for x in (5, 20, 35)]
    truth = Instances.of(boxes, labels=[0, 0, 1], size=(50, 50), classes=classes)
    found = Instances.of(boxes, labels=[0, 0, 0], size=(50, 50), classes=classes)
    scores = held_out.comparable_scores(summarise([evaluate(truth, found)]))
    # AP is the share of matched ones among all that are true or found: 2 of 3, and 0 of 1
    assert scores["AP of cell"] == pytest.approx(2 / 3)
    assert scores["AP of nerve"] == 0
    assert scores["AP of vessel"] is None
    assert scores["AP, mean over classes"] == pytest.approx(1 / 3)
    assert scores["AP, class-agnostic"] == 1
    assert scores["AP"] == pytest.approx(2 / 4)
    nothing = found[found.labels == 2]
    scores = held_out.comparable_scores(summarise([evaluate(nothing, nothing)]))
    assert scores["AP, mean over classes"] == scores["AP, class-agnostic"] == 1
    one = Instances.of(boxes, size=(50, 50))
    assert not {*held_out.comparable_scores(summarise([evaluate(one, one)]))} & {
        *("AP, mean over classes", "AP, class-agnostic", "AP of object")
    }


def test_scores_that_are_undefined_are_null(place):
    empty = place / "empty"
    write_dataset(empty, 1, size=(16, 16), count=0)
    predictor = load(place / "model.kontur")
    summary, _ = held_out.evaluate_predictor(predictor, open_folder(empty))
    scores = held_out.comparable_scores(summary)
    assert set(scores) >= {"AP", "AP50", "AP75", "PQ", "AJI", "Dice", "boundary IoU"}
    assert all(value is None or value == 0 for value in scores.values())


def test_what_cannot_be_judged_is_said_in_a_sentence(place):
    wrong = job(place, model=str(place / "none.kontur"))
    with pytest.raises(FitFailed, match=r"there is no model file .*none\.kontur"):
        run_worker("kontur.infer.held_out", [str(wrong)], log=place / "log.txt")
