"""Validation: the averaged network predicts as a finished model would, and is evaluated."""

import math
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from kontur.data.sample import Sample
from kontur.evaluate import METRICS, Summary, evaluate, summarise
from kontur.evaluate.tune import SCORES, TUNED_IOUS, tune_thresholds
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.models.card import Card
from kontur.models.segmenter import Segmenter, in_evaluation
from kontur.train.dataloader import Batch

LOOSE_SCORE = 0.1  # score threshold of predictions among which the best threshold is searched


def evenly_spaced(count: int, most: int) -> list[int]:
    """At most `most` of the indices below `count`, evenly spaced, always the same.

    >>> evenly_spaced(10, 4), evenly_spaced(3, 4)
    ([0, 3, 6, 9], [0, 1, 2])
    """
    if count <= most:
        return list(range(count))
    return np.linspace(0, count - 1, most).round().astype(int).tolist()


def predict_samples(
    segmenter: Segmenter, card: Card, samples: Sequence[Sample], places: Sequence[int]
) -> Iterator[Instances]:
    """The objects predicted in the samples at the indices `places`, with the card's thresholds."""
    predictor = Predictor(TorchEngine(segmenter), card)
    for i in places:
        yield predictor.predict_detailed(samples[i].image).instances


def apply_best_score_threshold(
    samples: Sequence[Sample], places: Sequence[int], predicted: Sequence[Instances]
) -> list[Instances]:
    """The predicted objects above the score threshold with the largest AP.

    A network learns early where objects are, while their scores rise late: at a fixed threshold the
    AP would be 0 for long, and then jump.
    """
    truths = [samples[i].instances for i in places]
    scores = [score for score in SCORES if score >= LOOSE_SCORE]
    tuned = tune_thresholds(truths, predicted, scores=scores, overlaps=[1.0])
    aps = np.nan_to_num(tuned.grid[:, 0], nan=1.0)  # nothing found where there is nothing
    best = np.flatnonzero(aps == aps.max())
    score = scores[best[len(best) // 2]]
    return [objects[objects.scores >= score] for objects in predicted]


def evaluate_predictions(
    samples: Sequence[Sample],
    places: Sequence[int],
    predicted: Sequence[Instances],
    *,
    metrics: Collection[str] = METRICS,
) -> Summary:
    """The predicted objects evaluated against the true ones, at the IoU thresholds of tuning."""
    named = ((samples[i], objects) for i, objects in zip(places, predicted, strict=True))
    return summarise(
        evaluate(
            sample.instances, objects, thresholds=TUNED_IOUS, metrics=metrics, name=sample.name
        )
        for sample, objects in named
    )


def score(summary: Summary) -> float:
    """Mean pooled AP over the thresholds; 1 where there is no object and none is predicted."""
    return 1.0 if math.isnan(summary.mean_ap) else summary.mean_ap


def summary_line(summary: Summary) -> str:
    """The main scores in a line."""
    at_half = summary.ap(0.5)
    shown = "–" if math.isnan(at_half) else f"{at_half:.3f}"
    return f"val AP {score(summary):.3f} (at IoU 0.5 {shown})"


def validation_loss(
    segmenter: Segmenter, batches: Sequence[Batch], stages: Collection[str] | None = None
) -> float:
    """The mean total loss over batches in evaluation mode: no dropout, running statistics fixed.

    Of the `stages` that are trained, by default of all.
    """
    with in_evaluation(segmenter), torch.no_grad():
        totals = [float(segmenter.total(segmenter.loss(*batch, stages))) for batch in batches]
    return sum(totals) / len(totals)


class BestScore(NamedTuple):
    """The best score so far, the step of the network that is kept, and how long nothing was better.

    Kept is the latest network that is not clearly worse than the best, by one standard error of a
    share of so many objects: few validation objects rank networks by chance, and of two that they
    cannot tell apart the later has learned longer, at a lower rate (the one-standard-error rule of
    Breiman et al. 1984, for the length of a training; docs/results.md has what it brings).

    `waited` counts the validations since the last one that was better than all before.
    """

    best: float = -1.0
    best_step: int = 0
    waited: int = 0

    def after(self, score: float, step: int, objects: int) -> "BestScore":
        """With one more validation, on images with so many true objects.

        Validations are counted from the first score above 0: before, the network may still begin
        to learn.

        >>> BestScore().after(0.0, 10, 25).after(0.0, 20, 25)
        BestScore(best=0.0, best_step=20, waited=0)
        >>> BestScore(best=0.5, best_step=20, waited=1).after(0.41, 30, 25).after(0.39, 40, 25)
        BestScore(best=0.5, best_step=30, waited=3)
        """
        waited = self.waited + 1 if score <= self.best and self.best > 0 else 0
        best = max(score, self.best)
        kept = step if score >= best - standard_error(best, objects) else self.best_step
        return BestScore(best, kept, waited)


def standard_error(share: float, objects: int) -> float:
    """Of a share of so many independent objects; 0 without objects.

    >>> standard_error(0.5, 25), standard_error(1.0, 25), standard_error(0.5, 0)
    (0.1, 0.0, 0.0)
    """
    return math.sqrt(share * (1 - share) / objects) if objects else 0.0


def is_patience_over(patience: int, waited: int) -> bool:
    """Whether so many validations without a better one end the training; never if patience is 0.

    >>> is_patience_over(12, 11), is_patience_over(12, 12), is_patience_over(0, 1000)
    (False, True, False)
    """
    return 0 < patience <= waited
