"""The channels of an image that a model sees: colour or grey, its stains, the one it learned from.

A file or an array becomes pixels in these channels, or is refused where a person has to choose.
"""

from pathlib import Path
from typing import Any, TypeVar

from kontur.errors import InputError
from kontur.images.arrays import image_array, without_opaque_alpha
from kontur.images.image_file import Image, open_image, picked
from kontur.images.lazy_pixels import OpenImage
from kontur.infer.options import PredictOptions
from kontur.instances.plane import plane_of_page
from kontur.models.card import STAINS, Card
from kontur.wording import listed

Given = TypeVar("Given", bound=Image | OpenImage)

CHOOSE = "give the one to look at with --channel N (in Python channel=N)"


def open_for_model(
    image: Any, card: Card, channels: int, options: PredictOptions, where: str
) -> Image | OpenImage:
    """A file or an array, named `where` in messages, as a model of so many `channels` sees it.

    Where the options give no channel, it is the one that the model learned from, if it was one.
    Raises `InputError` where the image cannot be read, or a page or channel has to be chosen.
    """
    if options.page == "all":
        raise InputError("one plane is looked at at a time: give page=N, from 0 (--page N)")
    if isinstance(image, str | Path):
        image = open_image(image, channel=options.channel, page=options.page)
    elif isinstance(image, Image | OpenImage) and options.channel is not None:
        image = picked(image, options.channel, where)
    if not isinstance(image, Image | OpenImage):
        pixels = image_array(image, channel=options.channel, page=options.page, channels=channels)
        pixels = pixels if channels == 4 else without_opaque_alpha(pixels)
        image = OpenImage(pixels, None, plane=plane_of_page(options.page))
    image = in_learned_channel(image, card, where)
    _check_stains(image, card, channels, where)
    return image


def in_learned_channel(
    image: Given, card: Card, where: str, *, choose: str = CHOOSE
) -> Given | OpenImage:
    """The channel that the model learned from; an image of one channel can only be that one.

    The image as it is where the model learned from all. Raises `InputError` where it has several
    channels and not this one; `choose` says how another one is chosen there.
    """
    if card.channel is None or image.pixels.shape[2] == 1:
        return image
    try:
        return picked(image, card.channel, where)
    except InputError as error:
        raise InputError(
            f"the model learned from channel {card.channel!r}, and {error}; {choose}"
        ) from None


def takes_all_channels(image: Image | OpenImage, card: Card, channels: int) -> bool:
    """Whether a model sees an image as it is: colour or grey, or the stains that it learned.

    Other stains are no red, green and blue: one of them has to be chosen.
    """
    count = len(image.stains)
    return count == 0 or (_learned_stains(card, channels) and count == channels)


def _learned_stains(card: Card, channels: int) -> bool:
    return bool(card.training.get(STAINS)) or channels not in (1, 3)


def _check_stains(image: Image | OpenImage, card: Card, channels: int, where: str) -> None:
    if takes_all_channels(image, card, channels):
        return
    names = listed(f"{i}: {name}" for i, name in enumerate(image.stains))
    wanted = f"{channels} stains" if _learned_stains(card, channels) else "colour or grey"
    raise InputError(
        f"{where} holds {len(image.stains)} stains ({names}), and the model learned from {wanted}; "
        "choose one by its number or name with --channel N (in Python channel=N)"
    )
