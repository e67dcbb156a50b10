"""Connected regions of masks."""

import numpy as np
import pytest
from skimage.measure import label as connected_regions

from kontur.data.folder import open_folder
from kontur.errors import InputError
from kontur.formats import masks
from kontur.formats.label_image.format import of_planes
from kontur.formats.masks import connected
from kontur.instances.plane import Plane
from tests.data import drawn


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


@pytest.mark.parametrize(
    ("above", "deleted"), [(32769, [32767]), (32790, [32767, 32766, 32769]), (32768, [])]
)
def test_a_deleted_id_does_not_hide_that_ids_ran_over(tmp_path, above, deleted):
    ids = np.arange(32700, above + 1)
    wrapped = np.setdiff1d(ids, deleted).astype(np.int16)
    label_image = wrapped[None]
    with pytest.raises(InputError, match="and those above turned negative"):
        masks.objects(label_image, "instances", where="a.tif")
    volume = [wrapped[wrapped > 0][None], wrapped[wrapped < 0][None]]
    with pytest.raises(InputError, match="and those above turned negative"):
        of_planes([0, 1], volume.__getitem__, Plane, ("instances", None), where="a.tif")
    image = drawn.save(tmp_path / "images" / "a.png", drawn.picture(size=label_image.shape))
    drawn.save(tmp_path / "labels" / "a.tif", label_image)
    with pytest.raises(InputError, match="and those above turned negative"):
        open_folder(image.parents[1]).load()


@pytest.mark.parametrize("ids", [[32767, -4], [-32766, 32767, 32765], [5, -32768], [-32768]])
def test_ids_at_an_end_of_sixteen_bits_alone_are_read(ids):
    assert len(masks.objects(np.array([ids], np.int16), "instances", where="a.tif")) == len(ids)
