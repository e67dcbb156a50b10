"""Checkpoints that survive an interruption at any moment: written whole, with the previous kept.

`last.ckpt` is the newest, `previous.ckpt` the one before, `best.ckpt` what validation keeps.
A file is written under another name, flushed and renamed, and should the disk have damaged one all
the same, the next older one is taken.
"""

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from torch import Tensor, nn

from kontur.errors import InputError
from kontur.files.atomic import flush, replacing
from kontur.train.run_folder import BEST, LAST, PREVIOUS

AVERAGED = "average.module."  # what the averaged network's weights are called in a checkpoint
CALLBACK, CALLBACK_BEFORE = "TrainingCallback", "Watch"  # whose state it holds; its earlier name

# Raised by torch and zipfile for a file that is truncated, foreign or not safe to load.
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
    """Lightning's checkpoints, written whole or not at all; the last becomes the previous one."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        final = Path(path)
        with replacing(final) as temporary:
            _save(checkpoint, temporary)
            if final.name == LAST and final.exists():
                flush(temporary)  # before the older one is renamed
                os.replace(final, final.with_name(PREVIOUS))

    def load_checkpoint(self, path: Any, *_: Any, **__: Any) -> dict[str, Any]:
        return read_checkpoint(Path(path))


def _save(checkpoint: dict[str, Any], path: Path) -> None:
    """As `torch.save`, whose error of a full disk is a RuntimeError about positions in a file."""
    try:
        with path.open("wb") as file:
            torch.save(checkpoint, file)
    except RuntimeError as error:
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise


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
        """The time that they took, by the wall clock."""
        return float(self.content["seconds"])

    @property
    def work(self) -> float:
        """The time that they took, by the clock of `training.clock`."""
        return float(self.content.get("work", self.seconds))

    @property
    def waited(self) -> int:
        """The number of validations since the best one."""
        return int(self.content["callbacks"][CALLBACK]["waited"])

    @property
    def averaged(self) -> dict[str, Tensor]:
        """The weights of the averaged network."""
        state = self.content["state_dict"]
        return {k.removeprefix(AVERAGED): v for k, v in state.items() if k.startswith(AVERAGED)}

    def check_fits(self, network: nn.Module) -> None:
        """Refuse, with an `InputError`, the weights of another network than this one."""
        known = {name: tensor.shape for name, tensor in self.averaged.items()}
        wanted = {name: tensor.shape for name, tensor in network.state_dict().items()}
        if known != wanted:
            names = {*known.items()} ^ {*wanted.items()}
            raise InputError(
                f"{self.path} holds the weights of another network ({min(names)[0]} differs): it "
                "was written by another version of Kontur, or the settings beside it were changed; "
                "go on with that version and those settings, or begin a new run"
            )


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The content of a checkpoint, on the CPU; only tensors and plain values are unpickled.

    Raises `InputError` where it is missing, damaged or not a checkpoint of Kontur.
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


def newest_checkpoint(run: Path, report: Callable[[str], None]) -> Checkpoint | None:
    """The newest readable checkpoint of a run, None without one; damaged ones are reported."""
    for name in (LAST, PREVIOUS, BEST):
        path = run / name
        if not path.exists():
            continue
        try:
            return Checkpoint.read(path)
        except InputError as error:
            report(f"{error}; going on from an older one")
    return None
