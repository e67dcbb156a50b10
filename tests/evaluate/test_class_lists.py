"""Classes of two sides, matched by their names."""

import pytest
import shapely

from kontur.errors import InputError
from kontur.evaluate import evaluate
from kontur.instances import Instances


def boxes(*corners, size=(20, 20), **fields):
    return Instances.of([shapely.box(*c) for c in corners], size=size, **fields)


def test_objects_match_within_their_class_by_name():
    truth = boxes((0, 0, 4, 4), (10, 10, 14, 14), labels=[0, 1], classes=("live", "dead"))
    found = boxes((0, 0, 4, 4), (10, 10, 14, 14), labels=[1, 1], classes=("dead", "live"))
    scores = evaluate(truth, found)
    assert (scores.counts.tp[0], scores.counts.fp[0], scores.counts.fn[0]) == (1, 1, 1)
    assert (scores.by_class["live"].tp[0], scores.by_class["live"].fp[0]) == (1, 1)
    assert (scores.by_class["dead"].tp[0], scores.by_class["dead"].fn[0]) == (0, 1)
    assert scores.agnostic.tp[0] == 2


def test_a_single_class_of_another_name_matches_every_class():
    truth = boxes((0, 0, 4, 4), (10, 10, 14, 14), labels=[0, 1], classes=("live", "dead"))
    assert evaluate(truth, boxes((0, 0, 4, 4), (10, 10, 14, 14))).counts.tp[0] == 2
    assert list(evaluate(boxes((0, 0, 4, 4)), truth).by_class) == ["object"]


def test_classes_without_a_common_name_are_refused():
    truth = boxes((0, 0, 4, 4), classes=("a", "b"))
    with pytest.raises(InputError, match="no name in common"):
        evaluate(truth, boxes((0, 0, 4, 4), classes=("c", "d")))
