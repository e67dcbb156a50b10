"""Contours against octagons: drawn by hand, and of a network that has learned one scene."""

import math

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose

from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.train.octagons import best_overlap, octagon_overlap
from tests.models import contract

SQUARE = shapely.box(10, 10, 30, 30)
HALF, FAR = shapely.box(10, 10, 20, 30), shapely.box(50, 50, 60, 60)


class Staged(Predictor):
    """A predictor that draws given outlines after every stage."""

    def __init__(self, **stages):
        self.stages = stages

    def outlines_by_stage(self, image):
        return {
            name: Instances.of(polygons, size=image.shape[:2])
            for name, polygons in self.stages.items()
        }


@pytest.fixture
def sample():
    scene = contract.learning_scene()
    both = [SQUARE, shapely.box(40, 5, 60, 20)]
    return scene.replace(instances=Instances.of(both, size=scene.size, ignore=[False, True]))


def test_the_best_overlap_of_each_true_object_is_taken():
    truth, outlines = (
        np.array([SQUARE, FAR, shapely.box(0, 0, 1, 1)]),
        np.array([HALF, SQUARE, FAR]),
    )
    assert_allclose(best_overlap(truth, outlines), [1, 1, 0])
    assert_allclose(best_overlap(truth[:1], outlines[:1]), [0.5])
    assert_allclose(best_overlap(truth, np.empty(0, dtype=object)), [0, 0, 0])
    assert best_overlap(np.empty(0, dtype=object), outlines).shape == (0,)


def test_objects_to_ignore_and_objects_that_were_not_found_do_not_count(sample):
    seen = octagon_overlap(Staged(octagon=[HALF], first=[FAR], last=[SQUARE]), [sample, sample])
    assert (seen.octagon, seen.contour, seen.objects) == (0.5, 1.0, 2)
    nothing = octagon_overlap(Staged(octagon=[FAR], last=[FAR]), [sample])
    assert nothing.objects == 0
    assert math.isnan(nothing.contour)


def test_kinds_without_stages_say_nothing(sample):
    assert octagon_overlap(Staged(), [sample]) is None


def test_contours_of_a_network_that_has_learned_cover_objects_better_at_any_working_scale():
    learned = contract.learned("snake")
    seen = octagon_overlap(learned.predictor, [learned.sample])
    assert seen.objects == len(learned.sample.instances)
    assert seen.contour > max(seen.octagon, 0.8)
