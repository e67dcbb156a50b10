"""Bilinear features at points, against torch's own sampler and against a loop."""

import pytest
import torch
from torch.nn.functional import grid_sample
from torch.testing import assert_close

from kontur.nn.sampling import sample_points
from tests import naive


def features(b=2, h=5, w=7, d=3):
    return torch.randn(b, h, w, d, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def points(m=4, n=9, low=-6.0, high=34.0):
    generator = torch.Generator().manual_seed(2)
    return torch.rand(m, n, 2, generator=generator, dtype=torch.float64) * (high - low) + low


INDEX = torch.tensor([0, 1, 1, 0])


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_it_equals_grid_sample_with_half_pixels_and_the_edge_repeated(stride):
    maps, where = features(), points()
    h, w = maps.shape[1:3]
    grid = where / torch.tensor([w * stride, h * stride]) * 2 - 1  # house: 2·x/W − 1
    expected = grid_sample(
        maps.permute(0, 3, 1, 2)[INDEX],
        grid[:, :, None],
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )[..., 0].transpose(1, 2)
    assert_close(sample_points(maps, where, INDEX, stride), expected)


def test_it_equals_a_loop_over_points():
    maps, where = features(), points()
    expected = naive.sample_points(maps.numpy(), where.numpy(), INDEX.numpy(), 4)
    assert_close(sample_points(maps, where, INDEX, 4), torch.from_numpy(expected))


def test_the_middle_of_a_feature_pixel_gives_that_pixel():
    maps = features()
    middle = torch.tensor([[[4 * 2.0 + 2, 4 * 3.0 + 2]]], dtype=torch.float64)  # column 2, row 3
    assert_close(sample_points(maps, middle, torch.tensor([1]), 4)[0, 0], maps[1, 3, 2])


def test_its_gradient_is_right():
    maps = features(b=1, h=3, w=3, d=2).requires_grad_()
    where = points(m=1, n=3, low=2.3, high=8.9).requires_grad_()
    index = torch.tensor([0])
    assert torch.autograd.gradcheck(lambda f, p: sample_points(f, p, index, 4), (maps, where))


def test_no_points_and_a_map_of_one_pixel():
    nothing = sample_points(features(), points()[:0], INDEX[:0], 2)
    assert nothing.shape == (0, 9, 3)
    single = features(h=1, w=1)
    everywhere = sample_points(single, points(), INDEX, 2)
    assert_close(everywhere, single[INDEX, 0, 0][:, None].expand(-1, 9, -1))


def test_a_point_that_is_no_number_harms_no_other():
    where = points()
    expected = sample_points(features(), where, INDEX, 2)
    where[1, 3, 0] = torch.nan
    found = sample_points(features(), where, INDEX, 2)
    assert found[1, 3].isnan().all()
    rest = torch.ones(4, 9, dtype=torch.bool)
    rest[1, 3] = False
    assert_close(found[rest], expected[rest])
