"""The dialect of a CSV file: its encoding, the delimiter of its cells, and its decimal mark.

CSV is no one format: spreadsheets of much of Europe write semicolons and `1,5`, Excel puts a byte
order mark or UTF-16 before the text and `sep=;` before the heading, and leaves rows of delimiters
behind the last one. RFC 4180 knows the comma alone. The dialect is read from the file; what cells
mean (names, numbers) is decided by the callers, who know the columns.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kontur.errors import InputError

DELIMITERS = (",", ";", "\t", "|")  # of equals the first
SAMPLE = 1 << 18  # characters from which delimiter and decimal mark are determined
ROWS = 100  # of the sample, at most
CHUNK = 1 << 20  # bytes
FALLBACK = "cp1252"  # of text that is not Unicode: what Excel's plain "CSV" is in Western Europe
LONGEST_CELL = 2**31 - 1  # outlines are longer than the usual 131,072 characters
DECIMAL_COMMA = re.compile(r"[+-]?(\d*|\d{1,3}([. '\u00a0\u202f]\d{3})+),\d+([eE][+-]?\d+)?")
DECIMAL_POINT = re.compile(r"[+-]?(\d*|\d{1,3}(,\d{3})+)\.\d+([eE][+-]?\d+)?")
AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")  # a thousand, or a one and three decimals
BINARY = {  # first bytes of files that only look like a CSV by their ending
    b"PK\x03\x04": "a zip archive or an Excel workbook (.xlsx)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"PAR1": "a Parquet table",
    b"\x1f\x8b": "compressed with gzip",
}


@dataclass(frozen=True)
class Dialect:
    """How the text of a CSV file is parsed.

    `encoding` is one of Python's, a byte order mark included; `skip` counts the lines before the
    heading (blank ones, and Excel's `sep=`); `decimal` is `.` or `,`.
    """

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    decimal: str = "."
    skip: int = 0


def detect(path: str | Path) -> Dialect:
    """The dialect of a file; all of it is read for the encoding, its beginning for the rest.

    Raises `InputError` where there is no such file, and where it is no text.
    """
    encoding = _encoding(Path(path))
    with Path(path).open(encoding=encoding, newline="") as file:
        sample = file.read(SAMPLE)
        if file.read(1):  # the last line is cut
            sample = sample[: sample.rfind("\n") + 1] or sample
    return detect_in_text(sample, encoding=encoding)


def detect_in_text(text: str, *, encoding: str = "utf-8-sig") -> Dialect:
    """The dialect of a text, or of the beginning of one.

    >>> detect_in_text("id;area\\n1;3,5\\n")
    Dialect(encoding='utf-8-sig', delimiter=';', decimal=',', skip=0)
    """
    skip, announced = 0, None
    lines = io.StringIO(text)
    for line in iter(lines.readline, ""):
        line_of_excel = re.fullmatch(r'"?sep=(.)"?\s*', line)
        if line_of_excel:
            announced = line_of_excel[1]
        elif line.strip():
            break
        skip += 1
    body = "".join(text.splitlines(keepends=True)[skip:]) if skip else text
    delimiter = announced or _delimiter(body)
    return Dialect(encoding, delimiter, _decimal(_parsed(body, delimiter), delimiter), skip)


def rows(path: str | Path, dialect: Dialect | None = None) -> Iterator[tuple[int, list[str]]]:
    """The heading and the rows of a file, each with the number of its last line, from 1.

    Rows without any text (blank lines, delimiters alone) are left out. Raises `InputError` as
    `detect`, and where a quotation mark is not closed or the text ends within a character.
    """
    chosen = dialect or detect(path)
    try:
        with Path(path).open(encoding=chosen.encoding, newline="") as file:
            yield from _rows(file, chosen, where=path)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not text in {chosen.encoding} throughout ({error.reason}); save it as CSV "
            "in UTF-8"
        ) from None


def rows_of_text(
    text: str, dialect: Dialect, *, where: str | Path
) -> Iterator[tuple[int, list[str]]]:
    """`rows` of a text in memory."""
    return _rows(io.StringIO(text, newline=""), dialect, where=where)


def number(text: str, *, decimal: str = ".") -> float | None:
    """The number that a cell holds, thousands separators taken out; None where it holds none.

    >>> number("1.234,5", decimal=","), number("1,234.5"), number("12e-3"), number("E01")
    (1234.5, 1234.5, 0.012, None)
    """
    cell = text.strip()
    mark = "." if decimal == "," else ","
    grouped = (
        rf"[+-]?\d{{1,3}}([{mark} '\u00a0\u202f])\d{{3}}(\1\d{{3}})*({re.escape(decimal)}\d*)?"
    )
    if re.fullmatch(grouped, cell):
        cell = re.sub(rf"[{mark} '\u00a0\u202f]", "", cell)
    elif mark in cell:
        return None
    try:
        return float(cell.replace(decimal, ".").replace("_", " "))  # 1_000 is a name
    except ValueError:
        return None


def _rows(
    file: io.TextIOBase | io.StringIO, dialect: Dialect, *, where: str | Path
) -> Iterator[tuple[int, list[str]]]:
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        for _ in range(dialect.skip):
            file.readline()
        reader = csv.reader(file, delimiter=dialect.delimiter)
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num + dialect.skip, row
    except csv.Error as error:
        raise InputError(f"{where} is no table of cells: {error}") from None
    finally:
        csv.field_size_limit(limit)


def _encoding(path: Path) -> str:
    """UTF-8 or UTF-16 with its mark, else UTF-8 where every byte agrees, else Windows' own."""
    try:
        with path.open("rb") as file:
            head = file.read(CHUNK)
            for magic, what in BINARY.items():
                if head.startswith(magic):
                    raise InputError(f"{path} is {what} and no text; save it as CSV")
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            if b"\0" in head:
                raise InputError(f"{path} holds zero bytes, so it is no text; save it as CSV")
            decoder = codecs.getincrementaldecoder("utf-8-sig")()
            chunk = head
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(CHUNK)
            decoder.decode(b"", final=True)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise InputError(f"wanted a file, but {path} is a folder") from None
    except UnicodeDecodeError:
        return FALLBACK
    return "utf-8-sig"


def _parsed(text: str, delimiter: str) -> list[list[str]]:
    """The first rows that have text, the heading among them."""
    first: list[list[str]] = []
    try:
        for _, row in _rows(io.StringIO(text, newline=""), Dialect(delimiter=delimiter), where=""):
            first.append(row)
            if len(first) == ROWS:
                break
    except InputError:  # a quotation mark that the sample cuts
        pass
    return first


def _delimiter(text: str) -> str:
    """The delimiter that gives all rows the heading's number of cells, and the most of them."""

    def fit(delimiter: str) -> tuple[bool, float, int]:
        parsed = _parsed(text, delimiter)
        columns = len(parsed[0]) if parsed else 0
        same = [len(row) == columns for row in parsed]
        return columns > 1, sum(same) / max(len(same), 1), columns

    return max(DELIMITERS, key=fit)


def _decimal(parsed: list[list[str]], delimiter: str) -> str:
    """The decimal mark of the numbers in the rows; `1,234` alone follows the delimiter."""
    commas = points = unsure = 0
    for row in parsed[1:]:
        for cell in map(str.strip, row):
            if AMBIGUOUS.fullmatch(cell):
                unsure += "," in cell
            elif DECIMAL_COMMA.fullmatch(cell):
                commas += 1
            elif DECIMAL_POINT.fullmatch(cell):
                points += 1
    if commas or points:
        return "," if commas > points else "."
    return "," if unsure and delimiter != "," else "."
