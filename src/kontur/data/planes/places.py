"""Places: which page of a file is the plane of another's, by depth and time.

Files count the planes of a stack in the order of their axes: one of depths of times otherwise than
one of times of depths. Numbers tell planes only where a side does not know both.
"""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

from kontur.errors import InputError
from kontur.files.file_stamp import FileStamp
from kontur.formats.nifti.axes import axes_note
from kontur.images.page_count import count_pages, list_planes
from kontur.instances.plane import Plane

KEPT = 64  # files whose number of pages, and whose places, are kept
Place = tuple[int, int]  # depth and time


def know_both(places: Sequence[Place]) -> bool:
    """Whether places are of several depths and of several times, each once.

    >>> know_both([(0, 0), (0, 1), (1, 0)]), know_both([(0, 0), (0, 1)])
    (True, False)
    """
    depths, times = ({place[axis] for place in places} for axis in (0, 1))
    return len(depths) > 1 and len(times) > 1 and len(set(places)) == len(places)


def places_of(path: Path) -> tuple[Place, ...]:
    """Depth and time of each page of an image file; of what is no stack one. As `count_pages`."""
    return _places(path, FileStamp.of(path)) if path.is_file() else _read_places(path)


def page_at(plane: Plane, places: Sequence[Place]) -> int | None:
    """The page of a plane in an image of these places; None where no page lies there.

    A number that the plane has from its own file counts where it is of the plane here too, and
    where the image does not know both depth and time.

    >>> page_at(Plane(1, 0, page=3), [(0, 0), (1, 0), (0, 1), (1, 1)])
    1
    """
    here, page = (plane.z, plane.t), plane.page
    stated = not know_both(places) or here in places[page or 0 : (page or 0) + 1]
    if page is not None and stated:
        return page
    if here in places:
        return places.index(here)
    axes = [len({place[axis] for place in places}) for axis in (0, 1)]
    number = plane.number if page is None and 1 in axes and 0 in here else len(places)
    return number if number < len(places) else None


def plane_on(page: int, places: Sequence[Place]) -> Plane:
    """The plane of a page of an image; of one that lies where another does, as a time of its own.

    >>> plane_on(1, [(0, 0), (1, 0)]), plane_on(1, [(0, 0), (0, 0)])
    (Plane(z=1, t=0, page=None), Plane(z=0, t=1, page=None))
    """
    here = places[page]
    return Plane(*(here if places.index(here) == page else (0, page))).numbered(page)


def check_labels_fit(labels: Path, image: Path, *, every: bool = False) -> None:
    """Raise `InputError` where labels have other planes than their image.

    Labels of one plane may be of a page that was chosen, but not of `every` page.
    """
    labelled, pages = _count(labels), _count(image)
    if labelled == 1 and not every:
        return
    if labelled != pages:
        raise InputError(
            f"{labels} has {labelled} pages and its image {image} has {pages}, so that it is not "
            "known which of them belong together; give the labels of every page of this image"
            f"{axes_note(labels, image)}"
        )
    true, other = places_of(image), places_of(labels)
    if know_both(true) and know_both(other) and {*true} != {*other}:
        raise InputError(
            f"{labels} has {_described(other)} and its image {image} has {_described(true)}; give "
            "the labels of every page of this image"
        )


def label_page(labels: Path, image: Path, page: int | None) -> int | None:
    """The page of labels that is of a page of their image; errors as of `check_labels_fit`.

    Labels of one plane are of whichever page is chosen.
    """
    if page is None or _count(labels) == 1:
        return page
    check_labels_fit(labels, image)
    true, other = places_of(image), places_of(labels)
    if not (know_both(true) and know_both(other)) or page >= len(true):
        return page
    return other.index(true[page])


def page_of_place(path: Path, page: int, at: Place) -> int:
    """The page of a file of labels that lies at a place; `page` where it does not know both.

    Raises `InputError` where none of its pages does.
    """
    known = places_by_page(path)
    found = [number for number, place in known.items() if place == at]
    if known and not found:
        raise InputError(f"{path} has no page of depth {at[0]} and time {at[1]}, which is wanted")
    return found[0] if found else page


def _described(places: Sequence[Place]) -> str:
    depths, times = (len({place[axis] for place in places}) for axis in (0, 1))
    return f"{depths} depths at {times} times"


def _count(path: Path) -> int:
    """The pages of a file, which is asked for every plane: counting walks over all of a TIFF."""
    return _counted(path, FileStamp.of(path)) if path.is_file() else count_pages(path)


@functools.lru_cache(maxsize=KEPT)
def _counted(path: Path, stamp: FileStamp) -> int:
    return count_pages(path)


@functools.lru_cache(maxsize=KEPT)
def _places(path: Path, stamp: FileStamp) -> tuple[Place, ...]:
    return _read_places(path)


def _read_places(path: Path) -> tuple[Place, ...]:
    planes = [plane or Plane() for plane in list_planes(path)]
    return tuple((plane.z, plane.t) for plane in planes)


def places_by_page(path: Path) -> Mapping[int, Place]:
    """The place of each page of a file that knows depth and time; none of others."""
    places = places_of(path)
    return dict(enumerate(places)) if know_both(places) else {}
