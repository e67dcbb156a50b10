"""What a TIFF says of its samples, over the ways to store them, against the array stored."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image as Picture

from kontur.errors import InputError
from kontur.images import image_file
from kontur.images.pictures import oriented

RNG = np.random.default_rng(0)
SIZE = (37, 53)
COMPRESSIONS = ["none", "lzw", "deflate", "packbits", "zstd", "lzma"]
LAYOUTS = {
    "strips": {"rowsperstrip": 10},
    "tiles": {"tile": (16, 32)},
    "one strip": {},
}


def numbers(*shape, dtype="u1"):
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return RNG.normal(size=shape).astype(kind)
    info = np.iinfo(kind)
    return RNG.integers(info.min, info.max, shape, dtype=kind.newbyteorder("="), endpoint=True)


def read(path, **options):
    return image_file.read_image(path, **options).pixels


def write(path, array, *, compression="none", **options):
    options = {"photometric": "minisblack", "metadata": None, **options}
    tifffile.imwrite(
        path, array, compression=None if compression == "none" else compression, **options
    )


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("samples", [1, 2, 3, 4, 5])
def test_samples_come_whole_from_every_layout(tmp_path, compression, planar, samples):
    if samples == 1 and planar == "separate":
        return
    for dtype, layout, order in itertools.product(["u1", "u2", "f4"], LAYOUTS.values(), "<>"):
        array = numbers(*SIZE, samples, dtype=dtype)
        stored = array if planar == "contig" else np.moveaxis(array, 2, 0)
        options = {} if samples == 1 else {"planarconfig": planar}
        write(
            tmp_path / "a.tif",
            stored[..., 0] if samples == 1 else stored,
            **{"compression": compression, "byteorder": order, **layout, **options},
        )
        found = image_file.read_image(tmp_path / "a.tif")
        np.testing.assert_array_equal(found.pixels, array)
        assert found.pixels.dtype == array.dtype
        assert len(found.stains) == (samples if samples > 1 else 0)
        np.testing.assert_array_equal(image_file.read_stored(tmp_path / "a.tif").pixels, array)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_predictors_of_every_type_of_number_are_undone(tmp_path, dtype, planar):
    for compression, layout, order in itertools.product(["lzw", "deflate"], LAYOUTS.values(), "<>"):
        array = numbers(*SIZE, 3, dtype=dtype)
        stored = array if planar == "contig" else np.ascontiguousarray(np.moveaxis(array, 2, 0))
        options = {"planarconfig": planar, "byteorder": order, **layout}
        write(tmp_path / "a.tif", stored, compression=compression, predictor=True, **options)
        np.testing.assert_array_equal(read(tmp_path / "a.tif"), array)


@pytest.mark.parametrize("bits", [2, 4, 10, 12, 14])
@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_packed_numbers_of_few_bits_are_unpacked(tmp_path, bits, samples, photometric):
    if samples == 3 and photometric == "miniswhite":
        return
    array = RNG.integers(0, 2**bits, (*SIZE, samples)).astype("u1" if bits <= 8 else "u2")
    stored = array[..., 0] if samples == 1 else array
    options = {"planarconfig": "contig"} if samples == 3 else {}
    write(tmp_path / "a.tif", stored, bitspersample=bits, photometric=photometric, **options)
    wanted = array if photometric == "minisblack" else 2**bits - 1 - array
    np.testing.assert_array_equal(read(tmp_path / "a.tif"), wanted)
    np.testing.assert_array_equal(image_file.read_stored(tmp_path / "a.tif").pixels, array)


def test_only_what_says_so_is_red_green_and_blue(tmp_path):
    array = numbers(*SIZE, 3)
    write(tmp_path / "a.tif", array, photometric="rgb")
    assert image_file.read_image(tmp_path / "a.tif").stains == ()
    write(tmp_path / "a.tif", array, planarconfig="contig")
    assert image_file.read_image(tmp_path / "a.tif").stains == ("unnamed",) * 3


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_separate_alpha_is_dropped(tmp_path, dtype, colours, planar):
    array = numbers(*SIZE, colours + 1, dtype=dtype)
    stored = array if planar == "contig" else np.moveaxis(array, 2, 0)
    kind = {1: "minisblack", 3: "rgb"}[colours]
    options = {"planarconfig": planar, "extrasamples": ["unassalpha"], "photometric": kind}
    write(tmp_path / "a.tif", stored, **options)
    found = image_file.read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.pixels, array[..., :colours])
    assert found.stains == ()


def test_colours_that_were_multiplied_by_their_alpha_are_divided_again(tmp_path):
    colour, alpha = numbers(*SIZE, 3), numbers(*SIZE, 1)
    alpha[:5], alpha[5:9] = 255, 0
    multiplied = np.rint(colour * (alpha / 255.0)).astype("u1")
    stored = np.concatenate([multiplied, alpha], axis=2)
    write(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=["assocalpha"])
    found = read(tmp_path / "a.tif").astype(int)
    lost = np.where(alpha > 0, 128 / np.maximum(alpha, 1) + 1, 255)  # of rounding
    assert (np.abs(found - colour)[9:] <= lost[9:]).all()
    np.testing.assert_array_equal(found[:5], colour[:5])
    np.testing.assert_array_equal(found[5:9], 0)


def test_what_is_extra_and_unspecified_is_kept_unless_it_is_opaque(tmp_path):
    array = numbers(*SIZE, 4)
    options = {"photometric": "rgb", "extrasamples": ["unspecified"]}
    write(tmp_path / "a.tif", array, **options)
    found = image_file.read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.pixels, array)
    assert found.stains == ("unnamed",) * 4
    array[..., 3] = 255
    write(tmp_path / "a.tif", array, **options)
    found = image_file.read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.pixels, array[..., :3])
    assert found.stains == ()


def test_an_opaque_stain_is_a_stain(tmp_path):
    array = numbers(*SIZE, 4)
    array[..., 3] = 255
    write(tmp_path / "a.tif", array, planarconfig="contig")
    np.testing.assert_array_equal(read(tmp_path / "a.tif"), array)


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2"])
def test_white_is_zero_is_turned_in_a_picture_and_kept_in_a_label_image(tmp_path, dtype):
    array = numbers(*SIZE, dtype=dtype)
    write(tmp_path / "a.tif", array, photometric="miniswhite", compression="lzw")
    info = np.iinfo(dtype)
    wanted = info.max + info.min - array.astype(int)
    np.testing.assert_array_equal(read(tmp_path / "a.tif")[..., 0], wanted)
    np.testing.assert_array_equal(image_file.read_stored(tmp_path / "a.tif").pixels[..., 0], array)


def test_white_is_zero_of_floats_is_refused(tmp_path):
    write(tmp_path / "a.tif", numbers(*SIZE, dtype="f4"), photometric="miniswhite")
    with pytest.raises(InputError, match="declares 0 as white and holds float32"):
        read(tmp_path / "a.tif")


@pytest.mark.parametrize("compression", ["none", "lzw", "packbits", "deflate"])
def test_one_bit_is_unpacked_from_every_compression(tmp_path, compression):
    mask = numbers(*SIZE) > 100
    for photometric, bright in (("minisblack", mask), ("miniswhite", ~mask)):
        write(tmp_path / "a.tif", mask, photometric=photometric, compression=compression)
        np.testing.assert_array_equal(read(tmp_path / "a.tif")[..., 0], np.uint8(255) * bright)
        np.testing.assert_array_equal(
            image_file.read_stored(tmp_path / "a.tif").pixels[..., 0], mask
        )


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_fax_pages_are_read_as_pillow_wrote_them(tmp_path, compression):
    mask = numbers(*SIZE) > 100
    Picture.fromarray(mask).save(tmp_path / "a.tif", compression=compression)
    np.testing.assert_array_equal(read(tmp_path / "a.tif")[..., 0], np.uint8(255) * mask)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_printing_inks_become_colours_as_pillow_makes_them(tmp_path, dtype, planar):
    inks = numbers(*SIZE, 4, dtype=dtype)
    stored = inks if planar == "contig" else np.moveaxis(inks, 2, 0)
    write(tmp_path / "a.tif", stored, photometric="separated", planarconfig=planar)
    found = image_file.read_image(tmp_path / "a.tif")
    top = np.iinfo(dtype).max
    wanted = (top - inks[..., :3].astype(float)) * (top - inks[..., 3:]) / top
    assert np.abs(found.pixels - wanted).max() <= 0.5
    assert found.stains == ()
    if dtype == "u1":
        pillow = np.asarray(Picture.fromarray(inks, "CMYK").convert("RGB")).astype(int)
        assert np.abs(found.pixels - pillow).max() <= 1


@pytest.mark.parametrize("compression", ["none", "lzw", "jpeg"])
def test_luma_and_chroma_become_colours_as_pillow_makes_them(tmp_path, compression):
    colour = np.asarray(Picture.fromarray(numbers(8, 8, 3)).resize((64, 48)))
    picture = Picture.fromarray(colour)
    if compression == "jpeg":
        write(
            tmp_path / "a.tif",
            colour,
            photometric="rgb",
            compression="jpeg",
            compressionargs={"level": 95},
        )
    else:
        luma = np.asarray(picture.convert("YCbCr"))
        write(
            tmp_path / "a.tif",
            luma,
            **{"photometric": "ycbcr", "compression": compression, "subsampling": (1, 1)},
        )
    found = image_file.read_image(tmp_path / "a.tif")
    assert np.abs(found.pixels.astype(int) - colour).mean() < (4 if compression == "jpeg" else 1)
    assert found.stains == ()


@pytest.mark.parametrize("scale", [257, 256, 1])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_palettes_are_colours_however_their_writer_scaled_them(tmp_path, scale, dtype):
    entries = 2 ** (8 * np.dtype(dtype).itemsize)
    table = RNG.integers(0, 256, (3, entries)).astype("u2")
    table[:, 0] = 255  # so that no smaller number explains them all
    indices = numbers(*SIZE, dtype=dtype)
    write(tmp_path / "a.tif", indices, photometric="palette", colormap=table * np.uint16(scale))
    found = image_file.read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.pixels, np.moveaxis(table[:, indices], 0, -1))
    assert (found.pixels.dtype, found.stains) == (np.uint8, ())
    np.testing.assert_array_equal(
        image_file.read_stored(tmp_path / "a.tif").pixels[..., 0], indices
    )


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_the_orientation_of_a_tiff_is_honoured(tmp_path, orientation, planar):
    array = numbers(*SIZE, 3)
    stored = array if planar == "contig" else np.moveaxis(array, 2, 0)
    tags = [(274, "H", 1, orientation, True)]
    write(tmp_path / "a.tif", stored, planarconfig=planar, photometric="rgb", extratags=tags)
    np.testing.assert_array_equal(read(tmp_path / "a.tif"), oriented(array, orientation))
    labels = numbers(*SIZE, dtype="u2")
    write(tmp_path / "a.tif", labels, extratags=tags)
    stored = image_file.read_stored(tmp_path / "a.tif").pixels
    np.testing.assert_array_equal(stored[..., 0], oriented(labels, orientation))


@pytest.mark.parametrize("photometric", ["cielab", "icclab", "cfa", "logluv"])
def test_colours_that_are_not_read_are_refused(tmp_path, photometric):
    array = numbers(*SIZE) if photometric == "cfa" else numbers(*SIZE, 3)
    write(tmp_path / "a.tif", array, photometric=photometric)
    with pytest.raises(InputError, match=f"stores its colours as {photometric.upper()}"):
        read(tmp_path / "a.tif")


def test_complex_numbers_are_refused_with_what_to_do(tmp_path):
    write(tmp_path / "a.tif", np.zeros(SIZE, "c8"))
    with pytest.raises(InputError, match=r"complex64 values; .* save their magnitude"):
        read(tmp_path / "a.tif")


WITHOUT = """
import sys
sys.modules["imagecodecs"] = None
from kontur.errors import InputError
from kontur.images import image_file
for path in sys.argv[1:]:
    try:
        print(image_file.read_image(path).pixels.sum())
    except InputError as error:
        print(error)
"""


def test_what_a_missing_package_would_decode_is_refused_with_its_name(tmp_path):
    array = numbers(*SIZE, 3)
    plain, lzw, packed = (tmp_path / f"{name}.tif" for name in ("plain", "lzw", "packed"))
    write(plain, array, photometric="rgb", compression="deflate")
    write(lzw, np.moveaxis(array, 2, 0), photometric="rgb", compression="lzw")
    write(packed, numbers(*SIZE, dtype="u2") // 16, bitspersample=12)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, plain, lzw, packed], capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    assert lines[0] == str(array.sum()), done.stderr
    assert "lzw.tif is compressed or packed (LZW, 8 bits)" in lines[1]
    assert all("pip install imagecodecs" in line for line in lines[1:])
    assert len(lines) == 3


def test_a_compression_that_nothing_decodes_is_refused(tmp_path):
    write(tmp_path / "a.tif", numbers(*SIZE))
    content = (tmp_path / "a.tif").read_bytes()
    entry = (259).to_bytes(2, "little") + (3).to_bytes(2, "little") + (1).to_bytes(4, "little")
    at = content.index(entry) + len(entry)
    (tmp_path / "a.tif").write_bytes(
        content[:at] + (34661).to_bytes(2, "little") + content[at + 2 :]
    )
    with pytest.raises(InputError, match=r"cannot be decoded here \(JBIG\)"):
        read(tmp_path / "a.tif")


@pytest.mark.parametrize("compression", ["none", "lzw", "deflate", "zstd"])
def test_a_tiff_that_claims_more_than_its_bytes_hold_is_refused_before_room_is_made(
    tmp_path, compression
):
    write(tmp_path / "a.tif", numbers(*SIZE), compression=compression)
    content = bytearray((tmp_path / "a.tif").read_bytes())
    for code in (256, 257, 278):  # width, height, rows a strip
        for kind in (3, 4):
            entry = b"".join(n.to_bytes(k, "little") for n, k in ((code, 2), (kind, 2), (1, 4)))
            if entry in content:
                at = content.index(entry)
                content[at + 2 : at + 12] = b"".join(
                    n.to_bytes(k, "little") for n, k in ((4, 2), (1, 4), (200_000, 4))
                )
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(InputError, match=r"claims 200,000×200,000 pixels and has only"):
        read(tmp_path / "a.tif")
