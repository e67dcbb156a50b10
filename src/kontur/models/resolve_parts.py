"""Resolving the candidates of tiles while they come, to the very objects of the whole image.

Of two candidates that overlap too much the better one stays, whichever tiles they came from. So an
outline is settled once nothing that is still to come can change it: neither something that overlaps
it, nor something that overlaps what overlaps it and is better. What is not settled waits, and so
does what may still remove something. The tiles come row by row; about two rows of them wait.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int, Shaped

from kontur.geometry.overlap import iou, pairs_over, suppress
from kontur.instances import Instances
from kontur.models.candidates import Candidates
from kontur.models.card import Thresholds
from kontur.models.resolve import Resolved, visible

TWINS = 0.5  # IoU from which two outlines at a common border of two tiles are the same object


@dataclass(frozen=True, eq=False)
class _Waiting:
    """Candidates cut at the image's border, in the order in which they came."""

    polygons: Shaped[np.ndarray, " k"]
    scores: Float[np.ndarray, " k"]
    labels: Int[np.ndarray, " k"]
    repaired: Bool[np.ndarray, " k"]
    shared: Bool[np.ndarray, " k"]  # so near to a border between tiles that two may give it
    in_cell: Bool[np.ndarray, " k"]  # nevertheless in the cell of its own
    tile: Int[np.ndarray, " k"]
    given: Bool[np.ndarray, " k"]  # handed out already; may still remove what comes

    def chosen(self, indices: Shaped[np.ndarray, " n"]) -> Self:
        return type(self)(*(getattr(self, field.name)[indices] for field in fields(self)))

    def joined(self, other: Self) -> Self:
        names = [field.name for field in fields(self)]
        return type(self)(
            *(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names)
        )

    def __len__(self) -> int:
        return len(self.polygons)


class PartialResolve:
    """The objects of an image of `size` (h, w), from candidates that come tile by tile."""

    def __init__(self, size: tuple[int, int], classes: tuple[str, ...], thresholds: Thresholds):
        self.size, self.classes, self.thresholds = size, classes, thresholds
        self._tiles = 0
        empty, no = np.zeros(0), np.zeros(0, bool)
        whole = np.zeros(0, np.int64)
        self._waiting = _Waiting(np.zeros(0, object), empty, whole, no, no, no, whole, no)

    def add(
        self,
        candidates: Candidates,
        shared: Bool[np.ndarray, " m"],
        in_cell: Bool[np.ndarray, " m"],
    ) -> None:
        """Take the candidates that a tile owns, in pixels of the image.

        `shared` marks those so near to a border of the tile that a neighbour may give them too, and
        `in_cell` those on this side of it: their tile shows more of what decides about them.
        """
        inside, visible_index = visible(candidates, self.thresholds.score)
        new = _Waiting(
            inside,
            candidates.scores[visible_index].astype(np.float64),
            candidates.labels[visible_index],
            candidates.repaired[visible_index],
            shared[visible_index],
            in_cell[visible_index],
            np.full(len(visible_index), self._tiles),
            np.zeros(len(visible_index), bool),
        )
        self._tiles += 1
        self._waiting = _without_twins(self._waiting.joined(new))

    def settle(self, line: float) -> Resolved:
        """The objects that candidates below `line` (y in pixels) cannot change, best first.

        What comes after this call must not reach above the line; an infinite one gives the rest.
        """
        waiting = self._waiting
        stays = np.zeros(len(waiting), bool)
        overlap, labels = self.thresholds.overlap, waiting.labels
        stays[suppress(waiting.polygons, waiting.scores, overlap, labels=labels)] = True
        better, worse = _rivals(waiting, overlap)
        open_ = shapely.bounds(waiting.polygons).reshape(-1, 4)[:, 3] >= line
        while True:
            reached = worse[open_[better] & ~open_[worse]]
            if not len(reached):
                break
            open_[reached] = True
        out = np.flatnonzero(stays & ~open_ & ~waiting.given)
        out = out[np.argsort(-waiting.scores[out], kind="stable")]
        result = self._resolved(waiting.chosen(out))
        removes = np.zeros(len(waiting), bool)
        removes[better[open_[worse]]] = True
        waiting.given[out] = True
        self._waiting = waiting.chosen(open_ | (removes & stays))
        return result

    def _resolved(self, objects: _Waiting) -> Resolved:
        instances = Instances.of_valid(
            objects.polygons,
            labels=objects.labels,
            scores=objects.scores,
            size=self.size,
            classes=self.classes,
        )
        return Resolved(instances, int(objects.repaired.sum()))


def _rivals(
    waiting: _Waiting, overlap: float
) -> tuple[Int[np.ndarray, " p"], Int[np.ndarray, " p"]]:
    """Pairs of which one may remove the other: the better one and the worse one."""
    i, j = pairs_over(waiting.polygons, overlap, labels=waiting.labels)
    later = waiting.scores[j] > waiting.scores[i]
    return np.where(later, j, i), np.where(later, i, j)


def _without_twins(waiting: _Waiting) -> _Waiting:
    """Without what two tiles gave: at their common border, of one class, and much the same."""
    shared = np.flatnonzero(waiting.shared)
    if len(np.unique(waiting.tile[shared])) < 2:
        return waiting
    near = waiting.chosen(shared)
    better, worse = _rivals(near, TWINS)
    apart = near.tile[better] != near.tile[worse]
    apart &= near.labels[better] == near.labels[worse]
    better, worse = better[apart], worse[apart]
    beyond = near.in_cell[worse] & ~near.in_cell[better]
    better, worse = np.where(beyond, worse, better), np.where(beyond, better, worse)
    same = iou(near.polygons[better], near.polygons[worse]) > TWINS
    keep = np.ones(len(waiting), bool)
    # What was handed out stays, whichever scores more by a rounding error.
    taken = np.where(near.given[worse[same]], better[same], worse[same])
    keep[shared[taken]] = False
    return waiting.chosen(keep)
