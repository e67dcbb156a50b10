"""µm a pixel only where the file truly says so: densities for printers are no scale."""

import numpy as np
import pytest
import tifffile

from kontur.images import image_file

ARRAY = np.zeros((6, 5), np.uint8)


def size(path, **options):
    tifffile.imwrite(path, ARRAY, photometric="minisblack", **options)
    return image_file.read_image(path).pixel_size


@pytest.mark.parametrize("dots", [72, 96, 150, 300, 600, 1200])
def test_a_density_for_printers_is_no_scale_whoever_saved_it(tmp_path, dots):
    plain, ome = tmp_path / "a.tif", tmp_path / "a.ome.tif"
    inch, centimetre = (dots, dots), (dots / 2.54, dots / 2.54)
    assert size(plain, resolution=inch, resolutionunit="INCH", metadata=None) is None
    assert size(plain, resolution=centimetre, resolutionunit="CENTIMETER", metadata=None) is None
    assert size(plain, resolution=inch, imagej=True, metadata={"unit": "inch"}) is None
    assert size(plain, resolution=centimetre, imagej=True, metadata={"unit": "cm"}) is None
    side = 25400 / dots
    assert size(ome, metadata={"PhysicalSizeX": side, "PhysicalSizeY": side}) is None


@pytest.mark.parametrize(
    ("unit", "length"),
    [
        *[("nm", 500.0), ("µm", 0.5), ("mm", 0.0005), ("m", 5e-7), ("Å", 5000.0)],
        *[("pixel", None), ("reference frame", None), ("inch", None), ("parsec", None)],
    ],
)
def test_units_of_ome_are_honoured_or_no_scale(tmp_path, unit, length):
    said = {f"PhysicalSize{axis}": length or 0.5 for axis in "XY"}
    units = {f"PhysicalSize{axis}Unit": unit for axis in "XY"}
    wanted = None if length is None else pytest.approx(0.5)
    assert size(tmp_path / "a.ome.tif", metadata={**said, **units}) == wanted


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        *[({"unit": "um"}, 0.25), ({"unit": "micron"}, 0.25), ({"unit": "mm"}, 250)],
        *[({"unit": "nm"}, 0.00025), ({"unit": "pixel"}, None), ({"unit": ""}, None), ({}, None)],
        ({"unit": "um", "yunit": "nm"}, None),
    ],
)
def test_units_of_imagej_are_honoured_or_no_scale(tmp_path, words, wanted):
    found = size(tmp_path / "a.tif", imagej=True, resolution=(4, 4), metadata=words)
    assert found == (wanted and pytest.approx(wanted))


def test_pixels_that_are_not_square_have_no_one_size(tmp_path):
    options = {"imagej": True, "metadata": {"unit": "um"}}
    assert size(tmp_path / "a.tif", resolution=(4, 2), **options) is None
    assert size(tmp_path / "a.tif", resolution=(4, 4.01), **options) == pytest.approx(0.25)
    assert size(tmp_path / "a.tif", resolution=(0, 0), **options) is None


def test_a_density_that_no_printer_has_is_a_scale(tmp_path):
    options = {"resolutionunit": "CENTIMETER", "metadata": None}
    assert size(tmp_path / "a.tif", resolution=(40_000, 40_000), **options) == pytest.approx(0.25)
    options = {"imagej": True, "metadata": {"unit": "cm"}}
    assert size(tmp_path / "a.tif", resolution=(40_000, 40_000), **options) == pytest.approx(0.25)
