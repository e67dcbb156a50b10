"""JSON documents and the outlines in them: read, written, and repaired with a notice.

Outlines of other programs may cross themselves or have no area. They are repaired or left out,
never in silence: a line of logging (`kontur.formats`) gives their number and the file.
"""

import json
import logging
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from numbers import Integral
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar

import numpy as np
import orjson
import shapely
from jaxtyping import Bool, Shaped
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.formats import atomic, packed
from kontur.formats.json_rows import rows_converted
from kontur.geometry import polygons as areal
from kontur.wording import listed, plural, quoted

log = logging.getLogger("kontur.formats")
Row = TypeVar("Row")
Names = Literal["last", "once"]  # of the members of an object

DEEPEST = 64  # levels of JSON; a MultiPolygon of GeoJSON needs nine
LONGEST_NUMBER = 400  # digits; the largest float has 309
DIGITS = re.compile(rf"\d{{{LONGEST_NUMBER + 1}}}")
STEP = 8  # letters between those that are looked at for a long number
HALVES = re.compile("[\ud800-\udfff]")  # of letters, as JSON may escape them: no UTF-8 has them
LARGEST = 2.0**31  # pixels; no image is larger, and areas of coordinates beyond overflow
SIMPLE = 300  # points of an outline that is repaired at once, whatever it crosses
MOST_CROSSINGS = 50_000  # of an outline with itself: a second of repair
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


def image_size(height: Any, width: Any) -> tuple[int, int] | None:
    """The size of an image that two values are: whole numbers from 1, below `LARGEST`; else None.

    >>> image_size(60.0, 80), image_size(60, 0), image_size(10**40, 80), image_size("60", 80)
    ((60, 80), None, None, None)
    """
    sides = [side for side in (whole_number(height), whole_number(width)) if side is not None]
    if len(sides) < 2 or not 0 < min(sides) <= max(sides) < LARGEST:
        return None
    return sides[0], sides[1]


def identity(value: Any, what: str) -> Any:
    """An id as a file has it, a number as a whole one; NaN, which pandas writes for none, is None.

    Words stay what they are. Raises `InputError`, opening with `what`, for a fraction.
    """
    if not isinstance(value, float):
        return value
    if math.isnan(value):
        return None
    number = whole_number(value)
    if number is None:
        raise InputError(f"{what} is {quoted(value)}; an id wants a whole number or a word")
    return number


def polygon(rings: Sequence[Any]) -> Polygon:
    """A polygon of an outer ring and holes, each of `[x, y, …]` points, open or closed.

    Not checked for validity; empty where the outer ring has fewer than three points, or one is NaN.
    Raises ValueError, TypeError or OverflowError where the numbers are none.
    """
    points = [_points(ring) for ring in rings]
    if not points or len(points[0]) < 3 or not all(np.isfinite(ring).all() for ring in points):
        return Polygon()
    return Polygon(points[0], [hole for hole in points[1:] if len(hole) >= 3])


def left_out(
    reasons: Iterable[str | None], where: str | Path, *, what: str = "shapes"
) -> Counter[str]:
    """How many of the shapes have no area and what they are; logged, if there are any.

    A reason is what a shape is instead, such as "a point"; None of one that has an area.
    """
    every = list(reasons)
    without = Counter(reason for reason in every if reason)
    if without:
        log.warning(
            "%s: %d of %d %s have no area (%s): left out",
            *(where, without.total(), len(every), what),
            listed(f"{number} × {kind}" for kind, number in without.items()),
        )
    return without


def repaired(
    shapes: Sequence[Polygon | MultiPolygon | None], where: str | Path
) -> tuple[Shaped[np.ndarray, " k"], Bool[np.ndarray, " n"]]:
    """The valid polygons of the shapes, and which of the shapes these are; logs what it changed.

    None stands for what has no outline. Raises `InputError` for coordinates beyond `LARGEST`.
    """
    array = np.empty(len(shapes), dtype=object)
    array[:] = [Polygon() if shape is None else shape for shape in shapes]
    numbers = np.abs(shapely.get_coordinates(array))  # the bounds would leave out holes
    largest = numbers.max(initial=0.0, where=np.isfinite(numbers))
    if largest > LARGEST:
        raise InputError(
            f"{where}: an outline has the coordinate {largest:g}, and no image is so large; "
            "coordinates are pixels"
        )
    _check_crossings(array, where)
    polygons, broken = areal.repair_all(array)
    kept = ~shapely.is_empty(polygons) & (shapely.area(polygons) > 0)
    outlined = np.array([shape is not None for shape in shapes], dtype=bool)
    changed, lost = int((broken & kept).sum()), int((outlined & ~kept).sum())
    if changed:
        log.warning("%s: %d of %d outlines crossed themselves: repaired", where, changed, len(kept))
    if lost:
        log.warning("%s: %d of %d objects have no area: left out", where, lost, len(kept))
    return polygons[kept], kept


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


def _check_crossings(shapes: Shaped[np.ndarray, " n"], where: str | Path) -> None:
    """`InputError` for a ring that crosses itself so often that a repair takes minutes."""
    parts = shapely.get_parts(shapes)
    for part in parts[shapely.get_num_coordinates(parts) > SIMPLE]:
        for ring in shapely.get_rings(part):
            points = shapely.get_coordinates(ring)[:-1]
            if np.isfinite(points).all() and not shapely.is_simple(ring):
                times = areal.crossings(points)
                if times > MOST_CROSSINGS:
                    raise InputError(
                        f"{where}: an outline of {len(points):,} points crosses itself about "
                        f"{times:,.0f} times, which is a scribble; draw it again"
                    )


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


def _points(ring: Any) -> Shaped[np.ndarray, "n 2"]:
    """Points as (n, 2), heights left out, the last left out where it repeats the first."""
    points = np.asarray(ring, dtype=np.float64)
    if points.size == 0:
        return np.empty((0, 2))
    if points.ndim != 2 or points.shape[1] < 2:
        raise ValueError("wanted points [x, y]")
    points = points[:, :2]
    return points[:-1] if len(points) > 1 and (points[0] == points[-1]).all() else points
