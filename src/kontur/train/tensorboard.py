"""TensorBoard's event files of a run: scalars, and validation images with contours drawn."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from torch.utils.tensorboard import SummaryWriter


class Board:
    """Writes below `folder`; a run that goes on hides what it had written after `first_step`."""

    def __init__(self, folder: Path, *, first_step: int):
        self.writer = SummaryWriter(str(folder), purge_step=first_step + 1, flush_secs=30)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def image(self, step: int, name: str, image: UInt8[np.ndarray, "h w 3"]) -> None:
        self.writer.add_image(name, image, step, dataformats="HWC")

    def close(self) -> None:
        self.writer.close()
