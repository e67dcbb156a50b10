"""The planes of a single volume or film that are held out: its last ones, after a gap.

Of several volumes whole ones are held out (`Folder.hold_out`). A single one is divided along its
longer axis, depth or time, so that no plane is beside one of the other part. Volumes are often
empty at their ends: the part that is held out is a share of the planes that have objects, with the
empty ones behind them.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from kontur.data.annotations.annotation_options import read_labels
from kontur.data.layouts.layout import AnnotatedImage
from kontur.data.planes.places import label_page, places_of
from kontur.select import last_places, not_beside_held

Planes = list[AnnotatedImage]


def hold_out_planes(planes: Sequence[AnnotatedImage], fraction: float) -> tuple[Planes, Planes]:
    """`(train, val)`: about `fraction` of the planes of one image held out, of two or more.

    Planes next to those that are held out are in neither part, unless none would be left to learn
    from. Raises `InputError` where labels or the image cannot be read.
    """
    places = _places(planes)
    full = [place for place, item in zip(places, planes, strict=True) if _has_objects(item)]
    last = last_places(full, fraction) or last_places(places, fraction)
    held = {place for place in places if place >= min(last)}
    return _parts(planes, places, held)


def hold_out_planes_again(
    planes: Sequence[AnnotatedImage], held: Collection[str]
) -> tuple[Planes, Planes]:
    """The same for the planes with these plane names, which were held out before."""
    places = _places(planes)
    placed = zip(places, planes, strict=True)
    return _parts(planes, places, {place for place, item in placed if item.plane_name in held})


def along_longer_axis(path: Path, pages: Sequence[int]) -> list[int]:
    """Where each page of an image lies along depth or time, by which there are more.

    The pages themselves where the file does not tell them apart. Errors as of `places_of`.
    """
    places = places_of(path)
    known = [places[page] for page in pages]
    if len(set(known)) < len(pages):
        return list(pages)
    depths, times = map(list, zip(*known, strict=True))
    return depths if len(set(depths)) >= len(set(times)) else times


def _places(planes: Sequence[AnnotatedImage]) -> list[int]:
    return along_longer_axis(planes[0].image, [item.page or 0 for item in planes])


def _parts(
    planes: Sequence[AnnotatedImage], places: Sequence[int], held: set[int]
) -> tuple[Planes, Planes]:
    learned, placed = not_beside_held(places, held), list(zip(places, planes, strict=True))
    return (
        [item for place, item in placed if place in learned],
        [item for place, item in placed if place in held],
    )


def _has_objects(item: AnnotatedImage) -> bool:
    if item.instances is not None:
        return len(item.instances) > 0
    if item.kind != "labels":
        return True
    page = label_page(item.annotation, item.image, item.page)
    labels = read_labels(item.annotation, page=page, task="semantic")  # or any other
    return bool((labels > 0).any())
