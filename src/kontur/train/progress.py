"""Progress of a training: a bar with the time left on a terminal, lines in a log."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

BAR_STEPS = 1000  # units of the bar: thousandths of the training
SILENCE = 60.0  # seconds after which a log gets a line on the progress
BAR_WIDTH = 30  # characters; with its labels it fits into a terminal of 80


class ProgressDisplay:
    """A bar on a terminal; elsewhere (a log file) the printed lines, and one a minute."""

    def __init__(
        self, console: Console | None = None, *, clock: Callable[[], float] = time.monotonic
    ):
        self.console = console or Console(stderr=True)
        self.clock = clock
        self._printed = clock()
        self._bar = _Bar(
            TextColumn("step {task.fields[step]}"),
            BarColumn(BAR_WIDTH),
            TextColumn("{task.fields[left]} left"),
            TextColumn("{task.fields[speed]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task = self._bar.add_task(
            "training", total=BAR_STEPS, step="0", left="–", speed="", visible=False
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def print_line(self, line: str) -> None:
        """Print a line above the bar."""
        self._printed = self.clock()
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    @property
    def is_silent(self) -> bool:
        """Whether no line has been written to a file or pipe for a minute."""
        return not self.console.is_terminal and self.clock() - self._printed >= SILENCE

    def set_status(self, line: str) -> None:
        """Show a line below the bar, until the next one; in a file at most once a minute."""
        self._bar.note = line
        if self.is_silent:
            self.print_line(line)

    @contextmanager
    def counting(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """A context with a function `progress(done, total)`, which has a bar of its own."""
        bar = Progress(
            TextColumn(what),
            BarColumn(BAR_WIDTH),
            MofNCompleteColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        task = bar.add_task(what, total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            if self.is_silent:
                self.print_line(f"{what}: {done} of {total}")

        with bar:
            yield progress

    def step(
        self, step: str, *, progress: float, left: float, speed: float, losses: Mapping[str, float]
    ) -> None:
        """Show the progress, 0 to 1, the seconds `left`, `speed` in images/s, and the losses."""
        self._bar.update(
            self._task,
            completed=progress * BAR_STEPS,
            step=step,
            left=duration(left),
            speed=f"{speed:.1f} images/s",
            visible=True,
        )
        losses_text = "  ".join(f"{name} {loss:.3g}" for name, loss in losses.items())
        if self.is_silent:
            self.print_line(
                f"step {step}  {duration(left)} left, {speed:.1f} images/s  {losses_text}".rstrip()
            )
        self.set_status(losses_text)


class _Bar(Progress):
    """A bar with a line below it."""

    note = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        if self.note:
            yield Text(self.note, no_wrap=True, overflow="ellipsis")


class Speed:
    """Images per second, a moving average over the recent steps."""

    WEIGHT = 0.05  # of the newest step in the moving average

    def __init__(self) -> None:
        self._last: float | None = None
        self._seconds_an_image = 0.0

    def add(self, images: int, seconds: float) -> None:
        """Add a step of so many images that ended `seconds` after the training began."""
        if self._last is not None:
            took = (seconds - self._last) / images
            weight = self.WEIGHT if self._seconds_an_image else 1.0
            self._seconds_an_image += weight * (took - self._seconds_an_image)
        self._last = seconds

    @property
    def images_a_second(self) -> float:
        """The average; 0 before the second step."""
        return 1 / self._seconds_an_image if self._seconds_an_image else 0.0


def duration(seconds: float) -> str:
    """A time as hours, minutes and seconds.

    >>> duration(3725), duration(65.4), duration(0)
    ('1:02:05', '1:05', '0:00')
    """
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
