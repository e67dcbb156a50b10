"""Connected regions of masks."""

import numpy as np
import pytest
from skimage.measure import label as connected_regions

from kontur.formats.masks import connected


@pytest.mark.parametrize("seed", range(5))
def test_components_are_connected_through_pixel_sides(seed):
    mask = np.random.default_rng(seed).random((30, 41)) < 0.6
    found = connected(mask)
    assert len(found) == connected_regions(mask, connectivity=1).max()
    assert sum(polygon.area for polygon in found) == mask.sum()
