"""Which validation was the best, and how long none has been better: early stopping's memory."""

from typing import NamedTuple


class Standing(NamedTuple):
    """The best score so far, its step, and the validations since that did not surpass it."""

    best: float = -1.0
    best_step: int = 0
    waited: int = 0

    def after(self, score: float, step: int) -> "Standing":
        """With one more validation.

        Of equal scores the later is the best, for its rate was lower. A network that never found
        anything has not stopped learning: the waiting begins with the first score above 0.

        >>> Standing().after(0.0, 10).after(0.0, 20)
        Standing(best=0.0, best_step=20, waited=0)
        >>> Standing(best=0.5, best_step=20, waited=1).after(0.5, 30).after(0.4, 40)
        Standing(best=0.5, best_step=30, waited=3)
        """
        waited = self.waited + 1 if score <= self.best and self.best > 0 else 0
        if score >= self.best:
            return Standing(score, step, waited)
        return Standing(self.best, self.best_step, waited)


def is_patience_over(patience: int, waited: int) -> bool:
    """Whether so many validations without a better one end the training; never with 0.

    >>> is_patience_over(12, 11), is_patience_over(12, 12), is_patience_over(0, 1000)
    (False, True, False)
    """
    return 0 < patience <= waited
