"""Which arithmetic a training uses, and how fast it is here.

`auto` is 16-bit floats with the exponent of 32 (bf16) on GPUs that have them. On a CPU it depends
on the processor and on the network's shapes, so a real step is timed both ways at the start.
"""

import copy
import time
from collections.abc import Callable
from typing import NamedTuple

import torch

from kontur.models.segmenter import Segmenter
from kontur.train.config import Precision
from kontur.train.dataloader import Batch

TRIAL_SECONDS = 1.5  # a way is timed for so long, and for MIN_STEPS at least
MIN_STEPS = 2
TRIAL_IMAGES = 8  # of a step at most: small batches favour 32-bit floats
FASTER = 0.95  # bf16 has to take less than this share of the time

LIGHTNING: dict[Precision, str] = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


class Choice(NamedTuple):
    """A precision and why it was taken."""

    word: Precision
    reason: str


def choose_precision(
    wanted: Precision, accelerator: str, segmenter: Segmenter, batch: Callable[[], Batch]
) -> Choice:
    """What `wanted` means on this machine; `batch` is only called where a step has to be timed."""
    if wanted != "auto":
        return Choice(wanted, "as asked for")
    if accelerator == "cuda":
        has = torch.cuda.is_bf16_supported(including_emulation=False)
        return Choice("bf16" if has else "32", "what this GPU has")
    if accelerator != "cpu":
        return Choice("32", f"the safe choice on {accelerator}")
    trial = batch()
    full, half = (seconds_a_step(segmenter, trial, bf16=bf16) for bf16 in (False, True))
    word: Precision = "bf16" if half < FASTER * full else "32"
    times = f"a step of {len(trial.images)} crops takes {half:.2f} s in bf16 and {full:.2f} s in 32"
    return Choice(word, times)


def seconds_a_step(segmenter: Segmenter, batch: Batch, *, bf16: bool) -> float:
    """The fastest of a few forward and backward passes on a copy of the network."""
    network = copy.deepcopy(segmenter).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.train()
    best, spent, steps = float("inf"), 0.0, 0
    while steps < MIN_STEPS or spent < TRIAL_SECONDS:
        start = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            losses = network.loss(batch.images, batch.targets)
            network.total(losses).backward()
        took = time.perf_counter() - start
        best, spent, steps = min(best, took), spent + took, steps + 1
    return best
