"""Sentences on a training, from logs written down by hand."""

import math

import numpy as np
import pytest

from kontur.train.advice import describe_gap, fit_advice, outline_advice
from kontur.train.octagons import OctagonOverlap


@pytest.mark.parametrize(
    ("train", "val", "word"),
    [(0.9, 0.6, "overfitting"), (0.3, 0.28, "not even the training images"), (0.8, 0.75, "")],
)
def test_the_gap_is_reported_with_what_it_means(train, val, word):
    sentence = fit_advice(train, val)
    assert word in sentence
    assert bool(sentence) == bool(word)
    assert describe_gap(train, val).startswith(f"on training images {train:.3f}, a gap of 0.")


def log(steps=60, **losses):
    """A row every ten steps; each loss goes from one number to another, with some noise."""
    noise = np.random.default_rng(0).normal(1, 0.08, steps)
    rows = [{"step": 10 * i, "rate": 1e-3} for i in range(steps)]
    for name, (first, last) in losses.items():
        fall = last + (first - last) * np.exp(-4 * np.linspace(0, 1, steps))
        for row, value in zip(rows, (fall * noise).tolist(), strict=True):
            row[f"train/{name}"] = value
    return [row | {"val/AP": 0.4} if i % 25 == 0 else row for i, row in enumerate(rows)]


def test_an_extreme_loss_that_stays_flat_is_a_warning_that_says_both_numbers():
    sentence = outline_advice(log(extreme=(5.6, 5.5), contour=(4.0, 1.5)))
    assert sentence.startswith(
        "! outlines were hardly learned: the loss of their extreme points is 5."
    )
    assert " and was 5." in sentence


def test_contours_that_are_no_better_than_their_octagons_are_a_warning_with_what_to_do():
    falling = log(extreme=(5.6, 2.3), contour=(4.0, 1.5))
    octagons = OctagonOverlap(octagon=0.71, contour=0.72, objects=20)
    said = outline_advice(falling, octagons, scale=0.5)
    assert said.startswith("! outlines were hardly learned: contours cover their objects with an")
    assert " of 0.72, the octagons that they begin as with 0.71; " in said
    assert "--minutes" in said
    assert "data.scale=0.25" in said
    assert "--from nuclei" in said
    assert "data.scale" not in outline_advice(falling, octagons, scale=0.1)
    for learned in (
        octagons._replace(contour=0.8),
        OctagonOverlap(octagon=0.9, contour=0.9, objects=20),  # round objects
        octagons._replace(objects=2),
        OctagonOverlap(math.nan, math.nan, 0),
        None,
    ):
        assert outline_advice(falling, learned) == ""


def test_a_flat_contour_loss_alone_is_one_too():
    assert "contour points" in outline_advice(log(extreme=(5.6, 2.3), contour=(4.0, 4.0)))


@pytest.mark.parametrize(
    "rows",
    [
        log(extreme=(5.6, 2.5), contour=(4.0, 1.5)),  # falls, though not far
        log(extreme=(0.8, 0.8), contour=(0.6, 0.6)),  # fine-tuned: there was nothing to fall
        log(steps=12, extreme=(5.6, 5.6)),  # too short to say
        log(region=(0.9, 0.9)),  # a network without points
        [{"step": 10, "train/extreme": None}] * 40,  # diverged
        [],
    ],
)
def test_a_loss_that_falls_or_is_small_and_a_log_that_says_nothing_are_none(rows):
    assert outline_advice(rows) == ""
