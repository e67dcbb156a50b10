"""Calibration: whether predicted probabilities are the shares of correct predictions."""

import itertools
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from kontur.measure.learn.report.section import Section
from kontur.measure.learn.result import Study

EDGES = np.array([0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])  # of the probability of the predicted class
CLEAR = 0.05  # of mean probability and accuracy: the difference of an overconfident model
TERMS = {
    "calibration": "probabilities are calibrated if, of all objects predicted with probability "
    "0.8, eight in ten are correct",
    "expected calibration error": "the difference of probability and share of correct objects, "
    "averaged over the rows of the table; 0 is perfect",
}


def expected_calibration_error(
    probability: Float[np.ndarray, " n"], correct: Bool[np.ndarray, " n"]
) -> float:
    """The mean difference of probability and share of correct rows by bin, weighted by rows.

    >>> expected_calibration_error(np.array([0.75, 0.75]), np.array([True, False]))
    0.25
    """
    which = _bin(probability)
    difference = np.bincount(which, probability - correct, len(EDGES) - 1)
    return float(np.abs(difference).sum() / len(probability))


class Bin(NamedTuple):
    """Held-out rows of similar probability: its range, their number, and means over them."""

    low: float
    high: float
    number: int
    probability: float
    correct: float


def calibration_bins(study: Study) -> list[Bin]:
    """The bins that hold rows, from the least probable."""
    probability, correct = _predictions(study)
    which = _bin(probability)
    return [
        Bin(low, high, int(own.sum()), float(probability[own].mean()), float(correct[own].mean()))
        for index, (low, high) in enumerate(itertools.pairwise(EDGES.tolist()))
        if (own := which == index).any()
    ]


def calibration_section(study: Study) -> Section:
    """The probability of the predicted class of held-out rows against how often it is correct."""
    probability, correct = _predictions(study)
    rows = [["probability", "objects", "mean probability", "correct"]]
    for part in calibration_bins(study):
        cells = [f"{part.number:,}", f"{part.probability:.3f}", f"{part.correct:.3f}"]
        rows.append([f"{part.low:.1f} … {part.high:.1f}", *cells])
    mean, accuracy = float(probability.mean()), float(correct.mean())
    verdict = "about as confident as it is correct"
    if abs(mean - accuracy) > CLEAR:
        verdict = "overconfident" if mean > accuracy else "underconfident"
    error = expected_calibration_error(probability, correct)
    sentences = [
        f"The predicted class has a mean probability of {mean:.3f}, and {accuracy:.3f} of the "
        f"objects are correct: {study.best.name} is {verdict} on held-out rows. Expected "
        f"calibration error: {error:.3f}."
    ]
    title = f"Calibration of {study.best.name}: probability of the predicted class"
    return Section(title, rows, sentences, "calibration.png", TERMS)


def _predictions(study: Study) -> tuple[np.ndarray, np.ndarray]:
    """The probability of the predicted class of each row, and whether it is correct."""
    outputs = study.best.outputs
    return outputs.max(axis=1), outputs.argmax(axis=1) == study.task.truth


def _bin(probability: Float[np.ndarray, " n"]) -> np.ndarray:
    """The bin of each probability."""
    return np.clip(np.searchsorted(EDGES, probability, side="right") - 1, 0, len(EDGES) - 2)
