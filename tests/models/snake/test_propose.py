"""From graphs to objects: graphs that make no errors give the truth back."""

import functools

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose, assert_array_equal
from shapely import Polygon, box

from kontur.data.synthetic import SHAPES, scene
from kontur.instances import Instances
from kontur.models import graphs
from kontur.models.card import Thresholds
from kontur.models.graphs import Graphs
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.contours import GRID, trace_contours
from kontur.models.snake.encode import encode
from kontur.models.snake.propose import peaks, propose
from kontur.models.snake.start_shapes import start_octagons
from tests.models import contract
from tests.models.contract import assert_sound, best_iou

decode = functools.partial(contract.decode, "snake")
CONFIG = SnakeConfig(classes=SHAPES, points=64, smooth=0.0, stages=3)
THRESHOLDS = Thresholds(score=0.5, overlap=0.5)


class Perfect:
    """The three graphs of a network that knows the objects of each image of a batch."""

    def __init__(self, *images: Instances, scores: np.ndarray | None = None):
        self.images = images
        self.calls = {"detect": 0, "extremes": 0, "evolve": 0}
        self.truth = [encode(each, CONFIG) for each in images]
        self.scores = [scores if scores is not None else np.ones(len(i)) for i in images]

    @property
    def graphs(self):
        return Graphs({name: getattr(self, name) for name in self.calls})

    def detect(self, images):
        self.calls["detect"] += 1
        b, _, h, w = images.shape
        classes = len(self.images[0].classes)
        scores = np.zeros((b, classes, h // 2, w // 2), np.float32)
        boxes = np.zeros((b, 4, h // 2, w // 2), np.float32)
        for i, (objects, target) in enumerate(zip(self.images, self.truth, strict=True)):
            x, y = target.centres.T
            scores[i, objects.labels, y, x] = self.scores[i]
            boxes[i, :, y, x] = objects.boxes
        return np.zeros((b, h // 2, w // 2, 1), np.float32), scores, boxes

    def extremes(self, features, diamonds, image_index):
        self.calls["extremes"] += 1
        boxes = np.concatenate([diamonds.min(axis=1), diamonds.max(axis=1)], axis=-1)
        return (self._nearest(boxes, image_index, "extremes"),)

    def evolve(self, features, contours, image_index):
        self.calls["evolve"] += 1
        boxes = np.concatenate([contours.min(axis=1), contours.max(axis=1)], axis=-1)
        true = self._nearest(boxes, image_index, "contours")
        return (np.stack([contours, (contours + true) / 2, true]),)

    def _nearest(self, boxes, image_index, field):
        """The target of the object whose box it is."""
        found = []
        for own, image in zip(boxes, image_index, strict=True):
            away = np.abs(self.images[image].boxes - own).sum(axis=1)
            found.append(getattr(self.truth[image], field)[away.argmin()])
        return np.stack(found).astype(np.float32)


def crowd(seed=0, size=(96, 128), count=20, **options):
    options = {"radius": (3.0, 9.0), "touching": 0.0, "classes": "shapes"} | options
    return scene(np.random.default_rng(seed), size=size, count=count, **options).instances


def blank(*images: Instances):
    return np.zeros((len(images), 1, *images[0].size), np.float32)


def test_perfect_graphs_give_the_true_objects_of_every_image_of_a_batch():
    images = [crowd(0), Instances.empty((96, 128), SHAPES), crowd(1, count=3)]
    perfect = Perfect(*images)
    decoded = contract.decode(
        "snake", perfect.graphs, blank(*images), CONFIG, THRESHOLDS, [(96, 128)] * 3
    )
    for truth, each in zip(images, decoded, strict=True):
        assert_sound(each.instances, (96, 128))
        assert each.instances.classes == truth.classes
        assert len(each.instances) == len(truth)
        assert best_iou(truth, each.instances).min(initial=1) > 0.9
        assert sorted(each.instances.labels) == sorted(truth.labels)
        assert each.repaired == 0
    assert perfect.calls == {"detect": 1, "extremes": 1, "evolve": 1}


def test_without_a_peak_the_later_graphs_are_not_run():
    nothing = Instances.empty((32, 32), SHAPES)
    perfect = Perfect(nothing)
    (decoded,) = contract.decode(
        "snake", perfect.graphs, blank(nothing), CONFIG, THRESHOLDS, [(32, 32)]
    )
    assert len(decoded.instances) == 0
    assert perfect.calls == {"detect": 1, "extremes": 0, "evolve": 0}


def test_many_objects_are_run_in_chunks_and_come_out_the_same(monkeypatch):
    truth = crowd(2, count=30)
    whole = contract.decode(
        "snake", Perfect(truth).graphs, blank(truth), CONFIG, THRESHOLDS, [truth.size]
    )
    monkeypatch.setattr(graphs, "PART", 7)
    perfect = Perfect(truth)
    (parts,) = contract.decode(
        "snake", perfect.graphs, blank(truth), CONFIG, THRESHOLDS, [truth.size]
    )
    assert perfect.calls["evolve"] == -(-len(truth) // 7)
    assert_array_equal(parts.instances.polygons, whole[0].instances.polygons)


def test_more_than_a_hundred_objects_are_found():
    """The published code stops at 100, which is too few for cells."""
    grid = [box(x, y, x + 5, y + 5) for x in range(1, 128, 8) for y in range(1, 96, 8)]
    truth = Instances.of(grid, size=(96, 128), classes=SHAPES)
    (decoded,) = contract.decode(
        "snake", Perfect(truth).graphs, blank(truth), CONFIG, THRESHOLDS, [truth.size]
    )
    assert len(decoded.instances) == 16 * 12


def test_the_best_score_comes_first_and_what_is_below_the_threshold_not_at_all():
    truth = crowd(3, count=12)
    scores = np.linspace(0.2, 0.9, len(truth)).astype(np.float32)
    perfect = Perfect(truth, scores=scores)
    at = float(scores[4])
    thresholds = Thresholds(score=at, overlap=0.5)
    (decoded,) = contract.decode(
        "snake", perfect.graphs, blank(truth), CONFIG, thresholds, [truth.size]
    )
    assert_allclose(decoded.instances.scores, scores[4:][::-1])
    assert_array_equal(decoded.instances.labels, truth.labels[4:][::-1])


@pytest.mark.parametrize(("lowest", "least"), [(0.1, 0.02), (0.4, 0.16), (0.6, 0.36)])
def test_centres_whose_outlines_cannot_reach_the_score_are_not_outlined(lowest, least):
    truth = crowd(3, count=12)
    scores = np.linspace(0.01, 0.9, len(truth)).astype(np.float32)
    graphs = Perfect(truth, scores=scores).graphs
    graphs |= {"quality": lambda _, contours, index: (np.full(len(index), 0.81, np.float32),)}
    config = CONFIG.replace(quality=True)
    (candidates,) = propose(graphs, blank(truth), config, lowest, [truth.size])
    outlined = scores[scores >= least]
    assert_allclose(np.sort(candidates.scores), np.sqrt(outlined * 0.81), rtol=1e-6)


def test_what_is_found_at_a_threshold_is_what_a_lower_one_finds_at_least_as_sure():
    """Thresholds are tuned at the lowest: an unsure centre with a good outline counts at both."""
    truth = crowd(3, count=12)
    scores = np.linspace(0.03, 0.5, len(truth)).astype(np.float32)
    graphs = Perfect(truth, scores=scores).graphs
    graphs |= {"quality": lambda _, contours, index: (np.full(len(index), 0.99, np.float32),)}
    config = CONFIG.replace(quality=True)
    (every,) = propose(graphs, blank(truth), config, 0.04, [truth.size])
    for lowest in (0.2, 0.38, 0.5, 0.6):
        (found,) = propose(graphs, blank(truth), config, lowest, [truth.size])
        reached = np.sort(found.scores[found.scores >= lowest])
        assert_allclose(reached, np.sort(every.scores[every.scores >= lowest]))
        assert len(reached) > 0


def two(labels=(0, 0)):
    """Two squares with IoU 1/3 whose centres lie in different cells."""
    boxes = [box(10, 10, 30, 30), box(20, 10, 40, 30)]
    return Instances.of(boxes, list(labels), size=(64, 64), classes=SHAPES)


@pytest.mark.parametrize(
    ("labels", "overlap", "left"),
    [((0, 0), 0.3, 1), ((0, 0), 0.4, 2), ((0, 1), 0.3, 2), ((0, 0), 1.0, 2)],
)
def test_of_two_that_overlap_too_much_the_surer_stays_but_classes_do_not_compete(
    labels, overlap, left
):
    truth = two(labels)
    perfect = Perfect(truth, scores=np.array([0.6, 0.8], np.float32))
    thresholds = Thresholds(score=0.5, overlap=overlap)
    (decoded,) = contract.decode(
        "snake", perfect.graphs, blank(truth), CONFIG, thresholds, [truth.size]
    )
    assert len(decoded.instances) == left
    assert_allclose(decoded.instances.boxes[0], [20, 10, 40, 30], atol=1e-4)


def test_outlines_are_clipped_to_the_image_and_those_in_its_padding_are_dropped():
    truth = Instances.of(
        [box(4, 4, 12, 12), box(30, 4, 50, 12), box(50, 40, 60, 60)],
        size=(64, 64),
        classes=SHAPES,
    )
    (decoded,) = contract.decode(
        "snake", Perfect(truth).graphs, blank(truth), CONFIG, THRESHOLDS, [(40, 38)]
    )
    found = decoded.instances
    assert_sound(found, (40, 38))
    boxes = found.boxes[np.argsort(found.boxes[:, 0])]
    assert_allclose(boxes, [[4, 4, 12, 12], [30, 4, 38, 12]], atol=1e-4)


def test_of_what_is_seen_in_the_padding_a_splinter_inside_is_no_object_and_a_half_is_one():
    truth = Instances.of([box(34, 4, 54, 12), box(28, 20, 48, 30)], size=(64, 64), classes=SHAPES)
    (decoded,) = contract.decode(
        "snake", Perfect(truth).graphs, blank(truth), CONFIG, THRESHOLDS, [(40, 38)]
    )
    assert_allclose(decoded.instances.boxes, [[28, 20, 38, 30]], atol=1e-4)


def test_what_holds_no_pixel_s_centre_is_no_object():
    truth = Instances.of(
        [box(10.4, 10.4, 10.6, 10.6), box(20.6, 10.6, 21.4, 11.4), box(30, 31.8, 38, 40)],
        size=(64, 64),
        classes=SHAPES,
    )
    (decoded,) = contract.decode(
        "snake", Perfect(truth).graphs, blank(truth), CONFIG, THRESHOLDS, [(32, 64)]
    )
    assert_allclose(decoded.instances.boxes, [[10.4, 10.4, 10.6, 10.6]], atol=1e-4)
    assert len(np.unique(decoded.instances.label_image())) == 1 + len(decoded.instances)


class Drawn(Perfect):
    """Perfect, but the last stage answers with rings that were drawn."""

    def __init__(self, truth: Instances, rings: np.ndarray):
        super().__init__(truth)
        self.rings = rings

    def evolve(self, features, contours, image_index):
        return (np.stack([contours, contours, self.rings.astype(np.float32)]),)


def test_a_ring_that_crosses_itself_is_repaired_and_counted_and_one_of_nan_is_dropped():
    truth = Instances.of(
        [box(10, 10, 30, 30), box(40, 10, 60, 30), box(10, 40, 30, 60)],
        size=(64, 64),
        classes=SHAPES,
    )
    t = np.arange(CONFIG.points) / CONFIG.points * 2 * np.pi
    eight = 20 + 9 * np.column_stack([np.sin(t), np.sin(2 * t)])
    circle = [50, 20] + 9 * np.column_stack([np.cos(t), np.sin(t)])
    rings = np.stack([eight, circle, np.full_like(eight, np.nan)])
    drawn = Drawn(truth, rings)
    drawn.scores = [np.array([0.9, 0.8, 0.7], np.float32)]
    (decoded,) = contract.decode(
        "snake", drawn.graphs, blank(truth), CONFIG, THRESHOLDS, [truth.size]
    )
    assert_sound(decoded.instances, truth.size)
    assert (len(decoded.instances), decoded.repaired) == (2, 1)
    one_loop = shapely.make_valid(Polygon(eight)).area / 2
    assert decoded.instances.areas[0] == pytest.approx(one_loop, rel=1e-3)


def test_extremes_that_are_no_numbers_spoil_no_other_object():
    truth = crowd(4, count=6)

    class Spoilt(Perfect):
        def extremes(self, features, diamonds, image_index):
            (found,) = super().extremes(features, diamonds, image_index)
            found[1] = np.nan
            return (found,)

        def evolve(self, features, contours, image_index):
            lost = np.isnan(contours).any(axis=(1, 2))
            (stages,) = super().evolve(features, np.nan_to_num(contours), image_index)
            stages[:, lost] = np.nan
            return (stages,)

    clean = contract.decode(
        "snake", Perfect(truth).graphs, blank(truth), CONFIG, THRESHOLDS, [truth.size]
    )
    spoilt = contract.decode(
        "snake", Spoilt(truth).graphs, blank(truth), CONFIG, THRESHOLDS, [truth.size]
    )
    expected = np.delete(clean[0].instances.polygons, 1)
    assert_array_equal(spoilt[0].instances.polygons, expected)


def test_the_history_of_a_contour_begins_with_its_octagon_on_the_grid():
    truth = crowd(5, count=4)
    perfect = Perfect(truth)
    features, scores, boxes = perfect.detect(blank(truth))
    found = peaks(scores, boxes, 0.5)
    history, quality = trace_contours(perfect.graphs, (features,), found, CONFIG)
    assert np.isnan(quality).all()  # none is learned
    assert history.shape == (4, len(truth), 64, 2)
    (extremes,) = perfect.extremes(features, history[0], found.image_index)
    expected = start_octagons(extremes.astype(float), CONFIG)
    assert_allclose(history[0], expected, atol=2 / GRID)  # extremes and points are rounded
    assert_array_equal(history[0] * GRID % 1, 0)


def test_peaks_are_sorted_by_image_and_score_and_zeros_are_none_whatever_the_threshold():
    scores = np.zeros((2, 2, 3, 4), np.float32)
    scores[1, 0, 2, 3], scores[0, 1, 0, 0], scores[0, 0, 1, 2] = 0.9, 0.3, 0.7
    boxes = np.arange(2 * 4 * 3 * 4, dtype=np.float32).reshape(2, 4, 3, 4)
    found = peaks(scores, boxes, 0.0)
    assert_allclose(found.scores, [0.7, 0.3, 0.9])
    assert found.image_index.tolist() == [0, 0, 1]
    assert found.labels.tolist() == [0, 1, 0]
    assert_array_equal(found.boxes, [boxes[0, :, 1, 2], boxes[0, :, 0, 0], boxes[1, :, 2, 3]])
    nothing = peaks(np.zeros_like(scores), boxes, 0.0)
    assert nothing.boxes.shape == (0, 4)
