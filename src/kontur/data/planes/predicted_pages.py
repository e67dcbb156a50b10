"""Predicted pages: the page of a stack that outlines were predicted on, by the record beside them.

Formats that keep no planes cannot tell, nor can a file without objects; `predict.json` can.
"""

from collections.abc import Iterable
from pathlib import Path

from kontur import formats
from kontur.data.file_names import RECORD_FILE
from kontur.data.prediction_record import predicted_images
from kontur.errors import InputError
from kontur.images import zarr_store
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.wording import printable


class PredictedPages:
    """The pages that the record of a folder notes, if there is one."""

    def __init__(self, place: Path):
        """`place` is a folder of predictions, or a file that lies in one."""
        self._folder = place if zarr_store.is_folder(place) else place.parent
        noted = predicted_images(self._folder)
        self._pages = {name: one.page for name, one in noted.items() if one.page is not None}

    def check_all(self, path: Path) -> None:
        """Raise `InputError` where the record says that a file is of one page and not of all."""
        page = self.page_of(path)
        if page is not None:
            raise InputError(
                f"{path} was predicted on page {page} alone, as {RECORD_FILE} says, and all pages "
                f"are wanted; give --page {page}, or predict them with --page all"
            )

    def check(self, path: Path, found: Instances, page: int | None) -> Instances:
        """The objects that were read of a file for a page.

        Raises `InputError` where the file does not say of which page they are, and the record says
        that it is another one.
        """
        if page is None or not self._pages or (len(found) and formats.format_of(path).planes):
            return found
        predicted = self.page_of(path)
        if predicted not in (None, page):
            raise InputError(
                f"{path} was predicted on page {predicted}, as {RECORD_FILE} says, and page {page} "
                f"is wanted; give --page {predicted}, or predict that page into another folder"
            )
        return found

    def check_named(self, path: Path, planes: Iterable[Plane | None], page: int | None) -> None:
        """Raise `InputError` where neither objects nor the record tell of a page but the first.

        `planes` are those of the objects of a file, none of one without objects. For files that are
        read without their image, which may have the page.
        """
        known = [*planes]
        if not page or not known or any(plane is not None for plane in known):
            return
        if self.page_of(path) != page:
            raise InputError(
                f"{path} does not say on which plane its outlines lie, so there is no page {page} "
                "of it; leave --page out (in Python page=), or give the image that has this page"
            )

    def page_of(self, path: Path) -> int | None:
        """The page that the record notes for a file; None where it notes none."""
        name = path.with_name(formats.name_of(path)).relative_to(self._folder).as_posix()
        return self._pages.get(printable(name)) if self._pages else None
