"""What a person sees while a training runs: a bar with the time left, and a line now and then."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

BAR_STEPS = 1000  # the bar is drawn in thousandths of the training, which may go by minutes


class Display:
    """A bar on a terminal; elsewhere (a log file) only the lines of `say`."""

    def __init__(self, console: Console | None = None):
        self.console = console or Console(stderr=True)
        self._bar = Progress(
            TextColumn("step"),
            BarColumn(),
            TextColumn("{task.fields[step]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]} left"),
            TextColumn("{task.fields[speed]}"),
            TextColumn("{task.fields[losses]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task = self._bar.add_task(
            "training", total=BAR_STEPS, step="0", left="–", speed="", losses="", visible=False
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        """A line that stays."""
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def reading(self, what: str) -> "Reading":
        """A bar of its own for files that are read."""
        return Reading(self.console, what)

    def step(self, step: int, progress: float, left: float, speed: float, losses: str) -> None:
        """Where the training stands: `progress` from 0 to 1, `left` seconds, `speed` images/s."""
        self._bar.update(
            self._task,
            completed=progress * BAR_STEPS,
            step=str(step),
            left=duration(left),
            speed=f"{speed:.1f} images/s",
            losses=losses,
            visible=True,
        )


class Reading:
    """Counts files as they are read; use as a context and call with (done, total)."""

    def __init__(self, console: Console, what: str):
        self._bar = Progress(
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(what, total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total)


class Speed:
    """Images a second and the time left, over the recent past."""

    WEIGHT = 0.05  # of the newest step in the moving average

    def __init__(self) -> None:
        self._last: float | None = None
        self._seconds = 0.0

    def tick(self) -> None:
        now = time.monotonic()
        if self._last is not None:
            took = now - self._last
            weight = self.WEIGHT if self._seconds else 1.0
            self._seconds += weight * (took - self._seconds)
        self._last = now

    def pause(self) -> None:
        """The time until the next tick is not a step's."""
        self._last = None

    @property
    def seconds_a_step(self) -> float:
        """0 before the second step."""
        return self._seconds


def duration(seconds: float) -> str:
    """Hours, minutes and seconds for people.

    >>> duration(3725), duration(65.4), duration(0)
    ('1:02:05', '1:05', '0:00')
    """
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
