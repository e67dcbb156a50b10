"""What reading throws, as one sentence without the words of a decoder."""

import errno

import numpy as np
import pytest
from PIL import Image

from kontur.errors import InputError
from kontur.formats.images import read_image
from kontur.formats.read_errors import reading
from tests.formats import cut_images


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


def test_a_sound_photo_and_bitmap_in_a_rare_encoding_are_told_so(tmp_path):
    pixels = Image.fromarray(np.zeros((16, 16, 3), np.uint8))
    for name, place, value, reason in (
        ("a.bmp", 30, 4, "Unsupported BMP compression (4)"),  # a JPEG within
        ("a.jpg", b"\xff\xc0", 12, "cannot handle 12-bit layers"),
    ):
        path = tmp_path / name
        pixels.save(path)
        content = bytearray(path.read_bytes())
        content[content.index(place) + 4 if isinstance(place, bytes) else place] = value
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_image(path)
        assert str(caught.value) == (
            f"{path} cannot be read ({reason}); export it again, as plain TIFF or PNG"
        )
