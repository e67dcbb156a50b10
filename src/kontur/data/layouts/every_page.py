"""Every page of the images of a folder, each with its annotation: a film as one image a plane."""

from collections.abc import Iterable

from kontur import formats
from kontur.data.layouts.layout import AnnotatedImage
from kontur.data.planes.image_planes import (
    ImagePlanes,
    of_annotations,
    pages_of,
    states_all_planes,
)
from kontur.data.planes.places import check_labels_fit, places_of
from kontur.errors import InputError
from kontur.wording import from_zero, listed


def every_page(annotated: Iterable[AnnotatedImage]) -> list[AnnotatedImage]:
    """The images with one for each page of those that have several, of the same name.

    A page on which outlines or labels have no object is annotated, and has none. Raises
    `InputError` where an annotation does not say of which pages it is, or not of all.
    """
    return [page for item in annotated for page in _pages(item)]


def _pages(item: AnnotatedImage) -> list[AnnotatedImage]:
    pages = pages_of(item.image)
    if len(pages) == 1:
        return [item]
    items = [item.replace(page=page, is_plane=True) for page in pages]
    if item.kind == "labels" or (item.kind == "outlines" and states_all_planes(item.annotation)):
        check_labels_fit(item.annotation, item.image, every=True)
        return items
    planes = _outlined(item)
    if planes is None or planes.unplaced:
        raise InputError(
            f"{item.annotation} does not say on which of the {len(pages)} pages of {item.image} "
            "its objects lie; choose one with --page N (in Python page=N)"
        )
    beyond = sorted(planes.pages - {*pages})
    if beyond:
        has = "the page" if len(pages) == 1 else "pages"
        raise InputError(
            f"{item.annotation} has outlines on page {listed(map(str, beyond))}, and {item.image} "
            f"has {has} {from_zero(len(pages))}; give the annotation of this image"
        )
    return [each.replace(instances=planes.on(each.page)) for each in items]


def _outlined(item: AnnotatedImage) -> ImagePlanes | None:
    """The planes of outlines; None of a format that keeps none."""
    if item.instances is not None:
        return ImagePlanes({None: item.instances}, whole=len(item.instances) > 0)
    if item.kind == "masks" or not formats.format_of(item.annotation).planes:
        return None
    entries = formats.read_images(item.annotation)
    return of_annotations(entries, item.annotation, places_of(item.image))
