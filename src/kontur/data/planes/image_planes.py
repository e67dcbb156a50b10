"""The objects of each plane of an image, as one file of annotations or of predictions has them.

Pixels say how many planes there are: label stacks, volumes, and the image itself. Outlines do not:
a plane on which they have no object is a plane without objects, not one that nobody looked at.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from kontur import formats
from kontur.data.file_names import is_mask
from kontur.data.planes.places import Place, know_both, page_at, places_by_page, places_of
from kontur.data.planes.predicted_pages import PredictedPages
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.image_annotation import by_file_name, pick
from kontur.formats.planes import by_plane, page_numbers
from kontur.images.page_count import count_pages
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.wording import listed

Page = int | None  # the number of a plane, from 0; None of an image that is no stack
Pages = Page | Literal["all"]  # which pages are read


class ImagePlanes(NamedTuple):
    """The objects of an image by the number of their page, from 0.

    Of an image that is no stack, and of what names no plane, the only page is None. `whole` says
    that the image has these pages and no others; else any other page has no objects. `places` are
    the depth and the time of each page, of pixels only where they have several of both.
    """

    objects: Mapping[Page, Instances]
    whole: bool = True
    places: Mapping[int, Place] = MappingProxyType({})

    @classmethod
    def single(cls, instances: Instances) -> "ImagePlanes":
        """The objects of an image, or of the one page of it that was chosen."""
        return cls({None: instances})

    @property
    def unplaced(self) -> bool:
        """Whether there are objects, or labels of one page, that name no plane."""
        return self.whole and None in self.objects

    @property
    def pages(self) -> set[int]:
        """The pages that are known."""
        return {page for page in self.objects if page is not None}

    def on(self, page: Page) -> Instances:
        """The objects of a page, maybe none."""
        if page in self.objects:
            return self.objects[page]
        some = next(iter(self.objects.values()))
        return some if self.unplaced else some[[]].replace(plane=None)


class _Lazy(Mapping[Page, Instances]):
    """Pages that are read on access, one at a time in memory."""

    def __init__(self, pages: Sequence[Page], read: Callable[[Page], Instances]):
        self._pages, self._read = tuple(pages), read

    def __len__(self) -> int:
        return len(self._pages)

    def __iter__(self) -> Iterator[Page]:
        return iter(self._pages)

    def __contains__(self, page: object) -> bool:
        return page in self._pages

    def __getitem__(self, page: Page) -> Instances:
        if page not in self._pages:
            raise KeyError(page)
        return self._read(page)


def lazy_planes(
    pages: Sequence[Page],
    read: Callable[[Page], Instances],
    places: Mapping[int, Place] = MappingProxyType({}),
) -> ImagePlanes:
    """All pages of an image; `read` gives the objects of one, `places` as in `ImagePlanes`."""
    return ImagePlanes(_Lazy(pages, read), places=places)


def pages_of(path: Path) -> list[Page]:
    """The pages of an image file; None alone of one that is no stack. Errors as `count_pages`."""
    count = count_pages(path)
    return [None] if count == 1 else list(range(count))


def chosen_pages(path: Path, page: Pages) -> list[Page]:
    """The pages of a file that are read: the one, or all of them. Errors as `count_pages`."""
    return pages_of(path) if page == "all" else [page]


def states_all_planes(path: Path) -> bool:
    """Whether a file has labels as the pixels of every plane."""
    if is_mask(path):
        return True
    found = formats.format_of(path)
    return found.raster and found.planes


def page_in_image(plane: Plane, path: Path, image: Path) -> int:
    """The page of an image on which a plane of its labels or outlines, those of `path`, lies.

    Raises `InputError` where the image has no such page. As `page_at`, but the pages of labels that
    do not know depth and time are those of the image.
    """
    numbered = states_all_planes(path) and not know_both(places_of(path))
    page = plane.number if numbered else page_at(plane, places_of(image))
    if page is None:
        raise InputError(
            f"outlines lie on the plane of depth {plane.z} and time {plane.t}, and {image} has no "
            "such page; give the image that they were drawn on"
        )
    return page


def read_planes(path: Path, read: Callable[[Path, Page], Instances]) -> ImagePlanes:
    """The planes of a file of one image; `read` gives the objects of a page of labels.

    Raises `InputError` where the file cannot be read, is not of one image, or its planes cannot be
    numbered.
    """
    if states_all_planes(path):
        return lazy_planes(pages_of(path), lambda page: read(path, page), places_by_page(path))
    entries = formats.read_images(path)
    if len({entry.file_name for entry in entries}) != 1:
        pick(entries, None, path)  # raises: of none, or planes of several would pass for one
    return of_annotations(entries, path)


def of_annotations(
    entries: Sequence[ImageAnnotation], where: Path, places: Sequence[Place] | None = None
) -> ImagePlanes:
    """The planes of the entries, one or more, of one image in a file of outlines.

    `places` are the `places_of` the image, if it is there; without it the page of a plane
    is its depth or its time, where the file names none. Raises `InputError` where two are of one
    plane, or their planes cannot be numbered.
    """
    planes = [entry.instances.plane for entry in entries]
    if len(entries) == 1 and planes == [None]:
        (entry,) = entries
        return ImagePlanes({None: entry.instances}, whole=len(entry.instances) > 0)
    if None in planes:
        name = entries[0].file_name
        raise InputError(f"{where} holds two images of the name {name!r}; rename one of them")
    numbers = _numbers([plane or Plane() for plane in planes], where, places)
    twice = sorted(number for number, count in Counter(numbers).items() if count > 1)
    if twice:
        raise InputError(
            f"{where} holds outlines on different planes of the one number "
            f"{listed(map(str, twice))}; export one time after the other"
        )
    objects: dict[Page, Instances] = {
        n: entry.instances for n, entry in zip(numbers, entries, strict=True)
    }
    places_of_pages = {
        n: (plane.z, plane.t) for n, plane in zip(numbers, planes, strict=True) if plane
    }
    return ImagePlanes(objects, whole=False, places=places_of_pages)


def _numbers(planes: Sequence[Plane], where: Path, places: Sequence[Place] | None) -> list[int]:
    depths, times = ({place[axis] for place in places or ()} for axis in (0, 1))
    if places is None or len(depths) == 1 or len(times) == 1:
        return page_numbers(planes, where)  # programs differ in calling a single axis depth or time
    pages = {plane: page_at(plane, places) for plane in planes}
    away = [plane for plane, page in pages.items() if page is None]
    if away:
        raise InputError(
            f"{where} has outlines on the plane of depth {away[0].z} and time {away[0].t}, and its "
            "image has no such page; give the annotation of this image"
        )
    return [page for page in map(pages.get, planes) if page is not None]


def entries_on_page(
    entries: Sequence[ImageAnnotation], page: int, where: Path, *, at: Place | None
) -> list[ImageAnnotation]:
    """The entry of a page, one for each plane of an image being given; an empty one where none is.

    `at` and errors as in `planes.by_plane`. All of them where none names a plane.
    """
    if not entries:
        return []
    ((_, places),) = by_plane([entry.instances.plane for entry in entries], page, where, at=at)
    if places:
        return [entries[place] for place in places]
    return [entries[0]._replace(instances=entries[0].instances[[]].replace(plane=None))]


def read_on_page(
    path: Path, page: int | None, *, task: str, size: tuple[int, int] | None = None
) -> list[ImageAnnotation]:
    """What a file describes, on all planes or on one page, where no image tells which pages exist.

    A page below the last on which an outline lies exists, and may be empty. Raises `InputError` for
    a page behind it or of outlines that name no plane, and where the file cannot be read.
    """
    if page is None or not path.exists() or states_all_planes(path):
        return formats.read_images(path, page=page, task=task, size=size)
    kind = formats.format_of(path)
    found = formats.read_images(path, page=None if kind.planes else page, task=task, size=size)
    if not kind.relative or size is not None:  # else the image beside it has the page
        planes = [entry.instances.plane for entry in found if len(entry.instances)]
        PredictedPages(path).check_named(path, planes, page)
    if not kind.planes:
        return found
    images = by_file_name(found)
    check_page_exists(path, page, _pages_named(images, path, page))
    return [
        entry
        for entries in images.values()
        for entry in entries_on_page(entries, page, path, at=None)
    ]


def pages_named(path: Path, page: int) -> set[int]:
    """The pages that the outlines of a file tell; `page` too where some of an image name none."""
    return _pages_named(by_file_name(formats.read_images(path)), path, page)


def check_page_exists(path: Path, page: int, pages: Collection[int]) -> None:
    """Raise `InputError` for a page behind all that the outlines of a file tell, if any."""
    if pages and max(pages) < page:
        raise InputError(
            f"{path}: no outline is on page {page}; they are on {listed(map(str, sorted(pages)))}; "
            "give another page, or the image if it has this one (--image FILE, in Python image=)"
        )


def _pages_named(
    images: Mapping[str, Sequence[ImageAnnotation]], path: Path, page: int
) -> set[int]:
    pages: set[int] = set()
    for entries in images.values():
        named = [entry.instances.plane for entry in entries]
        if any(plane is None for plane in named):  # they belong to any page
            pages.add(page)
        pages.update(page_numbers([plane for plane in named if plane is not None], path))
    return pages


def plane_name(name: str, page: Page) -> str:
    """How a plane of an image is called in messages.

    >>> plane_name("film", 3), plane_name("a01", None)
    ('film page 3', 'a01')
    """
    return name if page is None else f"{name} page {page}"
