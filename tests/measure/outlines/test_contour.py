"""Contours: evenly spaced points, normals and curvature of outlines that are known."""

import numpy as np
import pytest
import shapely

from kontur.geometry.ring import resample
from kontur.measure.outlines.contour import POINTS, bends_of, contours_of
from kontur.measure.outlines.object_rings import rings_of, straightened
from tests.measure.drawn import blob, disc, ellipse
from tests.measure.outlines.test_object_rings import FRAME, PARTS, array


def contours(*polygons):
    rings = rings_of(array(*polygons))
    return contours_of(rings, straightened(rings))


def test_points_are_those_of_resampling_one_ring():
    shapes = [blob(0), blob(1, points=31), blob(2, 5, (9, 9), points=7)]
    found = contours(*shapes)
    for i, shape in enumerate(shapes):
        ring = shapely.get_coordinates(shape)[:-1] - found.origin[i]
        middle = np.array(shape.exterior.centroid.coords[0]) - found.origin[i]
        ring = np.roll(ring, -np.hypot(*(ring - middle).T).argmax(), axis=0)
        expected = resample(ring, POINTS) @ np.array([1, 1j])
        np.testing.assert_allclose(found.points[i], expected, atol=1e-9)
        assert found.perimeter[i] == pytest.approx(shape.length)


def test_holes_and_smaller_parts_play_no_part():
    found = contours(FRAME, PARTS)
    assert found.points.shape == (2, POINTS)
    shell = contours(shapely.Polygon(FRAME.exterior), PARTS.geoms[1])
    both = found.origin @ np.array([1, 1j]), shell.origin @ np.array([1, 1j])
    np.testing.assert_allclose(found.points + both[0][:, None], shell.points + both[1][:, None])


@pytest.mark.parametrize("radius", [2.0, 20.0])
def test_the_curvature_of_a_disc_is_one_by_its_radius_and_normals_point_outward(radius):
    found = contours(disc(radius, (7, 8)))
    bends = bends_of(found)
    np.testing.assert_allclose(bends.curvature, 1 / radius, rtol=0.01)
    np.testing.assert_allclose(bends.outward, found.points / np.abs(found.points), atol=0.01)


def test_the_curvature_of_an_ellipse_is_that_of_the_formula():
    found = bends_of(contours(ellipse(20, 12, points=2000))).curvature[0]
    assert found.max() == pytest.approx(20 / 12**2, rel=0.05)
    assert found.min() == pytest.approx(12 / 20**2, rel=0.05)


def test_a_contour_turns_once_whatever_its_shape():
    shapes = [blob(seed) for seed in range(5)] + [shapely.box(0, 0, 9, 2)]
    found = contours(*shapes)
    turned = bends_of(found).curvature.mean(axis=1) * found.perimeter / (2 * np.pi)
    np.testing.assert_allclose(turned, 1, atol=0.2)  # smoothing shortens corners a little


def test_of_no_object_there_is_no_contour():
    found = contours()
    assert found.points.shape == bends_of(found).curvature.shape == (0, POINTS)
