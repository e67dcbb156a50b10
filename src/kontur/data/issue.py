"""Issue: a likely mistake in a data set, how often it occurs, and the remedy."""

from dataclasses import dataclass
from typing import Literal

IssueKind = Literal[
    "unused",  # files that are present and not read
    "unannotated",
    "orphans",
    "predicted",
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
    "pixel sizes",
    "class numbers",
    "rare classes",
]


@dataclass(frozen=True)
class Issue:
    """A likely mistake in a data set; `str` gives it as one sentence.

    Attributes:
        kind: one word or two, the same for all issues of this kind.
        what: what is wrong, with the number of images or objects.
        count: that number.
        example: the name of one image; "" where none is concerned.
        advice: what to do; "" where nothing needs to be done.
        details: further sentences, one for each file.
    """

    kind: IssueKind
    what: str
    count: int
    example: str
    advice: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.what}: {self.advice}" if self.advice else self.what
