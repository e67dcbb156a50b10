"""Lightning's advice to its developers, which no user of ours can follow, switched off by name."""

import contextlib
import logging
import warnings
from collections.abc import Iterator

LOGGERS = ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero")
ADVICE = (
    r".*does not have many workers.*",
    r".*Our suggested max number of worker.*",
    r".*The number of training batches.*is smaller than the logging interval.*",
    r".*You defined a `validation_step` but have no `val_dataloader`.*",
    r".*Checkpoint directory .* exists and is not empty.*",
    r".*Consider setting `persistent_workers=True`.*",
    r".*You're resuming from a checkpoint that ended before the epoch ended.*",
    r".*isinstance\(treespec, LeafSpec\).*",  # of its own use of torch
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
