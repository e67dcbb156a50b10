"""Whether an image on the disk is still the one that its outlines were drawn on.

Another program may put another picture in its place, of another size too. The outlines stay, since
nobody but a person can tell whether they fit, and the person is told. What no longer lies in the
image is cut off as one more edit, which undo brings back once the image is as large again.
"""

import zlib
from typing import Any

import numpy as np

from kontur.errors import InputError
from kontur.web import plane_statuses
from kontur.web.history import PAGES, History
from kontur.web.image_folder import FolderImage
from kontur.web.object_text import instances_of, of_text, to_text, with_rounded_changes
from kontur.web.pixels import Picture, stamp_of
from kontur.web.plane_statuses import PICTURE
from kontur.wording import plural

NEAR = 1e-6  # pixels beyond the border that are rounding


class PictureChanges:
    """Knows of every plane the file, the size and the pixels that it had when it was seen last."""

    def __init__(self, history: History):
        self._history = history
        # to tell a person who sees the plane next, or any plane
        self._notices: dict[tuple[str, int | None], str] = {}

    def take_notices(self, image: FolderImage, page: int) -> str:
        """What nobody was told yet of an image and a plane; "" where there is nothing to tell."""
        notice = [self._notices.pop((image.key, place), "") for place in (None, page)]
        return "; ".join(filter(None, notice))

    def expect(self, image: FolderImage, page: int, size: tuple[int, int] | None) -> None:
        """A plane that was not seen yet has this size, as the file of its outlines says."""
        if size is not None and self._known(image, page) is None:
            self._set(image, page, "", size, None)

    def check_pages(self, image: FolderImage, pages: int) -> None:
        """Note the number of planes, and have a person told where outlines came or went by it.

        Outlines beyond the end of a film that is shorter now are kept, and count for nothing.
        """
        if notice := self._pages_notice(image, pages):
            self._notices[image.key, None] = notice

    def _pages_notice(self, image: FolderImage, pages: int) -> str:
        note = f"{PAGES} {image.key}"
        if self._history.note(note) == pages:
            return ""
        before = set(self._history.planes(image.key))
        self._history.set_note(note, pages)
        row, changed = self._history.image(image.key), before ^ set(self._history.planes(image.key))
        if row is None or not changed:
            return ""
        if row.status != "done":
            status = plane_statuses.status_of_planes(self._history, image.key)
            self._history.set_status(image.key, status)  # which has the file written again
        else:
            self._history.set_written(image.key, -1, row.digest, row.file)
        lost = sum(1 for page in changed & before if self._history.texts(image.key, page))
        if not lost:
            return ""
        return (
            f"{image.name} has {plural(pages, 'plane')} now; the outlines of "
            f"{plural(lost, 'plane')} beyond its end are kept for a film that is as long as before"
        )

    def check(
        self, image: FolderImage, page: int, picture: Picture, classes: tuple[str, ...]
    ) -> None:
        """Note the picture of a plane, and have a person told where it is not the one seen last.

        Objects outside of it are cut off, and the file of outlines is to be written again.
        """
        if notice := self._picture_notice(image, page, picture, classes):
            self._notices[image.key, page] = notice

    def _picture_notice(
        self, image: FolderImage, page: int, picture: Picture, classes: tuple[str, ...]
    ) -> str:
        stamp, before = stamp_of(image), self._known(image, page)
        if before is not None and before["stamp"] == stamp:
            return ""
        pixels = zlib.crc32(np.ascontiguousarray(picture.levels.largest_held).tobytes())
        self._set(image, page, stamp, picture.size, pixels)
        objects = self._history.texts(image.key, page)
        if before is None or not objects:
            return ""
        size, known = tuple(before["size"]), before["pixels"]
        if size == picture.size:
            if known in (None, pixels):
                return ""
            return f"{image.name} was changed since it was outlined; see whether the outlines fit"
        row = self._history.image(image.key)
        if row is not None and row.file is not None:  # which says the size of before
            self._history.set_written(image.key, -1, row.digest, row.file)
        cut = self._cut_off(image, page, objects, picture.size, classes)
        notice = "{} has {}×{} pixels, and had {}×{} when it was outlined; ".format(
            image.name, *picture.size, *size
        )
        if cut:
            notice += f"what lay beyond its border was cut off, of {plural(cut, 'outline')}; "
        return f"{notice}see whether the outlines fit"

    def _cut_off(
        self,
        image: FolderImage,
        page: int,
        objects: dict[int, str],
        size: tuple[int, int],
        classes: tuple[str, ...],
    ) -> int:
        """Cut objects off at the border, as an edit; how many."""
        stored = {
            number: of_text(text) for number, text in objects.items() if is_outside(text, size)
        }
        before = instances_of(stored, size=size, classes=classes)
        after, changed = with_rounded_changes(before, before.clip(size))
        new: dict[int, str | None] = dict.fromkeys(set(stored) - set(after.ids.tolist()))
        for index in changed:
            number = int(after.ids[index])
            new[number] = to_text(after, index, stored[number].by)
        if new:
            row = self._history.image(image.key)
            assert row is not None  # it has objects
            old: dict[int, str | None] = {number: objects[number] for number in new}
            self._history.edit(image.key, page, PICTURE, old, new, status=row.status)
        return len(new)

    def _known(self, image: FolderImage, page: int) -> Any:
        return self._history.note(_note(image, page))

    def _set(
        self,
        image: FolderImage,
        page: int,
        stamp: str,
        size: tuple[int, int],
        pixels: int | None,
    ) -> None:
        value = {"stamp": stamp, "size": list(size), "pixels": pixels}
        self._history.set_note(_note(image, page), value)


def is_outside(text: str, size: tuple[int, int]) -> bool:
    """Whether an object lies beyond the border of an image, in part or as a whole."""
    height, width = size
    x0, y0, x1, y1 = of_text(text).polygon.bounds
    return bool(min(x0, y0) < -NEAR or x1 > width + NEAR or y1 > height + NEAR)


def stamp_or_none(image: FolderImage) -> str | None:
    """A text that changes when the file does; None where it is gone."""
    try:
        return stamp_of(image)
    except (InputError, OSError):
        return None


def _note(image: FolderImage, page: int) -> str:
    return f"picture {image.key} {page}"
