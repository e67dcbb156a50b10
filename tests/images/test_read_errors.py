"""What reading throws, as one sentence without the words of a decoder."""

import errno

import numpy as np
import pytest
from PIL import Image

from kontur import formats
from kontur.errors import InputError
from kontur.images import zarr_store
from kontur.images.image_file import read_image
from kontur.images.read_errors import reading
from tests.images import cut_images


@pytest.mark.parametrize("name", cut_images.HOW)
def test_an_image_that_ends_amid_its_pixels_is_named_with_what_to_do_and_nothing_else(
    tmp_path, name
):
    path = cut_images.save(tmp_path, name)
    with pytest.raises(InputError) as caught:
        read_image(path)
    assert str(caught.value) == cut_images.sentence(path)
    assert caught.value.__cause__ is not None  # where the decoder's words are


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.EIO, "x"), "could not be read: Input/output error; try again"),
        (OSError(errno.EINVAL, "seek"), "is damaged or cut short; copy or export it again"),
        (OSError("image file is truncated"), "is damaged or cut short; copy or export it again"),
        (OSError(errno.EOPNOTSUPP, "x"), "could not be read: Operation not supported; try again"),
        (TypeError("unsupported operand type(s) for +"), "is damaged or cut short; copy or"),
        (NotImplementedError("chroma 4:1:1"), r"cannot be read \(chroma 4:1:1\); export it again"),
        (
            OSError("decoder zip not available"),
            r"cannot be read \(decoder zip not available\); exp",
        ),
        (
            ValueError("float24\n  not supported"),
            r"cannot be read \(float24 not supported\); export",
        ),
    ],
)
def test_a_disk_that_fails_and_a_rare_encoding_are_not_called_damage(tmp_path, error, sentence):
    with pytest.raises(InputError, match=sentence), reading(tmp_path / "a.tif"):
        raise error


def test_a_sound_bitmap_in_a_rare_encoding_are_told_so(tmp_path):
    pixels = Image.fromarray(np.zeros((16, 16, 3), np.uint8))
    path = tmp_path / "a.bmp"
    pixels.save(path)
    content = bytearray(path.read_bytes())
    content[30] = 4  # a JPEG within
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_image(path)
    assert str(caught.value) == (
        f"{path} cannot be read (Unsupported BMP compression (4)); export it again, as plain TIFF "
        "or PNG"
    )


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "a.rois.zip",
            b"PK\x03\x04 cut",
            "is damaged or cut short; save the ROIs again from ImageJ",
        ),
        ("a.roi", b"Iout", "the ROI a is damaged or cut short; save it again from ImageJ"),
        (
            "a.geo.parquet",
            b"PAR1 primary_column PAR1",
            "is damaged or cut short; copy or export it",
        ),
        (
            "a.geojson.gz",
            b"\x1f\x8b\x08\0 cut",
            "is damaged and cannot be unpacked; copy or export",
        ),
    ],
)
def test_outlines_that_are_damaged_are_named_without_the_words_of_a_decoder(
    tmp_path, name, content, sentence
):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        formats.read(path)
    assert sentence in str(caught.value)
    assert "(" not in str(caught.value)
    assert caught.value.__cause__ is not None


def test_a_damaged_store_is_named_so_too(tmp_path):
    with pytest.raises(InputError) as caught, zarr_store.reading(tmp_path / "a.zarr"):
        raise KeyError("multiscales")
    assert str(caught.value) == cut_images.sentence(tmp_path / "a.zarr")
    assert isinstance(caught.value.__cause__, KeyError)
