"""Tracks: the number of an object that stays with it from plane to plane of a film or a stack.

It is a column `track` of tables and of rows of outlines, and a measurement of QuPath's objects.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Int

from kontur.formats import document
from kontur.formats.object_rows import EXTRAS
from kontur.formats.qupath import measurements_of
from kontur.instances import Instances

TRACK = "track"


def with_tracks(instances: Instances, tracks: Int[np.ndarray, " k"]) -> Instances:
    """The objects with the numbers of their tracks, which every format of extras writes."""
    extras = [
        {
            **extra,
            "geojson": {"properties": {"measurements": {TRACK: int(track)}}},
            EXTRAS: {TRACK: int(track)},
        }
        for extra, track in zip(instances.extras, tracks, strict=True)
    ]
    return instances.replace(extras=extras)


def tracks_of(instances: Instances) -> Int[np.ndarray, " k"] | None:
    """The track of every object; None where an object has none, and where there is no object."""
    numbers = [_track(extra) for extra in instances.extras]
    if not numbers or None in numbers:
        return None
    return np.array(numbers, dtype=np.int64)


def _track(extra: Mapping[str, Any]) -> int | None:
    columns = extra.get(EXTRAS, {})
    if TRACK in columns:
        return document.whole_number(columns[TRACK])
    properties = extra.get("geojson", {}).get("properties", {})
    return document.whole_number(measurements_of(properties.get("measurements")).get(TRACK))
