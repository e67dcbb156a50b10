"""Which precision and how many threads make a step fastest on this machine, as it is now.

`auto` is 16-bit floats with the exponent of 32 (bf16) on GPUs that have them. On a CPU it depends
on the processor, on the network's shapes and on other work, so real steps are timed. Two modes are
timed alternately and compared by the median ratio of neighbouring steps, so that other work affects
both.

Threads wait for one another at the end of every layer, so that with other work on the machine the
slowest determines the speed, and half of them may be much faster (docs/results.md).
"""

import copy
import os
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import torch

from kontur.models.segmenter import Segmenter
from kontur.train.config import Precision
from kontur.train.dataloader import Batch
from kontur.train.devices import Devices, cores, processors

TRIAL_SECONDS = 2.0  # for which two modes are timed, and for MIN_TURNS at least
MIN_TURNS = 3
TRIAL_IMAGES = 8  # of a timed step at most; small batches favour 32-bit floats
SLOW = 2.5  # times as long as the fastest steps of the run, from which a warning is printed
CHANGED = 1.5  # times slower or faster than before, from which threads are chosen again
FASTER = 0.95  # largest share of the time for which bf16, or fewer threads, are chosen

LIGHTNING: dict[Precision, str] = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


class PrecisionChoice(NamedTuple):
    """A precision and why it was chosen."""

    name: Precision
    reason: str


class ThreadsChoice(NamedTuple):
    """A number of threads and why it was chosen; "" where there was no choice."""

    number: int
    reason: str


class StepMode(NamedTuple):
    """How a step is computed on a CPU: its precision and threads."""

    bf16: bool
    threads: int


class StepTimer:
    """Forward and backward passes of one batch, on a copy of the network."""

    def __init__(self, segmenter: Segmenter, batch: Batch):
        network = copy.deepcopy(segmenter).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network: Segmenter = network.train()
        self.batch = batch

    def __call__(self, mode: StepMode) -> float:
        """Seconds of one step."""
        before = torch.get_num_threads()
        torch.set_num_threads(mode.threads)
        start = time.perf_counter()
        try:
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mode.bf16):
                losses = self.network.loss(self.batch.images, self.batch.targets)
                torch.autograd.backward(self.network.total(losses))
        finally:
            torch.set_num_threads(before)
        return time.perf_counter() - start


class Times(NamedTuple):
    """Seconds of a step in the first of two modes, the median; in the second by their ratio."""

    first: float
    second: float
    ratio: float


def time_alternately(
    timer: Callable[[StepMode], float], first: StepMode, second: StepMode
) -> Times:
    """Time two modes alternately, after one step of each that does not count."""
    timer(first), timer(second)
    turns: list[tuple[float, float]] = []
    while len(turns) < MIN_TURNS or sum(map(sum, turns)) < TRIAL_SECONDS:
        turns.append((timer(first), timer(second)))
    seconds = statistics.median(a for a, _ in turns)
    ratio = statistics.median(b / a for a, b in turns)
    return Times(seconds, seconds * ratio, ratio)


def choose_threads(
    wanted: int | None, devices: Devices, timer: Callable[[], StepTimer], *, bf16: bool = False
) -> ThreadsChoice:
    """All processors or half of them, whichever is faster now, unless `wanted` is given.

    `timer` is called only where steps have to be timed.
    """
    most = max(1, cores() // devices.here)
    if wanted is not None or devices != Devices("cpu", 1) or most == 1:
        return ThreadsChoice(wanted or most, "")
    half = most // 2
    times = time_alternately(timer(), StepMode(bf16, most), StepMode(bf16, half))
    number = half if times.ratio < FASTER else most
    return ThreadsChoice(
        number,
        f"threads {number}: a step takes {times.first:.2f} s with {most} and {times.second:.2f} s "
        f"with {half}",
    )


def choose_precision(
    wanted: Precision, accelerator: str, timer: Callable[[], StepTimer]
) -> PrecisionChoice:
    """The precision on this machine, `wanted` unless it is auto.

    `timer` is called only where steps have to be timed.
    """
    if wanted != "auto":
        return PrecisionChoice(wanted, "as set")
    if accelerator == "cuda":
        has = torch.cuda.is_bf16_supported(including_emulation=False)
        return PrecisionChoice("bf16" if has else "32", "the fastest of this GPU")
    if accelerator != "cpu":
        return PrecisionChoice("32", f"the safe choice on {accelerator}")
    threads = torch.get_num_threads()
    times = time_alternately(timer(), StepMode(False, threads), StepMode(True, threads))
    name: Precision = "bf16" if times.ratio < FASTER else "32"
    reason = f"a step takes {times.second:.2f} s in bf16 and {times.first:.2f} s in 32"
    return PrecisionChoice(name, reason)


class Pace:
    """The speed of training: whether it has dropped, and whether to choose threads again.

    Both methods take the images per second of the last few steps.
    """

    def __init__(self) -> None:
        self.fastest = 0.0
        self.is_slow = False
        self.chosen: float | None = None  # the speed just after threads were chosen

    def slowdown(self, speed: float) -> float:
        """How many times slower than the fastest, when that exceeds `SLOW`, once; 0 otherwise.

        >>> pace = Pace()
        >>> [pace.slowdown(speed) for speed in (20.0, 24.0, 20.0, 6.0, 5.0, 20.0, 4.0)]
        [0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 6.0]
        """
        self.fastest = max(self.fastest, speed)
        was_slow, times = self.is_slow, self.fastest / max(speed, 1e-9)
        self.is_slow = times > (CHANGED if was_slow else SLOW)
        return times if self.is_slow and not was_slow else 0.0

    def has_changed(self, speed: float) -> bool:
        """Whether the speed differs from that after the last choice, which is then reset.

        >>> pace = Pace()
        >>> [pace.has_changed(speed) for speed in (20.0, 15.0, 6.0, 9.0, 10.0, 20.0)]
        [False, False, True, False, False, True]
        """
        if self.chosen is None:
            self.chosen = speed
            return False
        changed = not 1 / CHANGED <= speed / self.chosen <= CHANGED
        if changed:
            self.chosen = None
        return changed


def slowdown_warning(times: float, speed: float) -> str:
    """A warning that other work slows the training, with the load where the system reports it."""
    load = (
        f" (load {os.getloadavg()[0]:.1f} on {processors()})" if hasattr(os, "getloadavg") else ""
    )
    return (
        f"! steps take {times:.1f} times as long as the fastest ones, {speed:.1f} images/s: other "
        f"work seems to share the machine{load}"
    )
