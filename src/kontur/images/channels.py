"""A channel of an image: its number from 0, or the name that its file gives it.

Files of one experiment may hold their channels in different orders, so a name is looked up in every
image by itself.
"""

from collections.abc import Sequence
from typing import Any

from kontur.errors import InputError
from kontur.wording import from_zero, listed

Channel = int | str
UNNAMED = "unnamed"  # the name of a channel to which its file gives none
COLOURS = ("red", "green", "blue")


def channel_names(stains: Sequence[str], count: int) -> tuple[str, ...]:
    """The names by which the channels of an image may be chosen: of stains, or of colours.

    >>> channel_names(("DAPI", "GFP"), 2), channel_names((), 3), channel_names((), 1)
    (('DAPI', 'GFP'), ('red', 'green', 'blue'), ())
    """
    return tuple(stains) or (COLOURS if count == len(COLOURS) else ())


def channel_number(channel: Channel, names: Sequence[str], count: int, where: Any) -> int:
    """The number from 0 of a channel of an image that has `count`, with these names or none.

    A name is meant as it is written, else in capitals and small letters of any kind. Raises
    `InputError` where there is no such channel, or where several have the name.

    >>> channel_number("dapi", ["GFP", "DAPI"], 2, "a.tif"), channel_number(0, [], 1, "a.tif")
    (1, 0)
    """
    known = {number: name for number, name in enumerate(names) if name not in ("", UNNAMED)}
    if isinstance(channel, int):
        if 0 <= channel < count:
            return channel
        what = "one channel" if count == 1 else f"{count} channels"
        have = f"{what} ({from_zero(count)})"
        named = f", named {_numbered(known)}" if known and known != dict(enumerate(COLOURS)) else ""
        raise InputError(f"{where} has {have}{named}; channel {channel} is not among them")
    if not known:
        what = "its one channel has no name" if count == 1 else f"its {count} channels have no name"
        raise InputError(
            f"{where}: {what}, so not {channel!r}; choose by the number, {from_zero(count)}"
        )
    exact = [number for number, name in known.items() if name == channel]
    alike = [number for number, name in known.items() if name.casefold() == channel.casefold()]
    found = exact or alike
    if len(found) > 1:
        raise InputError(
            f"{where} has {len(found)} channels named {channel!r} "
            f"({listed(map(str, found))}); choose by the number"
        )
    if not found:
        raise InputError(f"{where} has no channel {channel!r}; it has {_numbered(known)}")
    return found[0]


def choice_of(number: int, names: Sequence[str]) -> Channel:
    """How a channel is best chosen: by its name where no other has it, else by its number.

    >>> [choice_of(i, ["DAPI", "GFP", "gfp", "unnamed"]) for i in range(4)]
    ['DAPI', 1, 2, 3]
    """
    name = names[number]
    alike = [other for other in names if other.casefold() == name.casefold()]
    return number if name in ("", UNNAMED) or len(alike) > 1 else name


def _numbered(names: dict[int, str]) -> str:
    return listed(f"{number}: {name}" for number, name in names.items())
