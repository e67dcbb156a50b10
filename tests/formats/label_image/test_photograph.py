"""Photographs are no label images, wherever label images are read."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from skimage import data
from skimage.transform import resize

from kontur import formats
from kontur.data.annotations.annotation_options import classes_of_values, read_labels
from kontur.errors import InputError
from kontur.formats.label_image.photograph import is_flat, is_photograph
from tests.data import drawn

COINS = data.coins()
RNG = np.random.default_rng(0)
ENLARGED = np.kron(ndimage.gaussian_filter(COINS * 20.0, 3), np.ones((2, 2))).astype(np.uint16)
NOISY = (COINS * 200 + RNG.normal(0, 30, COINS.shape)).astype(np.uint16)


def saved_as_jpeg(pixels, quality):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))


INTERPOLATED = resize(
    drawn.discs(100), (300, 300), order=1, preserve_range=True, anti_aliasing=False
).astype(int)
BRIGHT = np.quantile(ENLARGED, 0.8)


@pytest.mark.parametrize(
    "pixels",
    [
        COINS,
        np.where(COINS > 100, COINS, 0),  # on a background of 0
        COINS[:60, :60],
        COINS.astype(np.uint16) * 257,
        np.random.default_rng(0).integers(0, 2**16, (64, 64), dtype=np.uint16),
        np.random.default_rng(0).normal(800, 30, (200, 200)).astype(np.int32),
        RNG.normal(100, 5.6, (200, 200)).astype(np.int32),  # 5 of 100 neighbours are alike
        data.moon(),  # and here 60 of 100
        RNG.integers(-1000, 1, (200, 200)).astype(np.int16),  # as of CT, none above 0
        ENLARGED,  # of 16 bits: half of the neighbours are alike, and no value comes back often
        np.where(ENLARGED > BRIGHT, ENLARGED, 0),  # on a clipped background
        np.where(COINS > 190, NOISY, 0),  # of which little is left
        ndimage.gaussian_filter(data.moon(), 3.0),  # soft ones of 8 bits: 25 of 100 differ
        ndimage.gaussian_filter(COINS, 20.0),
    ],
)
def test_photographs_are_told_by_their_pixels(pixels):
    assert is_photograph(pixels)
    assert not is_flat(pixels)


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
        # Classes in fields of 3 × 3 and 2 × 2 pixels, and with 13 of 100 neighbours alike.
        np.kron(RNG.integers(1, 41, (85, 85)), np.ones((3, 3), int)),
        np.kron(RNG.integers(1, 41, (85, 85)), np.ones((2, 2), int)),
        np.where(RNG.random((200, 200)) < 0.35, 7, RNG.integers(1, 41, (200, 200))),
        (ROWS // 3 * 134 + COLUMNS // 3) % 255 + 1,  # ids that begin again, as of 8 bits
        # The same of 16 bits, in blocks whose ids come back, and in lines of 20 pixels.
        np.kron((np.arange(8100) + 60000).reshape(90, 90) % 65536, np.ones((3, 3), int)),
        np.tile(np.kron(np.arange(1, 401).reshape(20, 20), np.ones((4, 4), int)), (3, 3)),
        np.kron(np.arange(1, 2001).reshape(10, 200), np.ones((20, 1), int)),
        # Rings one in another, numbered from the middle, and columns in the same way.
        (np.hypot(ROWS - 150, COLUMNS - 200) // 5).astype(np.uint8) + 1,
        COLUMNS // 6 + 1,
        # Resized with interpolation: not right, but it is told what is wrong.
        INTERPOLATED,
        # A mask of two values as JPEG: without looking for these it would be a photograph.
        saved_as_jpeg(
            np.kron(RNG.integers(0, 2, (90, 90)) * 255, np.ones((4, 4))).astype("u1"), 30
        ),
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


def test_classes_that_change_from_pixel_to_pixel_are_read_as_such(tmp_path):
    classes = RNG.integers(1, 41, (60, 60)).astype(np.uint8)
    Image.fromarray(classes).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"classes of pixels are read with --task semantic"):
        formats.read(tmp_path / "a.png")
    found = formats.read(tmp_path / "a.png", task="semantic")
    assert len(found.classes) == 40
    array = read_labels(tmp_path / "a.png", task="semantic")
    np.testing.assert_array_equal(array, classes)
    assert classes_of_values([(tmp_path / "a.png", None)]) == {n: str(n) for n in range(1, 41)}
