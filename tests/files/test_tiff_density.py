"""The side of a pixel as a density, which tifffile can write whatever the side is."""

import numpy as np
import pytest
import tifffile

from kontur.files.tiff_density import CENTIMETRE, LARGEST, density

FINEST, COARSEST = CENTIMETRE / LARGEST, CENTIMETRE * LARGEST


@pytest.mark.parametrize("side", [FINEST, 6.5e-5, 0.325, 1.0, 1e6, COARSEST])
def test_a_side_that_a_density_can_say_is_written(tmp_path, side):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((2, 3), np.uint8), **density(side))
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        above, below = file.pages[0].tags["XResolution"].value
    assert CENTIMETRE * below / above == pytest.approx(side, rel=1e-6)


@pytest.mark.parametrize("side", [None, 0.0, 6.5e-7, FINEST / 2, 2 * COARSEST, float("nan")])
def test_of_a_side_that_no_density_can_say_nothing_is_written(tmp_path, side):
    assert density(side) == {}
