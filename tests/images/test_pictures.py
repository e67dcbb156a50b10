from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from PIL import ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from kontur.errors import InputError
from kontur.images import image_file
from kontur.images.pictures import oriented

RNG = np.random.default_rng(0)
ARRAY = RNG.integers(0, 255, (13, 9, 3)).astype(np.uint8)


def read(path, **options):
    return image_file.read_image(path, **options).pixels


def read_stored(path):
    return image_file.read_stored(path).pixels


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_turned_as_pillow_turns_them(orientation):
    picture = Picture.fromarray(ARRAY)
    picture.getexif()[0x0112] = orientation
    wanted = np.asarray(ImageOps.exif_transpose(picture))
    np.testing.assert_array_equal(oriented(ARRAY, orientation), wanted)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("ending", ["png", "webp"])
def test_the_orientation_is_honoured_wherever_it_is_written(tmp_path, orientation, ending):
    exif = Picture.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{ending}"
    Picture.fromarray(ARRAY).save(path, exif=exif, **({"lossless": True} if "w" in ending else {}))
    np.testing.assert_array_equal(read(path), oriented(ARRAY, orientation))


@pytest.mark.parametrize("ending", ["png", "bmp", "webp", "gif"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_pictures_are_read_as_stored(tmp_path, ending, mode):
    if (ending, mode) in [("gif", "RGB"), ("gif", "RGBA"), ("webp", "1"), ("webp", "P")]:
        return  # the format has no such pictures
    picture = Picture.fromarray(ARRAY).convert(mode if mode != "P" else "RGB")
    if mode == "P":
        picture = picture.quantize(16)
    options = {"lossless": True} if ending == "webp" else {}
    picture.save(tmp_path / f"a.{ending}", **options)
    wanted = picture.convert("L" if mode in ("1", "L") else "RGB")
    wanted = np.asarray(wanted).reshape(13, 9, -1)
    found = read(tmp_path / f"a.{ending}")
    if mode == "L" and ending in ("gif", "webp"):
        wanted = wanted.repeat(3, 2)  # they know colours only
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_an_animation_is_read_by_frame(tmp_path, ending):
    first, second = (Picture.fromarray(np.full((8, 6), v, np.uint8)) for v in (30, 200))
    options = {"lossless": True} if ending == "webp" else {}
    path = tmp_path / f"a.{ending}"
    first.save(path, save_all=True, append_images=[second], **options)
    with pytest.raises(InputError, match=r"animation of 2 frames.*--page N .*, 0 to 1"):
        read(path)
    assert read(path, page=1)[0, 0, 0] == 200
    with pytest.raises(InputError, match=r"2 pages \(0 to 1\); page 2 is not"):
        read(path, page=2)


def test_arrays_that_numpy_saved_are_read(tmp_path):
    np.save(tmp_path / "a.npy", np.moveaxis(ARRAY, 2, 0)[:, :12])
    np.testing.assert_array_equal(read(tmp_path / "a.npy"), ARRAY[:12])
    np.testing.assert_array_equal(read(tmp_path / "a.npy", channel=2), ARRAY[:12, :, 2:])
    np.save(tmp_path / "a.npy", np.array({"masks": 1}, dtype=object))
    with pytest.raises(InputError, match="holds Python objects"):
        read(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", ARRAY)
    content = (tmp_path / "a.npy").read_bytes()
    for damaged in (content[:-5], content.replace(b"}", b"(")):
        (tmp_path / "a.npy").write_bytes(damaged)
        with pytest.raises(InputError, match="damaged or cut short"):
            read(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", ARRAY[..., 0] > 9)
    np.testing.assert_array_equal(read(tmp_path / "a.npy")[..., 0], 255 * (ARRAY[..., 0] > 9))
    stored = image_file.read_stored(tmp_path / "a.npy").pixels[..., 0]
    np.testing.assert_array_equal(stored, ARRAY[..., 0] > 9)
    assert not image_file.is_image("a_seg.npy")


def test_a_picture_that_claims_more_than_its_bytes_hold_is_refused_before_room_is_made(tmp_path):
    Picture.fromarray(ARRAY).save(tmp_path / "a.bmp")
    content = bytearray((tmp_path / "a.bmp").read_bytes())
    content[18:26] = (60_000).to_bytes(4, "little") * 2
    (tmp_path / "a.bmp").write_bytes(content)
    with pytest.raises(InputError, match=r"claims 60,000×60,000 pixels and has only"):
        read(tmp_path / "a.bmp")


@pytest.mark.parametrize("read_as", [read, read_stored])
@pytest.mark.parametrize("channels", [2, 4])
def test_a_picture_that_only_its_transparency_shows_is_refused(tmp_path, channels, read_as):
    layer = np.zeros((13, 9, channels), np.uint8)
    Picture.fromarray(layer).save(tmp_path / "empty.png")
    assert not read_as(tmp_path / "empty.png").any()
    layer[2:5, 3:7, -1] = 255  # as a drawing program exports a layer
    for ending in ("png", "tif"):
        path = tmp_path / f"layer.{ending}"
        Picture.fromarray(layer).save(path)
        with pytest.raises(InputError, match=r"layer.* of one colour, and only its transparency"):
            read_as(path)
    layer[7, 7, 0] = 1
    Picture.fromarray(layer).save(tmp_path / "coloured.png")
    assert np.count_nonzero(read_as(tmp_path / "coloured.png")) == 1


@pytest.mark.parametrize(("progressive", "decoded"), [(False, 1), (True, 2)])
def test_a_jpeg_is_read_once_and_decoded_again_only_where_scans_may_lack(
    tmp_path, monkeypatch, progressive, decoded
):
    path = tmp_path / "a.jpg"
    Picture.fromarray(RNG.integers(0, 200, (40, 50), np.uint8)).save(path, progressive=progressive)
    opened, read_whole = [], []
    open_jpeg, read_bytes = JpegImageFile._open, Path.read_bytes
    monkeypatch.setattr(JpegImageFile, "_open", lambda one: opened.append(1) or open_jpeg(one))
    monkeypatch.setattr(Path, "read_bytes", lambda one: read_whole.append(1) or read_bytes(one))
    read(path)
    assert (len(opened), len(read_whole)) == (decoded, 1)
