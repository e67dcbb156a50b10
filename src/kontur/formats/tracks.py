"""Tracks: the number of an object that stays with it from plane to plane of a film or a stack.

It is a column `track` of tables and of rows of outlines, and a measurement of QuPath's objects.
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

TRACK = "track"
CELLS = "csv"  # the key of a table's other columns, whose values are texts
LARGEST = 2**53  # up to here a float is every whole number


def with_tracks(instances: Instances, tracks: Real[np.ndarray, " k"]) -> Instances:
    """The objects with the numbers of their tracks, which every format of extras writes.

    An object whose number is NaN stays as it is.
    """
    extras = [
        extra
        if np.isnan(track)
        else {
            **extra,
            "geojson": {"properties": {"measurements": {TRACK: int(track)}}},
            EXTRAS: {TRACK: int(track)},
        }
        for extra, track in zip(instances.extras, tracks, strict=True)
    ]
    return instances.replace(extras=extras)


def tracks_of(instances: Instances) -> Float[np.ndarray, " k"]:
    """The track of every object; NaN where it has none."""
    return np.array([_track(extra) for extra in instances.extras], dtype=np.float64)


def _track(extra: Mapping[str, Any]) -> float:
    columns, cells = extra.get(EXTRAS, {}), extra.get(CELLS, {})
    properties = extra.get("geojson", {}).get("properties", {})
    held = columns if TRACK in columns else measurements_of(properties.get("measurements"))
    number = json_document.whole_number(held.get(TRACK, typed(cells.get(TRACK))))
    return np.nan if number is None or abs(number) > LARGEST else number
