"""Progress of a command: a bar on a terminal, plain lines in a log or a pipe; and tables of text.

Progress goes to standard error and results to standard output, so that `kontur … > file` keeps
only results.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

Step = Callable[[str], None]

LINE = 36  # characters beside the bar, so that both fit into a terminal of 80


@contextmanager
def steps(total: int, doing: str, *, quiet: bool = False) -> Iterator[Step]:
    """A context with a function to call after each of `total` steps with a line on its result.

    On a terminal the line is shown beside a bar with the time left; elsewhere it is printed.
    """
    if quiet or not sys.stderr.isatty():
        done = 0

        def print_step(line: str) -> None:
            nonlocal done
            done += 1
            if not quiet:
                typer.echo(f"[{done}/{total}] {line}", err=True)

        yield print_step
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn(doing),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda line: bar.update(task, advance=1, description=escape(_end_of(line)))


@contextmanager
def counter(doing: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A context with a function `progress(done, total)`: a bar on a terminal, nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def table(rows: list[list[str]]) -> str:
    """Rows as aligned columns of plain text; numbers to the right, the first row is the heading.

    >>> print(table([["name", "size"], ["nuclei", "7.6"], ["a", "12"]]))
    name    size
    nuclei   7.6
    a         12
    """
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(_number(cell) for cell in column[1:]) for column in columns]
    lines = [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def _end_of(line: str) -> str:
    """The end of a line, which has the result; long file names lose their beginning."""
    return line if len(line) <= LINE else f"…{line[1 - LINE :]}"


def _number(cell: str) -> bool:
    plain = cell.replace(",", "").lstrip("-−")
    return cell in ("", "–") or bool(re.fullmatch(r"\d*\.?\d+(e[+-]\d+)?", plain))
