"""Who drew an object: a model, a hand, or another program's file.

The history says so for each object. Where it is lost, the score does: a model's objects have one,
and what a hand changes loses it, since the model was not as sure of that.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kontur.geometry.overlap import iou
from kontur.instances import Instances

HAND, MODEL, FILE = "hand", "model", "file"  # who drew an outline last


def with_predicted(
    before: Instances, by: dict[int, str], predicted: Instances, *, most_overlap: float
) -> Instances:
    """Predicted objects in place of earlier predicted ones; those that a hand drew stay.

    A predicted object whose IoU with one of these is above `most_overlap` is left out.
    """
    ours = np.array([by.get(int(number)) != MODEL for number in before.ids], dtype=bool)
    kept = before[ours]
    if len(kept) and len(predicted):
        import shapely

        tree = shapely.STRtree(kept.polygons)
        new, old = tree.query(predicted.polygons)
        over = iou(predicted.polygons[new], kept.polygons[old]) > most_overlap
        keep = np.ones(len(predicted), dtype=bool)
        keep[new[over]] = False
        predicted = predicted[keep]
    first = int(before.ids.max(initial=0)) + 1
    fresh = predicted.replace(ids=np.arange(first, first + len(predicted)), size=before.size)
    return replace(Instances.concat([kept, fresh]), plane=before.plane)


def status_of_file(planes: Sequence[Instances]) -> Literal["predicted", "corrected"]:
    """What the objects of a file of ours tell: corrected where a hand has drawn any of them.

    A file without objects may be that of a model which found none.
    """
    return "predicted" if all(by_model(found).all() for found in planes) else "corrected"


def without_scores(instances: Instances, places: Sequence[int]) -> Instances:
    """The objects, those at some indices without a score."""
    scores = instances.scores.copy()
    scores[places] = np.nan
    return instances.replace(scores=scores)


def by_model(instances: Instances) -> NDArray[np.bool_]:
    """Which objects of a file a model has drawn: those with a score."""
    return ~np.isnan(instances.scores)
