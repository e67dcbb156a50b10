"""JPEGs within TIFF that are cut short: refused, and no other."""

import io
import operator
import re

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from kontur.errors import InputError
from kontur.images import image_file
from kontur.images.image_file import open_image, read_image
from kontur.images.jpeg_ends import ends_early, lacks_pixels
from kontur.images.lazy_pixels import LazyPixels
from kontur.images.tiff import pieces

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 255, (32, 48, 3), dtype=np.uint8)
FLAT = np.full_like(NOISE, 255)
END = b"\xff\xd9"
READ = {
    "whole": lambda path: read_image(path).pixels,
    "in windows": lambda path: open_image(path).pixels[:, :],
}
HOW = {
    "usual": {},
    "optimised": {"optimize": True},
    "restarts": {"restart_marker_blocks": 1},
    "progressive": {"progressive": True},
}


def jpeg(pixels=NOISE, **how):
    saved = io.BytesIO()
    Image.fromarray(pixels).save(saved, "JPEG", **how)
    return saved.getvalue()


def separate_scans():
    """The three components of `NOISE`, each in a scan of its own, out of three grey JPEGs."""
    grey = [jpeg(np.ascontiguousarray(NOISE[..., i])) for i in range(3)]
    frame, scan = grey[0].index(b"\xff\xc0"), grey[0].index(b"\xff\xda")
    size = grey[0][frame + 4 : frame + 9]
    each = b"".join(bytes((1 + i, 0x11, 0)) for i in range(3))
    heading = grey[0][:frame] + b"\xff\xc0\0\x11" + size + b"\x03" + each
    between = grey[0][frame + 13 : scan]  # the tables
    scans = [b"\xff\xda\0\x08\x01" + bytes((1 + i, 0, 0, 63, 0)) for i in range(3)]
    pixels = [one[one.index(b"\xff\xda") + 10 : -2] for one in grey]
    return heading + between + b"".join(map(operator.add, scans, pixels)) + END


def decoded(content):
    return imagecodecs.jpeg8_decode(content)


def ended_early(content, share=0.5):
    """A JPEG with a share of its pixels and an end behind them."""
    scan = content.rindex(b"\xff\xda")
    last = scan + int(share * (len(content) - scan))
    return content[:last].removesuffix(b"\xff") + END


def tiff(path, *strips, **how):
    """A TIFF of strips of 32×48 pixels, one below the other."""
    size = {"shape": (32 * len(strips), 48, 3), "dtype": "uint8", "rowsperstrip": 32}
    with tifffile.TiffWriter(path) as file:
        file.write(iter(strips), **size, photometric="rgb", compression=7, **how)
    return path


@pytest.fixture(autouse=True)
def _every_file_is_large(monkeypatch):
    monkeypatch.setattr(image_file, "LAZY", 0)
    monkeypatch.setattr(image_file, "SMALL", 0)


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("share", [0.75, 0.97])
def test_a_strip_that_is_cut_short_is_refused(tmp_path, share, how, read):
    content = jpeg(**HOW[how])
    path = tiff(tmp_path / "a.tif", content, content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"a\.tif is damaged or cut short; copy or export it"):
        READ[read](path)


@pytest.mark.parametrize("read", READ)
def test_one_whose_tables_are_apart_is_refused_where_it_is_cut_and_read_where_not(tmp_path, read):
    tables, content = jpeg(streamtype=1), jpeg(streamtype=2)
    for cut in (content, content[:-2]):
        path = tiff(tmp_path / "a.tif", cut, jpegtables=tables)
        np.testing.assert_array_equal(READ[read](path), decoded(jpeg()))
    path = tiff(tmp_path / "b.tif", content[: len(content) * 3 // 4], jpegtables=tables)
    with pytest.raises(InputError, match="is damaged or cut short"):
        READ[read](path)


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("pixels", [NOISE, FLAT], ids=["noise", "flat"])
@pytest.mark.parametrize(
    "behind", [b"", b"\xff", END + bytes(3000), END + NOISE.tobytes()], ids=len
)
def test_a_whole_one_is_read_with_or_without_its_end_and_with_anything_behind_it(
    tmp_path, behind, pixels, how, read
):
    content = jpeg(pixels, **HOW[how])
    path = tiff(tmp_path / "a.tif", content[:-2] + behind)
    np.testing.assert_array_equal(READ[read](path), decoded(content))


def test_a_cut_shows_wherever_it_lies():
    for pixels in (NOISE, FLAT):
        for how in HOW.values():
            content = jpeg(pixels, **how)
            whole, first = decoded(content), content.rindex(b"\xff\xda") + 14
            for place in range(first, len(content) - 2, max(1, len(content) // 50)):
                for cut in (content[:place], content[:place] + bytes(100)):
                    if cut[-1] == 0 and pixels is FLAT and "optimize" in how:
                        continue  # zeros are what its blocks are coded as
                    lost = (decoded(cut) != whole).any(axis=2).mean()
                    assert lacks_pixels(cut, decoded) or lost < 0.2  # a block and its rim


def test_a_whole_one_of_one_tone_may_end_with_zeros():
    for value in (0, 200):
        for quality in (5, 90):
            for side in (8, 33, 100):
                pixels = np.full((side, side + 3, 3), value, np.uint8)
                for how in HOW.values():
                    content = jpeg(pixels, quality=quality, **how)[:-2]
                    for zeros in range(7):
                        assert not lacks_pixels(content + bytes(zeros), decoded)


def test_a_progressive_one_may_end_after_any_scan_but_not_within_one():
    content = jpeg(progressive=True)
    scans = [at.start() for at in re.finditer(b"\xff\xda", content)]
    assert not lacks_pixels(content[: content.rindex(b"\xff\xc4")], decoded)
    for scan in scans:
        assert lacks_pixels(content[: scan + 14], decoded)


def test_one_of_separate_scans_is_read_without_its_end():
    content = separate_scans()
    assert not lacks_pixels(content[:-2], decoded)
    assert lacks_pixels(content[: content.rindex(b"\xff\xda")], decoded)
    assert lacks_pixels(content[:-80], decoded)


def test_a_whole_one_is_decoded_once_with_each_thing_behind_it():
    for content in (jpeg()[:-2], jpeg()[:-200], jpeg()[:-2] + b"\0"):
        seen = []
        lacks_pixels(content, lambda piece, seen=seen: (seen.append(piece), decoded(piece))[1])
        assert len(seen) == 2


def test_a_thumbnail_in_the_heading_ends_nothing():
    thumbnail = b"\xff\xe1" + (2 + len(END) + 3).to_bytes(2) + b"\xff\xda\0" + END
    content = jpeg()
    content = content[:2] + thumbnail + content[2:]
    assert not lacks_pixels(content, decoded)
    assert lacks_pixels(content[: len(content) // 2 + 400], decoded)


def test_one_whose_other_components_were_to_follow_lacks_pixels():
    content = bytearray(jpeg(NOISE[..., 0])[:-2])
    content[content.index(b"\xff\xc0") + 9] = 3  # components, of which the scan has one
    assert lacks_pixels(bytes(content), decoded)


def test_a_piece_of_one_long_jpeg_ends_with_its_restart():
    content = jpeg(subsampling=0, restart_marker_blocks=6)  # a row of blocks of 8×8 pixels each
    scan = content.index(b"\xff\xda") + 14
    row = content[scan : content.index(b"\xff\xd0", scan) + 2]
    frame = content.index(b"\xff\xc0")
    header = content[: frame + 5] + (8).to_bytes(2) + content[frame + 7 : scan]

    def decode(piece):
        return decoded(header + piece + END)

    assert decode(row).shape == (8, 48, 3)
    assert not lacks_pixels(row, decode, headless=True)
    assert not lacks_pixels(row[:-2], decode, headless=True)
    assert lacks_pixels(row[: len(row) * 3 // 4], decode, headless=True)


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize("how", ["jpegxr", "jpegxr_ndpi"])
def test_a_jpeg_xr_that_is_cut_short_is_refused_and_one_with_bytes_behind_it_read(
    tmp_path, how, read
):
    content = imagecodecs.jpegxr_encode(NOISE, level=80)
    size = {"shape": (64, 48, 3), "dtype": "uint8", "rowsperstrip": 32, "photometric": "rgb"}
    for name, second in (("whole.tif", content + bytes(9)), ("cut.tif", content[:-9])):
        tifffile.imwrite(tmp_path / name, iter([content, second]), compression=how, **size)
    pixels = imagecodecs.jpegxr_decode(content)
    np.testing.assert_array_equal(READ[read](tmp_path / "whole.tif"), np.concatenate([pixels] * 2))
    with pytest.raises(InputError, match=r"cut\.tif is damaged or cut short; copy or export it"):
        READ[read](tmp_path / "cut.tif")


@pytest.mark.parametrize("read", READ)
def test_a_piece_that_is_not_stored_is_empty(tmp_path, read):
    path = tiff(tmp_path / "a.tif", jpeg(), jpeg())
    with tifffile.TiffFile(path, mode="r+") as file:
        page = file.pages[0]
        page.tags["StripByteCounts"].overwrite([page.databytecounts[0], 0])
        page.tags["StripOffsets"].overwrite([page.dataoffsets[0], 0])
    found = READ[read](path)
    np.testing.assert_array_equal(found[:32], decoded(jpeg()))
    assert not found[32:].any()


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("kind", ["tiff", "picture"])
def test_an_end_that_stands_before_the_last_pixel_is_not_believed(tmp_path, kind, how, read):
    content = jpeg(**HOW[how])
    cut = ended_early(content)
    path = tmp_path / "a.jpg"
    path.write_bytes(cut)
    if kind == "tiff":
        path = tiff(tmp_path / "a.tif", content, cut)
    with pytest.raises(InputError, match=r"a\.\w+ is damaged or cut short; copy"):
        READ[read](path)


@pytest.mark.parametrize("read", READ)
def test_a_piece_of_several_scans_is_decoded_once_more_and_not_twice(tmp_path, monkeypatch, read):
    content, again, decoding = jpeg(progressive=True), [], pieces._decoding

    def counting(*how):
        decode, headless = decoding(*how)
        return (lambda one: again.append(len(one)) or decode(one)), headless

    monkeypatch.setattr(pieces, "_decoding", counting)
    READ[read](tiff(tmp_path / "a.tif", content, content))
    assert len(again) == 2  # one a strip


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize("how", HOW)
def test_a_whole_one_of_the_middle_grey_is_read(tmp_path, how, read):
    content = jpeg(FLAT - 127, **HOW[how])
    (tmp_path / "a.jpg").write_bytes(content)
    for path in (tmp_path / "a.jpg", tiff(tmp_path / "a.tif", content, content)):
        assert np.abs(READ[read](path).astype(int) - 128).max() <= 1


@pytest.mark.parametrize("read", READ)
def test_the_last_block_of_a_strip_among_others_may_be_all_that_is_missing(tmp_path, read):
    content = jpeg(subsampling=0)
    path = tiff(tmp_path / "a.tif", content, ended_early(content, 0.93), content)
    with pytest.raises(InputError, match="is damaged or cut short"):
        READ[read](path)


def test_an_end_is_doubted_in_inks_and_in_twelve_bits_too(tmp_path):
    inks = RNG.integers(0, 255, 32 * 48 * 4, dtype=np.uint8)
    Image.frombytes("CMYK", (48, 32), inks.tobytes()).save(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes(ended_early((tmp_path / "a.jpg").read_bytes()))
    with pytest.raises(InputError, match="is damaged or cut short"):
        read_image(tmp_path / "a.jpg")
    deep = RNG.integers(0, 4095, (32, 48, 1), dtype=np.uint16)
    content = imagecodecs.jpeg_encode(deep, bitspersample=12)
    for piece, early in ((content, False), (ended_early(content), True)):
        pixels = imagecodecs.jpeg_decode(piece)
        assert ends_early(piece, imagecodecs.jpeg_decode, pixels[-1, -1:], bits=12) == early


def test_an_end_is_doubted_in_a_piece_without_its_heading():
    content = jpeg()
    heading = content[: content.index(b"\xff\xda") + 14]

    def decode(piece):
        return decoded(heading + piece)

    for whole, early in ((content, False), (ended_early(content), True)):
        piece = whole.removeprefix(heading)
        assert ends_early(piece, decode, decode(piece)[-1, -1], headless=True) == early


@pytest.mark.parametrize("read", READ)
def test_samples_in_pieces_of_their_own_are_looked_at_one_by_one(tmp_path, read):
    grey = [jpeg(np.ascontiguousarray(NOISE[..., i])) for i in range(3)]
    how = {"shape": (3, 32, 48), "dtype": "uint8", "planarconfig": "separate", "compression": 7}
    for number in range(3):
        parts = [ended_early(one) if i == number else one for i, one in enumerate(grey)]
        path = tmp_path / f"{number}.tif"
        tifffile.imwrite(path, iter(parts), photometric="rgb", rowsperstrip=32, **how)
        with pytest.raises(InputError, match="is damaged or cut short"):
            READ[read](path)


@pytest.mark.parametrize("read", READ)
def test_the_end_of_a_tile_is_looked_for_where_the_image_ends(tmp_path, read):
    tile = jpeg(np.pad(NOISE[:, :32], ((0, 32), (0, 32), (0, 0))), subsampling=0)
    how = {"shape": (20, 30, 3), "dtype": "uint8", "tile": (64, 64), "compression": 7}
    for share, lost in ((0.9, False), (0.3, True)):  # of the second a part that the image shows
        path = tmp_path / f"{share}.tif"
        tifffile.imwrite(path, iter([ended_early(tile, share)]), photometric="rgb", **how)
        if lost:
            with pytest.raises(InputError, match="is damaged or cut short"):
                READ[read](path)
        else:
            np.testing.assert_array_equal(READ[read](path), decoded(tile)[:20, :30])


def test_what_is_cut_elsewhere_does_not_matter_to_a_window(tmp_path):
    content = jpeg()
    path = tiff(tmp_path / "a.tif", content, content[:-300])
    pixels = open_image(path).pixels
    assert isinstance(pixels, LazyPixels)
    np.testing.assert_array_equal(pixels[:32, :], decoded(content))
