"""Tracks: the number of an object that stays with it from plane to plane of a film or a stack.

It is a column `track` of tables and of rows of outlines, and a measurement of QuPath's objects. So
is `parent`, the track that divided into this one and another.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Real

from kontur.files import json_document
from kontur.formats.attributes import typed
from kontur.formats.object_rows import EXTRAS
from kontur.formats.qupath import measurements_of
from kontur.instances import Instances

TRACK, PARENT = "track", "parent"
CELLS = "csv"  # the key of a table's other columns, whose values are texts
LARGEST = 2**53  # up to here a float is every whole number


def with_tracks(
    instances: Instances,
    tracks: Real[np.ndarray, " k"],
    parents: Real[np.ndarray, " k"] | None = None,
) -> Instances:
    """The objects with the numbers of their tracks, which every format of extras writes.

    A number that is NaN is left out, of a track's parent too; an object without both stays as it
    is.
    """
    several = {TRACK: tracks} | ({} if parents is None else {PARENT: parents})
    if all(np.isnan(each).all() for each in several.values()):
        return instances
    extras = []
    for i, extra in enumerate(instances.extras):
        numbers = {name: int(each[i]) for name, each in several.items() if not np.isnan(each[i])}
        measured = {"geojson": {"properties": {"measurements": numbers}}, EXTRAS: numbers}
        extras.append({**extra, **measured} if numbers else extra)
    return instances.replace(extras=extras)


def tracks_of(instances: Instances) -> Float[np.ndarray, " k"]:
    """The track of every object; NaN where it has none."""
    return _numbers(instances, TRACK)


def parents_of(instances: Instances) -> Float[np.ndarray, " k"]:
    """The track that divided into that of each object; NaN where none did."""
    return _numbers(instances, PARENT)


def _numbers(instances: Instances, name: str) -> Float[np.ndarray, " k"]:
    return np.array([_number(extra, name) for extra in instances.extras], dtype=np.float64)


def _number(extra: Mapping[str, Any], name: str) -> float:
    columns, cells = extra.get(EXTRAS, {}), extra.get(CELLS, {})
    properties = extra.get("geojson", {}).get("properties", {})
    held = columns if name in columns else measurements_of(properties.get("measurements"))
    return track_number(held.get(name, typed(cells.get(name))))


def track_number(value: Any) -> float:
    """The number of a track; NaN for a value that is none."""
    number = json_document.whole_number(value)
    return np.nan if number is None or abs(number) > LARGEST else number
