"""The one channel that a model learned from, which it looks at where no other is given."""

from typing import TypeVar

from kontur.errors import InputError
from kontur.formats.images import Image, picked
from kontur.formats.lazy_pixels import OpenImage
from kontur.models.card import Card

Given = TypeVar("Given", bound=Image | OpenImage)

CHOOSE = "give the one to look at with --channel N (in Python channel=N)"


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
