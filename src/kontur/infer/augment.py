"""Augmented prediction: a view is seen flipped and turned, and what the contours agree on is taken.

Each orientation gives its objects, suppressed as usual, from half the score on. Contours of one
class that overlap by at least half, one an orientation, are of one object: its score is the mean
over all orientations, 0 where one does not see it, and its contour the one that overlaps most with
the others. Every kind of model gives contours, so the same holds for all.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Float, Int, Shaped

from kontur.errors import InputError
from kontur.geometry.overlap import iou, pairs_over, suppress
from kontur.infer.options import Augment
from kontur.infer.view import View
from kontur.models.candidates import Candidates, first_points
from kontur.models.card import Thresholds
from kontur.models.resolve import visible

AGREE = 0.5  # IoU from which contours of two orientations are of one object
LOWER = 0.5  # of the score threshold: the score of an object that one orientation sees


class Orientation(NamedTuple):
    """Flipped from left to right or not, then turned counterclockwise by quarters."""

    flipped: bool
    quarters: int


BOTH = (False, True)
ORIENTATIONS: dict[Augment, tuple[Orientation, ...]] = {
    "flips": tuple(Orientation(flipped, quarters) for quarters in (0, 2) for flipped in BOTH),
    "turns": tuple(Orientation(flipped, quarters) for quarters in range(4) for flipped in BOTH),
}


def check_augment(word: str | None) -> None:
    """Raise `InputError` for a word that is none of an augmentation."""
    if word is not None and word not in ORIENTATIONS:
        raise InputError(f"augment is flips or turns, got {word!r}")


def propose_augmented(
    propose: Callable[[View, float], Candidates],
    view: View,
    thresholds: Thresholds,
    augment: Augment,
) -> Candidates:
    """The candidates of a view on which its orientations agree.

    `propose` gives those of a view from a score on. The engine sees as many views.
    """
    lowest = LOWER * thresholds.score
    oriented = [
        _kept(_oriented(propose, view, lowest, one), lowest, thresholds.overlap)
        for one in ORIENTATIONS[augment]
    ]
    return _agreed(oriented, view.size)


def _oriented(
    propose: Callable[[View, float], Candidates], view: View, lowest: float, how: Orientation
) -> Candidates:
    """What is proposed in an orientation, in pixels of the view as it is."""
    if how == Orientation(flipped=False, quarters=0):
        return propose(view, lowest)
    width = view.images.shape[3]
    images = view.images[..., ::-1] if how.flipped else view.images
    images = np.ascontiguousarray(np.rot90(images, how.quarters, axes=(2, 3)))

    def back(points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
        x, y = points.T
        h, w = images.shape[2:]
        for _ in range(how.quarters):
            x, y = h - y, x  # a quarter clockwise, in an image that is h pixels high
            h, w = w, h
        return np.column_stack([width - x if how.flipped else x, y])

    # Limits count in the same squares: those of an axis that runs the other way begin at its end.
    backwards = (back(np.eye(2)) - back(np.zeros((2, 2)))).sum(axis=1) < 0
    height2, width2 = images.shape[2:]
    corner = (width2 if backwards[0] else 0, height2 if backwards[1] else 0)
    turned = replace(view, images=images, size=images.shape[2:], corner=corner)
    found = propose(turned, lowest)

    polygons = shapely.transform(found.polygons, back)
    corners = back(found.boxes.reshape(-1, 2)).reshape(-1, 2, 2)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    points = None if found.points is None else first_points(polygons)
    return replace(found, polygons=polygons, boxes=boxes, points=points, rings=None, size=view.size)


def _kept(candidates: Candidates, lowest: float, overlap: float) -> Candidates:
    """The objects of one orientation, without the features they came from."""
    inside, visible_index = visible(candidates, lowest)
    scores, labels = candidates.scores[visible_index], candidates.labels[visible_index]
    # Each class by itself: orientations may call an object by either of two, and agree on both.
    classes = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    kept = [own[suppress(inside[own], scores[own], overlap)] for own in classes]
    keep = np.concatenate([np.zeros(0, np.int64), *kept])
    return replace(candidates.selected(visible_index[keep]), features=None, rings=None)


def _agreed(oriented: list[Candidates], size: tuple[int, int]) -> Candidates:
    """One candidate for each object that any orientation saw."""
    polygons = np.concatenate([one.polygons for one in oriented])
    scores = np.concatenate([one.scores for one in oriented]).astype(np.float64)
    labels = np.concatenate([one.labels for one in oriented])
    boxes = np.concatenate([one.boxes for one in oriented]).astype(np.float64)
    repaired = np.concatenate([one.repaired for one in oriented])
    orientation = np.repeat(np.arange(len(oriented)), [len(one) for one in oriented])
    group, overlap = _groups(polygons, scores, labels, orientation)
    # Of each group the contour that overlaps most with the others; of equals the surer one.
    order = np.lexsort((-scores, -overlap, group))
    first = np.flatnonzero(np.diff(group[order], prepend=-1))
    chosen = order[first]
    total = np.bincount(group, weights=scores, minlength=len(chosen))
    several_points = [one.points for one in oriented if one.points is not None]
    points = (
        np.concatenate(several_points)[chosen] if len(several_points) == len(oriented) else None
    )
    return Candidates(
        polygons[chosen],
        repaired[chosen],
        total / len(oriented),
        labels[chosen],
        boxes[chosen],
        size,
        oriented[0].classes,
        points=points,
    )


def _groups(
    polygons: Shaped[np.ndarray, " m"],
    scores: Float[np.ndarray, " m"],
    labels: Int[np.ndarray, " m"],
    orientation: Int[np.ndarray, " m"],
) -> tuple[Int[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """The object of each contour, from 0, and its IoU with the object's others, summed.

    The surest contour takes the one of each other orientation that overlaps most with it.
    """
    i, j = pairs_over(polygons, 0.0)  # two others of an object may overlap by less than `AGREE`
    apart = (orientation[i] != orientation[j]) & (labels[i] == labels[j])
    i, j = i[apart], j[apart]
    same = iou(polygons[i], polygons[j])
    agree = same >= AGREE
    partners: dict[int, list[tuple[float, int]]] = {}
    for a, b, share in zip(i[agree].tolist(), j[agree].tolist(), same[agree].tolist(), strict=True):
        partners.setdefault(a, []).append((share, b))
        partners.setdefault(b, []).append((share, a))
    group = np.full(len(polygons), -1)
    count = 0
    for one in np.argsort(-scores, kind="stable").tolist():
        if group[one] >= 0:
            continue
        group[one], taken = count, {int(orientation[one])}
        for _, other in sorted(partners.get(one, ()), reverse=True):
            if group[other] < 0 and int(orientation[other]) not in taken:
                group[other] = count
                taken.add(int(orientation[other]))
        count += 1
    together = group[i] == group[j]
    overlap = np.bincount(i[together], same[together], minlength=len(polygons))
    overlap = overlap + np.bincount(j[together], same[together], minlength=len(polygons))
    return group, overlap.astype(np.float64)
