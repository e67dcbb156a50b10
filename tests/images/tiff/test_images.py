"""Which images a TIFF holds: separate ones, copies, and a scanner's pictures of the slide."""

import numpy as np
import pytest
import tifffile

from kontur.errors import InputError
from kontur.images import image_file
from kontur.images.image_file import open_image, read_image
from kontur.images.tiff.planes import list_planes
from tests.images import films

RNG = np.random.default_rng(0)


def numbers(*shape, dtype=np.uint8):
    return (RNG.random(shape) * 250).astype(dtype)


def read(path, **options):
    return image_file.read_image(path, **options).pixels


def write_pages(path, *pages):
    with tifffile.TiffWriter(path) as file:
        for page in pages:
            array, options = page if isinstance(page, tuple) else (page, {})
            file.write(array, metadata=None, photometric="minisblack", **options)


def test_pages_of_several_sizes_are_numbered_as_in_the_file(tmp_path):
    pages = [numbers(64, 64), numbers(32, 50), numbers(64, 64)]
    write_pages(tmp_path / "a.tif", *pages)
    with pytest.raises(InputError, match=r"3 separate images \(0: 64×64, 1: 32×50, 2: 64×64\)"):
        read(tmp_path / "a.tif")
    for number, page in enumerate(pages):
        np.testing.assert_array_equal(read(tmp_path / "a.tif", page=number)[..., 0], page)


def test_a_smaller_page_is_a_copy_only_where_it_shows_the_same(tmp_path):
    full, other = numbers(64, 96), numbers(32, 48)
    means = full.reshape(32, 2, 48, 2).mean(axis=(1, 3)).astype(np.uint8)
    for copy in (full[::2, ::2], means):
        write_pages(tmp_path / "a.tif", full, copy)
        np.testing.assert_array_equal(read(tmp_path / "a.tif")[..., 0], full)
    write_pages(tmp_path / "a.tif", full, other)
    with pytest.raises(InputError, match="2 separate images"):
        read(tmp_path / "a.tif")
    np.testing.assert_array_equal(read(tmp_path / "a.tif", page=1)[..., 0], other)


@pytest.mark.parametrize("thumbnail_first", [True, False])
def test_a_page_that_is_marked_as_reduced_is_a_copy(tmp_path, thumbnail_first):
    full, thumbnail = numbers(64, 96), (numbers(20, 20), {"subfiletype": 1})
    pages = [thumbnail, full] if thumbnail_first else [full, thumbnail]
    write_pages(tmp_path / "a.tif", *pages)
    np.testing.assert_array_equal(read(tmp_path / "a.tif")[..., 0], full)
    with pytest.raises(InputError, match=r"one page \(0\), beside a smaller copy; page 1 is not"):
        read(tmp_path / "a.tif", page=1)


def ome_image(name, size):
    return {
        **{"axes": "YX", "Name": name, "PhysicalSizeX": size, "PhysicalSizeY": size},
        **{"PhysicalSizeXUnit": "µm", "PhysicalSizeYUnit": "µm"},
    }


def test_images_of_an_ome_tiff_are_images_whatever_their_size_each_with_its_own_scale(tmp_path):
    path = tmp_path / "a.ome.tif"
    first, second = numbers(64, 64), numbers(32, 32)
    with tifffile.TiffWriter(path, ome=True) as file:
        for array, name, size in [(first, "left", 0.25), (second, "right", 2.0)]:
            file.write(array, subifds=1, metadata=ome_image(name, size))
            file.write(array[::2, ::2], subfiletype=1)
    sentence = r"2 separate images \(0: left 64×64, 1: right 32×32\).*--page N"
    with pytest.raises(InputError, match=sentence):
        read(path)
    for number, array, size in [(0, first, 0.25), (1, second, 2.0)]:
        found = image_file.read_image(path, page=number)
        np.testing.assert_array_equal(found.pixels[..., 0], array)
        assert found.pixel_size == size


def test_stacks_of_an_ome_tiff_are_counted_through(tmp_path):
    path = tmp_path / "a.ome.tif"
    first, second = numbers(3, 2, 20, 30), numbers(40, 30)
    with tifffile.TiffWriter(path, ome=True) as file:
        file.write(first, metadata={"axes": "ZCYX", "PhysicalSizeX": 1, "PhysicalSizeY": 1})
        file.write(second, metadata={"axes": "YX", "PhysicalSizeX": 3, "PhysicalSizeY": 3})
    with pytest.raises(InputError, match=r"2 separate images \(0 to 2: .*, 3: .*\)"):
        read(path)
    found = image_file.read_image(path, page=2)
    np.testing.assert_array_equal(found.pixels, np.moveaxis(first[2], 0, -1))
    assert found.pixel_size == 1
    assert image_file.read_image(path, page=3).pixel_size == 3


def test_of_a_scan_the_slide_is_read_and_its_label_is_spoken_of(tmp_path):
    scan = numbers(128, 128, 3)
    options = {"photometric": "rgb", "metadata": None}
    about = "Aperio Image Library v11.2.1\r\n128x128 [0,0 128x128] (64x64)|AppMag = 20|MPP = 0.4990"
    with tifffile.TiffWriter(tmp_path / "a.svs") as file:
        file.write(scan, tile=(64, 64), description=about, **options)
        file.write(scan[:50, :45], description="Aperio thumbnail", **options)
        file.write(scan[::4, ::4], tile=(16, 16), description="Aperio level", **options)
        file.write(scan[:100, :100], description="Aperio label", subfiletype=1, **options)
        file.write(scan[:60, :120], description="Aperio macro", subfiletype=9, **options)
    found = image_file.read_image(tmp_path / "a.svs")
    np.testing.assert_array_equal(found.pixels, scan)
    assert found.pixel_size == 0.499
    with pytest.raises(InputError, match=r"beside the thumbnail of the slide, the label .*, the"):
        read(tmp_path / "a.svs", page=1)


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_channels_of_an_ome_tiff_are_stains_with_their_names(tmp_path, count, dtype):
    array = numbers(count, 20, 30, dtype=dtype)
    names = ["DAPI", "GFP", "Cy5", "AF750"][:count]
    metadata = {"axes": "CYX", "Channel": {"Name": names}}
    tifffile.imwrite(tmp_path / "a.ome.tif", array, photometric="minisblack", metadata=metadata)
    found = image_file.read_image(tmp_path / "a.ome.tif")
    np.testing.assert_array_equal(found.pixels, np.moveaxis(array, 0, -1))
    assert found.stains == tuple(names)
    assert image_file.read_image(tmp_path / "a.ome.tif", channel=1).stains == ()


def test_channels_that_are_called_red_green_and_blue_are_colours(tmp_path):
    metadata = {"axes": "CYX", "Channel": {"Name": ["Red", "Green", "Blue"]}}
    options = {"photometric": "minisblack", "metadata": metadata}
    tifffile.imwrite(tmp_path / "a.ome.tif", numbers(3, 20, 30), **options)
    assert image_file.read_image(tmp_path / "a.ome.tif").stains == ()


@pytest.mark.parametrize("axes", ["ZCYX", "TCYX", "TZYX", "TZCYX", "CYX", "ZYX", "TYX"])
@pytest.mark.parametrize("compression", [None, "deflate"])
def test_hyperstacks_of_imagej_give_their_channels_plane_by_plane(tmp_path, axes, compression):
    array = numbers(*range(2, len(axes)), 20, 30, dtype=np.uint16)
    options = {"imagej": True, "metadata": {"axes": axes}, "compression": compression}
    tifffile.imwrite(tmp_path / "a.tif", array, **options)
    channels = array if "C" in axes else array[..., None, :, :]
    planes = channels.reshape(-1, *channels.shape[-3:])
    for page, plane in enumerate(planes):
        wanted = np.moveaxis(plane, 0, -1)
        np.testing.assert_array_equal(read(tmp_path / "a.tif", page=page), wanted)
    with pytest.raises(InputError, match=f"page {len(planes)} is not"):
        read(tmp_path / "a.tif", page=len(planes))


def test_a_stack_of_colour_pictures_is_a_stack(tmp_path):
    array = numbers(4, 20, 30, 3)
    axes = {"metadata": {"axes": "ZYXS"}}
    for options in ({"imagej": True, **axes}, axes, {"metadata": None}):
        tifffile.imwrite(tmp_path / "a.tif", array, photometric="rgb", **options)
        found = image_file.read_image(tmp_path / "a.tif", page=3)
        np.testing.assert_array_equal(found.pixels, array[3])
        assert found.stains == ()


GREYS = np.random.default_rng(1).integers(0, 200, (20, 30)).astype(np.uint8)
TABLE = np.stack([np.arange(256), np.arange(256)[::-1], np.full(256, 7)]).astype(np.uint16) * 257
SCALE = {"photometric": "minisblack", "resolutionunit": "CENTIMETER"}
UNLIKE = {
    "black": (GREYS, {"photometric": "minisblack"}),
    "white": (GREYS, {"photometric": "miniswhite"}),
    "palette": (GREYS, {"photometric": "palette", "colormap": TABLE}),
    "another palette": (GREYS, {"photometric": "palette", "colormap": TABLE[::-1]}),
    "16 bits": (GREYS * np.uint16(9), {"photometric": "minisblack"}),
    "colours": (np.dstack([GREYS] * 3), {"photometric": "rgb"}),
    "planes": (np.stack([GREYS] * 3), {"photometric": "rgb", "planarconfig": "separate"}),
    "turned": (GREYS, {"photometric": "minisblack", "extratags": [(274, 3, 1, 6, True)]}),
    "upside down": (GREYS, {"photometric": "minisblack", "extratags": [(274, 3, 1, 3, True)]}),
    "lower": (GREYS[:13], {"photometric": "minisblack"}),
    "narrower": (GREYS[:, :13], {"photometric": "minisblack"}),
    "scaled": (GREYS, {**SCALE, "resolution": (2e4, 2e4)}),
    "finer": (GREYS, {**SCALE, "resolution": (4e4, 4e4)}),
}


def _written(path, names):
    with tifffile.TiffWriter(path) as writer:
        for name in names:
            pixels, how = UNLIKE[name]
            writer.write(pixels, metadata=None, **how)
    return path


@pytest.mark.parametrize("odd", UNLIKE)
@pytest.mark.parametrize("usual", ["black", "turned", "palette", "finer"])
def test_each_page_is_read_by_its_own_tags(tmp_path, monkeypatch, usual, odd):
    monkeypatch.setattr(image_file, "LAZY", 0)  # so that windows are read in windows
    for pages in ([usual, odd], [usual] * 4 + [odd] + [usual] * 5):
        path = _written(tmp_path / f"{len(pages)}.tif", pages)
        listed = list_planes(path)
        for page, name in enumerate(pages):
            alone = read_image(_written(tmp_path / "one.tif", [name]))
            found, window = read_image(path, page=page), open_image(path, page=page)
            np.testing.assert_array_equal(found.pixels, alone.pixels)
            np.testing.assert_array_equal(np.asarray(window.pixels), alone.pixels)
            assert found.pixels.dtype == alone.pixels.dtype
            assert listed[page][1] == alone.pixels.shape[:2]
            # a page that does not state its size has that of the film
            assert found.pixel_size == window.pixel_size
            assert found.pixel_size in (alone.pixel_size, alone.pixel_size or 0.25)


def test_a_frame_unlike_what_its_ome_says_is_refused_in_one_sentence(tmp_path):
    frames = np.stack([GREYS] * 3)
    path, _, _ = films.save(tmp_path, frames)
    films.save_frame(tmp_path, frames, 1, photometric="miniswhite")
    np.testing.assert_array_equal(read_image(path, page=1).pixels[..., 0], 255 - GREYS)
    films.save_frame(tmp_path, [GREYS, GREYS * np.uint16(9), GREYS], 1)
    with pytest.raises(InputError, match="another size or type of number"):
        read_image(path, page=1)
