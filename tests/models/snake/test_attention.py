"""The attention refiner: what a point may see of other objects and of the image, and what not."""

import itertools

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from kontur.infer.engines.torch_engine import TorchEngine
from kontur.models.graphs import Graphs
from kontur.models.snake.evolve import evolve
from kontur.models.snake.neighbours import neighbours
from kontur.models.snake.refine import box_of
from kontur.models.snake.stages import build_refiner
from kontur.nn.normals import normals
from kontur.nn.sampling import sample_points
from tests.models import contract
from tests.models.snake.test_stages import SMALL, features, settings

ALONE = torch.zeros(1, dtype=torch.long)


def refiner(**changes):
    config = settings({"kind": "attention", **changes})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return config, build_refiner(config, centre=False).eval()


def circle(x, y, radius, points=32):
    angle = torch.linspace(0, 2 * torch.pi, points + 1)[:-1] - torch.pi / 2
    return torch.stack([x + radius * torch.cos(angle), y + radius * torch.sin(angle)], dim=-1)


TWO = torch.stack([circle(15, 20, 6), circle(28, 20, 6)])


@pytest.mark.parametrize("count", [0, 2])
def test_only_with_neighbours_an_object_sees_the_others(count):
    config, move = refiner(neighbours=count)
    maps, index = features(config, b=1), torch.zeros(2, dtype=torch.long)
    together = move(maps, TWO, index)
    alone = torch.cat([move(maps, TWO[i : i + 1], ALONE) for i in (0, 1)])
    assert torch.allclose(together, alone, atol=1e-5) is (count == 0)
    elsewhere = move(features(config), TWO, torch.tensor([0, 1]))  # in another image
    assert_close(elsewhere[0], alone[0], atol=1e-5, rtol=1e-5)


def test_a_neighbour_that_is_missing_is_as_if_there_were_none():
    config, move = refiner(neighbours=3)
    maps = features(config, b=1)
    one = torch.from_numpy(neighbours(TWO.numpy(), np.zeros(2, int), 1, np.ones(2, bool)))
    missing = torch.full_like(one, torch.nan)
    moved = move(maps, TWO[:1], ALONE, torch.cat([one, missing, missing], dim=1)[:1])
    assert_close(moved, move(maps, TWO[:1], ALONE, one[:1]))
    assert_close(moved[0], move(maps, TWO, torch.zeros(2, dtype=torch.long))[0])


def test_the_tokens_of_neighbours_are_their_features_places_and_normals_and_one_is_nobody():
    config, move = refiner(neighbours=1)
    maps, around = features(config, b=1), TWO[1:, None, ::2]
    part = move.neighbours
    tokens, mask = part(move.point_features, maps, around, box_of(TWO[:1]), ALONE)
    assert tokens.shape == (1, 17, config.refiner.width)
    assert (mask == 0).all()
    assert_close(tokens[0, 0], part.nobody)
    for k, point in enumerate(around[0, 0]):
        read = sample_points(maps, point[None, None], ALONE, config.stride)[0, 0]
        place = (point - torch.tensor([15.0, 20.0])) / 6
        seen = torch.cat([read, place, normals(around[0])[0, k]])
        assert_close(tokens[0, k + 1], part.norm(part.embed(seen)), atol=1e-5, rtol=1e-4)


def test_the_tokens_of_the_image_are_places_of_a_grid_half_as_large_again_as_the_box():
    config, move = refiner(image_tokens=3)
    maps = features(config, b=1)
    tokens = move.image(move.point_features, maps, box_of(TWO[:1]), ALONE)[0]
    for token, (across, down) in zip(tokens, itertools.product((-1, 0, 1), repeat=2), strict=True):
        place = torch.tensor([15.0 + 6 * across, 20.0 + 6 * down])  # of 1.5 · 12 pixels three parts
        read = sample_points(maps, place[None, None], ALONE, config.stride)[0, 0]
        seen = torch.cat([read, torch.tensor([float(across), float(down)])])
        assert_close(token, move.image.norm(move.image.embed(seen)), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("count", [0, 5])
def test_only_with_image_tokens_the_inside_of_an_object_is_noticed(count):
    config, move = refiner(image_tokens=count)
    maps = features(config, b=1)
    other = maps.clone()
    other[0, 10, 7] += 10  # the middle of the first circle, in cells of two pixels
    same = torch.allclose(move(maps, TWO[:1], ALONE), move(other, TWO[:1], ALONE))
    assert same is (count == 0)


def test_every_stage_sees_the_neighbours_where_the_one_before_has_put_them():
    config = settings({"kind": "attention", "neighbours": 1}, **SMALL, stages=2)
    network = contract.network("snake", config).eval()
    seen = []
    graphs = Graphs(TorchEngine(network).graphs)
    for name in ("evolve_1", "evolve_2"):

        def point_features(*arrays, own=graphs[name]):
            seen.append(arrays[-1])
            return own(*arrays)

        graphs[name] = point_features
    maps, index = (features(config, b=1).numpy(),), np.zeros(2, int)
    stages = evolve(graphs, maps, TWO.numpy(), index, config, sure=np.ones(2, bool))
    np.testing.assert_array_equal(seen[0][:, 0], TWO.numpy()[[1, 0], ::2])
    np.testing.assert_array_equal(seen[1][:, 0], stages[0][[1, 0], ::2])


def test_the_extreme_stage_sees_no_neighbours():
    config = settings({"kind": "attention", "neighbours": 2, "image_tokens": 2})
    network = contract.network("snake", config)
    assert network.extremes.refiner.neighbours is None
    assert network.extremes.refiner.image is not None
    assert all(refiner.neighbours is not None for refiner in network.evolve.refiners)
