"""Selection of the columns of a table by name, by position, by pattern, and by kind."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from kontur.errors import InputError
from kontur.measure.table import BRIGHTNESS, FORM, SURROUNDINGS, column_of
from kontur.wording import listed, nearest

if TYPE_CHECKING:
    import pandas as pd

# Kinds of measurements, whose word selects all of their columns, of every channel.
KINDS = {"form": FORM, "intensity": BRIGHTNESS, "neighbours": SURROUNDINGS}
RANGE = re.compile(r"(-?\d+)?:(-?\d+)?")


def learnable(
    table: "pd.DataFrame", *, target: str | None = None, group: str | None = None
) -> list[str]:
    """The columns to learn from by default: every measurement and nothing else.

    The identity and position of an object (image, id, class, score, ignore, x …), joined metadata,
    the target and the group would leak and are left out. Without measurements the list is empty.

    >>> import pandas as pd
    >>> table = pd.DataFrame(columns=["image", "id", "x", "area", "intensity_mean-1", "state"])
    >>> learnable(table), learnable(table, target="area")
    (['area', 'intensity_mean-1'], ['intensity_mean-1'])
    """
    measurements = [name for name in column_names(table) if is_measurement(name)]
    return [name for name in measurements if name not in (target, group)]


def is_measurement(name: str) -> bool:
    """Whether the column of this name is a measurement: form, brightness or neighbours.

    >>> is_measurement("area"), is_measurement("intensity_mean-1"), is_measurement("x")
    (True, True, False)
    """
    return _plain(name) in FORM | BRIGHTNESS | SURROUNDINGS and column_of(name) is not None


def select_columns(table: "pd.DataFrame", words: Sequence[str | int]) -> list[str]:
    """The columns that the words select, each once, in the order of the words.

    A word is a name; a kind of measurements: form, intensity, neighbours; a position `3` or a
    range `3:7` as in pandas' `iloc` (from 0, the end excluded); or a pattern such as `efd_*`.
    Raises `InputError` for a word that selects no column.

    >>> import pandas as pd
    >>> table = pd.DataFrame(columns=["image", "area", "efd_a2", "efd_b2"])
    >>> select_columns(table, ["efd_*", 0]), select_columns(table, ["1:3", "form"])
    (['efd_a2', 'efd_b2', 'image'], ['area', 'efd_a2', 'efd_b2'])
    """
    names = column_names(table)
    return list(dict.fromkeys(name for word in words for name in _named(names, word)))


def column_names(table: "pd.DataFrame") -> list[str]:
    """The names of all columns; raises `InputError` where two are the same."""
    names = list(map(str, table.columns))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"the table has two columns {twice!r}; give one of them another name")
    return names


def check_columns_exist(names: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise `InputError` where wanted columns are missing; it names them and the nearest name."""
    missing = [name for name in wanted if name not in set(names)]
    if not missing:
        return
    missing_text = listed(map(repr, missing))
    many = (
        f"{len(missing)} columns: {missing_text}" if len(missing) > 1 else f"column {missing_text}"
    )
    raise InputError(f"the table has no {many}; {suggest_names(missing[0], names)}")


def suggest_names(word: str, names: Sequence[str]) -> str:
    """A suggestion for a misspelt name: the nearest name, else the first of the known ones."""
    hint = nearest(word, names)
    return hint if hint.startswith("did") else f"known are {listed(names, most=8)}"


def check_groups_exist(table: "pd.DataFrame", by: Sequence[str]) -> None:
    """Raise `InputError` where a column to group by is missing; it says which others there are."""
    names = column_names(table)
    for name in by:
        if name not in names:
            raise InputError(f"the table has no column {name!r}; {suggest_metadata(name, names)}")


def suggest_metadata(word: str, names: Sequence[str]) -> str:
    """The nearest name, else the columns that are no measurements, to group by or to predict.

    >>> suggest_metadata("well", ["image", "x", "area", "stain"])
    'besides measurements it has image, stain; a metadata.csv brings more (kontur measure joins it)'
    """
    hint = nearest(word, names)
    others = [name for name in names if name in ("image", "class") or column_of(name) is None]
    if hint.startswith("did") or not others:
        return suggest_names(word, names)
    has = listed(others, most=8)
    return (
        f"besides measurements it has {has}; a metadata.csv brings more (kontur measure joins it)"
    )


def _named(names: list[str], word: str | int) -> list[str]:
    if isinstance(word, int):
        return [names[_position(word, names)]]
    if word in names:
        return [word]
    if word in KINDS:
        matches = [name for name in names if _plain(name) in KINDS[word] and column_of(name)]
        if not matches:
            raise InputError(f"the table has no column of {word}")
        return matches
    if word.lstrip("-").isdecimal():
        return [names[_position(int(word), names)]]
    if span := RANGE.fullmatch(word):
        start, stop = (int(end) if end else None for end in span.groups())
        if matches := names[start:stop]:
            return matches
        raise InputError(f"there are no columns {word}; the table has {len(names)}, from 0")
    if matches := [name for name in names if fnmatchcase(name, word)]:
        return matches
    if "*" in word:
        raise InputError(f"no column of the table is like {word!r}; {suggest_names(word, names)}")
    check_columns_exist([*names, *KINDS], [word])
    return []


def _position(place: int, names: list[str]) -> int:
    if not -len(names) <= place < len(names):
        raise InputError(f"there is no column {place}; the table has {len(names)}, from 0")
    return place


def _plain(name: str) -> str:
    """A name without the number of its channel."""
    return re.sub(r"-\d+$", "", name)
