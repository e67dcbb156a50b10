"""Rings of a fixed number of points: their start is the same whoever drew them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kontur.geometry import ring
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.rings import OVERSAMPLE, contour_target


@pytest.mark.parametrize("anchors", ["top", "four"])
def test_the_start_of_a_contour_does_not_depend_on_the_start_of_its_ring(anchors):
    points = ring.smooth(np.array([[2.0, 1], [9, 3], [8, 9], [1, 7]]), 2)
    extremes, config = ring.extremes(points), SnakeConfig(points=16, anchors=anchors)
    expected = contour_target(points, extremes, config)
    turned = contour_target(np.roll(points, 5, axis=0), extremes, config)
    assert_allclose(turned, expected, atol=ring.perimeter(points) / (16 * OVERSAMPLE))
