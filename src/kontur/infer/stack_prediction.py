"""Every plane of a stack or film: its objects, the plane on which each lies, and their tracks.

One plane is in memory at a time: finished ones lie on the disk, from which they are linked and
written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.images import open_image
from kontur.formats.lazy_sequence import LazySequence
from kontur.formats.tracks import with_tracks
from kontur.infer.link import link
from kontur.infer.options import PredictOptions
from kontur.infer.plane_store import FinishedPlane, PlaneStore
from kontur.infer.predict import Predictor
from kontur.wording import listed

KEEPS_TRACKS = ("geojson", "geoparquet", "geojsonl")  # of the formats that keep planes


class StackPrediction(NamedTuple):
    """How many outlines were repaired, all areas, and scale and contrast of the last plane."""

    repaired: int
    areas: Float[np.ndarray, " k"]
    scale: float
    contrast: float | None


def predict_stack(
    predictor: Predictor,
    path: Path,
    pages: int,
    files: Sequence[Path],
    options: PredictOptions,
    progress: Callable[[int, int], None],
    *,
    folder: Path,
    identity: Mapping[str, Any],
) -> StackPrediction:
    """Write the objects of every page of an image file into files that keep planes.

    With `options.link` each object has the number of its track. `progress(done, total)` is called
    after each page. Ids are unique over all planes. Finished planes lie in `folder` until the files
    are there, so that a run that is killed goes on with the missing ones; `identity` as in
    `Unfinished`. Raises `InputError` as `Predictor.predict`.
    """

    def predict(page: int) -> FinishedPlane:
        picture = open_image(path, channel=options.channel, page=page)
        found = predictor.predict_detailed(picture, replace(options, channel=None, page=None))
        instances = found.instances.replace(plane=picture.plane)
        how = (found.repaired, found.scale, found.contrast)
        return FinishedPlane(instances, *how, pixel_size=picture.pixel_size)

    store = PlaneStore(folder, identity, pages, predict)
    planes = LazySequence(pages, store.plane)
    repaired, areas, scale, contrast = 0, [], 1.0, None
    for page, plane in enumerate(planes):
        repaired += plane.repaired
        areas.append(plane.instances.areas)
        scale, contrast = plane.scale, plane.contrast
        progress(page + 1, pages)
    tracks = None
    if options.link is not None:
        tracks = link(LazySequence(pages, lambda page: planes[page].instances))
    stack = _annotations(path.name, planes, [len(each) for each in areas], tracks)
    for file in files:
        formats.write_images(file, stack)
    store.remove()
    return StackPrediction(repaired, np.concatenate([np.zeros(0), *areas]), scale, contrast)


def _annotations(
    file_name: str,
    planes: Sequence[FinishedPlane],
    counts: Sequence[int],
    tracks: Sequence[Int[np.ndarray, " _"]] | None,
) -> Sequence[ImageAnnotation]:
    """The planes as they are written: ids unique over all, and the tracks of each one's objects."""
    first_ids = 1 + np.cumsum([0, *counts])

    def annotation(page: int) -> ImageAnnotation:
        objects, side = planes[page].instances, planes[page].pixel_size
        if len(objects):
            objects = objects.replace(ids=first_ids[page] + np.arange(len(objects)))
        if tracks is not None:
            objects = with_tracks(objects, tracks[page])
        return ImageAnnotation(file_name, objects.size, objects, pixel_size=side)

    return LazySequence(len(planes), annotation)


def check_tracks_are_kept(words: Sequence[str], options: PredictOptions) -> None:
    """Raise `InputError` where tracks are wanted and no output, or not every page, is for them."""
    if options.page != "all":
        raise InputError("--link numbers tracks from page to page; it needs --page all")
    if not {*KEEPS_TRACKS} & {*words}:
        raise InputError(
            f"{listed(words)} cannot hold the numbers of tracks; with --link write "
            f"{' or '.join(KEEPS_TRACKS)}"
        )


def check_outputs_keep_planes(words: Sequence[str]) -> None:
    """Raise `InputError` where an output cannot say on which plane an object lies."""
    able = [name for name, one in formats.WRITABLE.items() if one.planes]
    unable = [word for word in words if word not in able]
    if unable:
        raise InputError(
            f"{listed(unable)} cannot say on which page an object lies; with --page all write "
            f"{' or '.join(able)}"
        )
