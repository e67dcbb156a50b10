"""What an agent does to contours: along the normals, smooth, stop; never across themselves."""

import numpy as np
import pytest
import shapely
import torch
from numpy.testing import assert_allclose, assert_array_equal

from kontur.models.snake.moves import MOVE, SMOOTH, STOP, act, outward, simple, smooth, units
from kontur.models.snake.polish_config import PolishConfig
from kontur.nn.normals import normals

DISTANCES = np.array(PolishConfig().distances, np.float32)
ANGLES = np.linspace(0, 2 * np.pi, 32, endpoint=False)


def circle(radius=10.0, n=32):
    angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
    points = np.stack([np.sin(angles), -np.cos(angles)], axis=-1) * radius + 20
    return points[None].astype(np.float32)


def thin_contour():
    along = np.linspace(0, 40, 16)
    sides = [np.stack([along, along * 0 + 10], -1), np.stack([along[::-1], along * 0 + 12], -1)]
    return np.concatenate(sides)[None].astype(np.float32)


def action(mode, distances=0, n=32):
    row = np.zeros((1, n + 1), np.int64)
    row[0, 0], row[0, 1:] = mode, distances
    return row


def test_a_clockwise_circle_grows_along_its_normals_by_a_share_of_its_unit():
    ring, far = circle(), PolishConfig().distances.index(0.06)
    unit = units(ring)
    assert_allclose(unit, np.sqrt(shapely.Polygon(ring[0]).area), rtol=1e-5)
    moved = act(ring, action(MOVE, far), unit, DISTANCES).rings[0]
    assert_allclose(np.hypot(*(moved - 20).T), 10 + 0.06 * unit[0], rtol=1e-5)


def test_normals_are_those_of_the_network():
    rng = np.random.default_rng(0)
    rings = rng.normal(20, 5, (4, 32, 2)).astype(np.float32)
    rings[0, 3] = rings[0, 5]  # a chord without length
    assert_allclose(outward(rings), normals(torch.from_numpy(rings)).numpy(), atol=1e-5)


def test_a_single_point_and_a_stretch_move_and_the_others_stay():
    ring = circle()
    wanted = action(MOVE)
    wanted[0, 1 + 7] = 3
    wanted[0, 1 + 20 : 1 + 25] = 4
    moved = act(ring, wanted, units(ring), DISTANCES).rings
    outwards = ((moved - ring) * outward(ring)).sum(axis=-1)[0] / units(ring)
    expected = np.zeros(32)
    expected[7], expected[20:25] = DISTANCES[3], DISTANCES[4]
    assert_allclose(outwards, expected, atol=2e-3)


def test_points_that_crowd_slide_apart_along_the_contour():
    crowded = np.concatenate([np.linspace(0, 1, 20), np.linspace(1, 2 * np.pi, 13)[:-1]])
    ring = (np.stack([np.sin(crowded), -np.cos(crowded)], axis=-1) * 10 + 20)[None]
    ring = ring.astype(np.float32)
    moved = ring
    for _ in range(12):
        moved = act(moved, action(MOVE), units(ring), DISTANCES).rings
    spread = [np.std(np.hypot(*(np.roll(each[0], -1, 0) - each[0]).T)) for each in (ring, moved)]
    assert spread[1] < 0.7 * spread[0]
    assert shapely.Polygon(moved[0]).area > 0.95 * shapely.Polygon(ring[0]).area


def test_a_step_that_stops_changes_nothing_whatever_distances_it_names():
    ring = circle()
    ring[0, 4] += [0.5, 0.2]  # no contour is so even that nothing would slide
    moved, crossed = act(ring, action(STOP, 5), units(ring), DISTANCES)
    assert_array_equal(moved, ring)
    assert not crossed.any()


def test_smoothing_takes_back_what_sticks_out():
    ring = circle()
    ring[0, 4] += [6, -6]
    moved = act(ring, action(SMOOTH), units(ring), DISTANCES).rings
    assert np.hypot(*(moved[0, 4] - 20)) < np.hypot(*(ring[0, 4] - 20)) - 3
    assert_array_equal(moved, smooth(ring))
    assert_allclose(smooth(ring).mean(axis=1), ring.mean(axis=1), atol=1e-4)


@pytest.mark.parametrize("far", range(len(DISTANCES)))
def test_no_action_makes_a_thin_contour_cross_itself(far):
    rng = np.random.default_rng(far)
    thin = thin_contour()
    assert simple(thin).all()
    for _ in range(12):
        wanted = action(MOVE)
        wanted[0, 1:] = rng.choice([0, far], 32)
        thin = act(thin, wanted, units(circle()), DISTANCES).rings
        assert shapely.Polygon(thin[0]).is_valid
        assert simple(thin).all()


def test_what_would_cross_itself_is_said_and_goes_less_far():
    bow = circle()
    unit = np.array([400.0], np.float32)  # so far inwards that the ring would be turned inside out
    inwards = PolishConfig().distances.index(-0.06)
    wanted = action(MOVE)
    wanted[0, 1:17] = inwards
    moved, crossed = act(bow, wanted, unit, DISTANCES)
    assert crossed.all()
    assert simple(moved).all()


def test_what_would_cross_itself_goes_on_where_less_is_enough():
    rng = np.random.default_rng(2)
    rings = np.repeat(thin_contour(), 200, axis=0)
    wanted = np.zeros((200, 33), np.int64)
    wanted[:, 1:] = rng.choice([5, 6], (200, 32))  # one point far out, another far in
    moved, crossed = act(rings, wanted, np.full(200, 20, np.float32), DISTANCES)
    went = np.abs(moved - rings).max(axis=(1, 2)) > 0
    assert crossed.mean() > 0.5
    assert went.all()
    assert simple(moved).all()


def test_rings_that_cross_touch_run_backwards_or_hold_nan_are_not_simple():
    fine = circle()[0]
    crossed, nan, point = fine.copy(), fine.copy(), np.ones_like(fine)
    crossed[[3, 20]] = crossed[[20, 3]]
    nan[4, 0] = np.nan
    rings = np.stack([fine, fine[::-1], crossed, nan, point])
    assert_array_equal(simple(rings), [True, False, False, False, False])
    assert simple(rings[:0]).shape == (0,)


@pytest.mark.parametrize("points", [3, 4, 5, 8, 32])
def test_which_rings_are_simple_is_what_geos_says(points):
    rng = np.random.default_rng(points)
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
    ring = np.stack([np.sin(angles), -0.2 * np.cos(angles)], axis=-1) * 20
    rough = rng.uniform(0, 8, (400, 1, 1)) * rng.normal(size=(400, points, 2))
    rings = (ring + rough + 50).astype(np.float32)
    rings[:40] = rings[:40].round(-1)  # points in one place, edges on one another
    polygons = shapely.polygons(rings.astype(float))
    clockwise = shapely.is_ccw(shapely.get_exterior_ring(polygons))  # y runs downwards
    expected = shapely.is_valid(polygons) & clockwise
    assert_array_equal(simple(rings), expected)
    assert 0.02 < expected.mean() < 0.9


def test_any_number_of_contours_moves_as_each_alone():
    rng = np.random.default_rng(1)
    rings = np.concatenate([circle(radius) for radius in (3, 8, 15, 2)])
    wanted = rng.integers(0, len(DISTANCES), (4, 33))
    wanted[:, 0] = [MOVE, SMOOTH, STOP, MOVE]
    together = act(rings, wanted, units(rings), DISTANCES)
    for place in range(4):
        row = slice(place, place + 1)
        alone = act(rings[row], wanted[row], units(rings[row]), DISTANCES)
        assert_array_equal(alone.rings, together.rings[row])
    none = act(rings[:0], wanted[:0], units(rings[:0]), DISTANCES)
    assert none.rings.shape == (0, 32, 2)
