import contextlib
import logging
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile
from PIL import Image as Picture

from kontur.errors import InputError
from kontur.images import image_file, pictures
from tests.images import cut_images

RNG = np.random.default_rng(0)


def numbers(*shape, dtype=np.uint8):
    top = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1000
    return (RNG.random(shape) * top).astype(dtype)


def save(path, array, **options):
    Picture.fromarray(array).save(path, **options)
    return path


def deep_png(path, array):
    """A 16-bit PNG of 1 to 4 channels, its rows under different filters: by the specification."""
    height, width, channels = array.shape
    bytes_ = np.frombuffer(array.astype(">u2").tobytes(), np.uint8).reshape(height, -1)
    step = 2 * channels
    rows = b""
    for row, line in enumerate(bytes_):
        left = np.concatenate([np.zeros(step, np.uint8), line[:-step]])
        above = bytes_[row - 1] if row else np.zeros_like(line)
        rows += bytes([row % 3]) + (line - [0 * line, left, above][row % 3]).tobytes()
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    path.write_bytes(
        pictures.PNG
        + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in chunks
        )
    )
    return path


def test_grey_and_colour_png_come_as_they_are(tmp_path):
    for array in (numbers(5, 7), numbers(5, 7, dtype=np.uint16), numbers(5, 7, 3)):
        read = image_file.read_image(save(tmp_path / "a.png", array))
        np.testing.assert_array_equal(read.pixels, array.reshape(5, 7, -1))
        assert read.pixels.dtype == array.dtype
        assert read.pixel_size is None
        read.pixels[:] = 0  # is ours to change


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_of_16_bit_loses_no_bit(tmp_path, channels):
    array = numbers(11, 6, channels, dtype=np.uint16)
    read = image_file.read_image(deep_png(tmp_path / "a.png", array)).pixels
    np.testing.assert_array_equal(read, array[:, :, : 3 if channels > 2 else 1])
    assert read.dtype == np.uint16


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_dropped_not_blended(tmp_path, channels):
    array = numbers(5, 7, channels)
    array[:, :, -1] = 0  # all transparent, and still there
    read = image_file.read_image(save(tmp_path / "a.png", array)).pixels
    np.testing.assert_array_equal(read, array[:, :, :-1])


def test_a_palette_is_colours_in_a_picture_and_ids_in_a_label_image(tmp_path):
    ids = numbers(5, 7) % 4
    picture = Picture.new("P", ids.shape[::-1])
    picture.putdata(ids.ravel().tolist())
    colours = np.array([[0, 0, 0], [255, 0, 0], [0, 200, 0], [9, 9, 255]], dtype=np.uint8)
    picture.putpalette(colours.ravel().tolist())
    picture.save(tmp_path / "a.png")
    np.testing.assert_array_equal(image_file.read_image(tmp_path / "a.png").pixels, colours[ids])
    np.testing.assert_array_equal(image_file.read_stored(tmp_path / "a.png").pixels[:, :, 0], ids)


def test_one_bit_is_black_and_white_in_a_picture_and_0_and_1_in_a_label_image(tmp_path):
    mask = numbers(5, 7) > 99
    save(tmp_path / "a.png", mask)
    np.testing.assert_array_equal(
        image_file.read_image(tmp_path / "a.png").pixels[:, :, 0], np.uint8(255) * mask
    )
    np.testing.assert_array_equal(image_file.read_stored(tmp_path / "a.png").pixels[:, :, 0], mask)


def test_ids_of_a_few_bits_are_not_stretched(tmp_path):
    ids = numbers(5, 8) % 16
    packed = ids[:, ::2] << 4 | ids[:, 1::2]
    rows = b"".join(b"\0" + row.tobytes() for row in packed)
    header = struct.pack(">IIBBBBB", 8, 5, 4, 0, 0, 0, 0)  # 4-bit grey
    (tmp_path / "a.png").write_bytes(
        pictures.PNG
        + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
        )
    )
    np.testing.assert_array_equal(image_file.read_stored(tmp_path / "a.png").pixels[:, :, 0], ids)
    np.testing.assert_array_equal(
        image_file.read_image(tmp_path / "a.png").pixels[:, :, 0], ids * 17
    )


def test_a_photograph_is_turned_upright(tmp_path):
    array = np.zeros((16, 24), dtype=np.uint8)
    array[:, :8] = 200  # bright on the left
    exif = Picture.Exif()
    exif[0x0112] = 6  # the camera was held so that it must be turned by 90 degrees clockwise
    read = image_file.read_image(save(tmp_path / "a.jpg", array, exif=exif, quality=95)).pixels
    assert read.shape == (24, 16, 1)
    assert read[:6].mean() > 190
    assert read[10:].mean() < 10


def test_a_jpeg_of_print_colours_becomes_rgb(tmp_path):
    Picture.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg")
    read = image_file.read_image(tmp_path / "a.jpg").pixels
    assert read.shape == (8, 8, 3)
    assert read[0, 0].tolist()[0] > 230


def test_the_kind_is_reported_from_the_content_not_the_name(tmp_path):
    array = numbers(5, 7)
    (tmp_path / "a.tif").write_bytes(save(tmp_path / "a.png", array).read_bytes())
    np.testing.assert_array_equal(image_file.read_image(tmp_path / "a.tif").pixels[:, :, 0], array)


@pytest.mark.parametrize("size", [(1, 1), (3, 5000), (5000, 1)])
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_thin_images_are_read(tmp_path, size, ending):
    array = numbers(*size)
    read = image_file.read_image(save(tmp_path / f"a{ending}", array)).pixels
    np.testing.assert_array_equal(read[:, :, 0], array)


def test_images_larger_than_pillow_likes_are_read(tmp_path, monkeypatch):
    array = numbers(40, 50)
    monkeypatch.setattr(Picture, "MAX_IMAGE_PIXELS", 100)  # Pillow refuses from twice as many
    read = image_file.read_image(save(tmp_path / "a.png", array)).pixels
    np.testing.assert_array_equal(read[:, :, 0], array)


def test_one_channel_is_kept_where_it_is_asked_for(tmp_path):
    array = numbers(5, 7, 3)
    path = save(tmp_path / "a.png", array)
    np.testing.assert_array_equal(image_file.read_image(path, channel=2).pixels, array[:, :, 2:])
    with pytest.raises(InputError, match="has 3 channels \\(0 to 2\\); channel 3 is not"):
        image_file.read_image(path, channel=3)
    with pytest.raises(InputError, match="channel -1"):
        image_file.read_image(path, channel=-1)
    with pytest.raises(InputError, match="page 1 is not"):
        image_file.read_image(path, page=1)


@pytest.mark.parametrize("ending", [".png", ".jpg", ".tif", ".16.png"])
def test_a_file_cut_short_anywhere_is_refused_in_one_sentence(tmp_path, ending, caplog, recwarn):
    path = tmp_path / f"whole{ending}"
    if ending == ".16.png":
        deep_png(path, numbers(12, 9, 3, dtype=np.uint16))
    else:
        save(path, numbers(12, 9, 3))
    whole, content = image_file.read_image(path).pixels, path.read_bytes()
    cut = tmp_path / "cut"
    sentences = []
    lengths = [*range(0, len(content) - 60, 5), *range(len(content) - 60, len(content))]
    for length in lengths:
        cut.write_bytes(content[:length])
        try:  # what comes after the pixels may be missing
            np.testing.assert_array_equal(image_file.read_image(cut).pixels, whole)
        except InputError as error:
            sentences.append(str(error))
    assert len(sentences) >= len(lengths) - 24
    assert all(str(cut) in sentence and "\n" not in sentence for sentence in sentences)
    assert not caplog.records
    assert not recwarn.list


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"hello there\nworld", "it is text and begins with 'hello there world'"),
        (b"\x00\x01\x02\x03", "it begins with the bytes 00 01 02 03"),
        (b"GIF89a\x00\x00\xff", "damaged or cut short"),
        (pictures.PNG, "damaged or cut short"),
        (b"II*\0", "damaged or cut short"),
        (pictures.PNG + struct.pack(">I", 13) + b"IHDR" + b"\0" * 17, "damaged|no pixels"),
    ],
)
def test_what_is_no_image_is_refused_in_one_sentence(tmp_path, content, sentence):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=sentence) as caught:
        image_file.read_image(tmp_path / "a.png")
    assert "a.png" in str(caught.value)


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="there is no image"):
        image_file.read_image(tmp_path / "a.png")
    with pytest.raises(InputError, match="is a folder"):
        image_file.read_image(tmp_path)


def test_numbers_that_are_not_finite_are_counted():
    image = np.zeros((3, 4, 1), dtype=np.float32)
    image_file.check_finite(image, where="a.tif")
    image_file.check_finite(image.astype(np.uint8), where="a.tif")
    image[0, 0], image[1, 1] = np.nan, np.inf
    with pytest.raises(InputError, match=r"a\.tif: 2 of 12 pixel values are NaN or infinite"):
        image_file.check_finite(image, where="a.tif")


def test_images_are_known_by_name():
    yes = ["a.png", "x/A.JPG", "a.b.jpeg", "a.tif", "a.ome.tiff"]
    no = ["a.txt", ".a.png", "a.labels.tif", "a.overlay.png", "a", "png", "a.json"]
    assert [name for name in yes + no if image_file.is_image(name)] == yes


def test_a_palette_with_transparent_colours_gives_them_all(tmp_path, recwarn):
    picture = Picture.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
    picture.putpalette([*(10, 20, 30), *(40, 50, 60), *(70, 80, 90)])
    picture.save(tmp_path / "a.png", transparency=bytes([0, 128, 255]))
    pixels = image_file.read_image(tmp_path / "a.png").pixels
    assert pixels.tolist() == [[[10, 20, 30], [40, 50, 60], [70, 80, 90]]]
    assert not recwarn.list


def test_others_get_every_warning_while_and_after_images_are_read_in_threads(tmp_path):
    path = tmp_path / "a.png"
    save(path, numbers(12, 9, 3))

    def read(number):
        image_file.read_image(path)
        warnings.warn(f"mine {number}", stacklevel=1)

    with warnings.catch_warnings(record=True) as heard, ThreadPoolExecutor(4) as pool:
        warnings.simplefilter("always")
        list(pool.map(read, range(200)))
    assert len(heard) == 200


def test_others_hear_tifffile_while_and_after_images_are_read_in_threads(tmp_path, caplog):
    whole, cut = tmp_path / "whole.tif", tmp_path / "cut.tif"
    tifffile.imwrite(whole, np.zeros((40, 40), np.uint8))
    cut.write_bytes(whole.read_bytes()[:100])
    logger = logging.getLogger("tifffile")

    def read(path):
        with contextlib.suppress(InputError):
            image_file.read_image(path)
        logger.warning("mine")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read, [cut, whole] * 50))
    assert [record.message for record in caplog.records] == ["mine"] * 100


@pytest.mark.parametrize("name", cut_images.HOW)
@pytest.mark.parametrize("read", [image_file.read_image, image_file.open_image])
def test_a_damaged_file_is_damaged_whatever_page_is_wanted(tmp_path, name, read):
    path = cut_images.save(tmp_path, name)
    with pytest.raises(InputError) as damage:
        read(path, page=2)
    assert str(damage.value) == cut_images.sentence(path)


def test_a_whole_file_is_said_to_lack_a_page(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((9, 9), np.uint8))
    for read in (image_file.read_image, image_file.open_image):
        with pytest.raises(InputError, match=r"one page \(0\); page 2 is not among them"):
            read(tmp_path / "a.tif", page=2, channel=0)
