"""CSV rows: the cells of a file, read by Arrow, and its columns of plain numbers.

Arrow reads a file four times as fast as Python's csv, but only if all rows have as many cells as
the heading and none is longer than a block; any other file is first rewritten in memory. Rows
without any text are left out.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from kontur.errors import InputError
from kontur.files import csv_dialect
from kontur.measure.extra import package
from kontur.measure.tables.cells import Mark

BLOCK = 1 << 21  # bytes that Arrow reads at a time, in many blocks at once
WHOLE = "^-?(0|[1-9][0-9]{0,17})$"
# Numbers with the mark M of decimals, and those in which it cannot be a mark of thousands.
PLAIN = "^-?(0|[1-9][0-9]{0,17})?(M[0-9]+([eE][+-]?[0-9]+)?|[eE][+-][0-9]+)?$"
CERTAIN = "^-?(0?M[0-9]+|[0-9]+M([0-9]{1,2}|[0-9]{4,}|.*[eE].*)|[0-9]{4,}(M[0-9]+)?)$"


class Rows(NamedTuple):
    """The rows of a file below its heading, which can be read several times.

    Attributes:
        open: opens the file at its heading, in UTF-8.
        delimiter: the character between cells.
        columns: their number.
        numbers: the line number of each row; None where rows and lines are the same.
        block: bytes that are read at a time, more than any row has.
    """

    open: Callable[[], io.BufferedIOBase]
    delimiter: str
    columns: int
    numbers: Int[np.ndarray, " n"] | None = None
    block: int | None = None

    def blocks(self) -> Iterator[Any]:
        """The rows as record batches of Arrow, texts with nulls for empty cells."""
        with (
            self.open() as file,
            package("pyarrow.csv").open_csv(file, **self._options()) as reader,
        ):
            yield from reader

    def texts(self, columns: Sequence[int], keep: Bool[np.ndarray, " rows"]) -> list[Any]:
        """Columns, by index, as texts of pandas, of the rows to keep."""
        if not columns:
            return []
        with self.open() as file:
            table = package("pyarrow.csv").read_csv(file, **self._options(columns))
        table = table if keep.all() else table.filter(package("pyarrow").array(keep))
        return [table.column(str(place)).to_pandas() for place in columns]

    def _options(self, columns: Sequence[int] | None = None) -> dict[str, Any]:
        arrow, reader = package("pyarrow"), package("pyarrow.csv")
        names = [str(place) for place in range(self.columns)]
        return {
            "read_options": reader.ReadOptions(
                column_names=names, skip_rows_after_names=1, block_size=self.block or BLOCK
            ),
            "parse_options": reader.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
            "convert_options": reader.ConvertOptions(
                column_types=dict.fromkeys(names, arrow.string()),
                include_columns=names if columns is None else [names[place] for place in columns],
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        }


@dataclass
class PlainColumn:
    """The numbers of a column, collected block by block as long as all its cells are plain."""

    blocks: list[Any] | None = field(default_factory=list)  # None after a cell that is not plain
    whole: bool = True  # all numbers so far are whole
    mark: Mark | None = None  # of decimals, once a cell has one
    certain: bool = False  # that it is not a mark of thousands

    def add(self, texts: Any, marks: Sequence[Mark]) -> None:
        """Add the next block of texts; `marks` are the marks that decimals may have."""
        if self.blocks is None:
            return
        arrow, compute = package("pyarrow"), package("pyarrow.compute")
        if self.whole and _all(texts, WHOLE):
            numbers = compute.cast(texts, arrow.int64())
            self.blocks.append(numbers)
            self.certain |= (compute.max(compute.abs(numbers)).as_py() or 0) > 999
            return
        self.whole = False
        for mark in [self.mark] if self.mark else marks:
            if _all(texts, PLAIN.replace("M", rf"\{mark}")):
                pointed = texts if mark == "." else compute.replace_substring(texts, mark, ".")
                self.blocks.append(compute.cast(pointed, arrow.float64()))
                if self.mark is None and compute.any(compute.match_substring(texts, mark)).as_py():
                    self.mark = mark
                if not self.certain:
                    sure = compute.match_substring_regex(texts, CERTAIN.replace("M", rf"\{mark}"))
                    self.certain = bool(compute.any(sure).as_py())
                return
        self.blocks = None

    def take(self) -> Any:
        """Hand over the numbers as an array of Arrow; None if not plain or the mark ambiguous."""
        blocks, self.blocks = self.blocks, None
        if blocks is None or (self.mark and not self.certain):
            return None
        arrow = package("pyarrow")
        kind = arrow.int64() if self.whole else arrow.float64()
        return arrow.chunked_array([block.cast(kind) for block in blocks], kind)


def plain_columns(
    rows: Rows, candidates: Sequence[bool], marks: Sequence[Mark]
) -> tuple[list[PlainColumn], Bool[np.ndarray, " rows"]]:
    """The columns of the file where `candidates` is true, and which rows have text.

    Raises Arrow's `ArrowInvalid` for rows of different lengths, and for one longer than a block.
    """
    columns = [PlainColumn([] if candidate else None) for candidate in candidates]
    kept = [np.empty(0, dtype=bool)]
    for block in rows.blocks():
        keep = _with_text(block)
        kept.append(keep)
        whole = block if keep.all() else block.filter(package("pyarrow").array(keep))
        for column, texts in zip(columns, whole.columns, strict=True):
            column.add(texts, marks)
    return columns, np.concatenate(kept)


def rows_below(path: Path, dialect: csv_dialect.Dialect, columns: int) -> Rows:
    """The rows of a file as it is."""
    return Rows(lambda: _from_heading(path, dialect), dialect.delimiter, columns)


def rows_of_one_length(path: Path, dialect: csv_dialect.Dialect, columns: int) -> Rows:
    """The rows of a file rewritten in memory, of any length, short ones padded with empty cells.

    Raises `InputError` for a row with more cells than the heading.
    """
    text, numbers, longest = io.StringIO(), [], 0
    writer = csv.writer(text)
    for number, cells in csv_dialect.rows(path, dialect):
        if any(cell.strip() for cell in cells[columns:]):
            raise InputError(
                f"{path}, line {number}: {len(cells)} cells under a heading of {columns} names; "
                "name every column, or quote cells that hold the delimiter"
            )
        length = writer.writerow([*cells[:columns], *[""] * (columns - len(cells))])
        longest = max(longest, length)
        numbers.append(number)
    content = text.getvalue().encode()
    block = max(BLOCK, 5 * longest)  # a letter has 4 bytes at most
    counted = np.array(numbers[1:], dtype=np.int64)
    return Rows(lambda: io.BytesIO(content), ",", columns, counted, block)


def _from_heading(path: Path, dialect: csv_dialect.Dialect) -> io.BufferedIOBase:
    """The file from its heading on, in UTF-8 without a byte order mark."""
    if dialect.encoding == "utf-8-sig":
        file = path.open("rb")
        if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            file.seek(0)
        for _ in range(dialect.skip):
            file.readline()
        return file
    with path.open(encoding=dialect.encoding, newline="") as text:
        for _ in range(dialect.skip):
            text.readline()
        return io.BytesIO(text.read().encode())


def _with_text(block: Any) -> Bool[np.ndarray, " rows"]:
    """Which rows of a block have a cell with more than white space."""
    compute = package("pyarrow.compute")
    full = np.zeros(len(block), dtype=bool)
    for texts in block.columns:
        has_text = compute.not_equal(compute.utf8_trim_whitespace(texts), "")
        full |= has_text.fill_null(False).to_numpy(zero_copy_only=False)
        if full.all():  # as a rule after the first column
            break
    return full


def _all(texts: Any, pattern: str) -> bool:
    """Whether all texts match a pattern; empty cells do."""
    compute = package("pyarrow.compute")
    matches = compute.match_substring_regex(texts, pattern)
    return bool(compute.all(matches, min_count=0).as_py())
