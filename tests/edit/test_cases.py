"""Cases: which objects episodes are drawn from, and how their contours are made rough."""

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose, assert_array_equal

from kontur.data.sample import Sample
from kontur.edit.cases import Cases, Rough, draw_rough, own_contours, perturbed
from kontur.errors import InputError
from kontur.instances import Instances
from tests.edit import drawn


def test_every_object_has_its_contour_clockwise_from_the_top():
    cases = drawn.of_polygons(drawn.disc(), drawn.disc(12, 50, 6))
    assert len(cases) == 2
    for contour, polygon in zip(cases.contours, cases.polygons, strict=True):
        assert shapely.Polygon(contour).area > 0.97 * polygon.area
        assert_allclose(contour[0, 1], polygon.bounds[1], atol=1e-4)
    assert not cases.outlined.any()


def test_regions_to_ignore_and_specks_are_no_cases():
    polygons = np.array([drawn.disc(), drawn.disc(10, 10, 5), drawn.disc(50, 50, 0.3)], object)
    instances = Instances.of(polygons, ignore=[False, True, False], size=(64, 64))
    cases = Cases.of_images([Sample(np.zeros((64, 64, 3), np.float32), instances, "a")], points=32)
    assert len(cases) == 1
    assert cases.polygons[0].equals(polygons[0])


def test_images_without_objects_and_no_images_are_answered():
    empty = Sample(np.zeros((64, 64, 1), np.float32), Instances.empty(size=(64, 64)), "empty")
    with pytest.raises(InputError, match="no object with a contour"):
        Cases.of_images([empty])
    with pytest.raises(InputError, match="no image"):
        Cases.of_images([])
    one = Sample(empty.image, Instances.of(np.array([drawn.disc()], object), size=(64, 64)), "one")
    assert len(Cases.of_images([empty, one, empty])) == 1


def test_a_rough_contour_has_its_corners_off_and_is_straight_between():
    contour = drawn.of_polygons(drawn.disc()).contours
    off = np.zeros((8, 2))
    off[2] = [0.5, -0.25]
    (rough,) = perturbed(contour, np.array([20.0], np.float32), [Rough(0, off)])
    corners = rough[::4]
    assert_allclose(corners[2], contour[0, 8] + [10, -5], atol=1e-4)
    others = np.arange(8) != 2
    assert_allclose(corners[others], contour[0, ::4][others], atol=1e-4)
    middle = (rough[8] + rough[12]) / 2
    assert_allclose(rough[10], middle, atol=1e-4)


def test_many_rough_contours_are_those_of_each_alone():
    contours = drawn.cases().contours
    rng = np.random.default_rng(0)
    draws = [draw_rough(rng, drawn.POINTS, jitter=0.1, corners=(6, 16)) for _ in contours]
    unit = np.full(len(contours), 15, np.float32)
    together = perturbed(contours, unit, draws)
    for place in range(len(contours)):
        row = slice(place, place + 1)
        assert_array_equal(perturbed(contours[row], unit[row], draws[row])[0], together[place])
    assert perturbed(contours[:0], unit[:0], []).shape == (0, drawn.POINTS, 2)


def test_an_object_has_the_outline_that_overlaps_it_most_and_a_far_one_has_none():
    truth = np.array([drawn.disc(), drawn.disc(10, 10, 4), drawn.disc(55, 55, 4)], object)
    found = np.array(
        [drawn.disc(36, 32, 12), drawn.disc(33, 32, 12), drawn.disc(13, 13, 4)], object
    )
    assert_array_equal(own_contours(truth, found), [1, -1, -1])
    assert_array_equal(own_contours(truth, found[:0]), [-1, -1, -1])
    assert own_contours(truth[:0], found).shape == (0,)
