from kontur.train.config import TrainingConfig
from kontur.train.standing import Standing, is_patience_over


def after(*scores: float) -> Standing:
    standing = Standing()
    for i, score in enumerate(scores, start=1):
        standing = standing.after(score, 10 * i)
    return standing


def test_the_best_validation_is_kept_and_of_equals_the_later():
    assert after(0.1, 0.3, 0.2) == Standing(0.3, 20, waited=1)
    assert after(0.1, 0.3, 0.2, 0.3) == Standing(0.3, 40, waited=2)
    assert after(0.1, 0.3, 0.3, 0.4) == Standing(0.4, 40, waited=0)


def test_one_that_has_found_nothing_yet_is_not_waited_for():
    assert after(0.0, 0.0, 0.0) == Standing(0.0, 30, waited=0)
    assert after(0.0, 0.0, 0.1, 0.0) == Standing(0.1, 30, waited=1)


def test_patience_is_a_number_of_validations_and_none_is_for_ever():
    assert [is_patience_over(2, waited) for waited in range(4)] == [False, False, True, True]
    assert not is_patience_over(0, 1000)
    assert TrainingConfig().patience == 12
