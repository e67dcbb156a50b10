"""The colour of every object, in every picture of it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8

from kontur.display.colours import GREY, PALETTE
from kontur.display.neighbour_colours import neighbour_colours
from kontur.files.json_document import whole_number

if TYPE_CHECKING:
    from kontur.instances import Instances

TRACK = "track"  # what files call the number of an object that is the same on all planes


def object_colours(
    instances: "Instances", track_colours: Mapping[int, int] = MappingProxyType({})
) -> UInt8[np.ndarray, "k 3"]:
    """Of each object that of its class where there are several, or that of its track on a plane.

    Else its own, which differs from its neighbours'. Ignored ones are grey. `track_colours`: the
    number in the palette of the colour of each track; that of another goes by its own number.
    """
    tracks = [] if instances.plane is None else [_track(extra) for extra in instances.extras]
    keys = np.arange(len(instances))
    if len(instances.classes) > 1:
        keys = instances.labels
    elif any(track is not None for track in tracks):
        numbers = [
            i if track is None else track_colours.get(track, track)
            for i, track in enumerate(tracks)
        ]
        keys = np.array([number % len(PALETTE) for number in numbers])  # of any size
    else:
        seen = np.flatnonzero(~instances.ignore)
        keys[seen] = neighbour_colours(instances.boxes[seen])
    colours = np.array(PALETTE, dtype=np.uint8)[keys % len(PALETTE)]
    colours[instances.ignore] = GREY
    return colours


def _track(said: Mapping[str, Any]) -> int | None:
    """The number of a track in what a file says of an object, at whatever depth it is there."""
    number = whole_number(said.get(TRACK))
    if number is not None:
        return number
    below = (_track(each) for each in said.values() if isinstance(each, Mapping))
    return next((track for track in below if track is not None), None)
