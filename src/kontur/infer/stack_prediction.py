"""Every plane of a stack or film: its objects, the plane on which each lies, and their tracks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.images import open_image
from kontur.formats.tracks import with_tracks
from kontur.infer.link import link
from kontur.infer.options import PredictOptions
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
) -> StackPrediction:
    """Write the objects of every page of an image file into files that keep planes.

    With `options.link` each object has the number of its track. `progress(done, total)` is called
    after each page. Ids are unique over all planes. Raises `InputError` as `Predictor.predict`.
    """
    entries: list[ImageAnnotation] = []
    repaired, count = 0, 0
    scale, contrast = 1.0, None
    for page in range(pages):
        picture = open_image(path, channel=options.channel, page=page)
        found = predictor.predict_detailed(picture, replace(options, channel=None, page=None))
        ids = np.arange(count + 1, count + len(found.instances) + 1)
        instances = found.instances.replace(ids=ids, plane=picture.plane)
        count += len(ids)
        repaired += found.repaired
        scale, contrast = found.scale, found.contrast
        entries.append(
            ImageAnnotation(path.name, instances.size, instances, pixel_size=picture.pixel_size)
        )
        progress(page + 1, pages)
    if options.link is not None:
        tracks = link([entry.instances for entry in entries])
        entries = [
            entry._replace(instances=with_tracks(entry.instances, numbers))
            for entry, numbers in zip(entries, tracks, strict=True)
        ]
    for file in files:
        formats.write_images(file, entries)
    areas = [entry.instances.areas for entry in entries]
    return StackPrediction(repaired, np.concatenate([np.zeros(0), *areas]), scale, contrast)


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
