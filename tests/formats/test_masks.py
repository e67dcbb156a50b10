"""Connected regions of masks."""

import numpy as np
import pytest
from skimage.measure import label as connected_regions

from kontur.errors import InputError
from kontur.formats import masks
from kontur.formats.masks import connected


@pytest.mark.parametrize("seed", range(5))
def test_components_are_connected_through_pixel_sides(seed):
    mask = np.random.default_rng(seed).random((30, 41)) < 0.6
    found = connected(mask)
    assert len(found) == connected_regions(mask, connectivity=1).max()
    assert sum(polygon.area for polygon in found) == mask.sum()


@pytest.mark.parametrize("order", ["<i2", ">i2"])
def test_ids_that_ran_over_sixteen_bits_are_refused_and_not_ignored(order):
    ids = np.zeros((3, 5), dtype=np.int32)
    ids[0, 0], ids[2, 4] = 32767, 32769
    with pytest.raises(InputError, match=r"a\.tif holds both 32767 and -32767: .* save it again"):
        masks.objects(ids.astype(np.int16).astype(order), "instances", where="a.tif")
    ids[2, 4] = -4
    found = masks.objects(ids.astype(order), "instances", where="a.tif")
    assert found.ignore[found.ids.argsort()].tolist() == [True, False]
