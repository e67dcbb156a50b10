"""Windows of a TIFF: what the whole file shows there, however it is stored."""

import numpy as np
import pytest
import tifffile

from kontur.errors import InputError
from kontur.images import image_file, lazy_pixels
from kontur.images.image_file import open_image, read_image
from kontur.images.lazy_pixels import LazyPixels, every, thinned
from tests.images import films

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 60_000, (150, 170), dtype=np.uint16)
COLOUR = RNG.integers(0, 255, (150, 170, 3), dtype=np.uint8)
PLANES = np.ascontiguousarray(COLOUR.transpose(2, 0, 1))
STAINS = RNG.integers(0, 4000, (3, 150, 170), dtype=np.uint16)
SMOOTH = np.repeat(np.add.outer(np.arange(150), np.arange(170))[..., None] % 200, 3, 2)
STORED = {
    "tiles": (COLOUR, {"tile": (48, 64), "photometric": "rgb", "compression": "deflate"}),
    "strips": (GREY, {"rowsperstrip": 16, "compression": "lzw", "predictor": True}),
    "in one piece": (GREY, {}),
    "in one piece, big-endian": (GREY, {"byteorder": ">"}),
    "BigTIFF": (GREY, {"bigtiff": True, "tile": (32, 32)}),
    "planes": (PLANES, {"photometric": "rgb", "planarconfig": "separate", "tile": (64, 32)}),
    "planes in one piece": (PLANES, {"photometric": "rgb", "planarconfig": "separate"}),
    "JPEG": (
        SMOOTH.astype(np.uint8),
        {"tile": (64, 64), "photometric": "rgb", "compression": "jpeg"},
    ),
    "white is 0": (GREY, {"photometric": "miniswhite", "rowsperstrip": 7}),
    "floats": (GREY.astype(np.float32), {"tile": (64, 64), "compression": "deflate"}),
    "stains": (STAINS, {"ome": True, "tile": (64, 64), "metadata": {"axes": "CYX"}}),
    "ImageJ": (STAINS, {"imagej": True, "metadata": {"axes": "CYX"}}),
}


@pytest.fixture(autouse=True)
def _every_file_is_large(monkeypatch):
    monkeypatch.setattr(image_file, "LAZY", 0)
    monkeypatch.setattr(image_file, "SMALL", 0)


@pytest.fixture(params=STORED)
def path(request, tmp_path):
    pixels, how = STORED[request.param]
    path = tmp_path / "a.ome.tif" if how.get("ome") else tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, **how)
    return path


def test_a_window_is_what_the_whole_file_shows_there(path):
    whole, lazy = read_image(path), open_image(path)
    assert isinstance(lazy.pixels, LazyPixels)
    assert lazy._replace(pixels=None) == whole._replace(pixels=None)
    assert (lazy.pixels.shape, lazy.pixels.dtype) == (whole.pixels.shape, whole.pixels.dtype)
    for top, left, height, width in [(0, 0, 150, 170), (47, 60, 60, 70), (149, 169, 1, 1)]:
        rows, columns = slice(top, top + height), slice(left, left + width)
        np.testing.assert_array_equal(lazy.pixels[rows, columns], whole.pixels[rows, columns])
    assert lazy.pixels[10:10, 5:9].shape == (0, 4, whole.pixels.shape[2])


def test_a_channel_of_windows_is_that_of_the_file(path):
    count = read_image(path).pixels.shape[2]
    lazy, whole = open_image(path, channel=count - 1), read_image(path, channel=count - 1)
    np.testing.assert_array_equal(lazy.pixels[20:70, 30:90], whole.pixels[20:70, 30:90])
    with pytest.raises(InputError, match=f"channel {count} is not among them"):
        open_image(path, channel=count)


@pytest.mark.parametrize("imagej", [False, True])
def test_a_page_of_a_stack_is_read_in_windows(tmp_path, imagej):
    stack = np.stack([GREY, GREY[::-1], GREY[:, ::-1]])
    how = {"imagej": imagej, "photometric": "minisblack", "metadata": {"axes": "ZYX"}}
    tifffile.imwrite(tmp_path / "a.tif", stack, **how)
    lazy, whole = (read(tmp_path / "a.tif", page=2) for read in (open_image, read_image))
    assert isinstance(lazy.pixels, LazyPixels)
    assert lazy.plane == whole.plane
    np.testing.assert_array_equal(lazy.pixels[3:99, 5:77], whole.pixels[3:99, 5:77])
    with pytest.raises(InputError, match="one plane is wanted"):
        open_image(tmp_path / "a.tif")


FRAMES = np.stack([GREY, GREY[::-1], GREY[:, ::-1]])


@pytest.mark.parametrize("how", [{}, {"tile": (64, 64)}, {"tile": (64, 64), "compression": "zlib"}])
@pytest.mark.parametrize("named", [0, 2])
def test_each_frame_of_a_film_is_read_from_its_own_file(tmp_path, how, named):
    path = films.save(tmp_path, FRAMES, **how)[named]
    for page, frame in enumerate(FRAMES):
        lazy = open_image(path, page=page).pixels
        assert isinstance(lazy, LazyPixels)
        np.testing.assert_array_equal(lazy[3:99, 5:77][..., 0], frame[3:99, 5:77])
    films.save(tmp_path / "c", FRAMES, axis="C", **how)
    lazy = open_image(tmp_path / "c" / path.name).pixels
    np.testing.assert_array_equal(lazy[3:99, 5:77], FRAMES.transpose(1, 2, 0)[3:99, 5:77])


@pytest.mark.parametrize("other", [{"byteorder": ">"}, {"tile": (32, 64)}, {"compression": "lzw"}])
def test_a_frame_that_is_stored_unlike_the_first_shows_what_it_holds(tmp_path, other):
    path, _, _ = films.save(tmp_path, FRAMES, tile=(64, 64), compression="zlib")
    films.save_frame(tmp_path, FRAMES, 1, **{"tile": (64, 64), "compression": "zlib", **other})
    whole = read_image(tmp_path / "f0.ome.tif", page=1).pixels
    np.testing.assert_array_equal(np.asarray(open_image(path, page=1).pixels), whole)
    np.testing.assert_array_equal(whole[..., 0], FRAMES[1])


def test_a_frame_whose_file_is_gone_or_cut_short_is_one_sentence(tmp_path):
    path, _, last = films.save(tmp_path, FRAMES)
    lazy = open_image(path, page=2).pixels
    last.write_bytes(last.read_bytes()[:9000])
    with pytest.raises(InputError, match=r"f2\.ome\.tif is damaged or cut short"):
        lazy[:, :]
    last.unlink()
    with pytest.raises(InputError, match="refers to another file, which is missing"):
        open_image(path, page=2)


def test_jpeg_pages_are_read_with_the_tables_of_their_own(tmp_path):
    pages = [SMOOTH.astype(np.uint8), 255 - SMOOTH.astype(np.uint8)]
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for page, level in zip(pages, (95, 30), strict=True):
            how = {"compression": "jpeg", "compressionargs": {"level": level}}
            writer.write(page, tile=(64, 64), photometric="rgb", metadata=None, **how)
    for page in range(2):
        lazy, whole = (read(tmp_path / "a.tif", page=page) for read in (open_image, read_image))
        assert isinstance(lazy.pixels, LazyPixels)
        np.testing.assert_array_equal(np.asarray(lazy.pixels), whole.pixels)


def test_the_levels_of_a_pyramid_are_there_largest_first(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as writer:
        writer.write(COLOUR, subifds=2, tile=(32, 32), photometric="rgb")
        for step in (2, 4):
            small = np.ascontiguousarray(COLOUR[::step, ::step])
            writer.write(small, subfiletype=1, tile=(32, 32), photometric="rgb")
    lazy = open_image(tmp_path / "a.ome.tif").pixels
    assert [level.shape for level in lazy.levels] == [(75, 85, 3), (38, 43, 3)]
    np.testing.assert_array_equal(lazy.levels[1][5:30, 7:40], COLOUR[::4, ::4][5:30, 7:40])


@pytest.mark.parametrize(
    ("pixels", "how"),
    [
        (np.dstack([COLOUR, COLOUR[..., :1]]), {"photometric": "rgb", "tile": (64, 64)}),
        (GREY > 30_000, {}),
        (GREY, {"extratags": [(274, "H", 1, 3, True)]}),
    ],
    ids=["alpha", "one bit", "upside down"],
)
def test_what_is_only_understood_as_a_whole_is_read_so(tmp_path, pixels, how):
    tifffile.imwrite(tmp_path / "a.tif", pixels, **how)
    image = open_image(tmp_path / "a.tif")
    assert isinstance(image.pixels, np.ndarray)
    np.testing.assert_array_equal(image.pixels, read_image(tmp_path / "a.tif").pixels)


@pytest.mark.parametrize("how", [{}, {"tile": (64, 64)}, {"tile": (64, 64), "compression": "zlib"}])
def test_a_file_that_is_cut_short_is_one_sentence(tmp_path, how):
    tifffile.imwrite(tmp_path / "a.tif", GREY, **how)
    content = (tmp_path / "a.tif").read_bytes()
    lazy = open_image(tmp_path / "a.tif").pixels
    (tmp_path / "a.tif").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="damaged or cut short"):
        lazy[:, :]


@pytest.mark.parametrize("compression", ["deflate", "lzw", "zstd", "jpeg"])
@pytest.mark.parametrize("pieces", [{"tile": (64, 64)}, {"rowsperstrip": 16}], ids=str)
def test_a_damaged_piece_is_one_sentence_and_the_others_are_read(tmp_path, pieces, compression):
    path, pixels = tmp_path / "a.tif", GREY if compression != "jpeg" else SMOOTH.astype(np.uint8)
    tifffile.imwrite(path, pixels, compression=compression, **pieces)
    whole, lazy = read_image(path).pixels, open_image(path).pixels
    with tifffile.TiffFile(path) as file:
        offset, count = file.pages[0].dataoffsets[-1], file.pages[0].databytecounts[-1]
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * count)
    with pytest.raises(InputError, match=r"a\.tif is damaged or cut short; copy or export"):
        lazy[140:, 150:]
    np.testing.assert_array_equal(lazy[:60, :60], whole[:60, :60])


@pytest.mark.parametrize("how", [{}, {"tile": (64, 64)}], ids=["rows", "tiles"])
def test_a_file_that_went_away_since_it_was_opened_is_one_sentence(tmp_path, how):
    tifffile.imwrite(tmp_path / "a.tif", GREY, **how)
    lazy = open_image(tmp_path / "a.tif").pixels
    (tmp_path / "a.tif").unlink()
    with pytest.raises(InputError, match=r"there is no image .*a\.tif"):
        lazy[:9, :9]


def test_every_nth_pixel_is_taken_in_bands_of_any_height(tmp_path, monkeypatch):
    monkeypatch.setattr(lazy_pixels, "BAND", 7 * 170 * 2)
    tifffile.imwrite(tmp_path / "a.tif", GREY, rowsperstrip=16)
    lazy = open_image(tmp_path / "a.tif").pixels
    np.testing.assert_array_equal(every(lazy, 4)[..., 0], GREY[::4, ::4])
    assert thinned(lazy, 1000).shape == (30, 34, 1)
    assert thinned(COLOUR) is COLOUR
