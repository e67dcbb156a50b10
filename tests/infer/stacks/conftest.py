import weakref

import numpy as np
import pytest
import tifffile

from kontur.images.image_file import open_image
from kontur.infer.stacks import stack_prediction


@pytest.fixture
def film(tmp_path):
    """Two discs that move, and one that appears in the last of four frames."""
    y, x = np.mgrid[:96, :128]
    frames = np.zeros((4, 96, 128), np.uint8)
    for t in range(4):
        centres = [(20 + 3 * t, 30), (70, 90 - 4 * t), *([(20, 100)] if t == 3 else [])]
        for row, column in centres:
            frames[t][(y - row) ** 2 + (x - column) ** 2 <= 64] = 200
    path = tmp_path / "film.tif"
    tifffile.imwrite(path, frames, imagej=True, metadata={"axes": "TYX"})
    return path


@pytest.fixture
def opened(monkeypatch):
    """The pages that are opened, and how many planes of pixels are alive by then."""
    pages, pixels, alive = [], [], []

    def noted(path, *, channel, page):
        picture = open_image(path, channel=channel, page=page)
        pages.append(page)
        pixels.append(weakref.ref(picture.pixels))
        alive.append(sum(one() is not None for one in pixels))
        return picture

    monkeypatch.setattr(stack_prediction, "open_image", noted)
    return pages, alive
