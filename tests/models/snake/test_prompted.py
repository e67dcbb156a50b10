"""Starts such as a hand gives: how many, how rough, and what they are to become."""

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose, assert_array_equal

from kontur.data.synthetic import scene
from kontur.geometry import ring
from kontur.instances import Instances
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.encode import encode

FOUND = scene(
    np.random.default_rng(0), size=(256, 256), count=60, radius=(6.0, 12.0), touching=0.0
).instances


def settings(anchors="top", **prompts):
    return SnakeConfig(anchors=anchors, prompts=prompts, max_contours_per_crop=0)


def targets(config, found=FOUND, seed=0):
    return encode(found, config, np.random.default_rng(seed))


def moved(starts, targets):
    """How far points have to go, a share of their object's side."""
    sides = np.ptp(targets.extremes, axis=1).mean(axis=-1)
    return np.hypot(*np.moveaxis(starts - targets.contours, -1, 0)).mean(axis=1) / sides


@pytest.mark.parametrize("prompts", [{"extremes": 0.4}, {"polygons": 0.4}])
def test_a_share_of_the_objects_starts_as_from_a_hand_and_only_their_starts_differ(prompts):
    usual, other = targets(settings()), targets(settings(**prompts))
    differ = (usual.octagons != other.octagons).any(axis=(1, 2))
    assert 0.25 < differ.mean() < 0.55
    for name in set(usual._fields) - {"octagons", "contours"}:
        assert_array_equal(getattr(usual, name), getattr(other, name), err_msg=name)
    assert_array_equal(usual.contours[~differ], other.contours[~differ])


def test_extremes_are_off_by_the_noise():
    rough = targets(settings(extremes=1.0, noise=0.1))
    tops = rough.octagons[:, 0] - rough.extremes[:, 0]  # the octagon begins at the top extreme
    by = tops[:, 0] / np.ptp(rough.extremes[..., 0], axis=1)
    assert by.std() == pytest.approx(0.1, rel=0.4)


def test_a_polygon_without_noise_has_its_corners_on_the_outline():
    disc = Instances.of([shapely.Point(30, 30).buffer(12)], size=(64, 64))
    exact = targets(settings(polygons=1.0, noise=0.0, corners=(8, 8)), disc)
    corners = shapely.Polygon(exact.octagons[0]).simplify(0.3)
    assert len(corners.exterior.coords) - 1 in (8, 9)  # a point is not always in a corner
    drawn = shapely.Polygon(exact.octagons[0]).area
    assert drawn / shapely.Polygon(exact.contours[0]).area == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize("anchors", ["top", "four"])
def test_points_are_paired_from_the_polygons_own_top_on(anchors):
    """What a point has to go is the noise, not a way around the ring."""
    rough = targets(settings(anchors, polygons=1.0, noise=0.1))
    assert moved(rough.octagons, rough).mean() < 0.2
    for start, contour in zip(rough.octagons, rough.contours, strict=True):
        assert ring.signed_area(contour) > 0
        top = start[0] if anchors == "top" else ring.extremes(start)[0]
        nearest = np.hypot(*(contour - top).T).argmin()
        assert nearest in (0, 1, len(contour) - 1)


def test_the_outline_that_is_learned_stays_the_true_one():
    usual, rough = targets(settings()), targets(settings(polygons=1.0, noise=0.2))
    for one, other in zip(usual.contours, rough.contours, strict=True):
        pair = shapely.Polygon(one), shapely.Polygon(other)
        assert pair[0].intersection(pair[1]).area / pair[0].union(pair[1]).area > 0.97


def test_without_a_generator_and_without_objects_there_is_nothing_to_draw():
    config = settings(extremes=0.5, polygons=0.5)
    assert_array_equal(encode(FOUND, config).octagons, encode(FOUND, settings()).octagons)
    none = targets(config, found=Instances.empty((64, 64)))
    assert none.octagons.shape == none.contours.shape == (0, config.points, 2)


def test_objects_of_a_pixel_or_two_get_starts_that_are_numbers():
    tiny = Instances.of([shapely.box(3, 3, 4, 4), shapely.box(9, 9, 9.5, 12)], size=(32, 32))
    for seed in range(5):
        rough = targets(settings(polygons=0.7, extremes=0.3, noise=0.5), found=tiny, seed=seed)
        assert np.isfinite(rough.octagons).all()
        assert np.isfinite(rough.contours).all()
        assert_allclose(rough.octagons.mean(axis=1), rough.contours.mean(axis=1), atol=4)
