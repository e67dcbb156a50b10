"""The sentences of a report say no more than the folds allow."""

from types import SimpleNamespace

import pytest

from kontur.measure.learn.report.performance import more_groups_sentence


def study(half, whole):
    """Of a family whose accuracy is the same from half of the groups and from all, in two folds."""
    points = [SimpleNamespace(share=0.5, groups=half), SimpleNamespace(share=1.0, groups=whole)]
    outcomes = [
        (SimpleNamespace(setting="best", share=share, fold=fold), {"accuracy": 0.8}, None)
        for share in (0.5, 1.0)
        for fold in (0, 1)
    ]
    return SimpleNamespace(
        task=SimpleNamespace(kind="classify", group="patient"),
        best=SimpleNamespace(name="best"),
        curve=SimpleNamespace(families={"best": points}, outcomes=outcomes),
    )


@pytest.mark.parametrize(
    ("half", "whole", "said"),
    [
        (1.7, 2, "There are too few patients for a learning curve."),
        (2, 4, "From 2 to 4 patients to learn from"),
    ],
)
def test_a_learning_curve_of_two_groups_says_nothing_of_more(half, whole, said):
    assert more_groups_sentence(study(half, whole)).startswith(said)
