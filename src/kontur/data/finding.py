"""Finding: one thing about a data set that its owner should know, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kontur.data.names import listed

Kind = Literal[
    "unused",  # files that lie there and are not read
    "unannotated",
    "orphans",
    "tables",
    "unreadable",
    "binary",
    "cut ids",
    "interpolated",
    "far pieces",
    "specks",
    "small",
    "mostly ignored",
    "leak",
    "repeated",
    "no objects",
    "constant",
]


@dataclass(frozen=True)
class Finding:
    """What was found how often, with an example, and what to do; `str` gives one sentence.

    `details` are further sentences, one a file.
    """

    kind: Kind
    what: str
    count: int
    example: str
    advice: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.what}: {self.advice}" if self.advice else self.what


def counted(names: Sequence[str], what: str) -> str:
    """How many of what, and which.

    >>> counted(["a", "b"], "image"), counted(["a"], "image")
    ('2 images (a, b)', '1 image (a)')
    """
    return f"{plural(len(names), what)} ({listed(names)})"


def plural(count: int, what: str) -> str:
    """A number and a noun.

    >>> plural(1, "image"), plural(12000, "object")
    ('1 image', '12,000 objects')
    """
    return f"{count:,} {what}{'s' * (count != 1)}"
