"""What has learned a scene by heart, and a folder of painted images."""

from pathlib import Path

import numpy as np
import pytest

from tests.infer.painted import paint


@pytest.fixture(scope="session")
def learned():
    """A snake that knows one scene by heart (`contract.Learned`)."""
    from tests.models import contract  # here, for it imports torch

    return contract.learned("snake")


@pytest.fixture
def pixels(learned) -> np.ndarray:
    """The scene that is known by heart, 8-bit grey `(h, w)`."""
    return learned.sample.image[..., 0]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder of three images, of two objects, of none and of one."""
    paint(tmp_path / "images" / "a.png", (2, 2, 5), (10, 20, 8))
    paint(tmp_path / "images" / "b.png")
    paint(tmp_path / "images" / "c.png", (0, 0, 24))
    return tmp_path / "images"
