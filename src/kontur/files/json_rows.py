"""A JSON document with a long list, whose rows are converted one by one while it is parsed.

Python's parser makes a whole document at once: of a hundred thousand outlines it holds ten million
numbers. Here it is asked for one row at a time. Written are such lists row by row too.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

Row = TypeVar("Row")

SPACE = re.compile(r"[ \t\n\r]*")


def rows_converted(text: str, key: str, convert: Callable[[int, Any], Row]) -> Any:
    """The document with converted rows, see `json_document.load_rows`; raises `JSONDecodeError`.

    >>> rows_converted('{"rows": [[1, 2], [3]], "more": [4]}', "rows", lambda n, row: (n, sum(row)))
    {'rows': [(1, 3), (2, 3)], 'more': [4]}
    """
    parser = _Parser(text)
    if parser.next_is("["):
        content: Any = [convert(number, row) for number, row in enumerate(parser.rows(), start=1)]
    elif parser.next_is("{"):
        content = {}
        for name in parser.names():
            if name == key and parser.next_is("["):
                content[name] = [convert(n, row) for n, row in enumerate(parser.rows(), start=1)]
            else:
                content[name] = parser.value()
    else:
        content = parser.value()
    parser.end()
    return content


def chunks(content: Any) -> Iterator[str]:
    """The text of a document, in which an iterator stands for a list: its rows come one by one.

    >>> "".join(chunks({"a": iter([1, {"b": [2]}]), "c": {"d": iter([])}}))
    '{"a": [1, {"b": [2]}], "c": {"d": []}}'
    """
    if isinstance(content, dict):
        for number, (key, value) in enumerate(content.items()):
            yield f"{', ' if number else '{'}{json.dumps(key)}: "
            yield from chunks(value)
        yield "}" if content else "{}"
    elif isinstance(content, Iterator):
        yield "["
        for number, row in enumerate(content):
            yield f"{', ' if number else ''}{json.dumps(row)}"
        yield "]"
    else:
        yield json.dumps(content)


class _Parser:
    """A place in a text, and Python's own parser for the values from there."""

    def __init__(self, text: str) -> None:
        known: dict[str, str] = {}  # every name once, as in a document that is parsed whole

        def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            return {known.setdefault(name, name): value for name, value in pairs}

        self.text = text
        self.decoder = json.JSONDecoder(object_pairs_hook=members)
        self.at = 0

    def next_is(self, mark: str) -> bool:
        """Whether the mark follows, after spaces."""
        match = SPACE.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        return self.text.startswith(mark, self.at)

    def value(self) -> Any:
        """The next value, whole."""
        self.next_is("")
        value, self.at = self.decoder.raw_decode(self.text, self.at)
        return value

    def rows(self) -> Iterator[Any]:
        """The values of the list that follows, one by one."""
        for _ in self._items("]"):
            yield self.value()

    def names(self) -> Iterator[str]:
        """The names in the object that follows; the value of each is taken before the next name."""
        for _ in self._items("}"):
            if not self.next_is('"'):
                raise self._error("Expecting property name enclosed in double quotes")
            name = self.value()
            self._pass(":")
            yield name

    def end(self) -> None:
        """Raise `JSONDecodeError` where something follows."""
        if not self.next_is("") or self.at < len(self.text):
            raise self._error("Extra data")

    def _items(self, closing: str) -> Iterator[None]:
        self.at += 1  # the opening bracket
        if self.next_is(closing):
            self.at += 1
            return
        while True:
            yield
            if self.next_is(closing):
                self.at += 1
                return
            self._pass(",")

    def _pass(self, mark: str) -> None:
        if not self.next_is(mark):
            raise self._error(f"Expecting '{mark}' delimiter")
        self.at += 1

    def _error(self, message: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(message, self.text, self.at)
