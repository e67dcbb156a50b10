"""The planes of a stack with their outlines drawn, as the pages of one TIFF.

All are shown in one range of intensities, so that a film neither flickers nor hides that it fades.
A track has one colour, other than that of those that it touches.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from kontur.display.stretch import BRIGHTEST, DisplayRange, range_of_all
from kontur.display.track_colours import track_colours
from kontur.formats import ImageAnnotation
from kontur.formats.lazy_sequence import LazySequence
from kontur.formats.tracks import tracks_of
from kontur.images.lazy_pixels import OpenImage, thinned
from kontur.infer.options import GivenContrast
from kontur.infer.outputs import shrunk
from kontur.instances.overlay import DrawnPlane, write_stack_overlay

MEASURED = 32  # planes, evenly apart, on which the range of all is measured


def draw_planes(
    file: Path,
    stack: Sequence[ImageAnnotation],
    open_page: Callable[[int], OpenImage],
    contrast: GivenContrast | None,
) -> None:
    """Write the drawing of every plane; `stack` holds one or more, one of which is in memory.

    `contrast` is the percentile that is white, or the values that are black and white; without it
    the usual percentiles of all planes are.
    """

    def plane(page: int) -> DrawnPlane:
        entry, picture = stack[page], open_page(page)
        pixels, objects = shrunk(picture.pixels, entry.instances)
        side = entry.pixel_size
        if side is not None:  # of the pixels, of which every so many are there
            side *= round(max(picture.pixels.shape[:2]) / max(pixels.shape[:2]))
        return DrawnPlane(pixels, objects, side)

    planes = LazySequence(len(stack), plane)
    shown = _range(len(stack), open_page, contrast)
    write_stack_overlay(file, planes, contrast=shown, track_colours=_track_colours(stack))


def _track_colours(stack: Sequence[ImageAnnotation]) -> Mapping[int, int]:
    """The colour of each track, by which it differs from those that it touches on any plane."""

    def boxes_and_tracks() -> Iterator[tuple[Float[np.ndarray, "k 4"], Int[np.ndarray, " k"]]]:
        for entry in stack:
            tracks = tracks_of(entry.instances)
            tracked = ~np.isnan(tracks)
            yield entry.instances.boxes[tracked], tracks[tracked].astype(np.int64)

    return track_colours(boxes_and_tracks())


def _range(
    pages: int, open_page: Callable[[int], OpenImage], contrast: GivenContrast | None
) -> DisplayRange:
    if isinstance(contrast, tuple):
        return contrast
    measured = np.unique(np.linspace(0, pages - 1, MEASURED).astype(int)).tolist()
    sampled = LazySequence(len(measured), lambda i: thinned(open_page(measured[i]).pixels))
    return range_of_all(sampled, brightest=BRIGHTEST if contrast is None else contrast)
