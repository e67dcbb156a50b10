"""Losses of Mask R-CNN's heads, and the masks that they compare with."""

import numpy as np
import shapely
import torch
from numpy.testing import assert_allclose
from torch.testing import assert_close

from kontur.geometry import raster
from kontur.instances import Instances
from kontur.models.maskrcnn.loss import box_losses, cut_masks
from tests.models.maskrcnn.drawn import SHAPES, SIZE, scene, targets


def test_only_the_true_class_s_box_of_an_object_is_compared():
    deltas = torch.zeros(3, 2, 4, requires_grad=True)
    losses = box_losses(
        *(torch.zeros(3, 3), deltas),
        labels=torch.tensor([0, 2, 1]),
        targets=torch.tensor([[7.0] * 4, [1.0] * 4, [0.0] * 4]),
    )
    assert_close(losses["roi_class"], torch.tensor(3.0).log())
    assert_close(losses["roi_box"], torch.tensor(0.5 / 3))
    losses["roi_box"].backward()
    assert deltas.grad.flatten(2).any(dim=2).tolist() == [[False] * 2, [False, True], [False] * 2]


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
