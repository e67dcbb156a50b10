"""Finding: one thing about a data set that its owner should know, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "unused",  # files that lie there and are not read
    "unannotated",
    "orphans",
    "tables",
    "unreadable",
    "binary",  # see `mask_checks`
    "semantic",
    "background",
    "interpolated",
    "cut ids",
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
