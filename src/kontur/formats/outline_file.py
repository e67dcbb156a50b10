"""A file of outlines to read: its path, the options of reading, and its content, parsed once.

Every format reads from this value, so a file that several formats could be is opened only once, and
its kind is recognised from its beginning.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kontur.files import json_document
from kontur.formats import masks
from kontur.formats.masks import Task
from kontur.images.nnunet_dataset import meaning_of_labels

BEGINNING = 1 << 16  # bytes by which kinds of files are told apart
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"|\Z)|[\[\]{}]|:(?=\s*(.))', re.DOTALL)


@dataclass(frozen=True, eq=False)
class OutlineFile:
    """A file, and how it is to be read.

    `page` picks a plane of a stack (from 0) where the file holds several; `task` is what the values
    of masks mean and `class_of_value` names the classes of `semantic` ones, see `masks` and
    `meaning`.
    `numbered_in` are files that give images and classes the numbers which stand for them in this
    one (a list of COCO results); None reads the numbers as names. `size` is the (height, width) of
    the image where the file's coordinates are shares of it.
    """

    path: Path
    page: int | None = None
    task: str = "instances"
    class_of_value: Mapping[int, str] | None = None
    numbered_in: Sequence[Path] | None = None
    size: tuple[int, int] | None = None

    @cached_property
    def meaning(self) -> tuple[Task, Mapping[int, str] | None]:
        """The task of masks, and the classes of their values where they are given or a data set
        around the file names them, see `images.nnunet_dataset`; `InputError` for another task."""
        if self.class_of_value is not None:
            return masks.choose_task(self.task), self.class_of_value
        task, classes = meaning_of_labels(self.path, self.task)
        return masks.choose_task(task), classes

    @cached_property
    def json(self) -> Any:
        """The content as JSON; `InputError` where it is none."""
        return json_document.load(self.path)

    def json_rows(self, key: str, convert: Callable[[int, Any], Any]) -> Any:
        """The content with the rows of its long list converted, see `json_document.load_rows`."""
        return json_document.load_rows(self.path, key, convert)

    @cached_property
    def beginning(self) -> bytes:
        """The first bytes of the file, by which its kind is told."""
        with json_document.opened(self.path) as file:
            return file.read(BEGINNING)

    @cached_property
    def beginning_text(self) -> str:
        """The beginning of the file as text; what is no UTF-8 is replaced."""
        return self.beginning.decode("utf-8-sig", errors="replace")

    @cached_property
    def json_keys(self) -> dict[str, str]:
        """The keys of the outermost JSON object, or of the first one in an outermost list.

        Beside each the first character of its value: `[` for a list, `{` for an object. Read from
        the beginning of the file, without parsing it: the kinds of ten
        thousand files are known at once. Keys that come later are missing.
        """
        return json_keys(self.beginning_text)


def json_keys(beginning: str) -> dict[str, str]:
    """The keys of the outermost object, or of the first object in an outermost list.

    >>> json_keys('{"images": [{"id": 1}], "info": {"year'), json_keys("[1, 2]")
    ({'images': '[', 'info': '{'}, {})
    """
    depth, wanted = 0, 1
    word: str | None = None
    keys: dict[str, str] = {}
    for token in TOKEN.finditer(beginning):
        mark = token[0]
        if mark == "[" and depth == 0:
            wanted = 2
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
            if depth < wanted and keys:
                break
        elif mark == ":":
            if depth == wanted and word is not None:
                keys.setdefault(word, token[2])
            word = None
        else:
            word = token[1]
    return keys
