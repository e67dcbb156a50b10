"""Which precision and how many threads make a step fastest on this machine, as it is now.

On a CPU that depends on the processor, on the network's shapes and on other work, and one on the
other: sixteen-bit floats with the exponent of 32 (bf16) may be fastest on one thread where 32-bit
floats are on two. So whole steps are timed in every mode that may be chosen. The modes take turns
and are compared by the median ratio of neighbouring steps, so that other work affects all.

Threads wait for one another at the end of every layer, so that with other work on the machine the
slowest determines the speed, and half of them may be much faster (docs/results.md). The processes
that prepare crops are such work, so the steps that are timed take batches from them.
"""

import copy
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch

from kontur.models.segmenter import Segmenter
from kontur.train.config import OptimiserConfig, Precision
from kontur.train.dataloader import Batch
from kontur.train.devices import Devices, cores
from kontur.train.optimiser import build_optimiser
from kontur.train.pace import COLLAPSED
from kontur.wording import plural

TRIAL_SECONDS = 2.0  # for which modes are timed, and for MIN_TURNS at least
MIN_TURNS = 3
TRIAL_IMAGES = 8  # of a timed step at most; small batches favour 32-bit floats
CLEAR = 3.0  # times as long as the fastest mode, from which a mode need not be timed again
FASTER = 0.95  # largest share of the time for which bf16 or more threads are chosen

LIGHTNING: dict[Precision, str] = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


class StepMode(NamedTuple):
    """How a step is computed on a CPU: its precision and threads."""

    bf16: bool
    threads: int

    def __str__(self) -> str:
        return f"{'bf16' if self.bf16 else '32'} on {plural(self.threads, 'thread')}"


class StepChoice(NamedTuple):
    """A precision, a number of threads, and why they were chosen."""

    precision: Precision
    threads: int
    reason: str


class StepTimer:
    """Whole steps on a copy of the network: a batch is made, losses, gradients and the update.

    All steps compute with the first of the batches, so that all do the same.
    """

    def __init__(self, segmenter: Segmenter, batches: Iterator[Batch], optimiser: OptimiserConfig):
        network = copy.deepcopy(segmenter).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network: Segmenter = network.train()
        self.optimiser = build_optimiser(self.network, optimiser)
        for group in self.optimiser.param_groups:
            group["lr"] = 0.0  # so that no trial diverges
        self.batches = batches
        self.batch = next(batches)

    def __call__(self, mode: StepMode) -> float:
        """Seconds of one step."""
        before = torch.get_num_threads()
        torch.set_num_threads(mode.threads)
        start = time.perf_counter()
        try:
            next(self.batches)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mode.bf16):
                losses = self.network.loss(self.batch.images, self.batch.targets)
                torch.autograd.backward(self.network.total(losses))
            self.optimiser.step()
            self.optimiser.zero_grad()
        finally:
            torch.set_num_threads(before)
        return time.perf_counter() - start


def time_in_turns(
    timer: Callable[[StepMode], float], modes: Sequence[StepMode]
) -> dict[StepMode, float]:
    """Seconds of a step in each mode: the median of the first, by the median ratio of the others.

    The modes take turns, after one step of each that does not count. A turn that takes all the time
    of the trial is the last if one mode is clearly the fastest in it.
    """
    for mode in modes:
        timer(mode)
    turns: list[list[float]] = []
    while sum(map(sum, turns)) < TRIAL_SECONDS or (
        len(turns) < MIN_TURNS and not _is_clear(turns[-1])
    ):
        turns.append([timer(mode) for mode in modes])
    first = statistics.median(turn[0] for turn in turns)
    ratios = [statistics.median(turn[i] / turn[0] for turn in turns) for i in range(len(modes))]
    return {mode: first * ratio for mode, ratio in zip(modes, ratios, strict=True)}


def numbers_of_threads(threads: int | None, devices: Devices) -> tuple[int, ...]:
    """Of how many threads a step may be, the fewest first; `threads` is what the settings say."""
    most = max(1, cores() // devices.here)
    if threads is None and devices == Devices("cpu", 1) and most > 1:
        return most // 2, most
    return (threads or most,)


def _is_clear(turn: Sequence[float]) -> bool:
    """Whether one mode is so much faster than all others that no noise makes it so."""
    fastest, *others = sorted(turn)
    return all(seconds > CLEAR * fastest for seconds in others)


def choose_mode(
    precision: Precision,
    threads: int | None,
    devices: Devices,
    timer: Callable[[], Callable[[StepMode], float]],
) -> StepChoice:
    """The precision, where `auto` is wanted, and the threads, where no number is.

    On one CPU half of the processors or all of them, and bf16 or not, whichever is faster now. More
    threads and fewer bits have to be faster by more than noise: threads suffer from other work.
    `timer` is called only where steps have to be timed. On several devices each has its share of
    the threads.
    """
    on_cpu = devices.accelerator == "cpu"
    numbers = numbers_of_threads(threads, devices)
    name, reason = _fixed_precision(precision, devices.accelerator)
    floats = [False, True] if precision == "auto" and on_cpu else [name == "bf16"]
    modes = [StepMode(bf16, number) for bf16 in floats for number in numbers]
    if len(modes) == 1:
        return StepChoice(name, modes[0].threads, f"precision {name}: {reason}")
    seconds = time_in_turns(timer(), modes)
    fastest = min(modes, key=seconds.__getitem__)
    if seconds[fastest] > FASTER * seconds[modes[0]]:
        fastest = modes[0]
    others = ", ".join(f"{seconds[mode]:.2f} in {mode}" for mode in modes if mode != fastest)
    return StepChoice(
        ("bf16" if fastest.bf16 else "32") if len(floats) > 1 else name,
        fastest.threads,
        f"precision {fastest}: a step takes {seconds[fastest]:.2f} s, {others}",
    )


def adapt_threads(
    change: float,
    precision: Precision,
    threads: int | None,
    devices: Devices,
    timer: Callable[[], Callable[[StepMode], float]],
) -> str:
    """Set torch's number of threads after the speed has changed so many times; "" or the reason.

    Other work that comes makes fewer threads the better. So where they are few already they stay,
    and where steps have collapsed fewer are taken untimed: a step of many might take a minute.
    """
    fewest, *more = numbers_of_threads(threads, devices)
    before = torch.get_num_threads()
    if not more or (change < 1 and before == fewest):
        return ""
    if change < 1 / COLLAPSED:
        torch.set_num_threads(fewest)
        return (
            f"steps on {plural(fewest, 'thread')} for now, which other work slows less; threads "
            "are chosen again when the speed rises"
        )
    chosen = choose_mode(precision, threads, devices, timer)
    torch.set_num_threads(chosen.threads)
    return chosen.reason if chosen.threads != before else ""


def _fixed_precision(wanted: Precision, accelerator: str) -> tuple[Precision, str]:
    """The precision that needs no timing, and why; on a CPU the one to begin with."""
    if wanted == "16" and accelerator == "cpu":
        return "bf16", "which 16 bits are on a CPU"
    if wanted != "auto":
        return wanted, "as set"
    if accelerator == "cuda":
        has = torch.cuda.is_bf16_supported(including_emulation=False)
        return "bf16" if has else "32", "the fastest of this GPU"
    return "32", f"the safe choice on {accelerator}"
