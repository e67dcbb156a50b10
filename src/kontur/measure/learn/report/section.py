"""A section of the report: sentences and a table, and the wording that all sections share."""

import math
from typing import NamedTuple

from kontur.measure.learn.result import Study
from kontur.measure.learn.scores import ALL, HEADLINE, Score
from kontur.measure.learn.task import LearningTask
from kontur.select import Spread

SHOWN = 10  # rows of a long table, names in a sentence; the files have all


class Section(NamedTuple):
    """A part of the report, the same on a terminal and on a page.

    `rows` is a table with its heading first; a sentence that begins with "! " is a warning;
    `figure` is the file name of a figure, placed below the rest if `wide`; `terms` are words that
    are explained where they are first used.
    """

    title: str
    rows: list[list[str]]
    sentences: list[str]
    figure: str | None = None
    terms: dict[str, str] = {}  # noqa: RUF012 - read only
    wide: bool = False


def headline(study: Study) -> Score:
    """The score that is reported first: accuracy, or R²."""
    return ALL[HEADLINE[study.task.kind]]


def unit_word(task: LearningTask) -> str:
    """The unit that is held out whole, in the singular: the column of the groups, or a row."""
    return task.group or "row"


def groups_word(task: LearningTask, number: int) -> str:
    """`53 images`, or `95 rows, each by itself`."""
    if task.group is None:
        return f"{number:,} row{'s' * (number != 1)}, each by itself"
    return f"{number:,} {task.group}{'s' * (number != 1)}"


def amount(value: float, unit: str) -> str:
    """A number with its unit."""
    return f"{value:.4g}{' ' if unit else ''}{unit}"


def short(spread: Spread) -> str:
    """Mean and deviation in four digits."""
    if math.isnan(spread.mean) or abs(spread.mean) < 10:
        return str(spread)
    if math.isnan(spread.deviation):
        return f"{spread.mean:.4g}"
    return f"{spread.mean:.4g} ± {spread.deviation:.2g}"
