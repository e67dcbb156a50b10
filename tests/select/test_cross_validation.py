"""K-fold over settings of anything: here of means, that are fitted and scored in no time."""

import pytest

from kontur.select import FitFailed, Split, Trial, cross_validate, folds, refit, trials

NAMES = [str(i) for i in range(12)]
SPLITS = folds(NAMES, 3, seed=0)


def fit(trial):
    """The mean of what is learned from, or always 0."""
    values = [float(name) for name in trial.split.train]
    return sum(values) / len(values) if trial.setting == "mean" else 0.0


def score(fitted, trial):
    return {"error": sum(abs(fitted - float(name)) for name in trial.split.held)}


def test_every_setting_meets_every_fold_and_folds_come_in_turn():
    planned = trials(["mean", "zero"], SPLITS)
    assert [(t.setting, t.fold) for t in planned] == [
        (name, fold) for fold in range(3) for name in ("mean", "zero")
    ]
    assert [t.split for t in planned[::2]] == SPLITS


def test_a_trial_learns_nothing_of_what_it_is_judged_on():
    for trial in trials(["mean"], SPLITS, shares=(0.25, 0.5, 1.0)):
        assert not set(trial.split.train) & set(trial.split.held)
        assert trial.split.held == SPLITS[trial.fold].held


def test_the_whole_share_comes_first_and_shares_of_as_many_names_are_one():
    (split, *_) = SPLITS  # eight names
    planned = trials(["mean"], [split], shares=(0.1, 0.25, 0.3, 1.0), fewest=2)
    assert [(t.share, len(t.split.train)) for t in planned] == [(1.0, 8), (0.3, 2)]


def test_outcomes_have_the_scores_of_what_was_fitted():
    found = list(cross_validate(trials(["mean", "zero"], SPLITS), fit, score))
    assert [o.scores for o in found] == [score(fit(o.trial), o.trial) for o in found]
    better = [o.scores["error"] for o in found if o.trial.setting == "mean"]
    assert sum(better) < sum(o.scores["error"] for o in found if o.trial.setting == "zero")


def test_what_is_finished_is_not_fitted_again():
    planned = trials(["mean"], SPLITS)
    fitted = []

    def counted(trial):
        fitted.append(trial.fold)
        return fit(trial)

    there = [(planned[1], {"error": -1.0})]

    def finished(trial):
        return next((scores for known, scores in there if known == trial), None)

    found = list(cross_validate(planned, counted, score, finished=finished))
    assert fitted == [0, 2]
    assert found[1].scores == {"error": -1.0}


def test_a_fit_that_fails_does_not_stop_the_others_and_a_defect_does():
    def failing(trial):
        if trial.fold == 1:
            raise FitFailed("out of memory")
        return fit(trial)

    found = list(cross_validate(trials(["mean"], SPLITS), failing, score))
    assert [o.failure for o in found] == [None, "out of memory", None]
    assert [o.scores is None for o in found] == [False, True, False]
    with pytest.raises(ZeroDivisionError):
        list(cross_validate(trials(["mean"], SPLITS), lambda trial: 1 / 0, score))


def test_the_refit_learns_from_everything():
    assert refit("mean", NAMES, fit) == 5.5
    assert refit("mean", NAMES, lambda trial: trial) == Trial("mean", None, Split(NAMES, []))
