"""The planes of an image that two sides of a comparison share, and one number for each.

Pixels of a side have every plane; outlines have those on which objects lie.
"""

import itertools
from collections.abc import Mapping
from typing import NamedTuple, cast

from kontur.data.planes.image_planes import ImagePlanes, Page, lazy_planes
from kontur.data.planes.places import Place, know_both
from kontur.errors import InputError
from kontur.wording import listed, plural


class SharedPlanes(NamedTuple):
    """The pages of an image that both sides of a comparison have, and those that one has alone."""

    both: tuple[Page, ...]
    without_prediction: tuple[int, ...] = ()
    without_truth: tuple[int, ...] = ()


def numbered_alike(true: ImagePlanes, predicted: ImagePlanes) -> tuple[ImagePlanes, ImagePlanes]:
    """Both sides with one number for the planes of one depth and time, where both know them.

    The numbers are those of the true pixels, else of the predicted ones, and so on of outlines;
    planes that only the other side has come behind them. Sides that number alike stay as they are.
    """
    if not _are_of_one_stack(true.places, predicted.places):
        return true, predicted
    for one, other in ((true, predicted), (predicted, true)):
        # Outlines name few planes: of these pixels must have all, else they are of another axis.
        beyond = {*other.places.values()} - {*one.places.values()}
        if one.whole and not know_both([*one.places.values()]):
            return true, predicted
        if one.whole and not other.whole and beyond:
            return true, predicted
    if predicted.whole and not true.whole:
        return _numbered(true, predicted), predicted
    return true, _numbered(predicted, true)


def _are_of_one_stack(true: Mapping[int, Place], predicted: Mapping[int, Place]) -> bool:
    """Whether places, each once, tell planes, and numbers do it otherwise."""
    sides = [[*true.values()], [*predicted.values()]]
    if not all(len(set(side)) == len(side) > 0 for side in sides) or not any(map(know_both, sides)):
        return False
    pages = {place: page for page, place in true.items()}
    return any(
        pages.get(place, page) != page or true.get(page, place) != place
        for page, place in predicted.items()
    )


def _numbered(side: ImagePlanes, like: ImagePlanes) -> ImagePlanes:
    """A side with the numbers that the other gives to the same places."""
    known = {place: page for page, place in like.places.items()}
    free = itertools.count(max(known.values()) + 1)
    old = {
        known[place] if place in known else next(free): page for page, place in side.places.items()
    }
    places = {page: side.places[before] for page, before in old.items()}
    planes = lazy_planes(sorted(old), lambda page: side.objects[old[cast(int, page)]], places)
    return planes._replace(whole=side.whole)


def shared_planes(name: str, true: ImagePlanes, predicted: ImagePlanes) -> SharedPlanes:
    """Which pages of an image are compared.

    Raises `InputError` where one side has planes and the other does not say of which its objects
    are.
    """
    for side, words, other in (
        (true, "the truth", predicted),
        (predicted, "the prediction", true),
    ):
        if side.unplaced and other.pages - {0}:
            raise InputError(
                f"{name}: {words} does not say on which plane its objects lie, and the other side "
                f"has {_described(other)}; give --page N (in Python page=N) for the one that is "
                "meant, or write it in a format that keeps planes"
            )
    if not true.pages | predicted.pages:
        return SharedPlanes((None,))
    pages = true.pages | predicted.pages
    true_pages, predicted_pages = (
        side.pages if side.whole and side.pages else pages for side in (true, predicted)
    )
    return SharedPlanes(
        tuple(sorted(true_pages & predicted_pages)),
        tuple(sorted(true_pages - predicted_pages)),
        tuple(sorted(predicted_pages - true_pages)),
    )


def _described(side: ImagePlanes) -> str:
    if side.whole:
        return plural(len(side.pages), "plane")
    return f"some on page {listed(map(str, sorted(side.pages)))}"
