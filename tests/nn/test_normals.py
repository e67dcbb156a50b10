"""Normals of contours, against circles, and the points across them."""

import torch
from torch.testing import assert_close

from kontur.nn.grid import PARTS
from kontur.nn.normals import across, normals


def circle(x, y, radius, points=64):
    """Clockwise on a screen, from the top."""
    angle = torch.linspace(0, 2 * torch.pi, points + 1)[:-1] - torch.pi / 2
    return torch.stack([x + radius * torch.cos(angle), y + radius * torch.sin(angle)], dim=-1)


RINGS = torch.stack([circle(5, 6, 3), circle(-2, 0, 9)])
MIDDLES = torch.tensor([[[5.0, 6]], [[-2, 0]]])


def test_normals_of_a_circle_point_away_from_its_middle():
    outward = (RINGS - MIDDLES) / torch.tensor([[[3.0]], [[9]]])
    assert_close(normals(RINGS), outward, atol=1e-5, rtol=0)


def test_points_in_one_place_have_no_normal():
    assert_close(normals(torch.ones(2, 8, 2)), torch.zeros(2, 8, 2))


def test_points_across_a_circle_lie_on_smaller_and_larger_ones():
    places = torch.stack(across(RINGS, torch.tensor([-1.0, 0.5])), dim=-1)
    radii = (places - MIDDLES).norm(dim=-1).unflatten(1, (2, 64))
    expected = torch.tensor([[[2.0], [3.5]], [[8], [9.5]]]).expand(2, 2, 64)
    assert_close(radii, expected, atol=1 / PARTS, rtol=0)


def test_every_contour_may_have_steps_of_its_own():
    places = torch.stack(across(RINGS, torch.tensor([[1.0], [-2.0]])), dim=-1)
    radii = (places - MIDDLES).norm(dim=-1)
    expected = torch.tensor([[4.0], [7.0]]).expand(2, 64)
    assert_close(radii, expected, atol=1 / PARTS, rtol=0)


def test_points_across_are_as_far_away_wherever_a_contour_lies():
    rings, far = (RINGS * 16).round() / 16, 9000
    steps = torch.linspace(-3, 3, 7)
    here, there = across(rings, steps), across(rings + far, steps)
    assert all((a + far == b).all() for a, b in zip(here, there, strict=True))


def test_no_contours_have_no_points():
    x, y = across(torch.zeros(0, 8, 2), torch.ones(3))
    assert x.shape == y.shape == (0, 24)


def test_points_in_one_place_have_a_gradient_that_is_a_number():
    rings = torch.ones(1, 8, 2, requires_grad=True)
    sum(place.sum() for place in across(rings, torch.ones(3))).backward()
    assert torch.isfinite(rings.grad).all()
