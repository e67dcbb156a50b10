"""Every plane of a stack or film: its objects, the plane on which each lies, and their tracks.

One plane is in memory at a time: finished ones lie on the disk, from which they are linked and
written.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.lazy_sequence import LazySequence, Value
from kontur.formats.tracks import tracks_of, with_tracks
from kontur.images.image_file import open_image
from kontur.images.lazy_pixels import OpenImage
from kontur.images.page_count import check_is_one_stack, count_pages
from kontur.infer.options import GivenContrast, PredictOptions
from kontur.infer.outputs import ENDINGS, STACK_OVERLAY, keeps_pages
from kontur.infer.predict import Predictor
from kontur.infer.region import of_image
from kontur.infer.stacks.draw_planes import draw_planes
from kontur.infer.stacks.link import Tracks, link
from kontur.infer.stacks.plane_store import FinishedPlane, PlaneStore
from kontur.wording import listed

TRACKS_AS_IDS = ("nifti", "ome-zarr")  # where one number is one object on all planes
# How the images of the frames of a film become the pages of one file.
FILM = (
    'python -c "import sys; from PIL.Image import open; open(sys.argv[1]).save('
    "'film.tif', save_all=True, append_images=map(open, sys.argv[2:]))\""
)


class StackPrediction(NamedTuple):
    """How many pages there are and outlines were repaired, all areas, scale and contrast of the
    last plane, and the hint that all planes share.
    """

    pages: int
    repaired: int
    areas: Float[np.ndarray, " k"]
    scale: float
    contrast: GivenContrast | None
    hint: str | None


class Stack:
    """The planes of an image file, predicted in any order and by whoever, then written together.

    Finished planes lie in `folder` until the files are there, so that a run that is killed goes on
    with the missing ones; `identity` and `check` as in `Unfinished`.
    """

    def __init__(
        self,
        predictor: Predictor,
        path: Path,
        options: PredictOptions,
        *,
        folder: Path,
        identity: Mapping[str, Any],
        check: Callable[[], None] = lambda: None,
    ):
        self._predictor, self._path, self._options = predictor, path, options
        self._store = PlaneStore(
            folder, identity, lambda page: self._predicted(self.open(page)), check
        )

    def begin(self) -> tuple[int, tuple[int, ...]]:
        """How many pages there are, and which planes are missing.

        Raises `InputError` where they are not those of one stack, before any is predicted.
        """
        pages = count_pages(self._path)
        check_is_one_stack(self._path)
        self._store.begin(pages)
        return pages, tuple(page for page in range(pages) if not self._store.holds(page))

    def open(self, page: int) -> OpenImage:
        """The picture of a page, with the channel that is wanted. Errors as of `open_image`."""
        return open_image(self._path, channel=self._options.channel, page=page)

    def predict(self, page: int, picture: OpenImage) -> None:
        """Predict the plane of a page. Raises `InputError` as `Predictor.predict`."""
        self._store.add(page, self._predicted(picture))

    @contextmanager
    def writing(
        self, files: Sequence[Path], on_join: Callable[[str, int, int], None]
    ) -> Iterator[StackPrediction]:
        """Write the objects of every page into files that keep planes, at the end of the block.

        A file of overlays has a page for each. `on_join(doing, done, total)` tells how many of all
        planes are done, whenever one is taken.

        With `options.link` each object has the number of its track, in label volumes as its id; ids
        are unique over all planes else.
        Planes that were lost since are predicted again, with errors as of `Predictor.predict`.
        """
        pages = count_pages(self._path)
        self._store.begin_again(pages)
        planes = LazySequence(pages, self._store.plane)
        repaired, areas, scale, contrast, hints = 0, [], 1.0, None, set()
        for plane in planes:
            repaired += plane.repaired
            areas.append(plane.instances.areas)
            scale, contrast = plane.scale, plane.contrast
            hints.add(plane.hint)
        tracks = None
        if self._options.link:
            objects = LazySequence(len(planes), lambda page: planes[page].instances)
            tracks = link(_counted(objects, f"linking {self._path.name}", on_join))
        stack = _annotations(self._path, planes, [len(each) for each in areas], tracks)
        yield StackPrediction(
            *(pages, repaired, np.concatenate([np.zeros(0), *areas]), scale, contrast),
            hint=hints.pop() if len(hints) == 1 else None,
        )
        for file in files:
            counted = _counted(stack, f"writing {file.name}", on_join)
            if file.name.endswith(ENDINGS[STACK_OVERLAY]):
                draw_planes(file, counted, self.open, contrast)
                continue
            volume = formats.format_to_write(file).name in TRACKS_AS_IDS
            formats.write_images(file, _with_tracks_as_ids(counted) if volume else counted)

    def remove(self) -> None:
        """Remove the finished planes: all of them are in the files."""
        self._store.remove()

    def _predicted(self, picture: OpenImage) -> FinishedPlane:
        region = of_image(self._options.region, self._path)
        options = replace(self._options, channel=None, page=None, region=region)
        found = self._predictor.predict_detailed(picture, options)
        instances = found.instances.replace(plane=picture.plane)
        how = (found.repaired, found.scale, found.contrast, picture.pixel_size, found.hint)
        return FinishedPlane(instances, *how)


def _annotations(
    path: Path,
    planes: Sequence[FinishedPlane],
    counts: Sequence[int],
    tracks: Tracks | None,
) -> Sequence[ImageAnnotation]:
    """The planes as they are written: ids unique over all, and the tracks of each one's objects."""
    first_ids = 1 + np.cumsum([0, *counts])

    def annotation(page: int) -> ImageAnnotation:
        objects, side = planes[page].instances, planes[page].pixel_size
        if len(objects):
            objects = objects.replace(ids=first_ids[page] + np.arange(len(objects)))
        if tracks is not None:
            numbers = tracks.numbers[page]
            parents = np.array([tracks.parents.get(one, np.nan) for one in numbers.tolist()])
            objects = with_tracks(objects, numbers, parents)
        return ImageAnnotation(path.name, objects.size, objects, pixel_size=side, image=path)

    return LazySequence(len(planes), annotation)


def _counted(
    planes: Sequence[Value], doing: str, on_join: Callable[[str, int, int], None]
) -> Sequence[Value]:
    """The same planes; whoever takes one has done those before it."""

    def plane(page: int) -> Value:
        on_join(doing, page, len(planes))
        return planes[page]

    return LazySequence(len(planes), plane)


def _with_tracks_as_ids(stack: Sequence[ImageAnnotation]) -> Sequence[ImageAnnotation]:
    """The same where an object on several planes has one id; as they are where none is linked."""

    def annotation(page: int) -> ImageAnnotation:
        entry = stack[page]
        tracks = tracks_of(entry.instances)
        if np.isnan(tracks).any():
            return entry
        return entry._replace(instances=entry.instances.replace(ids=tracks.astype(np.int64)))

    return LazySequence(len(stack), annotation)


def check_links_every_page(options: PredictOptions) -> None:
    """Raise `InputError` where tracks are wanted, and not every page is for them."""
    if options.link and options.page != "all":
        raise InputError("--link numbers tracks from page to page; it needs --page all")


def check_has_pages_to_link(images: Sequence[Path]) -> None:
    """Raise `InputError` where none of several images has a second page, as frames of a film.

    What cannot be read is no film and no frame: predicting it says what it is.
    """
    if len(images) > 1 and not any(map(_may_be_film, images)):
        raise InputError(
            f"--link follows objects from page to page of one file, and these {len(images)} images "
            f"have one page each; make one film of them first: {FILM} FRAMES, or leave --link out"
        )


def _may_be_film(image: Path) -> bool:
    try:
        return count_pages(image) > 1
    except (InputError, OSError):
        return True


def check_outputs_keep_planes(words: Sequence[str]) -> None:
    """Raise `InputError` where an output cannot say on which plane an object lies."""
    unable = [word for word in words if not keeps_pages(word, "all")]
    if unable:
        able = [word for word in formats.WRITABLE if keeps_pages(word, "all")]
        raise InputError(
            f"{listed(unable)} cannot say on which page an object lies; with --page all write "
            f"{' or '.join(able)}"
        )
