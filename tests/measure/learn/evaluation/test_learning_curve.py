from itertools import pairwise

from kontur.measure.learn.evaluation.learning_curve import SHARES, learning_curve
from kontur.measure.learn.families.family import CLASSIFIERS
from kontur.measure.learn.families.fitting import Fitter
from kontur.measure.learn.task import make_task
from tests.measure.learn.tables import objects


def test_smaller_shares_lie_in_larger_ones_and_hold_every_class():
    table = objects(images=20)
    state = table.groupby("image")["state"].first()
    fitter = Fitter(make_task(table, "state"), {"logistic": CLASSIFIERS["logistic"]})
    splits = fitter.splits(4, 0)
    curve = learning_curve(fitter, splits, {"logistic": [next(iter(fitter.settings))] * 4})
    assert [point.share for point in curve.families["logistic"]] == list(SHARES)
    groups = [point.groups for point in curve.families["logistic"]]
    assert groups[0] == 2
    assert groups[-1] == 15
    for fold, split in enumerate(splits):
        parts = [set(o.trial.split.train) for o in curve.outcomes if o.trial.fold == fold]
        assert parts[0] == set(split.train)  # all first
        for larger, smaller in pairwise(parts):
            assert smaller < larger
            assert set(state[list(smaller)]) == {"live", "dead"}
            assert not smaller & set(split.held)


def test_of_few_groups_no_two_points_are_of_the_same_ones():
    table = objects(images=5)
    fitter = Fitter(make_task(table, "state"), {"logistic": CLASSIFIERS["logistic"]})
    splits = fitter.splits(2, 0)
    curve = learning_curve(fitter, splits, {"logistic": [next(iter(fitter.settings))] * 2})
    points = curve.families["logistic"]
    assert 1 < len(points) < len(SHARES)
    assert points[-1].share == 1
    for fold in range(2):
        parts = [tuple(o.trial.split.train) for o in curve.outcomes if o.trial.fold == fold]
        assert len(parts) == len(points)
    assert all(a.groups < b.groups for a, b in pairwise(points))
