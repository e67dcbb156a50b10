"""A folder to learn from and a run that learned from it, made once."""

from pathlib import Path

import pytest

from kontur.data.synthetic import write_dataset
from tests.train import runs


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six scenes of one class."""
    path = tmp_path_factory.mktemp("data") / "scenes"
    write_dataset(path, 6, size=(72, 80), count=4, radius=(6.0, 12.0))
    return path


@pytest.fixture(scope="session")
def finished(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without interruption, whose model has graphs in 8-bit integers, too."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    runs.run(folder, out, "training.int8=true", val=runs.VAL)
    return out
