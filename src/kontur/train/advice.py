"""Advice on a training from its scores and losses, in sentences for people."""

import math
import statistics
from collections.abc import Sequence

from kontur.train.logger import Row
from kontur.train.octagons import OctagonOverlap

LARGE_GAP = 0.1  # of AP between training and validation images: overfitting
LOW_FIT = 0.5  # AP on training images below which there is underfitting
OUTLINE_LOSSES = {"extreme": "extreme points", "contour": "contour points"}  # Smooth-L1, pixels
EARLY, LATE = (0.05, 0.2), (0.8, 1.0)  # shares of the training that are compared
FEWEST_ROWS = 20  # of the log, from which losses are compared
FLAT = 0.9  # share of the early loss from which a late one has not fallen
FINE = 2.0  # pixels; a smaller loss needs not fall
FEWEST_OBJECTS = 5  # on validation images, from which overlaps are compared
WELL = 0.85  # IoU that octagons reach for round objects, too
BETTER = 0.02  # IoU, least gain of contours over octagons
SMALLEST = 0.2  # working scale from which no smaller one is advised


def describe_gap(train: float, val: float) -> str:
    """The AP on training images and its gap to that on validation images, as a phrase.

    >>> describe_gap(0.9, 0.62), describe_gap(0.41, 0.4)
    ('on training images 0.900, a gap of 0.280', 'on training images 0.410, a gap of 0.010')
    """
    return f"on training images {train:.3f}, a gap of {train - val:.3f}"


def fit_advice(train: float, val: float) -> str:
    """A sentence on overfitting or underfitting by the two APs; "" where there is neither."""
    if train - val > LARGE_GAP:
        return (
            "the gap is that of overfitting: more images, stronger augmentation, weight decay, "
            "dropout or a smaller network would close it"
        )
    if train < LOW_FIT:
        return (
            "not even the training images are fitted: more steps, a larger network or less "
            "regularisation would"
        )
    return ""


def outline_advice(
    rows: Sequence[Row], overlap: OctagonOverlap | None = None, *, scale: float = 1.0
) -> str:
    """A warning that outlines were not learned, with what to do; "" where they were.

    Either contours cover the objects of validation images no better than the octagons that they
    start from, and not well; or the loss of their points is large and did not fall, in a log that
    is long enough. `scale` is the working scale.
    """
    remedy = "train longer (--minutes)"
    remedy += f", at a smaller scale (--set data.scale={scale / 2:.2g})" if scale > SMALLEST else ""
    remedy += ", or start from other weights (--from nuclei)"
    if (
        overlap is not None
        and overlap.objects >= FEWEST_OBJECTS
        and overlap.contour < WELL
        and overlap.contour - overlap.octagon < BETTER
    ):
        return (
            f"! outlines were hardly learned: contours cover their objects with an IoU of "
            f"{overlap.contour:.2f}, the octagons that they begin as with {overlap.octagon:.2f}; "
            f"{remedy}"
        )
    for name, points in OUTLINE_LOSSES.items():
        losses = [row[f"train/{name}"] for row in rows if f"train/{name}" in row]
        known = [loss for loss in losses if loss is not None and math.isfinite(loss)]
        if len(known) < FEWEST_ROWS:
            continue
        early, late = (
            statistics.median(known[int(begin * len(known)) : int(end * len(known))])
            for begin, end in (EARLY, LATE)
        )
        if late > FINE and late >= FLAT * early:
            return (
                f"! outlines were hardly learned: the loss of their {points} is {late:.1f} pixels "
                f"and was {early:.1f} near the beginning, so shapes stay rough; {remedy}"
            )
    return ""
