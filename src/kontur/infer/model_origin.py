"""Where the model of a predictor came from, and how it was loaded."""

from pathlib import Path
from typing import NamedTuple

from kontur.infer.engines.engine import Device, Precision


class ModelOrigin(NamedTuple):
    """The file of a model.

    Attributes:
        name: the model as it was named, for people.
        path: of the file.
        digest: of its content when it was loaded.
        device, threads, precision: what was asked for, see `load.load`.
    """

    name: str
    path: Path
    digest: str
    device: Device
    threads: int | None
    precision: Precision
