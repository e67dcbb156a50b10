"""The channels whose brightness a model reads, beside those that a table has of its images.

An image of one channel has `intensity_mean` and its like, one of several `intensity_mean-0` and so
on. A table of other images lacks what the model reads; one of mixed images has it in some rows, and
in the others nothing that a model could tell from a gap.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kontur.errors import InputError
from kontur.measure.measure_many import OF_CHANNEL
from kontur.measure.table import BRIGHTNESS
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

ONE = ""  # ends the columns of an image of one channel; else "-0", "-1" …


def check_channels(model: Iterable[str], table: Iterable[str]) -> None:
    """Raise `InputError` where a table has the brightness of other channels alone.

    `model` and `table` are names of columns. A table without brightness passes.
    """
    in_model, in_table = channels_of(model), channels_of(table)
    if in_table and in_model - in_table:
        raise InputError(
            f"the model reads the brightness of {_described(in_model)}, and the table has that of "
            f"{_described(in_table)}; {_remedy(in_model)}"
        )


def channels_note(model: Iterable[str], table: "pd.DataFrame") -> str | None:
    """A sentence on rows with the brightness of other channels than the model reads; None without.

    A model that learned from images of one channel and of several reads both.
    """
    in_model = channels_of(model)
    in_table = channels_of(map(str, table.columns))
    if not in_model or (ONE in in_model and len(in_model) > 1):
        return None
    columns = {end: f"{OF_CHANNEL}{end}" for end in in_model | in_table}
    measured = {end: table[name].notna() for end, name in columns.items() if name in table}
    wanted = [measured[end] for end in in_model if end in measured]
    if not wanted:
        return None
    rows = int(((sum(measured.values()) > 0) & (sum(wanted) < len(wanted))).sum())
    if not rows:
        return None
    return (
        f"{rows:,} of {plural(len(table), 'row')} {'is' if rows == 1 else 'are'} of images with "
        f"other channels than the model reads, those of {_described(in_model)}: their brightness "
        f"is filled in, and says nothing; {_remedy(in_model)}"
    )


def _described(ends: frozenset[str]) -> str:
    first = f"{OF_CHANNEL}{min(ends, key=lambda end: (len(end), end))}"
    if ends == {ONE}:
        return f"images of one channel ({first})"
    return f"images of {plural(len(ends - {ONE}), 'channel')} ({first})"


def _remedy(in_model: frozenset[str]) -> str:
    if in_model == {ONE}:
        return "measure the channel that was learned, with --channel N"
    return "give images of the channels that were learned"


def channels_of(names: Iterable[str]) -> frozenset[str]:
    """The channels of columns of brightness, as the ends of their names; none of other columns."""
    ends = set()
    for name in names:
        plain, _, channel = name.rpartition("-")
        if name in BRIGHTNESS:
            ends.add(ONE)
        elif channel.isdigit() and plain in BRIGHTNESS:
            ends.add(f"-{channel}")
    return frozenset(ends)
