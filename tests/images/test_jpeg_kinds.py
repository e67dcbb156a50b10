"""JPEGs of rare kinds: no damage, but something that is named with what to do."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from kontur.errors import InputError
from kontur.images.image_file import read_image
from kontur.images.jpeg_kinds import kind_of

PIXELS = (np.arange(32 * 32) % 251).astype(np.uint8).reshape(32, 32)
KINDS = {  # the marker of the frame and its bits, and what that is
    (0xC1, 12): "JPEG of 12 bits",
    (0xC3, 8): "lossless JPEG of 8 bits",
    (0xC3, 16): "lossless JPEG of 16 bits",
    (0xC5, 8): "hierarchical JPEG of 8 bits",
    (0xCB, 8): "lossless JPEG of arithmetic coding of 8 bits",
    (0xF7, 8): "JPEG-LS image of 8 bits",
}


def jpeg(marker=0xC0, bits=8, **options):
    """A photograph whose frame says that it is another kind: no decoder makes anything of that."""
    saved = io.BytesIO()
    Image.fromarray(PIXELS).save(saved, "JPEG", **options)
    content = bytearray(saved.getvalue())
    place = content.index(b"\xff\xc0")
    content[place + 1], content[place + 4] = marker, bits
    return bytes(content)


def tiff(path, content):
    """A TIFF whose one strip is this JPEG."""
    with tifffile.TiffWriter(path) as file:
        file.write(iter([content]), shape=(32, 32), dtype="uint8", compression=7, rowsperstrip=32)
    return path


@pytest.mark.parametrize("frame", KINDS)
def test_a_rare_kind_is_named_with_what_converts_it(tmp_path, frame):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(*frame))
    with pytest.raises(InputError) as caught:
        read_image(path)
    assert str(caught.value) == (
        f"{path} is a {KINDS[frame]}, which cannot be decoded here; save it as TIFF, in Python "
        'with tifffile.imwrite("NAME.tif", imagecodecs.imread("NAME.jpg"))'
    )
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("frame", [(0xC3, 8), (0xF7, 8), (0xCB, 8)])
def test_it_is_named_in_a_tiff_too(tmp_path, frame):
    path = tiff(tmp_path / "a.tif", jpeg(*frame))
    with pytest.raises(InputError) as caught:
        read_image(path)
    assert str(caught.value) == (
        f"{path} holds its pixels as {KINDS[frame]}, which cannot be decoded here; open it in Fiji "
        "(File > Import > Bio-Formats) and save it as TIFF"
    )


def test_the_usual_kind_is_read(tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg(quality=95))
    for path in (tmp_path / "a.jpg", tiff(tmp_path / "a.tif", jpeg(quality=95))):
        assert read_image(path).pixels.shape == (32, 32, 1)


def test_what_is_cut_short_is_called_damaged_whatever_its_kind(tmp_path):
    usual, lossless = jpeg(), jpeg(0xC3)
    (tmp_path / "a.jpg").write_bytes(usual[: len(usual) * 2 // 3])
    (tmp_path / "b.jpg").write_bytes(lossless[: len(lossless) * 2 // 3])
    tiff(tmp_path / "c.tif", lossless[: len(lossless) * 2 // 3])
    for name in ("a.jpg", "b.jpg", "c.tif"):
        with pytest.raises(InputError, match=r"is damaged or cut short; copy or export it again"):
            read_image(tmp_path / name)


def test_profiles_and_fill_bytes_before_the_frame_are_passed_over():
    content = jpeg(0xC3)
    long = b"\xff\xe2\x40\x00" + bytes(0x4000 - 2)
    assert kind_of(content[:2] + long + b"\xff\xff" + content[2:]) == "lossless JPEG of 8 bits"
    assert kind_of(content[:30]) is None
    assert kind_of(b"\xff\xd8") is None
    assert kind_of(b"BM") is None


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\xff\x0a", "a JPEG XL image"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 image"),
        (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
        (b"II\xbc\x01", "a JPEG XR image"),
        (b"\0\0\0\x18ftypheic", "an HEIC photograph"),
        (b"\0\0\0\x18ftypavif", "an AVIF image"),
    ],
)
def test_other_formats_called_jpg_are_named_with_a_program(tmp_path, start, name):
    path = tmp_path / "a.jpg"
    path.write_bytes(start + bytes(200))
    with pytest.raises(InputError, match=f"is {name}, .* save it as TIFF or PNG, from .* for"):
        read_image(path)
