"""The objects of a plane at a revision, and what changed in it since another."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kontur.instances import Instances
from kontur.web.history import Steps


class Conflict(Exception):
    """An object was changed in another window since this one saw it."""


@dataclass(frozen=True)
class PlaneObjects:
    """The objects of a plane at a revision, and who drew each."""

    instances: Instances
    by: dict[int, str]
    revision: int


def numbered_apart(after: Instances, before: Instances, highest: int) -> Instances:
    """The objects of a plane after an edit, new ones with ids above the `highest` of other planes.

    One id on two planes is one object, and what is new is no object of another plane.
    """
    new = ~np.isin(after.ids, before.ids)
    first = max(highest, int(before.ids.max(initial=0))) + 1
    ids = after.ids.copy()
    ids[new] = first + np.arange(new.sum())
    return after.replace(ids=ids)


@dataclass(frozen=True)
class Changes:
    """What changed in a plane since a revision, for a page; `notice` is told a person once."""

    revision: int
    objects: list[dict[str, Any]]
    deleted: list[int]
    steps: Steps
    status: str
    classes: tuple[str, ...]
    move: str = ""
    notice: str = ""
