"""Scans that OpenSlide reads: a Hamamatsu VMS made here, and a TIFF that tifffile reads too."""

import re
import sys

import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image as Picture

from kontur.errors import InputError
from kontur.images import slides, unsupported_images
from kontur.images.image_file import files_of, is_image, open_image, read_image
from kontur.images.lazy_pixels import LazyPixels
from kontur.images.page_count import count_pages
from kontur.images.slides import SlideWindows
from kontur.images.tiff.planes import open_windows
from kontur.infer.inputs import unsupported_files
from tests.infer.stacks.films import baseline

HEIGHT, WIDTH = 320, 512


@pytest.fixture
def scan(tmp_path):
    """A scan of half a micrometre a pixel: bright discs on a slope of colours."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    discs = (y % 64 - 32) ** 2 + (x % 64 - 32) ** 2 < 200
    colours = np.stack([x // 8, y // 8, (x + y) // 16], -1) + 180 * discs[..., None]
    tile = {"quality": 95, "subsampling": 0, "restart_marker_rows": 1}
    Picture.fromarray(colours.astype(np.uint8)).save(tmp_path / "tile.jpg", **tile)
    Picture.fromarray(colours[::8, ::8].astype(np.uint8)).save(tmp_path / "map.jpg", **tile)
    lines = [
        *("[Virtual Microscope Specimen]", "NoLayers=1", "NoJpegColumns=1", "NoJpegRows=1"),
        *("ImageFile=tile.jpg", "MapFile=map.jpg", "OptimisationFile=", "SourceLens=20"),
        *(f"PhysicalWidth={WIDTH * 500}", f"PhysicalHeight={HEIGHT * 500}"),  # nm
    ]
    path = tmp_path / "scan.vms"
    path.write_text("\n".join(lines))
    return path


def test_a_scan_is_read_in_windows_at_every_level_and_its_pixel_has_a_size(scan):
    image, known = open_image(scan), openslide.OpenSlide(scan)
    pixels = image.pixels
    assert isinstance(pixels, LazyPixels)
    assert (pixels.shape, pixels.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    assert (image.pixel_size, image.stains, image.plane, count_pages(scan)) == (0.5, (), None, 1)
    decoded = np.asarray(Picture.open(scan.with_name("tile.jpg")))
    assert (read_image(scan).pixels == decoded).all()
    for rows, columns in ((slice(3, 90), slice(7, 60)), (slice(HEIGHT - 1, None), slice(-9, None))):
        assert (pixels[rows, columns] == decoded[rows, columns]).all()
    assert pixels[5:5, 2:9].shape == (0, 7, 3)
    assert [level.shape[1::-1] for level in pixels.levels] == [*known.level_dimensions[1:]]
    for number, level in enumerate(pixels.levels[:3], start=1):
        theirs = known.read_region((16 * 2**number, 8 * 2**number), number, (20, 10))
        assert (level[8:18, 16:36] == np.asarray(theirs)[..., :3]).all()


def test_a_scan_consists_of_the_files_that_hold_its_pixels(scan, tmp_path):
    assert [file.name for file in files_of(scan)] == ["scan.vms", "map.jpg", "tile.jpg"]
    (tmp_path / "a").mkdir()
    for name in ("a.mrxs", "a/Data0000.dat", "a/Slidedat.ini", "b.dat"):
        (tmp_path / name).write_bytes(b"x")
    assert [file.relative_to(tmp_path).as_posix() for file in files_of(tmp_path / "a.mrxs")] == [
        *("a.mrxs", "a/Data0000.dat", "a/Slidedat.ini")
    ]


def test_a_channel_is_chosen_by_number_or_colour_and_the_only_page_is_0(scan):
    whole = read_image(scan).pixels
    for channel in (1, "green"):
        for read in (open_image, read_image):
            assert (np.asarray(read(scan, channel=channel).pixels)[..., 0] == whole[..., 1]).all()
    assert read_image(scan, page=0).plane is None
    with pytest.raises(InputError, match=r"scan\.vms has no page 1; it has one, 0"):
        open_image(scan, page=1)


def test_a_scan_is_predicted_as_its_pixels_are_whole_and_in_tiles(scan):
    predictor, pixels = baseline(), read_image(scan).pixels
    expected = predictor.predict(pixels).boxes
    assert len(expected) == 40
    for tile in (None, 128):
        found = predictor.predict(scan, tile=tile).boxes
        assert sorted(found.tolist()) == pytest.approx(np.array(sorted(expected.tolist())))
    inside = predictor.predict(scan, region="64,64,128,64").boxes
    assert len(inside) == 2


def test_levels_are_those_that_tifffile_reads(tmp_path):
    path, rng = tmp_path / "scan.tif", np.random.default_rng(0)
    pixels = rng.integers(0, 256, (192, 320, 3), dtype=np.uint8)
    how = {"tile": (64, 64), "photometric": "rgb", "compression": "zlib", "metadata": None}
    with tifffile.TiffWriter(path) as file:
        for step in (1, 2, 4):
            file.write(pixels[::step, ::step], subfiletype=int(step > 1), **how)
    theirs = SlideWindows(path, openslide.OpenSlide(path))
    assert len(theirs.levels) == 2
    for number, other in enumerate((theirs, *theirs.levels)):
        one = tifffile.imread(path, key=number)
        assert one.shape == other.shape
        for rows, columns in ((slice(0, 40), slice(0, 70)), (slice(17, 48), slice(21, 80))):
            assert (one[rows, columns] == other[rows, columns]).all()
    ours, _ = open_windows(path, page=None)
    assert (ours.pixels[9:100, 30:300] == theirs[9:100, 30:300]).all()


def test_what_was_not_scanned_has_the_colour_of_the_background():
    region = np.array([[[0, 0, 0, 0], [9, 8, 7, 255], [200, 100, 0, 51]]], np.uint8)
    over = slides._over(region, np.array([250, 240, 230], np.uint8))
    assert over.tolist() == [[[250, 240, 230], [9, 8, 7], [240, 212, 184]]]


@pytest.mark.parametrize("ending", [*slides.SCANS, ".MRXS"])
def test_without_openslide_the_extra_is_named(tmp_path, monkeypatch, ending):
    monkeypatch.setitem(sys.modules, "openslide", None)
    path = tmp_path / f"scan{ending}"
    Picture.new("RGB", (8, 8)).save(path, "JPEG")  # as the overview of a MIRAX scan: not the scan
    assert is_image(path)
    for read in (open_image, read_image):
        with pytest.raises(
            InputError, match=r"scan, needs the package openslide.*pip install .*\[slides\]"
        ):
            read(path)


def test_what_is_missing_is_told_before_the_package_is(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openslide", None)
    with pytest.raises(InputError, match="there is no image"):
        open_image(tmp_path / "none.mrxs")


def test_a_scan_that_is_missing_damaged_or_without_its_parts_is_told(scan, tmp_path):
    with pytest.raises(InputError, match="there is no image"):
        open_image(tmp_path / "none.mrxs")
    (tmp_path / "text.mrxs").write_text("no scan")
    (tmp_path / "empty.svslide").write_bytes(b"")
    scan.with_name("tile.jpg").unlink()
    for name in ("text.mrxs", "empty.svslide", "scan.vms"):
        with pytest.raises(InputError, match=f"{name} is damaged or incomplete.*that belong to it"):
            open_image(tmp_path / name)


@pytest.mark.parametrize(
    ("ending", "name"), [(".dcm", "a DICOM image"), (".czi", "a Zeiss CZI image")]
)
def test_the_extra_is_named_for_what_may_be_a_scan_and_only_where_it_is_not_there(
    tmp_path, monkeypatch, ending, name
):
    path = tmp_path / f"a{ending}"
    path.write_bytes(b"\0" * 128 + b"DICM")
    with pytest.raises(InputError, match=f"{name}, which Kontur does not read.* Fiji") as said:
        read_image(path)
    assert "scan" not in str(said.value)  # OpenSlide has looked at it
    assert "scan of a slide is read where the file itself" in unsupported_files([tmp_path])[0]
    monkeypatch.setattr(unsupported_images, "find_spec", lambda name: None)
    told = unsupported_images.sentence(path)
    assert re.search(r"only a scan of a slide is read after pip install .*\[slides\]", told)
