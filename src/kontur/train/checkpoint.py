"""Checkpoints that survive a kill at any moment: written beside, flushed, renamed, one kept behind.

`last.ckpt` is the newest, `previous.ckpt` the one before, `best.ckpt` the best validated. A file is
never half written under its name, and should the disk have damaged one all the same, the next older
good one is taken.
"""

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from torch import Tensor

from kontur.errors import InputError
from kontur.formats.atomic import flush, replacing

LAST, PREVIOUS, BEST = "last.ckpt", "previous.ckpt", "best.ckpt"
AVERAGED = "average.module."  # what the averaged network's weights are called in a checkpoint
CALLBACK, CALLBACK_BEFORE = "TrainingCallback", "Watch"  # whose state it holds; its earlier name

# What torch and zipfile raise for a file that is cut short, of another make or not to be trusted.
DAMAGED = (
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    KeyError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
)


class WholeFiles(TorchCheckpointIO):
    """Lightning's checkpoint files, whole or not at all; the last becomes the previous one."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        final = Path(path)
        with replacing(final) as beside:
            torch.save(checkpoint, beside)
            if final.name == LAST and final.exists():
                flush(beside)  # before the older one gives its name away
                os.replace(final, final.with_name(PREVIOUS))

    def load_checkpoint(self, path: Any, *_: Any, **__: Any) -> dict[str, Any]:
        return read_checkpoint(Path(path))


class Checkpoint(NamedTuple):
    """A checkpoint file and what is in it."""

    path: Path
    content: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> "Checkpoint":
        """`read_checkpoint`, with its path."""
        return cls(path, read_checkpoint(path))

    @property
    def step(self) -> int:
        """The steps trained when it was written."""
        return int(self.content["global_step"])

    @property
    def seconds(self) -> float:
        """The time that they took."""
        return float(self.content["seconds"])

    @property
    def work(self) -> float:
        """The same by the clock that the minutes of the settings go by."""
        return float(self.content.get("work", self.seconds))

    @property
    def waited(self) -> int:
        """The validations since the best one."""
        return int(self.content["callbacks"][CALLBACK]["waited"])

    @property
    def averaged(self) -> dict[str, Tensor]:
        """The weights of the averaged network."""
        state = self.content["state_dict"]
        return {k.removeprefix(AVERAGED): v for k, v in state.items() if k.startswith(AVERAGED)}


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint on the CPU; nothing but tensors and plain values is unpickled.

    Raises `InputError` where it is missing, damaged or no checkpoint of Kontur.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"there is no checkpoint {path}") from None
    except DAMAGED as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(f"{path} is no whole checkpoint ({reason})") from None
    if not isinstance(content, dict) or not {"state_dict", "global_step"} <= content.keys():
        raise InputError(f"{path} is no checkpoint of a Kontur run")
    states = content.get("callbacks", {})
    if CALLBACK_BEFORE in states:
        states[CALLBACK] = states.pop(CALLBACK_BEFORE)
    return content


def last_good(run: Path, say: Callable[[str], None]) -> Checkpoint | None:
    """The newest checkpoint of a run that can be read; damaged ones are named and skipped."""
    for name in (LAST, PREVIOUS, BEST):
        path = run / name
        if not path.exists():
            continue
        try:
            return Checkpoint.read(path)
        except InputError as error:
            say(f"{error}; going on from an older one")
    return None
