"""What the scores and losses of a training say about it, in sentences for people."""

import math
import statistics
from collections.abc import Sequence

from kontur.train.logger import Row
from kontur.train.octagons import OctagonOverlap

LARGE_GAP = 0.1  # of AP between training and validation images: overfitting
LOW_FIT = 0.5  # AP on training images below which there is underfitting
OUTLINE_LOSSES = {"extreme": "extreme points", "contour": "contour points"}  # Smooth-L1, pixels
EARLY, LATE = (0.05, 0.2), (0.8, 1.0)  # shares of the training that are compared
FEWEST_ROWS = 20  # of the log: less says nothing
FLAT = 0.9  # of the early loss or more is left
FINE = 2.0  # pixels: a loss that is this small has nothing to fall
FEWEST_OBJECTS = 5  # on validation images: of fewer, overlaps say nothing
WELL = 0.85  # IoU: round objects are covered so by octagons, too
BETTER = 0.02  # of IoU, contours than octagons
SMALLEST = 0.2  # a working scale below which no smaller one is advised


def gap(train: float, val: float) -> str:
    """How much better the AP is on images that were learned from, as a few words.

    >>> gap(0.9, 0.62), gap(0.41, 0.4)
    ('on training images 0.900, a gap of 0.280', 'on training images 0.410, a gap of 0.010')
    """
    return f"on training images {train:.3f}, a gap of {train - val:.3f}"


def fit_advice(train: float, val: float) -> str:
    """What the two scores say about the fit, as a sentence; nothing where they say nothing."""
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
    """That outlines have not been learned, and what to do; nothing where they have, or none says.

    Contours cover the validation images' objects no better than the octagons that they began as,
    and not well; or the loss of the points is large and did not fall. `scale` is the working scale.
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
