"""The sentences of a report say no more than the folds allow."""

from dataclasses import replace

import pytest

from kontur.measure.learn.report.performance import more_groups_sentence
from kontur.measure.learn.study import learn
from tests.measure.learn.tables import objects


@pytest.fixture(scope="module")
def study():
    return learn(objects(), "state", families=["logistic"], folds=2, nested=False)


@pytest.mark.parametrize(
    ("half", "whole", "said"),
    [
        (1.7, 2, "There are too few images for a learning curve."),
        (2, 4, "From 2 to 4 images to learn from"),
    ],
)
def test_a_learning_curve_of_two_groups_says_nothing_of_more(study, half, whole, said):
    groups = {0.5: half, 1.0: whole}
    points = [
        point._replace(groups=groups.get(point.share, 0))
        for point in study.curve.families[study.best.name]
    ]
    curve = study.curve._replace(families={study.best.name: points})
    assert more_groups_sentence(replace(study, curve=curve)).startswith(said)
