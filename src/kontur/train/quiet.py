"""Lightning's advice to its developers, which no user of ours can follow, switched off by name."""

import contextlib
import logging
import warnings
from collections.abc import Iterator

LOGGERS = ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero")
ADVICE = (
    r".*does not have many workers.*",
    r".*Our suggested max number of worker.*",
    r".*You're resuming from a checkpoint that ended before the epoch ended.*",
    r".*isinstance\(treespec, LeafSpec\).*",  # of its own use of torch
    r".*`lr_scheduler.step\(\)` before `optimizer.step\(\)`.*",  # fp16 may leave out a step
    r".*Grad strides do not match bucket view strides.*",  # channels last on several devices
    r".*multi-threaded, use of fork.*",  # torch's own threads, which sleep then
)


@contextlib.contextmanager
def lightning() -> Iterator[None]:
    """Within it only Lightning's errors are heard."""
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    with warnings.catch_warnings():
        for message in ADVICE:
            warnings.filterwarnings("ignore", message=message)
        try:
            for name in LOGGERS:
                logging.getLogger(name).setLevel(logging.ERROR)
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
