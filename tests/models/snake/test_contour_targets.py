"""Rings of a fixed number of points: their start is the same whoever drew them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kontur.geometry import ring
from kontur.geometry.ragged_rings import RaggedRings, extremes
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.contour_targets import OVERSAMPLE, contour_targets


@pytest.mark.parametrize("anchors", ["top", "four"])
def test_the_start_of_a_contour_does_not_depend_on_the_start_of_its_ring(anchors):
    points = ring.smooth(np.array([[2.0, 1], [9, 3], [8, 9], [1, 7]]), 2)
    config = SnakeConfig(points=16, anchors=anchors)
    both = RaggedRings.of([points, np.roll(points, 5, axis=0)])
    expected, turned = contour_targets(both, extremes(both), config)
    assert_allclose(turned, expected, atol=ring.perimeter(points) / (16 * OVERSAMPLE))
