"""A session on one image: what refining and drawing give, and that features are made once."""

import numpy as np
import pytest
import shapely

from kontur.data.geometric import scale
from kontur.errors import InputError
from kontur.geometry import ring
from kontur.infer.engine import DeviceArray, OnnxEngine
from kontur.infer.predict import Predictor
from tests.models import contract
from tests.models.contract import assert_same, assert_sound, best_iou


class Counting:
    """An engine that counts how often each graph runs."""

    def __init__(self, engine):
        self.calls = dict.fromkeys(engine.graphs, 0)
        self.graphs = {name: self._counted(name, graph) for name, graph in engine.graphs.items()}

    def _counted(self, name, graph):
        def run(*arrays):
            self.calls[name] += 1
            return graph(*arrays)

        return run


@pytest.fixture(scope="module")
def learned():
    return contract.learned("snake")


@pytest.fixture(scope="module")
def session(learned):
    return Predictor(OnnxEngine(learned.model, threads=1), learned.card).session(
        learned.sample.image
    )


def iou(a, b):
    return shapely.area(shapely.intersection(a, b)) / shapely.area(shapely.union(a, b))


def test_a_session_finds_what_predict_finds(learned, session):
    assert_same(learned.found, session.instances)


def test_refining_and_drawing_run_the_small_graphs_alone(learned):
    counting = Counting(OnnxEngine(learned.model, threads=1))
    session = Predictor(counting, learned.card).session(learned.sample.image)
    before = dict(counting.calls)
    session.refine(session.instances.rings())
    assert session.instances is session.instances
    session.outline(np.array([[20.0, 10], [30, 20], [20, 30], [10, 20]]))
    session.outline_boxes(session.instances.boxes)
    assert counting.calls["detect"] == before["detect"] == 1
    assert counting.calls["evolve"] == before["evolve"] + 3
    assert counting.calls["extremes"] == before["extremes"] + 1


def test_four_clicks_on_an_object_s_extremes_outline_it_in_any_order(learned, session):
    truth = learned.sample.instances
    rng = np.random.default_rng(0)
    clicked = [rng.permutation(ring.extremes(each)) for each in truth.rings()]
    drawn = np.array([session.outline(points) for points in clicked])
    assert shapely.is_valid(drawn).all()
    assert iou(truth.polygons, drawn).mean() > 0.8


def test_a_box_is_outlined_as_a_detected_one_is(learned, session):
    truth = learned.sample.instances
    assert iou(truth.polygons, session.outline_boxes(truth.boxes)).mean() > 0.8
    assert session.outline_boxes(np.zeros((0, 4))).shape == (0,)


def test_a_rough_outline_settles_on_the_edge_wherever_it_starts_and_however_it_runs(
    learned, session
):
    truth = learned.sample.instances
    rough = [
        ring.resample((points - points.mean(0)) * 1.15 + points.mean(0), 24)
        for points in truth.rings()
    ]
    refined = session.refine(rough)
    started = np.array([shapely.Polygon(points) for points in rough])
    assert iou(truth.polygons, refined).mean() > iou(truth.polygons, started).mean()
    turned = session.refine([np.roll(points[::-1], 7, axis=0) for points in rough])
    assert iou(refined, turned).min() > 0.95
    polygons = session.refine(started)
    assert iou(refined, polygons).min() > 0.98


def test_no_outlines_are_none_and_a_batch_equals_its_outlines_one_by_one(session):
    assert session.refine([]).shape == (0,)
    rings = session.instances.rings()
    together = session.refine(rings)
    alone = [session.refine([points])[0] for points in rings]
    assert iou(together, np.array(alone)).min() > 0.9999


def test_a_session_at_another_scale_speaks_in_pixels_of_the_image(learned):
    large = scale(learned.sample, 3.0)
    session = learned.predictor.session(large.image, diameter=3 * learned.card.object_size)
    assert_sound(session.instances, large.size)
    drawn = session.outline_boxes(large.instances.boxes)
    assert iou(large.instances.polygons, drawn).mean() > 0.75
    assert best_iou(large.instances, session.instances).mean() > 0.75


def test_a_session_at_a_working_scale_speaks_in_pixels_of_the_image(learned):
    large = scale(learned.sample, 2.5)
    card = learned.card.replace(scale=0.4)
    session = Predictor(OnnxEngine(learned.model, threads=1), card).session(large.image)
    assert_sound(session.instances, large.size)
    drawn = session.outline_boxes(large.instances.boxes)
    assert iou(large.instances.polygons, drawn).mean() > 0.75


def test_outlines_end_at_the_image_s_border(session):
    height, width = session.view.image_size
    outside = session.refine([np.array([[-9.0, -9], [9, -9], [9, 9], [-9, 9]])])
    assert shapely.box(0, 0, width, height).covers(outside[0])


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda s: s.outline(np.zeros((3, 2))), "four extreme points"),
        (lambda s: s.outline([]), "four extreme points"),
        (lambda s: s.outline(np.full((4, 2), np.nan)), "four extreme points"),
        (lambda s: s.refine([np.zeros((2, 2))]), "at least three points"),
        (lambda s: s.refine([np.full((5, 2), np.inf)]), "NaN or infinity"),
        (lambda s: s.outline_boxes(np.array([[5.0, 5, 5, 9]])), "x0 < x1"),
    ],
)
def test_what_is_no_outline_is_refused(session, ask, sentence):
    with pytest.raises(InputError, match=sentence):
        ask(session)


def test_a_model_without_contours_says_so():
    predictor = contract.predictor(contract.network("unet"), "unet")
    session = predictor.session(np.zeros((32, 32), np.uint8))
    with pytest.raises(InputError, match="kind unet makes outlines of pixels"):
        session.refine([np.array([[1.0, 1], [5, 1], [5, 5]])])


def test_features_stay_on_the_device_from_one_graph_to_the_next(learned, monkeypatch):
    """torch's features are handed on as they are: nothing makes an array of them."""

    def copied(self, dtype=None, copy=None):
        raise AssertionError("features were copied")

    monkeypatch.setattr(DeviceArray, "__array__", copied)
    session = learned.predictor.session(learned.sample.image)
    assert isinstance(session.candidates.features.maps, DeviceArray)
    assert len(session.refine(session.instances.rings())) == len(session.instances)
