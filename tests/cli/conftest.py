"""A model file whose network was never trained, made once; it outlines wherever it is asked."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from kontur.models import catalog
from kontur.models.card import Card, Thresholds


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `tiny` snake with random weights and a score threshold below what those give."""
    from tests.models.contract import made_once

    path = tmp_path_factory.mktemp("model") / "random.kontur"
    path.write_bytes(made_once(path.name, lambda: _exported(path)))
    return path


def _exported(path: Path) -> bytes:
    import torch

    from kontur.train.export import export

    config = catalog.config("snake", {"classes": ["nucleus"]}, preset="tiny")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = catalog.segmenter("snake", config)
        network.detector.heads.bias.data[-4:-2] += (
            4  # boxes of 8 pixels, so that there is something
        )
    card = Card(
        name="random",
        kind="snake",
        config=config.model_dump(mode="json"),
        classes=("nucleus",),
        thresholds=Thresholds(score=0.05, overlap=0.2),
        object_size=16.0,
        version="0.1.0",
        training={"images": 1200, "start": "random weights"},
        scores={"AP50": 0.5, "AP": None},
        about={"licence": "CC0"},
    )
    export(path, network, card)
    return path.read_bytes()


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Three small images of noise in a folder."""
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in "abc":
        pixels = rng.integers(0, 255, (40, 56), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
    return folder


class Kontur:
    """The command line inside this process: what it printed, and how it ended."""

    def __init__(self) -> None:
        from kontur.cli.app import app

        self.app = app

    def __call__(self, *words: object, code: int = 0) -> str:
        """Everything that `kontur WORDS` prints; it has to end with `code`, without a traceback."""
        done = CliRunner().invoke(self.app, [str(word) for word in words], prog_name="kontur")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done.output


@pytest.fixture
def kontur() -> Kontur:
    return Kontur()
