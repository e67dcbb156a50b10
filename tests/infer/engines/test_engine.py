"""The engines: the same numbers from torch and from ONNX Runtime, for any number of objects."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from kontur.errors import InputError
from kontur.infer.engines import engine_threads, onnx_engine
from kontur.infer.engines.engine_threads import PART
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import TorchEngine, rebuild
from kontur.models.archive import SavedGraph
from kontur.models.candidates import Boxes
from kontur.models.snake.contours import trace_contours

PIXELS = 0.01  # that the engines may differ by: issue 2


@pytest.fixture(scope="module")
def engines(learned):
    return TorchEngine(learned.segmenter).graphs, OnnxEngine(learned.model, threads=1).graphs


def random(*shape, high=1.0, seed=0):
    return (np.random.default_rng(seed).random(shape, dtype=np.float32) * high).astype(np.float32)


@pytest.mark.parametrize("size", [(16, 16), (64, 48), (16, 160)])
@pytest.mark.parametrize("images", [1, 2])
def test_the_detector_gives_the_same_maps(engines, images, size):
    expected, found = (graphs["detect"](random(images, 1, *size)) for graphs in engines)
    h, w = size[0] // 2, size[1] // 2
    assert [a.shape for a in found] == [
        (images, h, w, 24), (images, *size, 4), (images, 1, h, w), (images, 4, h, w),
    ]  # fmt: skip
    for own, other, exact in zip(found, expected, (1e-4, 1e-4, 1e-5, PIXELS), strict=True):
        assert_allclose(own, other, atol=exact)


@pytest.mark.parametrize("objects", [0, 1, 1000])
def test_the_edge_and_the_quality_are_the_same(engines, objects):
    features, detail = random(2, 30, 41, 24), random(2, 60, 82, 4, seed=3)
    starts = random(objects, 32, 2, high=100.0, seed=1) - 10
    index = np.random.default_rng(2).integers(0, 2, objects)
    (expected,), (found,) = (graphs["edge"](features, detail, starts, index) for graphs in engines)
    assert found.shape == (objects, 32, 2)
    assert_allclose(found, expected, atol=PIXELS, rtol=0)
    (expected,), (found,) = (graphs["quality"](features, starts, index) for graphs in engines)
    assert found.shape == (objects,)
    assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("objects", [0, 1, 1000])
@pytest.mark.parametrize("graph", ["extremes", "evolve"])
def test_from_the_same_starts_points_end_within_a_hundredth_of_a_pixel(engines, graph, objects):
    """Some of the points lie outside the image."""
    points = {"extremes": 40, "evolve": 32}[graph]
    features = random(2, 30, 41, 24)
    starts = random(objects, points, 2, high=100.0, seed=1) - 10
    index = np.random.default_rng(2).integers(0, 2, objects)
    (expected,), (found,) = (graphs[graph](features, starts, index) for graphs in engines)
    shape = (objects, 4, 2) if graph == "extremes" else (3, objects, 32, 2)
    assert found.shape == expected.shape == shape
    assert_allclose(found, expected, atol=PIXELS, rtol=0)


def test_a_point_that_is_no_number_spoils_its_own_object_only(engines):
    features, starts = random(1, 20, 20, 24), random(3, 40, 2, high=40.0)
    index = np.zeros(3, np.int64)
    for graphs in engines:
        (clean,) = graphs["extremes"](features, starts, index)
        broken = starts.copy()
        broken[1, 7] = np.nan
        (found,) = graphs["extremes"](features, broken, index)
        assert np.isnan(found[1]).any()
        assert_allclose(found[[0, 2]], clean[[0, 2]], atol=1e-4)


def test_the_number_of_threads_and_of_objects_a_run_does_not_matter(learned, engines):
    several = OnnxEngine(learned.model, threads=3).graphs
    image = random(1, 1, 64, 64)
    for a, b in zip(engines[1]["detect"](image), several["detect"](image), strict=True):
        assert_allclose(a, b, atol=1e-5)
    features = random(2, 30, 41, 24)
    for objects in (0, 1, 7, 8, onnx_engine.OBJECTS_OF_RUN + 1, 200):
        starts, index = random(objects, 32, 2, high=60.0), np.arange(objects) % 2
        (expected,), (found,) = (
            g["evolve"](features, starts, index) for g in (engines[1], several)
        )
        assert found.shape == (3, objects, 32, 2)
        assert_allclose(found, expected, atol=1e-3)


def test_what_goes_wrong_in_a_part_is_not_lost_with_its_thread(learned):
    graphs = OnnxEngine(learned.model, threads=2).graphs
    caller, helped, parts = threading.get_ident(), threading.Event(), []

    def work(part):
        parts.append(part)
        if threading.get_ident() == caller:
            assert helped.wait(60)
            return
        helped.set()
        raise ValueError("a part that a helper took")

    with pytest.raises(ValueError, match="a part that a helper took"):
        graphs.in_parts(work, 20 * PART)
    assert len(parts) < 20  # the others are not begun


def test_contours_do_not_depend_on_threads_and_parts(learned, monkeypatch):
    """Of several images, one of them with a box that is no number."""
    images = random(3, 1, 64, 64)
    corners = random(90, 2, high=50.0, seed=4)
    boxes = np.concatenate([corners, corners + 5 + random(90, 2, high=9.0, seed=5)], axis=1)
    boxes[7] = np.nan
    index = np.sort(np.random.default_rng(6).integers(0, 3, 90))
    detected = Boxes(boxes, np.full(90, 0.9), np.zeros(90, int), index)
    config = learned.segmenter.config
    alone = OnnxEngine(learned.model, threads=1).graphs
    *maps, _, _ = alone["detect"](images)
    expected = trace_contours(alone, tuple(maps), detected, config)
    for threads in (2, 3, 7):  # not by the last digit
        several = OnnxEngine(learned.model, threads=threads).graphs
        found = trace_contours(several, tuple(maps), detected, config)
        for own, other in zip(found, expected, strict=True):
            assert_array_equal(own, other)
    monkeypatch.setattr(engine_threads, "PART", 13)
    monkeypatch.setattr(onnx_engine, "OBJECTS_OF_RUN", 5)
    found = trace_contours(
        OnnxEngine(learned.model, threads=3).graphs, tuple(maps), detected, config
    )
    for own, other in zip(found, expected, strict=True):
        assert_allclose(own, other, atol=1e-4)
    assert (np.isnan(expected.stages).any(axis=(0, 2, 3)) == (np.arange(90) == 7)).all()


@pytest.mark.parametrize("objects", [0, 1, 7, 300])
def test_every_object_is_worked_on_once_by_whatever_thread(learned, objects):
    times = np.zeros(objects, int)

    def work(part):
        times[part] += 1

    for own in (OnnxEngine(learned.model, threads=4), TorchEngine(learned.segmenter)):
        own.graphs.in_parts(work, objects)
    assert (times == 2).all()


def _cut(graph: SavedGraph) -> SavedGraph:
    return replace(graph, onnx=graph.onnx[: len(graph.onnx) // 2])


@pytest.mark.parametrize("graph", ["detect", "extremes", "evolve"])
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(_cut, id="cut short"),
        pytest.param(lambda graph: replace(graph, onnx=b""), id="empty"),
        pytest.param(lambda graph: replace(graph, onnx=b"junk" * 99), id="something else"),
        pytest.param(lambda graph: replace(graph, weights=graph.weights[1:]), id="a weight less"),
    ],
)
def test_a_damaged_graph_is_reported(learned, graph, damage):
    graphs = {**learned.model.graphs, graph: damage(learned.model.graphs[graph])}
    with pytest.raises(InputError, match=f"its graph '{graph}' is missing or damaged"):
        OnnxEngine(replace(learned.model, graphs=graphs), threads=1)


def test_a_missing_graph_and_one_of_another_network_are_reported(learned):
    graphs = {name: graph for name, graph in learned.model.graphs.items() if name != "evolve"}
    with pytest.raises(InputError, match="its graph 'evolve' is missing"):
        OnnxEngine(replace(learned.model, graphs=graphs), threads=1)
    other = {**learned.card.config, "points": 16}
    model = replace(learned.model, card=learned.card.replace(config=other))
    with pytest.raises(
        InputError, match=r"'evolve' is missing or damaged .its inputs are .*'m', 32, 2"
    ):
        OnnxEngine(model, threads=1)


def test_weights_of_another_shape_are_reported_by_both_engines(learned):
    name, value = next((n, v) for n, v in learned.model.weights.items() if v.ndim == 4)
    model = replace(learned.model, weights={**learned.model.weights, name: value[:1].copy()})
    with pytest.raises(InputError, match="'detect' is missing or damaged"):
        OnnxEngine(model, threads=1)
    with pytest.raises(InputError, match="its weights are not those of its card"):
        rebuild(model)
