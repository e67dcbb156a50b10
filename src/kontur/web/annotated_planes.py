"""The objects that a training folder has for an image: of a stack those of every plane it names.

A label image of several pages, a volume, and outlines on planes are of the whole stack; what names
no plane is of any.
"""

from collections.abc import Sequence
from pathlib import Path

from kontur import formats
from kontur.data.annotations.annotation_options import annotation_options
from kontur.data.annotations.read_annotation import read_annotation, read_outlines
from kontur.data.layouts.layout import AnnotatedImage, Layout
from kontur.data.planes.image_planes import of_annotations, states_all_planes
from kontur.data.planes.places import check_labels_fit, know_both, page_at, places_of
from kontur.errors import InputError
from kontur.images.page_count import check_is_one_stack, count_pages
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.web.image_folder import FolderImage
from kontur.web.pixels import Pictures


def annotated_planes(
    pictures: Pictures, image: FolderImage, annotated: AnnotatedImage, page: int
) -> dict[int, Instances]:
    """The objects of each plane that the annotation names, by page; of the one page where of none.

    Raises `InputError` where one of them cannot be read, is not of the plane's size, or lies where
    the image has no plane.
    """
    page_count = pictures.pages(image)
    if _has_pixels(annotated):
        check_labels_fit(annotated.annotation, image.path)
    outlines = _outlines(annotated)
    pages = [number for number in [*outlines, *label_pages(annotated)] if number < page_count]
    alike = _is_one_stack(image)

    def read(number: int) -> Instances:
        item = annotated.replace(
            instances=outlines.get(number, annotated.instances),
            page=number if page_count > 1 else None,
        )
        size = pictures.read(image, page if alike else number).size
        (item,) = read_outlines((item,))
        options = annotation_options(Layout(item.kind, (item,)), "instances", None)
        return read_annotation(item, size, options)

    return {number: read(number) for number in pages or [page]}


def annotated_pages(annotated: AnnotatedImage) -> list[int]:
    """The pages that the annotation names; [] of one that names none. Errors as of reading it."""
    return [*_outlines(annotated), *label_pages(annotated)]


def label_pages(annotated: AnnotatedImage) -> list[int]:
    """The pages of a label image of several; [] of one, and of other annotations.

    Raises `InputError` where it cannot be read.
    """
    count = count_pages(annotated.annotation) if annotated.kind == "labels" else 1
    return list(range(count)) if count > 1 else []


def by_page(found: Sequence[Instances], image: Path) -> dict[int, Instances]:
    """The objects of each plane, by page.

    A file names depth and time, and other programs no page. In an image of several depths and
    several times its planes then tell the pages: what lies on none of them is left out. Errors as
    of `places_of`.
    """
    planes = list(map(place_of, found))
    if any(plane != Plane() for plane in planes):
        places = places_of(image)
        if know_both(places):
            pairs = zip([page_at(plane, places) for plane in planes], found, strict=True)
            return {number: objects for number, objects in pairs if number is not None}
    return {plane.number: objects for plane, objects in zip(planes, found, strict=True)}


def place_of(objects: Instances) -> Plane:
    """The plane of objects; the first one where they name none."""
    return objects.plane or Plane()


def _outlines(annotated: AnnotatedImage) -> dict[int, Instances]:
    """The objects of a stack by page, where a file of outlines names planes; else none."""
    file = annotated.annotation
    if annotated.kind != "outlines" or not formats.format_of(file).planes:
        return {}
    if len(places_of(annotated.image)) == 1:
        return {}
    entries = formats.read_images(file)
    if states_all_planes(file) and not know_both(places_of(file)):
        found = [entry.instances for entry in entries if entry.instances.plane is not None]
        return {place_of(objects).number: objects for objects in found}
    planes = of_annotations(entries, file, places_of(annotated.image))
    return {page: planes.on(page) for page in planes.pages}


def _has_pixels(annotated: AnnotatedImage) -> bool:
    """Whether the annotation is one file of labels, of each plane or of one."""
    outlined = annotated.kind == "outlines" and states_all_planes(annotated.annotation)
    return outlined or annotated.kind == "labels"


def _is_one_stack(image: FolderImage) -> bool:
    try:
        check_is_one_stack(image.path)
    except InputError:
        return False
    return True
