"""Photographs are no label images, wherever label images are read."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from kontur import formats
from kontur.data.annotation_options import read_labels
from kontur.errors import InputError
from kontur.formats.photograph import is_photograph

COINS = data.coins()


@pytest.mark.parametrize(
    "pixels",
    [
        COINS,
        np.where(COINS > 100, COINS, 0),  # on a background of 0
        COINS[:60, :60],
        COINS.astype(np.uint16) * 257,
        np.random.default_rng(0).integers(0, 2**16, (64, 64), dtype=np.uint16),
        np.random.default_rng(0).normal(800, 30, (200, 200)).astype(np.int32),
    ],
)
def test_photographs_are_told_by_their_pixels(pixels):
    assert is_photograph(pixels)


ROWS, COLUMNS = np.indices((300, 400))


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros((300, 400), np.uint16),
        (COINS > 100).astype(np.uint8) * 255,
        ROWS // 3 * 134 + COLUMNS // 3 + 1,  # objects of 3 × 3 pixels that all touch
        ROWS // 2 * 200 + COLUMNS // 2 + 1,
        COLUMNS + 1,  # of one pixel's width and the height of the image
        np.random.default_rng(0).permutation(1000)[(ROWS // 20) * 20 + COLUMNS // 20] + 1,
        np.random.default_rng(0).integers(0, 9, (300, 400)),  # stray classes
        np.array(Image.fromarray((COINS > 100).astype(np.uint8) * 255).resize((90, 70))),
        np.arange(12).reshape(3, 4),
    ],
)
def test_label_images_of_any_objects_are_none(labels):
    assert not is_photograph(labels)


@pytest.mark.parametrize("ending", ["png", "tif", "jpg"])
def test_a_photograph_is_refused_wherever_labels_are_read(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    Image.fromarray(COINS).save(path)
    for read in (formats.read, read_labels):
        with pytest.raises(InputError, match=r"is a photograph and no label image.*kontur predict"):
            read(path)
