import numpy as np
import pytest
import tifffile

from kontur.errors import InputError
from kontur.images import image_file

RNG = np.random.default_rng(0)


def numbers(*shape, dtype=np.uint16):
    return (RNG.random(shape) * 250).astype(dtype)


def channels_last(array):
    return np.moveaxis(array, 0, -1)


@pytest.mark.parametrize(
    "dtype", ["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8", ">u2", ">f4"]
)
def test_every_type_of_number_is_kept(tmp_path, dtype):
    array = numbers(5, 7).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", array, byteorder=">" if dtype[0] == ">" else "<")
    read = image_file.read_image(tmp_path / "a.tif").pixels
    np.testing.assert_array_equal(read[:, :, 0], array)
    assert read.dtype == np.dtype(dtype.lstrip(">"))
    assert read.dtype.isnative


@pytest.mark.parametrize(
    ("shape", "options", "expected"),
    [
        ((20, 30, 3), {"photometric": "rgb"}, lambda a: a),
        ((20, 30, 4), {"photometric": "rgb"}, lambda a: a[:, :, :3]),
        (
            (20, 30, 2),
            {"photometric": "minisblack", "extrasamples": ["unassalpha"]},
            lambda a: a[:, :, :1],
        ),
        ((20, 30, 5), {"photometric": "minisblack", "planarconfig": "contig"}, lambda a: a),
        ((3, 20, 30), {"photometric": "rgb", "planarconfig": "separate"}, channels_last),
        ((5, 20, 30), {"metadata": {"axes": "CYX"}}, channels_last),
        ((20, 30, 5), {"metadata": {"axes": "YXC"}}, lambda a: a),
        ((80, 90, 5), {"photometric": "minisblack"}, lambda a: a),
        ((2, 20, 30), {"imagej": True, "metadata": {"axes": "CYX"}}, channels_last),
        (
            (20, 30),
            {"compression": "zlib", "predictor": True, "tile": (16, 16)},
            lambda a: a[..., None],
        ),
    ],
)
def test_channels_come_last(tmp_path, shape, options, expected):
    array = numbers(*shape)
    options = {"photometric": "minisblack", **options}
    tifffile.imwrite(tmp_path / "a.tif", array, **options)
    np.testing.assert_array_equal(image_file.read_image(tmp_path / "a.tif").pixels, expected(array))


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
def test_a_stack_is_refused_by_its_name_and_read_by_page(tmp_path, name):
    array = numbers(3, 4, 2, 6, 5)
    imagej = {"imagej": True} if name == "a.tif" else {"photometric": "minisblack"}
    tifffile.imwrite(tmp_path / name, array, metadata={"axes": "TZCYX"}, **imagej)
    sentence = "time series of 3 frames and z-stack of 4 planes, .* --page N .*, 0 to 11"
    with pytest.raises(InputError, match=sentence):
        image_file.read_image(tmp_path / name)
    read = image_file.read_image(tmp_path / name, page=7).pixels
    np.testing.assert_array_equal(read, channels_last(array[1, 3]))
    read = image_file.read_image(tmp_path / name, page=7, channel=1).pixels
    np.testing.assert_array_equal(read[:, :, 0], array[1, 3, 1])
    with pytest.raises(InputError, match="12 pages \\(0 to 11\\); page 12 is not"):
        image_file.read_image(tmp_path / name, page=12)


def test_pages_without_a_meaning_are_a_stack_or_with_a_channel_channels(tmp_path):
    array = numbers(4, 20, 30)
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="minisblack")
    with pytest.raises(InputError, match=r"stack of 4 pages.* or --channel N where the pages are"):
        image_file.read_image(tmp_path / "a.tif")
    for chosen in ({"page": 2}, {"channel": 2}):
        read = image_file.read_image(tmp_path / "a.tif", **chosen).pixels
        np.testing.assert_array_equal(read[:, :, 0], array[2])


def test_separate_images_are_pages_too(tmp_path):
    first, second = numbers(20, 30), numbers(18, 40)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(first, metadata=None)
        file.write(second, metadata=None)
    with pytest.raises(InputError, match="file of 2 separate images"):
        image_file.read_image(tmp_path / "a.tif")
    read = image_file.read_image(tmp_path / "a.tif", page=1).pixels
    np.testing.assert_array_equal(read[:, :, 0], second)


@pytest.mark.parametrize("levels_in", ["pages", "below"])
def test_of_a_pyramid_the_full_resolution_is_read(tmp_path, levels_in):
    full = numbers(64, 96)
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=levels_in == "below") as file:
        if levels_in == "pages":
            for step in (1, 2, 4):
                file.write(full[::step, ::step], tile=(16, 16), metadata=None)
        else:
            file.write(full, subifds=1, tile=(16, 16))
            file.write(full[::2, ::2], subfiletype=1, tile=(16, 16))
    read = image_file.read_image(tmp_path / "a.ome.tif").pixels
    np.testing.assert_array_equal(read[:, :, 0], full)


@pytest.mark.parametrize(
    ("name", "options", "size"),
    [
        ("a.tif", {}, None),
        ("a.ome.tif", {"metadata": {"PhysicalSizeX": 0.25, "PhysicalSizeY": 0.25}}, 0.25),
        (
            "a.ome.tif",
            {
                "metadata": {
                    **{"PhysicalSizeX": 250, "PhysicalSizeXUnit": "nm"},
                    **{"PhysicalSizeY": 250, "PhysicalSizeYUnit": "nm"},
                }
            },
            0.25,
        ),
        ("a.ome.tif", {"metadata": {"PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5}}, None),
        ("a.ome.tif", {"metadata": {"PhysicalSizeX": 0.25}}, None),
        ("a.tif", {"imagej": True, "resolution": (4, 4), "metadata": {"unit": "um"}}, 0.25),
        ("a.tif", {"imagej": True, "resolution": (4, 4), "metadata": {"unit": "\\u00B5m"}}, 0.25),
        ("a.tif", {"imagej": True, "resolution": (4, 4), "metadata": {"unit": "pixel"}}, None),
        ("a.tif", {"imagej": True, "resolution": (4, 4)}, None),
        ("a.tif", {"resolution": (40000, 40000), "resolutionunit": "CENTIMETER"}, 0.25),
        ("a.tif", {"resolution": (25400, 25400), "resolutionunit": "INCH"}, 1.0),
        ("a.tif", {"resolution": (300, 300), "resolutionunit": "INCH"}, None),  # for a printer
        ("a.tif", {"resolution": (4, 4), "resolutionunit": "NONE"}, None),
    ],
)
def test_the_pixel_size_is_read_where_it_is_meant(tmp_path, name, options, size):
    tifffile.imwrite(tmp_path / name, numbers(6, 5), photometric="minisblack", **options)
    assert image_file.read_image(tmp_path / name).pixel_size == (
        size and pytest.approx(size, rel=1e-4)
    )


def test_palettes_are_colours_but_not_those_of_imagej(tmp_path):
    values = numbers(6, 5, dtype=np.uint8)
    table = (RNG.random((3, 256)) * 255).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="palette", colormap=table * 257)
    read = image_file.read_image(tmp_path / "a.tif").pixels
    np.testing.assert_array_equal(read, channels_last(table[:, values]))
    np.testing.assert_array_equal(
        image_file.read_stored(tmp_path / "a.tif").pixels[:, :, 0], values
    )
    tifffile.imwrite(tmp_path / "b.tif", values, imagej=True, colormap=table.astype(np.uint8))
    np.testing.assert_array_equal(image_file.read_image(tmp_path / "b.tif").pixels[:, :, 0], values)


def test_one_bit_and_white_is_zero(tmp_path):
    mask = numbers(6, 5) > 100
    for photometric, bright in (("minisblack", mask), ("miniswhite", ~mask)):
        tifffile.imwrite(tmp_path / "a.tif", mask, photometric=photometric)
        read = image_file.read_image(tmp_path / "a.tif").pixels[:, :, 0]
        np.testing.assert_array_equal(read, np.uint8(255) * bright)
        np.testing.assert_array_equal(
            image_file.read_stored(tmp_path / "a.tif").pixels[:, :, 0], mask
        )


def test_complex_numbers_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((3, 4), dtype=np.complex64))
    with pytest.raises(InputError, match="holds complex64 values"):
        image_file.read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("compression", ["tiff_lzw", "jpeg", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("mode", ["L", "RGB", "I;16", "F"])
def test_compressed_files_that_pillow_wrote_are_read(tmp_path, mode, compression):
    if compression == "jpeg" and mode not in ("L", "RGB"):
        pytest.skip("JPEG has 8 bits")
    from PIL import Image as Picture

    array = {
        "L": numbers(40, 30, dtype=np.uint8),
        "RGB": numbers(40, 30, 3, dtype=np.uint8),
        "I;16": numbers(40, 30) * np.uint16(257),
        "F": numbers(40, 30, dtype=np.float32),
    }[mode]
    Picture.fromarray(array).save(tmp_path / "a.tif", compression=compression)
    read = image_file.read_image(tmp_path / "a.tif").pixels
    assert (read.shape, read.dtype) == ((40, 30, 3 if mode == "RGB" else 1), array.dtype)
    if compression != "jpeg":
        np.testing.assert_array_equal(read, array.reshape(read.shape))


def test_a_stack_cut_short_is_refused_or_gives_the_pages_that_are_whole(tmp_path):
    array = numbers(4, 12, 9)
    options = {"compression": "zlib", "metadata": {"axes": "ZYX"}, "photometric": "minisblack"}
    tifffile.imwrite(tmp_path / "a.tif", array, **options)
    content = (tmp_path / "a.tif").read_bytes()
    sentences = []
    for length in range(8, len(content), 7):
        (tmp_path / "b.tif").write_bytes(content[:length])
        try:
            read = image_file.read_image(tmp_path / "b.tif", page=3).pixels
            np.testing.assert_array_equal(read[:, :, 0], array[3])
        except InputError as error:
            sentences.append(str(error))
    assert not any("\n" in sentence for sentence in sentences)
