"""The objects of the planes of a stack, of which a few are in memory: the others lie on the disk.

Finished planes are kept until the outputs of the stack are there (`unfinished`).
"""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely

from kontur.data.normalisation.ranges import as_ranges
from kontur.infer.options import GivenContrast
from kontur.infer.outline_arrays import outline_arrays, outlines_from
from kontur.infer.unfinished import Unfinished
from kontur.instances import Instances
from kontur.instances.plane import Plane

RECENT = 4  # planes in memory: two that are linked, and those that are wanted again next


class FinishedPlane(NamedTuple):
    """The objects of a plane; the other fields as in `Prediction`, `pixel_size` in µm or None."""

    instances: Instances
    repaired: int
    scale: float
    contrast: GivenContrast | None
    pixel_size: float | None
    hint: str | None = None


class PlaneStore:
    """The planes of a stack in a folder; one that is missing is made by `predict` when it is taken.

    `identity` and `check` as in `Unfinished`.
    """

    def __init__(
        self,
        folder: Path,
        identity: Mapping[str, Any],
        predict: Callable[[int], FinishedPlane],
        check: Callable[[], None] = lambda: None,
    ):
        self._files = Unfinished(folder, "planes", identity, check)
        self._predict = predict
        self.plane = lru_cache(RECENT)(self._plane)

    def begin(self, pages: int) -> None:
        """Make ready for so many planes; others that are there are removed."""
        self._files.begin(pages)

    def begin_again(self, pages: int) -> None:
        """Make ready for what was lost where the folder was removed meanwhile."""
        self._files.begin_again(pages)

    def add(self, page: int, plane: FinishedPlane) -> None:
        """Write the plane of a page; nothing where the stack was finished meanwhile."""
        self._files.add(str(page), _arrays(plane))

    def holds(self, page: int) -> bool:
        """Whether the file of a plane is there and whole."""
        return self._load(page) is not None

    def remove(self) -> None:
        """Remove the folder: the outputs are there."""
        self._files.remove()

    def _plane(self, page: int) -> FinishedPlane:
        found = self._load(page)
        if found is None:
            found = self._predict(page)
            self.add(page, found)
        return found

    def _load(self, page: int) -> FinishedPlane | None:
        """The plane of a page; None where it is missing or damaged."""
        arrays = self._files.load(str(page))
        try:
            return None if arrays is None else _finished(arrays)
        except (ValueError, LookupError, TypeError, shapely.GEOSException):
            return None


def _arrays(plane: FinishedPlane) -> dict[str, Any]:
    objects = plane.instances
    known = {"size": objects.size, "classes": objects.classes, "plane": objects.plane}
    return {
        **outline_arrays(objects.polygons),
        "labels": objects.labels,
        "scores": objects.scores,
        "facts": np.array(json.dumps({**plane._asdict(), "instances": known})),
    }


def _finished(arrays: Mapping[str, np.ndarray]) -> FinishedPlane:
    facts = json.loads(str(arrays["facts"]))
    known = facts["instances"]
    instances = Instances.of_valid(
        outlines_from(arrays),
        arrays["labels"],
        scores=arrays["scores"],
        size=tuple(known["size"]),
        classes=tuple(known["classes"]),
    )
    if isinstance(facts["contrast"], list):
        facts["contrast"] = as_ranges(facts["contrast"])
    plane = None if known["plane"] is None else Plane(*known["plane"])
    return FinishedPlane(**{**facts, "instances": instances.replace(plane=plane)})
