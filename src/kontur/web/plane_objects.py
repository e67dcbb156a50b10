"""The objects of a plane at a revision, and what changed in it since another."""

from dataclasses import dataclass
from typing import Any

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
