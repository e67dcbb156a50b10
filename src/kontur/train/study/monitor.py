"""Progress of a study: the current fit, its progress, and the time that all fits will take.

A bar on a terminal; elsewhere a line when a fit ends. The progress of a fit is read from the log of
its run, so that the processes need not communicate.
"""

import json
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from kontur.models import catalog
from kontur.select import Outcome, Trial
from kontur.settings import read_toml
from kontur.train.progress import duration
from kontur.train.run_folder import LINES
from kontur.train.study.study_files import FitFiles
from kontur.wording import plural

TAIL = 4096  # bytes: the last line is shorter
BAR_WIDTH = 20  # characters
HERE = "on this machine one after the other, where nothing else runs on it"
TUNING_SECONDS = 50.0  # of a fit beyond its training, measured on 13 photographs; later measured
FIRST_FOLDS, FIRST_MINUTES = 2, 2.0  # of a first look, which ranks networks roughly
LONG = 60.0  # minutes of a study from which a first look is offered
MOST_MINUTES = 100  # longer times are printed in hours
BAR_STEPS = 1000  # units of the bar: thousandths of the study


def describe_fits(fits: Sequence[Mapping[str, Any]], *, refitted: bool) -> str:
    """The number and length of the trainings to come, from their `training` settings.

    That of the best on all images, where it is `refitted`, is one more.

    >>> describe_fits([{"minutes": 10.0}] * 30, refitted=False)
    '30 trainings of 10 minutes: about 5.4 hours with tuning and judging, on this machine one after
    the other, where nothing else runs on it'
    >>> describe_fits([{"minutes": 4}, {"minutes": 5}], refitted=True)[:80]
    '3 trainings of 4 to 5 minutes, the last on all images: about 16 minutes with tun'
    >>> describe_fits([{"steps": 500}], refitted=False)
    '1 training of 500 steps; how long that takes is known after the first'
    """
    then = ", the last on all images" if refitted else ""
    minutes = [fit["minutes"] for fit in fits if "minutes" in fit]
    if len(minutes) == len(fits):
        each = " to ".join(dict.fromkeys(f"{of(minutes):g}" for of in (min, max)))
        total = _minutes(minutes, refitted=refitted)
        hours = f"{total / 60:.1f}".removesuffix(".0") + " hours"
        long = f"{total:.0f} minutes" if total < MOST_MINUTES else hours
        each = f"{each} minute{'s' * (each != '1')}"
        length = f"{each}{then}: about {long} with tuning and judging, {HERE}"
    else:
        steps = {fit.get("steps") for fit in fits}
        each = plural(steps.pop() or 0, "step") if len(steps) == 1 else "different lengths"
        length = f"{each}{then}; how long that takes is known after the first"
    return f"{plural(len(fits) + refitted, 'training')} of {length}"


def shorter_study(
    fits: Sequence[Mapping[str, Any]], settings: int, *, refitted: bool
) -> str | None:
    """How a long study of so many networks or settings is shortened; None where it is not long.

    >>> shorter_study([{"minutes": 10.0}] * 25, 5, refitted=True)
    'a first look takes about 31 minutes: --folds 2 --minutes 2, with another --out (--kinds names
    fewer networks)'
    """
    if not all("minutes" in fit for fit in fits):
        return None
    total = _minutes([fit["minutes"] for fit in fits], refitted=refitted)
    minutes = _minutes([FIRST_MINUTES] * FIRST_FOLDS * settings, refitted=refitted)
    if total < max(LONG, 2 * minutes):
        return None
    return (
        f"a first look takes about {minutes:.0f} minutes: --folds {FIRST_FOLDS} --minutes "
        f"{FIRST_MINUTES:g}, with another --out (--kinds names fewer networks)"
    )


def _minutes(minutes: Sequence[float], *, refitted: bool) -> float:
    """The minutes of trainings of these lengths, with their tuning and evaluation."""
    total = sum(minutes) + (max(minutes) if refitted else 0)
    return total + TUNING_SECONDS / 60 * (len(minutes) + refitted)


class _CurrentFit(NamedTuple):
    """The current fit: the time of its start, and its length."""

    trial: Trial
    fit: FitFiles
    since: float
    steps: float
    minutes: float


class StudyMonitor:
    """Shows the progress of a study's fits: a bar on a terminal, a line for each fit elsewhere.

    Trainings alone are numbered; what is tuned in no time, such as a baseline, is none.
    """

    def __init__(self, console: Console | None = None, *, quiet: bool = False):
        self.console = console or Console(stderr=True)
        self.quiet = quiet
        self.planned: list[Trial] = []
        self.total = 0  # fits, that on all images too
        self.ended = 0
        self.trains: Callable[[Trial], bool] = lambda trial: True
        self.trainings = 0  # those of the fits that are trained
        self.seconds: dict[str, list[float]] = {}
        self.current: _CurrentFit | None = None
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(BAR_WIDTH),
            TextColumn("{task.fields[left]}"),
            console=self.console,
            transient=True,
            disable=quiet or not self.console.is_terminal,
        )
        self.task = self.bar.add_task("", total=BAR_STEPS, left="", visible=False)

    @contextmanager
    def running(
        self,
        planned: Sequence[Trial],
        finished: Callable[[Trial], Mapping[str, float] | None],
        *,
        refitted: bool,
        trains: Callable[[Trial], bool],
    ) -> Iterator[None]:
        """Show the bar while the block runs; `finished` gives the result of a finished trial.

        `trains` says whether a trial is a training.
        """
        self.planned, self.total = list(planned), len(planned) + refitted
        trained = [trial for trial in planned if trains(trial)]
        self.trains, self.trainings = trains, len(trained) + refitted
        before = sum(finished(trial) is not None for trial in trained)
        if before:
            are = "are" if before > 1 else "is"
            self.print_line(f"{plural(before, 'training')} {are} finished already")
        with self.bar:
            yield

    def fit_started(self, trial: Trial, fit: FitFiles) -> None:
        """Note that a fit starts or is resumed."""
        training = read_toml(fit.config).get("training", {})
        steps, minutes = training.get("steps", math.inf), training.get("minutes", math.inf)
        self.current = _CurrentFit(trial, fit, time.monotonic(), steps, minutes)
        if trial.fold is None:
            self.print_line(f"training {trial.setting} on all images")
        self.refresh()

    def refresh(self) -> None:
        """Update the bar."""
        if self.current is None or self.bar.disable:
            return
        share = self.share_done()
        done = (self.ended + share) / self.total
        doing = ", tuning and judging" if share == 1 else ""
        self.bar.update(
            self.task,
            description=f"{self._number(self.current.trial)}{self._name(self.current.trial)}{doing}",
            completed=BAR_STEPS * done,
            left=f"{duration(self.seconds_left(share))} left",
            visible=True,
        )

    def fit_finished(self, outcome: Outcome, rank: str) -> None:
        """Note that a fit has ended, or was finished before."""
        self.ended += 1
        running, self.current = self.current, None
        scores = outcome.scores
        if scores is not None and "seconds" in scores:
            self.seconds.setdefault(outcome.trial.setting, []).append(scores["seconds"])
        if running is None and outcome.failure is None:
            return
        came = "failed" if scores is None else f"{rank} {scores.get(rank, math.nan):.3f}"
        took = "" if scores is None else f", {duration(scores['seconds'])}"
        left = self.seconds_left(0.0)
        more = f", {duration(left)} left" if self.ended < self.total else ""
        name = self._name(outcome.trial)
        number = self._number(outcome.trial).strip()
        number = f"[{number}] " if number else ""
        self.print_line(f"{number}{name}: {came}{took}{more}")

    def print_line(self, line: str) -> None:
        """Print a line above the bar."""
        if not self.quiet:
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def share_done(self) -> float:
        """The progress of the current fit, 0 to 1."""
        if self.current is None:
            return 0.0
        row = last_row(self.current.fit.run / LINES)
        return min(1.0, row.get("progress", row["step"] / self.current.steps))

    def seconds_left(self, share: float) -> float:
        """For the rest of the current fit and all that follow, the training on all images too."""
        rest = [trial.setting for trial in self.planned[self.ended :]]
        estimates = [self._estimate(name, share) for name in rest]
        if self.total > len(self.planned):  # the best, which may be the slowest
            estimates.append(
                max([self._estimate(name, share) for name in self.seconds] + estimates)
            )
        done = estimates[0] * share if estimates and self.current is not None else 0.0
        return sum(estimates) - done

    def _estimate(self, name: str, share: float) -> float:
        """Seconds of one fit, from those of its row, else from the others or the current one."""
        if name in self.seconds:
            return statistics.fmean(self.seconds[name])
        if name in catalog.METHODS:
            return 0.0
        known = [
            seconds
            for other, took in self.seconds.items()
            if other not in catalog.METHODS
            for seconds in took
        ]
        if known:
            return statistics.fmean(known)
        if self.current is None:
            return 0.0
        if self.current.minutes < math.inf:
            return 60 * self.current.minutes + TUNING_SECONDS
        return (time.monotonic() - self.current.since) / max(share, 0.01)

    def _number(self, trial: Trial) -> str:
        """Which training it is, of all of them; "" of what is none."""
        if trial.fold is None:
            return f"{self.trainings}/{self.trainings} "
        if not self.trains(trial):
            return ""
        before = sum(map(self.trains, self.planned[: self.planned.index(trial)]))
        return f"{before + 1}/{self.trainings} "

    @staticmethod
    def _name(trial: Trial) -> str:
        if trial.fold is None:
            return f"{trial.setting}, all images"
        part = f", {round(100 * trial.share)} % of the images" if trial.share < 1 else ""
        return f"{trial.setting}, fold {trial.fold + 1}{part}"


def last_row(path: Path) -> dict[str, float]:
    """Step and progress by the last complete lines of a run's log; step 0 without one."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return {"step": 0}
    last: dict[str, float] = {}
    for line in reversed(lines):
        try:
            row = json.loads(line)
            last = last or {"step": float(row["step"])}
            if "progress" in row:  # rows of validations lack it
                return {**last, "progress": float(row["progress"])}
        except (ValueError, LookupError, TypeError):
            continue
    return last or {"step": 0}
