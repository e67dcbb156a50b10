"""Progress of a command: a bar on a terminal, plain lines in a log or a pipe; and tables of text.

Progress goes to standard error and results to standard output, so that `kontur … > file` keeps
only results.
"""

import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import typer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

AGAIN = 10.0  # seconds between two lines on what is left
Left = Callable[[], float | None]  # the seconds that are left, where they are known


class StepReporter(Protocol):
    """What is called after each step, with a line on its result; `part` within a long step.

    An empty line is not printed in a log.

    `beside` may be called by another thread than the others.
    """

    def __call__(self, line: str, name: str = "") -> None: ...
    def part(self, name: str, done: int, total: int) -> None:
        """So many parts of the step of this name are done; several steps may be underway."""

    def beside(self, doing: str, done: int, total: int) -> None:
        """So much is done of what is no step: before the first, or after all parts of one."""


def print_notes(notes: Iterable[str]) -> None:
    """Print what the user should know besides the results, a line each."""
    for note in notes:
        typer.echo(f"! {note}", err=True)


LINE = 32  # characters beside the bar, so that both fit into a terminal of 80


class _Lines:
    """Steps as lines of a log, now and then one on the parts of a long step and the time left."""

    def __init__(self, total: int, left: Left, *, quiet: bool):
        self.total, self.left, self.quiet, self.done = total, left, quiet, 0
        self._next = time.monotonic() + AGAIN

    def __call__(self, line: str, name: str = "") -> None:
        self.done += 1
        if not self.quiet and line:
            typer.echo(f"[{self.done}/{self.total}] {line}", err=True)
            if self.done < self.total:
                self._print_left(f"{self.done} of {self.total}")

    def part(self, name: str, done: int, total: int) -> None:
        if not self.quiet and done < total:
            self._print_left(f"{name}: part {done} of {total}")

    def beside(self, doing: str, done: int, total: int) -> None:
        if not self.quiet and time.monotonic() >= self._next:
            typer.echo(f"{doing}: {done} of {total}", err=True)
            self._next = time.monotonic() + AGAIN

    def _print_left(self, what: str) -> None:
        left = self.left()
        if left is not None and time.monotonic() >= self._next:
            typer.echo(f"{what}, {duration(left)} left", err=True)
            self._next = time.monotonic() + AGAIN


class _Bar:
    """Steps as a bar on a terminal; parts of a step fill the bar in between."""

    def __init__(self, bar: "Progress", task: "TaskID", left: Left):
        self.bar, self.task, self.left, self.done = bar, task, left, 0
        self._parts: dict[str, float] = {}

    def __call__(self, line: str, name: str = "") -> None:
        self.done += 1
        self._parts.pop(name, None)
        self._show(line)

    def part(self, name: str, done: int, total: int) -> None:
        self._parts[name] = min(done / total, 0.999)
        self._show(f"{name}: part {done} of {total}")

    def beside(self, doing: str, done: int, total: int) -> None:
        line = f"{doing}: {done} of {total}"  # how long that takes no step has told
        self.bar.update(self.task, description=escaped(_end_of(line)), left="")

    def _show(self, line: str) -> None:
        left = self.left()
        self.bar.update(
            self.task,
            completed=self.done + sum(self._parts.values()),
            done=self.done,
            description=escaped(_end_of(line)),
            left="" if left is None else f"{duration(left)} left",
        )


@contextmanager
def steps(
    total: int, doing: str, *, left: Left = lambda: None, quiet: bool = False
) -> Iterator[StepReporter]:
    """A context with a function to call after each of `total` steps with a line on its result.

    On a terminal the line is shown beside a bar with the time left; elsewhere it is printed, and
    the time left every ten seconds. Its `part` tells of parts of a long step, by its name.
    """
    if quiet or not sys.stderr.isatty():
        yield _Lines(total, left, quiet=quiet)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn(doing),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[done]}/{task.total:.0f}"),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, bar.add_task("", total=total, done=0, left=""), left)


def duration(seconds: float) -> str:
    """A time that is left, in a word or two.

    >>> duration(8), duration(100), duration(5000)
    ('8 s', '1:40 min', '1:23 h')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"


def escaped(line: str) -> str:
    """A line in which rich finds no markup."""
    from rich.markup import escape

    return escape(line)


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
