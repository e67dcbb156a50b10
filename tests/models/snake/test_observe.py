"""What an agent sees: the same places that the networks read, alike wherever a contour lies."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from kontur.models.snake.moves import units
from kontur.models.snake.observe import AgentMaps, BlockMap, PixelMap, channels, observe
from kontur.models.snake.polish_config import PolishConfig
from kontur.nn.sampling import sample_places

CONFIG = PolishConfig()


def maps(rng, sizes=((40, 50), (33, 31)), stride=2, d=5, detail=3):
    images = [rng.normal(size=(3, *size)).astype(np.float32) for size in sizes]
    features = [
        rng.normal(size=(-(-h // stride), -(-w // stride), d)).astype(np.float32) for h, w in sizes
    ]
    fine = [rng.normal(size=(*size, detail)).astype(np.float32) for size in sizes]
    return images, features, fine, AgentMaps.of(images, features, stride, fine)


def circles(places, radius=6.0, n=32):
    angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
    ring = np.stack([np.sin(angles), -np.cos(angles)], axis=-1) * radius
    return (ring + np.array(places, float)[:, None]).astype(np.float32)


def see(seen, rings, index, left=1.0):
    count = len(rings)
    return observe(
        *(seen, rings, np.array(index, np.int64), units(rings)),
        np.full(count, left, np.float32),
        CONFIG,
    )


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_places_are_read_as_the_networks_read_them(mode):
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(17, 23, 4)).astype(np.float32) for _ in range(2)]
    x = rng.uniform(-5, 30, (6, 40)).astype(np.float32)
    y = rng.uniform(-5, 30, (6, 40)).astype(np.float32)
    index = rng.integers(0, 2, 6)
    expected = sample_places(
        torch.from_numpy(np.stack(values)),
        *(torch.from_numpy(each) for each in (x, y, index)),
        stride=1,
        mode=mode,
    )
    if mode == "bilinear":
        found = np.stack(BlockMap.of(values).bilinear(x, y, index), axis=-1)
    else:
        found = PixelMap.of(values, 1).nearest(x, y, index)
    assert_allclose(found, expected.numpy(), atol=1e-5)


def test_images_of_different_sizes_are_read_each_by_itself():
    rng = np.random.default_rng(1)
    images, features, fine, both = maps(rng)
    rings = circles([(20, 15), (15, 15)])
    together = see(both, rings, [0, 1])
    for place in (0, 1):
        alone = AgentMaps.of(
            images[place : place + 1], features[place : place + 1], 2, fine[place : place + 1]
        )
        assert_array_equal(see(alone, rings[place : place + 1], [0])[0], together[place])


def test_a_profile_runs_from_inside_to_outside():
    ramp = np.hypot(*np.mgrid[-20:20, -20:20] + 0.5)[None].astype(np.float32)  # from the middle
    seen = AgentMaps.of([ramp], [np.zeros((20, 20, 2), np.float32)], 2)
    rings = circles([(20, 20)], radius=8)
    profile = see(seen, rings, [0])[0, :, : len(CONFIG.profile)]
    unit = units(rings)[0]
    assert_allclose(profile, np.tile(8 + unit * np.array(CONFIG.profile), (32, 1)), atol=0.3)
    assert (np.diff(profile, axis=1) > 0).all()


def test_what_is_seen_of_the_shape_does_not_depend_on_where_it_lies():
    flat = AgentMaps.of([np.ones((1, 90, 90), np.float32)], [np.ones((45, 45, 2), np.float32)], 2)
    here, there = see(flat, circles([(20, 20), (60.5, 50.25)]), [0, 0])
    assert_allclose(here, there, atol=1e-4)


def test_points_outside_of_the_image_see_its_edge_and_no_contour_is_too_many():
    _, _, _, seen = maps(np.random.default_rng(2))
    far = see(seen, circles([(-30, -30), (500, 500)]), [0, 0])
    assert np.isfinite(far).all()
    assert see(seen, circles([(20, 20)])[:0], []).shape == (0, 32, channels(CONFIG, 2, 5))


def test_the_steps_that_are_left_are_seen():
    _, _, _, seen = maps(np.random.default_rng(3))
    early, late = (see(seen, circles([(20, 15)]), [0], left) for left in (1.0, 0.25))
    different = (early != late).any(axis=(0, 1))
    assert different.sum() == 1
    assert_allclose(late[..., different], 0.25)
