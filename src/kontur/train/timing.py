"""Which precision and how many threads make a step fastest on this machine, as it is now.

`auto` is 16-bit floats with the exponent of 32 (bf16) on GPUs that have them. On a CPU it depends
on the processor, on the network's shapes and on what else runs there, so real steps are timed. The
two ways take turns, and what counts is the median ratio within a turn: other work that comes and
goes falls on both.

Threads wait for one another at the end of every layer, so beside other work the last one sets the
pace, and half of them may be faster by far (docs/results.md).
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
from kontur.train.devices import Devices, cores

TRIAL_SECONDS = 2.0  # two ways are timed for so long, and for MIN_TURNS at least
MIN_TURNS = 3
TRIAL_IMAGES = 8  # of a step at most: small batches favour 32-bit floats
SLOW = 2.5  # times as long as the fastest steps of the run: worth a word
CHANGED = 1.5  # times slower or faster than when the threads were chosen: they are chosen anew
FASTER = 0.95  # bf16, or fewer threads, have to take less than this share of the time

LIGHTNING: dict[Precision, str] = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


class PrecisionChoice(NamedTuple):
    """A precision and why it was taken."""

    word: Precision
    reason: str


class ThreadsChoice(NamedTuple):
    """A number of threads and why it was taken; "" where nothing was to choose."""

    number: int
    reason: str


class Way(NamedTuple):
    """How a step is computed on a CPU."""

    bf16: bool
    threads: int


class StepTimer:
    """Forward and backward passes of one batch, on a copy of the network."""

    def __init__(self, segmenter: Segmenter, batch: Batch):
        network = copy.deepcopy(segmenter).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network: Segmenter = network.train()
        self.batch = batch

    def __call__(self, way: Way) -> float:
        """Seconds of one step."""
        before = torch.get_num_threads()
        torch.set_num_threads(way.threads)
        start = time.perf_counter()
        try:
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=way.bf16):
                losses = self.network.loss(self.batch.images, self.batch.targets)
                torch.autograd.backward(self.network.total(losses))
        finally:
            torch.set_num_threads(before)
        return time.perf_counter() - start


class Times(NamedTuple):
    """Seconds of a step of the first of two ways, the median; of the second by their ratio."""

    first: float
    second: float
    ratio: float


def take_turns(timer: Callable[[Way], float], first: Way, second: Way) -> Times:
    """Time two ways in turn, after one step of each that does not count."""
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
    """All processors or half of them, whichever is faster now; `timer` is only called to choose."""
    most = max(1, cores() // devices.number)
    if wanted is not None or devices != Devices("cpu", 1) or most == 1:
        return ThreadsChoice(wanted or most, "")
    half = most // 2
    times = take_turns(timer(), Way(bf16, most), Way(bf16, half))
    number = half if times.ratio < FASTER else most
    return ThreadsChoice(
        number,
        f"threads {number}: a step takes {times.first:.2f} s with {most} and {times.second:.2f} s "
        f"with {half}",
    )


def choose_precision(
    wanted: Precision, accelerator: str, timer: Callable[[], StepTimer]
) -> PrecisionChoice:
    """What `wanted` means on this machine; `timer` is only called where a step has to be timed."""
    if wanted != "auto":
        return PrecisionChoice(wanted, "as asked for")
    if accelerator == "cuda":
        has = torch.cuda.is_bf16_supported(including_emulation=False)
        return PrecisionChoice("bf16" if has else "32", "what this GPU has")
    if accelerator != "cpu":
        return PrecisionChoice("32", f"the safe choice on {accelerator}")
    threads = torch.get_num_threads()
    times = take_turns(timer(), Way(False, threads), Way(True, threads))
    word: Precision = "bf16" if times.ratio < FASTER else "32"
    reason = f"a step takes {times.second:.2f} s in bf16 and {times.first:.2f} s in 32"
    return PrecisionChoice(word, reason)


class Pace:
    """Whether steps have become much slower, and whether threads should be chosen anew.

    It is given the images a second of every few steps.
    """

    def __init__(self) -> None:
        self.fastest = 0.0
        self.is_slow = False
        self.chosen: float | None = None  # the speed just after threads were chosen

    def slowdown(self, speed: float) -> float:
        """How many times slower than the fastest, once as it becomes many; 0 otherwise.

        >>> pace = Pace()
        >>> [pace.slowdown(speed) for speed in (20.0, 24.0, 20.0, 6.0, 5.0, 20.0, 4.0)]
        [0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 6.0]
        """
        self.fastest = max(self.fastest, speed)
        was_slow, times = self.is_slow, self.fastest / max(speed, 1e-9)
        self.is_slow = times > (CHANGED if was_slow else SLOW)
        return times if self.is_slow and not was_slow else 0.0

    def has_changed(self, speed: float) -> bool:
        """Whether it is another speed than just after the last choice; that is then forgotten.

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
    """That other work is probably the reason, with the load where the system tells it."""
    load = f" (load {os.getloadavg()[0]:.1f} on {cores()})" if hasattr(os, "getloadavg") else ""
    return (
        f"! steps take {times:.1f} times as long as the fastest ones, {speed:.1f} images/s: other "
        f"work seems to share the machine{load}"
    )
