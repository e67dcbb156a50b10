"""The predicted quality: the IoU that it learns, against shapely, and what it reads."""

import numpy as np
import pytest
import shapely
import shapely.affinity
import torch
from torch.testing import assert_close

from kontur.models.snake.contours import quality_of_rings
from kontur.models.snake.quality import GRID, OutlineQuality, best_iou, ring_iou
from tests.models import contract


def blob(rng, x=20.0, y=20.0, radius=8.0, points=40):
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    far = radius * (1 + 0.3 * np.sin(angle * rng.integers(1, 5) + rng.uniform(0, 6)))
    return np.stack([x + far * np.cos(angle), y + far * np.sin(angle)], axis=1)


def exact(a, b):
    a, b = shapely.Polygon(a), shapely.Polygon(b)
    return a.intersection(b).area / a.union(b).area


def as_rings(*rings):
    return torch.from_numpy(np.stack(rings)).float()


def test_the_counted_iou_is_the_exact_one_within_the_grid():
    rng = np.random.default_rng(0)
    pairs = [
        (blob(rng), blob(rng, 20 + rng.exponential(6), 20 + rng.exponential(3), points=55))
        for _ in range(50)
    ]
    counted = ring_iou(as_rings(*(a for a, _ in pairs)), as_rings(*(b for _, b in pairs)))
    expected = np.array([exact(a, b) for a, b in pairs])
    assert expected.min() < 0.1 < 0.6 < expected.max()
    assert np.abs(counted.numpy() - expected).max() < 1.5 / GRID


def test_a_ring_is_itself_and_nothing_of_one_that_lies_apart():
    ring = as_rings(blob(np.random.default_rng(0)))
    assert_close(ring_iou(ring, ring), torch.ones(1))
    assert_close(ring_iou(ring, ring + 100), torch.zeros(1))


def test_a_ring_without_area_has_no_iou():
    assert_close(ring_iou(torch.zeros(1, 8, 2), torch.zeros(1, 9, 2)), torch.zeros(1))


def test_a_contour_is_judged_by_the_object_of_its_own_image_that_is_most_like_it():
    rng = np.random.default_rng(0)
    first, second = as_rings(blob(rng, 20, 20)), as_rings(blob(rng, 60, 20))
    truths, truth_index = torch.cat([first, second, first]), torch.tensor([0, 0, 1])
    contours = torch.cat([second, first + 1, second, first])
    reached = best_iou(contours, torch.tensor([0, 0, 1, 2]), truths, truth_index)
    assert reached[0] == 1
    assert 0.7 < reached[1] < 1
    assert reached[2:].tolist() == [0, 0]  # nothing there; an image without objects


@pytest.mark.parametrize(("contours", "truths"), [(3, 0), (0, 3), (0, 0)])
def test_without_objects_there_is_nothing_to_be_good_at(contours, truths):
    indices = (torch.zeros(count, dtype=torch.long) for count in (contours, truths))
    rings = (torch.rand(count, 8, 2) for count in (contours, truths))
    reached = best_iou(next(rings), next(indices), next(rings), next(indices))
    assert_close(reached, torch.zeros(contours))


def test_it_reads_inside_on_and_outside_of_the_contour():
    settings = contract.settings("snake")
    network = contract.as_if_learned(OutlineQuality(settings)).eval()
    features = torch.zeros(1, 40, 40, settings.features)
    ring = as_rings(blob(np.random.default_rng(0), 40, 40, 16, settings.points))
    index = torch.zeros(1, dtype=torch.long)
    plain = network(features, ring, index)
    assert plain.shape == (1,)
    for x, y in ((24, 20), (28, 20), (30, 20)):  # half the way, the edge and beyond, in cells
        near = features.clone()
        near[:, y - 8 : y + 8, x - 1 : x + 2] = 3.0
        assert network(near, ring, index) != plain
    far = features.clone()
    far[:, :8, :8] = 3.0
    assert_close(network(far, ring, index), plain)


def test_any_number_of_contours_also_none():
    settings = contract.settings("snake")
    network = OutlineQuality(settings).eval()
    features = torch.zeros(2, 8, 8, settings.features)
    assert network(features, torch.zeros(0, 32, 2), torch.zeros(0, dtype=torch.long)).shape == (0,)


def test_a_network_without_it_knows_no_quality_and_scores_by_its_centres():
    settings = contract.settings("snake", quality=False)
    predictor = contract.predictor(contract.network("snake", settings).eval(), "snake", score=0.0)
    view = predictor.prepare(np.zeros((32, 32, 1), np.uint8)).view()
    candidates = predictor.propose(view, lowest=0.0)
    assert candidates.quality is None
    rings = list(candidates.rings[:2])
    found = quality_of_rings(predictor.engine.graphs, candidates.features, rings, settings)
    assert np.isnan(found).all()
    assert len(found) == len(rings)


def test_what_it_learned_by_heart_is_better_than_what_lies_beside_it():
    learned = contract.learned("snake")
    session = learned.predictor.session(learned.sample.image)
    truth = learned.sample.instances.polygons
    beside = np.array([shapely.affinity.translate(each, 9, 7) for each in truth], object)
    right, wrong = session.quality(truth), session.quality(beside)
    assert ((right >= 0) & (right <= 1)).all()
    assert right.mean() > wrong.mean() + 0.2
    assert session.quality([]).shape == (0,)
