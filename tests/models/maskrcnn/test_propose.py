"""From graphs to objects: graphs that make no errors give the truth back, at full resolution."""

import functools

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose

from kontur.data.synthetic import scene
from kontur.geometry import boxes as rectangles
from kontur.geometry import raster
from kontur.geometry.anchors import anchors
from kontur.instances import Instances
from kontur.models import graphs
from kontur.models.card import Thresholds
from kontur.models.graphs import Graphs
from kontur.models.maskrcnn.roi_sampling import SPREAD
from tests.models import contract
from tests.models.contract import assert_sound, best_iou

decode = functools.partial(contract.decode, "maskrcnn")
CONFIG = contract.settings("maskrcnn", classes=("a", "b"))
THRESHOLDS = Thresholds(score=0.5, overlap=0.5)


class Perfect:
    """Three graphs that know the objects; the proposals are anchors near them, a bit off."""

    def __init__(self, truth: Instances, size):
        self.truth, self.size = truth, size
        rpn = CONFIG.rpn
        self.every = anchors(size, CONFIG.anchor_strides, sizes=rpn.sizes, ratios=rpn.ratios)
        self.calls = {"propose": 0, "boxes": 0, "masks": 0}

    @property
    def graphs(self):
        return Graphs({name: getattr(self, name) for name in self.calls})

    def propose(self, images):
        self.calls["propose"] += 1
        scores = np.zeros((len(images), len(self.every), 1), np.float32)
        deltas = np.zeros((len(images), len(self.every), 4), np.float32)
        for box in self.truth.boxes:
            near = rectangles.iou(self.every, box[None])[:, 0].argmax()
            off = box + np.array([-1, 0.5, 1, -0.5])
            scores[:, near] = 0.9
            deltas[:, near] = rectangles.deltas(self.every[near : near + 1], off[None])[0]
        return np.zeros((len(images), 1, 1), np.float32), scores, deltas

    def boxes(self, features, boxes, starts, sizes, strides):
        self.calls["boxes"] += 1
        which = rectangles.iou(boxes.astype(float), self.truth.boxes).argmax(axis=1)
        labels = self.truth.labels[which]
        probabilities = np.zeros((len(boxes), 3), np.float32)
        probabilities[np.arange(len(boxes)), labels + 1] = 0.8
        deltas = rectangles.deltas(boxes.astype(float), self.truth.boxes[which]) / SPREAD
        return probabilities, np.repeat(deltas[:, None], 2, axis=1).astype(np.float32)

    def masks(self, features, boxes, starts, sizes, strides, labels):
        self.calls["masks"] += 1
        cells, fine = 2 * CONFIG.mask_cells, 8
        which = rectangles.iou(boxes.astype(float), self.truth.boxes).argmax(axis=1)
        masks = np.zeros((len(boxes), cells, cells), np.float32)
        for mask, box, place in zip(masks, boxes.astype(float), which, strict=True):
            scale = cells * fine / (box[2:] - box[:2])
            (shape,) = self.truth[place].shift(*-box[:2]).scale(*scale).polygons
            inside = raster.rasterize(shape, (cells * fine, cells * fine))
            mask[:] = inside.reshape(cells, fine, cells, fine).mean(axis=(1, 3))
        return (masks,)


def objects(size=(128, 160), count=7, radius=(8, 16), seed=0):
    rng, shapes = np.random.default_rng(seed), ("blob", "ellipse")
    drawn = scene(rng, size=size, count=count, radius=radius, shapes=shapes, touching=0)
    found = drawn.instances
    return Instances.of(found.polygons, np.arange(len(found)) % 2, size=size, classes=("a", "b"))


def decoded(truth, size, thresholds=THRESHOLDS, b=1):
    perfect = Perfect(truth, size)
    images = np.zeros((b, 1, *size), np.float32)
    return contract.decode(
        "maskrcnn", perfect.graphs, images, CONFIG, thresholds, [truth.size] * b
    ), perfect


def test_perfect_graphs_give_the_truth_back():
    truth = objects()
    (one, two), perfect = decoded(truth, (128, 160), b=2)
    assert perfect.calls == {"propose": 1, "boxes": 1, "masks": 1}
    for each in (one, two):
        assert_sound(each.instances, truth.size)
        assert len(each.instances) == len(truth)
        assert best_iou(truth, each.instances).min() > 0.95
        assert each.repaired == 0


def test_a_large_object_has_no_low_resolution_steps():
    """28 cells across 400 pixels: the outline stays within two pixels of a circle, and turns
    nowhere by much."""
    circle = shapely.Point(224, 224).buffer(200, quad_segs=90)
    truth = Instances.of([circle], [0], size=(448, 448), classes=("a", "b"))
    ((found, _),), _ = decoded(truth, (448, 448))
    points = shapely.get_coordinates(shapely.get_exterior_ring(found.polygons[0]))[:-1]
    assert np.abs(np.hypot(*(points - 224).T) - 200).max() < 2
    steps = np.roll(points, -1, axis=0) - points
    angles = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    assert np.abs(np.diff(angles)).max() < np.radians(50)  # a step turns by 90
    assert len(points) > 60


def test_many_objects_are_cut_into_runs_and_none_is_lost(monkeypatch):
    monkeypatch.setattr(graphs, "PART", 3)
    truth = objects(count=10)
    ((found, _),), perfect = decoded(truth, (128, 160))
    assert len(found) == len(truth)
    assert perfect.calls["masks"] == -(-len(truth) // 3)


def test_no_objects_run_no_further_graph():
    truth = Instances.empty((64, 64), ("a", "b"))
    ((found, repaired),), perfect = decoded(truth, (64, 64))
    assert (len(found), found.size, found.classes, repaired) == (0, (64, 64), ("a", "b"), 0)
    assert perfect.calls == {"propose": 1, "boxes": 0, "masks": 0}


def test_padding_holds_nothing():
    truth = objects()
    size = (100, 110)
    perfect = Perfect(truth, (128, 160))
    images = np.zeros((1, 1, 128, 160), np.float32)
    ((found, _),) = decode(perfect.graphs, images, CONFIG, THRESHOLDS, [size])
    assert_sound(found, size)


@pytest.mark.parametrize(("score", "count"), [(0.79, 1), (0.81, 0)])
def test_the_threshold_is_that_of_the_class(score, count):
    truth = Instances.of([shapely.box(20, 20, 40, 44)], [1], size=(64, 64), classes=("a", "b"))
    ((found, _),), _ = decoded(truth, (64, 64), Thresholds(score=score, overlap=0.5))
    assert len(found) == count
    if count:
        assert found.labels.tolist() == [1]
        assert_allclose(found.scores, [0.8])
        assert_allclose(found.boxes, [[20, 20, 40, 44]], atol=0.2)
