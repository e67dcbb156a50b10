"""Targets of Mask R-CNN: true boxes and masks, cut out again as they were drawn."""

import numpy as np
import pytest
import shapely
import torch
from numpy.testing import assert_allclose, assert_array_equal
from shapely import box

from kontur.geometry import raster
from kontur.instances import Instances
from kontur.models.maskrcnn.loss import cut_masks
from tests.models import contract

CONFIG = contract.settings("maskrcnn", classes=("a", "b"))
SIZE = (64, 96)
SHAPES = [
    box(4, 6, 20, 22).difference(box(8, 10, 12, 14)),
    shapely.Point(50, 40).buffer(14),
    box(90, 0, 96, 8),
]


def scene(**columns):
    return Instances.of(SHAPES, [0, 1, 1], size=SIZE, classes=("a", "b"), **columns)


def targets(*images, seed=0):
    return contract.as_targets("maskrcnn", CONFIG, *images, rng=np.random.default_rng(seed))


def test_a_mask_cut_out_at_its_box_is_the_object():
    found = targets(Instances.empty(SIZE, ("a", "b")), scene())
    for place, shape in enumerate(SHAPES):
        x0, y0, x1, y1 = (int(edge) for edge in shapely.bounds(shape).round())
        side = max(x1 - x0, y1 - y0)
        square = torch.tensor([[x0, y0, x0 + side, y0 + side]], dtype=torch.float32)
        cut = cut_masks(square, torch.tensor([place]), found, side)[0]
        expected = np.zeros((side, side))
        mask = raster.rasterize(shape, SIZE)[y0 : y0 + side, x0 : x0 + side]
        expected[: mask.shape[0], : mask.shape[1]] = mask
        inner = (slice(1, side - 1),) * 2  # at the border a quarter of a pixel is seen too
        assert_allclose(cut.numpy()[inner].round(), expected[inner])
        assert cut.min() >= 0
        assert cut.max() <= 1


def test_a_part_half_covered_says_a_half_and_beyond_the_object_there_is_nothing():
    found = targets(scene())
    wide = torch.tensor([[-16.0, 22 - 16, 24, 22 + 24]])  # the square object is in the first row
    cut = cut_masks(wide, torch.tensor([0]), found, 5)[0]
    assert cut[0, 3] == 0.75  # one of the four samples lies in the hole
    assert not cut[3:].any()
    assert not cut[:, 0].any()
    half = torch.tensor([[18.0, 10, 22, 14]])
    assert_allclose(cut_masks(half, torch.tensor([0]), found, 1)[0], [[0.5]])


def test_collating_tells_the_images_apart():
    found = targets(scene(), Instances.empty(SIZE, ("a", "b")), scene())
    assert found.image_index.tolist() == [0, 0, 0, 2, 2, 2]
    assert sorted(set(found.anchor_index.tolist())) == [0, 1, 2]
    assert found.seeds.shape == (3,)
    assert len(set(found.seeds.tolist())) == 3
    whole = torch.tensor([[36.0, 26, 64, 54]] * 2)
    first, second = cut_masks(whole, torch.tensor([1, 4]), found, 14)
    assert torch.equal(first, second)


def test_what_is_ignored_is_no_object():
    found = targets(scene(ignore=[False, True, False]))
    assert found.labels.tolist() == [0, 1]
    assert_array_equal(found.ignored, [[36, 26, 64, 54]])


def test_wrong_sizes_and_labels_are_reported_in_a_sentence():
    with pytest.raises(ValueError, match="multiples of the coarsest level's stride 16"):
        targets(scene().replace(size=(64, 90)))
    with pytest.raises(ValueError, match="size None"):
        targets(scene().replace(size=None))
    with pytest.raises(ValueError, match=r"2 classes \(a, b\), got the label 2"):
        targets(Instances.of(SHAPES, [0, 1, 2], size=SIZE, classes=("a", "b", "c")))
