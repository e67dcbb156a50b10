"""JSON documents: read with care for what other programs write, and written for every reader.

What JSON cannot hold is left out, never in silence: a line of logging (`kontur.files`) says so.
"""

import json
import logging
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from numbers import Integral
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar

import numpy as np
import orjson

from kontur.errors import InputError
from kontur.files import atomic, packed
from kontur.files.json_rows import rows_converted
from kontur.wording import plural, quoted

log = logging.getLogger("kontur.files")
Row = TypeVar("Row")
Names = Literal["last", "once"]  # of the members of an object

DEEPEST = 64  # levels of JSON; a MultiPolygon of GeoJSON needs nine
LONGEST_NUMBER = 400  # digits; the largest float has 309
DIGITS = re.compile(rf"\d{{{LONGEST_NUMBER + 1}}}")
STEP = 8  # letters between those that are looked at for a long number
HALVES = re.compile("[\ud800-\udfff]")  # of letters, as JSON may escape them: no UTF-8 has them
QUOTE = 2  # in `MARKS`; the other marks are the steps of the depth
MARKS = np.zeros(256, dtype=np.int8)  # of each byte of JSON
MARKS[[ord(mark) for mark in "[{"]], MARKS[[ord(mark) for mark in "]}"]] = 1, -1
MARKS[ord('"')] = QUOTE
CHUNK = 1 << 20  # letters that are checked at a time


def load(path: str | Path, *, names: Names = "last") -> Any:
    """The content of a JSON file; raises `InputError` where it is missing or not JSON.

    Of a name that an object has several times the last counts; with "once" it is refused. NaN and
    Infinity are read, since programs write them. Numbers of hundreds of digits and nesting beyond
    `DEEPEST` are refused before parsing.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        name, times = Counter(name for name, _ in pairs).most_common(1)[0] if pairs else ("", 0)
        if times > 1:
            raise InputError(f"{path} has the name {quoted(name)} twice; each stands there once")
        return dict(pairs)

    with _parsing(load_text(path), path) as text:
        return json.loads(text, object_pairs_hook=once if names == "once" else None)


def load_rows(path: str | Path, key: str, convert: Callable[[int, Any], Row]) -> Any:
    """The content of a JSON file whose long list is converted row by row; errors as in `load`.

    The list is that of `key` in the outermost object, or the outermost list. In its place stands
    the list of what `convert` makes of the number, from 1, and the content of each row; rows
    themselves are forgotten, so that a hundred thousand of them need no memory at once.
    """
    with _parsing(load_text(path), path) as text:
        return rows_converted(text, key, convert)


def parsed(content: bytes, where: str | Path) -> Any:
    """The JSON of bytes that stand at `where`; errors as in `load`."""
    with _parsing(_decoded(content, where), where) as text:
        return json.loads(text)


@contextmanager
def _parsing(text: str, where: str | Path) -> Iterator[str]:
    """The text of JSON that was checked; errors of the parser in one sentence."""
    if _has_long_number(text):
        raise InputError(f"{where} holds a number of more than {LONGEST_NUMBER} digits")
    if depth(text) > DEEPEST:
        raise InputError(f"{where} is nested too deeply to be a file of outlines")
    try:
        yield text
    except json.JSONDecodeError as error:
        if not text.strip():
            raise InputError(f"{where} is empty; wanted JSON") from None
        raise InputError(
            f"{where} is not JSON or is cut short: {error.msg} in line {error.lineno}, "
            f"column {error.colno}"
        ) from None


@contextmanager
def opened(path: str | Path) -> Iterator[BinaryIO]:
    """A file to read bytes from; raises `InputError` where it is missing or a folder."""
    try:
        with Path(path).open("rb") as file:
            yield file
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise InputError(f"wanted a file, but {path} is a folder") from None


def load_text(path: str | Path) -> str:
    """The text of a UTF-8 file, a byte order mark at its start left out; `InputError` else.

    Of a file that is `packed` that of the JSON inside.
    """
    content = packed.unpacked(path) if packed.is_packed(path) else None
    if content is None:
        with opened(path) as file:
            content = file.read()
    return _decoded(content, path)


def to_text(content: Any) -> str:
    """JSON of a document that every reader takes: without NaN and Infinity, which are no JSON.

    A key with such a value is left out, in a list null takes its place, both with a line of
    logging.
    """
    lost: list[str] = []
    text = finite_text(content, lost)
    log_lost(lost)
    return text + "\n"


def finite_text(content: Any, lost: list[str]) -> str:
    """JSON of a part of a document as in `to_text`; places of what is left out come to `lost`."""
    try:
        return _json(content)
    except ValueError:  # NaN or Infinity
        return _json(_finite(content, lost, ""))


def log_lost(lost: Sequence[str]) -> None:
    """The line of logging on values that JSON cannot hold, if there are any."""
    if lost:
        log.warning(
            "%s left out, which JSON cannot hold (such as %s)",
            plural(len(lost), "value") + " NaN or Infinity",
            lost[0],
        )


def dump(path: str | Path, content: Any, *, overwrite: bool = True) -> None:
    """Write JSON whole or not at all, see `to_text`."""
    atomic.write_text(path, to_text(content), overwrite=overwrite)


def whole_number(value: Any) -> int | None:
    """The whole number that a value is, also where JavaScript or pandas made `60.0` of it.

    >>> whole_number(60), whole_number(60.0), whole_number(60.5), whole_number("60")
    (60, 60, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value) if isinstance(value, Integral) else None


def score(value: Any) -> float:
    """The score that a value is, a number from 0 to 1; NaN of anything else.

    >>> score(0.5), score(1), score(True), score(2), score("0.5"), score(None)
    (0.5, 1.0, nan, nan, nan, nan)
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= 1 else math.nan


def identity(value: Any, what: str) -> Any:
    """An id as a file has it, a number as a whole one; NaN, which pandas writes for none, is None.

    Words stay what they are. Raises `InputError`, opening with `what`, for a fraction or a boolean.
    """
    if not isinstance(value, bool | float):
        return value
    if math.isnan(value):
        return None
    number = whole_number(value)
    if number is None:
        raise InputError(f"{what} is {quoted(value)}; an id wants a whole number or a word")
    return number


def _decoded(content: bytes, where: str | Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{where} is not text in UTF-8 (byte {error.start})") from None


def _has_long_number(text: str) -> bool:
    """Whether more than `LONGEST_NUMBER` digits follow one another.

    >>> _has_long_number("1" * 401 + " 2"), _has_long_number(" 1234567890" * 1000)
    (True, False)
    """
    for start in range(0, len(text), CHUNK):
        part = text[max(start - 2 * LONGEST_NUMBER, 0) : start + CHUNK]  # over the border too
        letters = np.frombuffer(part.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)[::STEP]
        others = np.flatnonzero((letters < ord("0")) | (letters > ord("9")))
        gaps = np.diff(others, prepend=-1, append=len(letters))
        if int(gaps.max()) > LONGEST_NUMBER // STEP and DIGITS.search(part) is not None:
            return True
    return False


def _json(content: Any) -> str:
    """ValueError for NaN and Infinity.

    By orjson, in a fraction of the time, where it agrees with the standard library: it knows
    neither integers of more than 64 bits nor halves of letters, and writes null for NaN.
    """
    with suppress(orjson.JSONEncodeError):
        written = orjson.dumps(content)
        if b"null" not in written or orjson.loads(written) == content:
            return written.decode()
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if HALVES.search(text):
        return json.dumps(content, separators=(",", ":"), allow_nan=False)
    return text


def _finite(value: Any, lost: list[str], place: str) -> Any:
    """The content without NaN and infinite numbers; their places are added to `lost`."""
    if isinstance(value, dict):
        kept = {key: _finite(one, lost, str(key)) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one is not None or value[key] is None}
    if isinstance(value, list | tuple):
        return [_finite(one, lost, place) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        lost.append(place or "a number")
        return None
    return value


def depth(text: str) -> int:
    """How deep the brackets of JSON are nested, those in strings not counted.

    >>> depth('{"a": [1, "[[["]}'), depth("")
    (2, 0)
    """
    level, inside, deepest, start = 0, 0, 0, 0
    while start < len(text):
        end = min(start + CHUNK, len(text))
        while end < len(text) and text[end - 1] == "\\":  # which the next letter belongs to
            end += 1
        part = text[start:end]
        if "\\" in part:
            part = re.sub(r"\\.", "", part, flags=re.DOTALL)
        marks = MARKS[np.frombuffer(part.encode("utf-8", "replace"), dtype=np.uint8)]
        marks = marks[marks != 0].astype(np.int64)  # few of all letters
        quotes = (inside + np.cumsum(marks == QUOTE)) % 2
        levels = level + np.cumsum(np.where((quotes == 1) | (marks == QUOTE), 0, marks))
        deepest = max(deepest, int(levels.max(initial=0)))
        level = int(levels[-1]) if len(levels) else level
        inside = int(quotes[-1]) if len(quotes) else inside
        start = end
    return deepest
