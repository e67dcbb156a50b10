"""One refiner: what it may depend on and what not."""

import itertools
from typing import get_args

import pytest
import torch
from torch.testing import assert_close

from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.stages import build_refiner
from kontur.nn.sampling import Align, Mode
from tests.nn.traced import traced

CONFIG = SnakeConfig(features=5, refiner={"width": 8, "fusion": 8}, stride=4)


def refiner(*, centre=False, every=1, **changes):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_refiner(CONFIG.replace(**changes), centre=centre, every=every).double().eval()


def features(b=2, h=20, w=24):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(b, h, w, 5, generator=generator, dtype=torch.float64)


def rings(m=3, n=16, low=16.0, high=60.0):
    generator = torch.Generator().manual_seed(2)
    return torch.rand(m, n, 2, generator=generator, dtype=torch.float64) * (high - low) + low


INDEX = torch.tensor([0, 1, 0])


@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("profile", [1, 3])
def test_an_object_elsewhere_moves_by_the_same_offsets(centre, profile):
    """Image and ring moved by two cells to the right and three down: so is the answer."""
    step = torch.tensor([2 * 4.0, 3 * 4.0], dtype=torch.float64)
    moved = features().roll((3, 2), dims=(1, 2))
    refine = refiner(
        centre=centre, refiner={"width": 8, "fusion": 8, "profile": profile, "reach": 0.05}
    )
    assert_close(refine(moved, rings() + step, INDEX), refine(features(), rings(), INDEX) + step)


def test_a_ring_that_starts_elsewhere_ends_the_same():
    refine = refiner()
    turned = refine(features(), rings().roll(5, dims=1), INDEX)
    assert_close(turned, refine(features(), rings(), INDEX).roll(5, dims=1))


def test_an_object_does_not_see_the_others():
    refine = refiner()
    together = refine(features(), rings(), INDEX)
    alone = [refine(features(), rings()[i : i + 1], INDEX[i : i + 1]) for i in range(3)]
    assert_close(together, torch.cat(alone))


@pytest.mark.parametrize("centre", [False, True])
def test_only_with_centre_the_middle_of_the_box_is_noticed(centre):
    points = torch.tensor([[[40.0, 20], [60, 40], [40, 60], [20, 40]]], dtype=torch.float64)
    index = torch.zeros(1, dtype=torch.int64)
    other = features()
    other[0, 9:11, 9:11] += 10  # the cells around (40, 40), far from the points
    refine = refiner(centre=centre)
    same = torch.allclose(refine(other, points, index), refine(features(), points, index))
    assert same is not centre


def test_with_a_profile_a_point_sees_what_lies_across_the_contour():
    points = torch.tensor([[[40.0, 20], [60, 40], [40, 60], [20, 40]]], dtype=torch.float64)
    index = torch.zeros(1, dtype=torch.int64)
    other = features()
    other[0, 9:11, 12:14] += 10  # around (52, 40), inside of the right-hand point at (60, 40)
    for profile in (1, 3):
        refine = refiner(refiner={"width": 8, "fusion": 8, "profile": profile, "reach": 0.2})
        same = torch.allclose(refine(other, points, index), refine(features(), points, index))
        assert same is (profile == 1)


@pytest.mark.parametrize("centre", [False, True])
def test_of_the_points_every_fourth_is_moved_as_it_would_be_among_all(centre):
    some, each = refiner(centre=centre, every=4), refiner(centre=centre)
    assert_close(some(features(), rings(), INDEX), each(features(), rings(), INDEX)[:, ::4])


def test_a_ring_without_extent_still_gets_numbers():
    point = torch.full((1, 16, 2), 30.0, dtype=torch.float64)
    assert refiner()(features(), point, INDEX[:1]).isfinite().all()


def test_no_ring_gives_no_ring():
    assert refiner(centre=True)(features(), rings()[:0], INDEX[:0]).shape == (0, 16, 2)


def test_it_reads_the_features_as_its_settings_say():
    found = [
        refiner(sampling=mode, align=align)(features(), rings(), INDEX)
        for mode, align in itertools.product(get_args(Mode), get_args(Align))
    ]
    assert all(not torch.allclose(a, b) for a, b in itertools.combinations(found, 2))
    assert torch.equal(refiner()(features(), rings(), INDEX), found[2])  # bilinear, half-pixel


@pytest.mark.parametrize("align", get_args(Align))
@pytest.mark.parametrize("mode", get_args(Mode))
def test_exported_it_reads_a_map_of_any_size_in_every_mode(mode, align):
    refine = refiner(sampling=mode, align=align).float()
    points = rings()[:1].float()
    run = traced(WithPoints(refine, points), features(b=1, h=8, w=9).float(), dynamic=(0, 1, 2))
    for b, h, w in [(1, 20, 24), (2, 16, 13)]:
        x = features(b, h, w).float()
        assert_close(run(x), refine(x, points, INDEX[:1]), atol=1e-4, rtol=1e-4)


class WithPoints(torch.nn.Module):
    """A refiner of one fixed ring, so that the features are its only input."""

    def __init__(self, refine, points):
        super().__init__()
        self.refine, self.points = refine, points

    def forward(self, x):
        return self.refine(x, self.points, INDEX[:1])
