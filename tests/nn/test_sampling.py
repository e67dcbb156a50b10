"""Features at points, in three modes and two alignments, against torch's own sampler and a loop."""

from typing import get_args

import pytest
import torch
from torch.nn.functional import grid_sample
from torch.testing import assert_close

from kontur.nn.sampling import Align, Mode, cubic, sample_points
from tests.naive import nn as naive

MODES, ALIGNS = get_args(Mode), get_args(Align)


def features(b=2, h=5, w=7, d=3):
    return torch.randn(b, h, w, d, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def points(m=4, n=9, low=-6.0, high=34.0):
    generator = torch.Generator().manual_seed(2)
    return torch.rand(m, n, 2, generator=generator, dtype=torch.float64) * (high - low) + low


INDEX = torch.tensor([0, 1, 1, 0])


@pytest.mark.parametrize("align", ALIGNS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_it_equals_grid_sample_with_the_edge_repeated(stride, mode, align):
    maps, where = features(), points()
    h, w = maps.shape[1:3]
    grid = where / torch.tensor([w * stride, h * stride]) * 2 - 1  # house: 2·x/W − 1
    expected = grid_sample(
        maps.permute(0, 3, 1, 2)[INDEX],
        grid[:, :, None],
        mode=mode,
        padding_mode="border",
        align_corners=align == "corner",
    )[..., 0].transpose(1, 2)
    assert_close(sample_points(maps, where, INDEX, stride, mode=mode, align=align), expected)


@pytest.mark.parametrize("align", ALIGNS)
@pytest.mark.parametrize("mode", MODES)
def test_it_equals_a_loop_over_points(mode, align):
    maps, where = features(), points()
    options = {"mode": mode, "align": align}
    expected = naive.sample_points(maps.numpy(), where.numpy(), INDEX.numpy(), 4, **options)
    assert_close(sample_points(maps, where, INDEX, 4, **options), torch.from_numpy(expected))


def test_it_is_bilinear_with_half_pixels_where_nothing_is_said():
    plain = sample_points(features(), points(), INDEX, 2)
    said = sample_points(features(), points(), INDEX, 2, mode="bilinear", align="half-pixel")
    assert torch.equal(plain, said)


@pytest.mark.parametrize("mode", MODES)
def test_the_alignments_differ_at_the_border_and_agree_in_the_middle(mode):
    ramp = torch.arange(8.0)[None, None, :, None].expand(1, 8, 8, 1)
    where = torch.tensor([[[0.0, 9.0], [4.5, 9.0], [16.0, 9.0], [32.0, 9.0]]])
    halves, corners = (
        sample_points(ramp, where, torch.tensor([0]), 4, mode=mode, align=align).flatten().tolist()
        for align in ALIGNS
    )
    overshoot = 0.1 if mode == "bicubic" else 0.0
    assert (halves[0], halves[3]) == pytest.approx((0, 7), abs=overshoot)
    assert (corners[0], corners[3]) == (0, 7)
    assert halves[2] == pytest.approx(corners[2])  # 3.5, or one of the two pixels beside it
    if mode != "nearest":
        assert halves[1] < corners[1]


def test_the_cubic_kernel_adds_up_to_one_and_passes_through_the_pixels():
    steps = torch.linspace(0, 1, 11)[:, None] + torch.arange(-2.0, 2.0)
    assert_close(cubic(steps).sum(dim=1), torch.ones(11))
    assert cubic(torch.tensor([0.0, 1, -1, 2, 3])).tolist() == [1, 0, 0, 0, 0]


@pytest.mark.parametrize("mode", MODES)
def test_the_middle_of_a_feature_pixel_gives_that_pixel(mode):
    maps = features()
    middle = torch.tensor([[[4 * 2.0 + 2, 4 * 3.0 + 2]]], dtype=torch.float64)  # column 2, row 3
    found = sample_points(maps, middle, torch.tensor([1]), 4, mode=mode)
    assert_close(found[0, 0], maps[1, 3, 2])


@pytest.mark.parametrize("align", ALIGNS)
@pytest.mark.parametrize("mode", MODES)
def test_its_gradient_is_right(mode, align):
    maps = features(b=1, h=3, w=3, d=2).requires_grad_()
    where = points(m=1, n=3, low=2.3, high=8.9).requires_grad_()
    index = torch.tensor([0])
    assert torch.autograd.gradcheck(
        lambda f, p: sample_points(f, p, index, 4, mode=mode, align=align), (maps, where)
    )


def test_accelerators_and_engines_see_what_a_cpu_sees_with_the_same_gradients(monkeypatch):
    maps, where = features().requires_grad_(), points().requires_grad_()
    on_cpu = sample_points(maps, where, INDEX, 4)
    wanted = torch.autograd.grad(on_cpu.sin().sum(), (maps, where))
    monkeypatch.setattr(torch.onnx, "is_in_onnx_export", lambda: True)
    elsewhere = sample_points(maps, where, INDEX, 4)
    assert_close(elsewhere, on_cpu)
    assert_close(torch.autograd.grad(elsewhere.sin().sum(), (maps, where)), wanted)


@pytest.mark.parametrize("mode", MODES)
def test_no_points_and_a_map_of_one_pixel(mode):
    nothing = sample_points(features(), points()[:0], INDEX[:0], 2, mode=mode)
    assert nothing.shape == (0, 9, 3)
    single = features(h=1, w=1)
    everywhere = sample_points(single, points(), INDEX, 2, mode=mode)
    assert_close(everywhere, single[INDEX, 0, 0][:, None].expand(-1, 9, -1))


@pytest.mark.parametrize("mode", MODES)
def test_a_point_that_is_no_number_harms_no_other(mode):
    where = points()
    expected = sample_points(features(), where, INDEX, 2, mode=mode)
    where[1, 3, 0] = torch.nan
    found = sample_points(features(), where, INDEX, 2, mode=mode)
    assert found[1, 3].isnan().all() or mode == "nearest"
    rest = torch.ones(4, 9, dtype=torch.bool)
    rest[1, 3] = False
    assert_close(found[rest], expected[rest])


@pytest.mark.parametrize("index", [INDEX[:1], INDEX[:, None], INDEX[[0, 1, 2, 3, 0]]])
def test_an_image_for_each_row_of_points_or_none_is_read(index, as_installed):
    with pytest.raises(ValueError, match=r"one of 4 rows of points .* got an image_index of shape"):
        sample_points(features(), points(), index, 2)
