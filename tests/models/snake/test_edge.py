"""The last look at full resolution: normals, true moves by shapely, and where a stage may go."""

import numpy as np
import pytest
import shapely
import torch
from torch.testing import assert_close

from kontur.models.snake.edge import EdgeStage, FullResolution, distance_along
from kontur.nn.normals import normals
from tests.models import contract


def circle(x, y, radius, points=64):
    """Clockwise on a screen, from the top."""
    angle = torch.linspace(0, 2 * torch.pi, points + 1)[:-1] - torch.pi / 2
    return torch.stack([x + radius * torch.cos(angle), y + radius * torch.sin(angle)], dim=-1)


def config(**edge):
    return contract.settings("snake", edge={"kind": "profile", **edge})


def test_a_circle_has_to_grow_or_shrink_by_the_difference_of_the_radii():
    starts, truth = torch.stack([circle(9, 9, 5), circle(9, 9, 8)]), circle(9, 9, 6.5, 500)
    moves = distance_along(starts, truth.expand(2, -1, -1))
    expected = torch.tensor([[1.5], [-1.5]]).expand(2, 64)
    assert_close(moves, expected, atol=5e-3, rtol=0)


def test_the_move_is_the_way_to_the_nearest_place_seen_along_the_normal():
    rng = np.random.default_rng(0)
    truth = circle(20, 20, 9, 30) + torch.from_numpy(rng.normal(0, 0.8, (30, 2))).float()
    start = circle(20.5, 19, 10, 24)
    line = shapely.LinearRing(truth.numpy())
    expected = []
    for point, normal in zip(start.numpy(), normals(start[None])[0].numpy(), strict=True):
        nearest = line.interpolate(line.project(shapely.Point(point)))
        expected.append((np.array(nearest.coords[0]) - point) @ normal)
    far = torch.tensor([3000.0, 5000.0])  # in a large image, and where a training has bf16
    with torch.autocast("cpu", torch.bfloat16):
        moves = distance_along(torch.stack([start, start + far]), torch.stack([truth, truth + far]))
    np.testing.assert_allclose(moves[0].numpy(), expected, atol=1e-4)
    np.testing.assert_allclose(moves[1].numpy(), expected, atol=2e-3)


def test_no_objects_have_no_moves():
    assert distance_along(torch.zeros(0, 8, 2), torch.zeros(0, 9, 2)).shape == (0, 8)
    stage, settings = EdgeStage(config()).eval(), config()
    maps = torch.zeros(1, 8, 8, settings.features), torch.zeros(1, 16, 16, settings.edge.channels)
    assert stage(*maps, torch.zeros(0, 8, 2), torch.zeros(0, dtype=torch.long)).shape == (0, 8, 2)


@pytest.mark.parametrize("radius", [1.0, 4.0, 30.0])
def test_a_point_goes_along_its_normal_and_not_farther_than_a_quarter_of_the_object(radius):
    settings = config(limit=3.0)
    stage = EdgeStage(settings).eval()
    with torch.no_grad():
        stage.head.offsets.bias.fill_(100.0)  # as far as it may
    maps = torch.randn(1, 40, 40, settings.features), torch.randn(1, 80, 80, 4)
    start = circle(40, 40, radius)[None]
    moved = stage(*maps, start, torch.zeros(1, dtype=torch.long))
    farthest = min(3.0, radius / 2)
    assert_close(moved, circle(40, 40, radius + farthest)[None], atol=2e-3 * radius, rtol=0)


def test_a_profile_reads_the_map_across_the_contour():
    settings = config(samples=3, reach=2.0, channels=1)
    stage = EdgeStage(settings).eval()
    seen = []
    stage.head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    columns = torch.arange(80.0)[None, None, :, None].expand(1, 80, 80, 1) + 0.5  # the x of pixels
    corners = torch.tensor([[30.0, 30], [50, 30], [50, 50], [30, 50]])
    middles = (corners + corners.roll(-1, dims=0)) / 2
    square = torch.stack([corners, middles], dim=1).reshape(1, 8, 2)
    stage(torch.zeros(1, 40, 40, settings.features), columns, square, torch.zeros(1).long())
    profile = seen[0][0, :3, 0]  # (samples, points): 2 pixels inside, on the contour, 2 outside
    right, left = profile[:, 3], profile[:, 7]
    assert_close(right, torch.tensor([48.0, 50, 52]))
    assert_close(left, torch.tensor([32.0, 30, 28]))


@pytest.mark.parametrize("stride", [2, 4])
def test_full_resolution_has_the_pixels_of_the_image_and_shows_one_of_them(stride):
    settings = contract.settings("snake", edge={"kind": "profile"}, stride=stride)
    module = FullResolution(settings).eval()
    images = torch.zeros(1, 1, 32, 48)
    features = torch.zeros(1, 32 // stride, 48 // stride, settings.features)
    plain = module(features, images)
    assert plain.shape == (1, 32, 48, settings.edge.channels)
    images[0, 0, 10, 20] = 1
    changed = (module(features, images) != plain).any(dim=-1)[0].nonzero()
    first, last = changed.min(dim=0).values.tolist(), changed.max(dim=0).values.tolist()
    rows, columns = ([8, 11], [18, 21]) if stride == 2 else ([8, 11], [16, 23])
    assert (first, last) == ([rows[0], columns[0]], [rows[1], columns[1]])  # cells and a pixel more
    features[0, 3, 5] = 1
    cells = (module(features, torch.zeros_like(images)) != plain).any(dim=-1)[0].nonzero()
    assert cells.min(dim=0).values.tolist() == [3 * stride, 5 * stride]
    assert cells.max(dim=0).values.tolist() == [4 * stride - 1, 6 * stride - 1]


@pytest.mark.parametrize("stride", [2, 4])
def test_full_resolution_is_a_pixel_shuffle_of_convolutions(stride):
    """Its channels are those of the shuffle in another order: a pixel's lie together."""
    settings = contract.settings("snake", edge={"kind": "profile"}, stride=stride)
    module = FullResolution(settings)
    images = torch.randn(2, 1, 8 * stride, 6 * stride)
    features = torch.randn(2, 8, 6, settings.features)
    cells = module.coarse(features.permute(0, 3, 1, 2)) + module.fine(images)
    channels = settings.edge.channels
    apart = cells.unflatten(1, (stride**2, channels)).transpose(1, 2).flatten(1, 2)
    expected = torch.nn.functional.pixel_shuffle(apart, stride).permute(0, 2, 3, 1)
    assert_close(module(features, images), expected)
    module.coarse.weight.data.zero_()
    module.fine.weight.data.zero_()
    begun = module(features, images)
    assert (begun[..., 0] == -1).all()  # far outside of everything
    assert (begun[..., 1:] != -1).any()
