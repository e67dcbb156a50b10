"""A session on one image: what refining and drawing give, and that features are made once."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from kontur.data.transforms.geometric import scale
from kontur.errors import InputError
from kontur.geometry import ring
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import DeviceArray
from kontur.infer.predict import Predictor
from kontur.models.candidates import Candidates
from tests.models import contract
from tests.models.contract import assert_same, assert_sound, best_iou


class Counting:
    """An engine that counts how often each graph runs."""

    def __init__(self, engine):
        self.calls = dict.fromkeys(engine.graphs, 0)
        self.graphs = engine.graphs.wrapped(self._counted)

    def _counted(self, name, graph):
        def run(*arrays):
            self.calls[name] += 1
            return graph(*arrays)

        return run


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
    session.outline(np.array([[20.0, 10], [30, 20], [20, 30], [10, 20]]))  # and from its own box
    session.outline_boxes(session.instances.boxes)
    session.outline(click=session.instances.rings()[0].mean(0))  # a candidate, which is there
    assert counting.calls["detect"] == before["detect"] == 1
    assert counting.calls["evolve"] == before["evolve"] + 5
    assert counting.calls["extremes"] == before["extremes"] + 3


def test_four_clicks_on_an_object_s_extremes_outline_it_in_any_order(learned, session):
    truth = learned.sample.instances
    rng = np.random.default_rng(0)
    clicked = [rng.permutation(ring.extremes(each)) for each in truth.rings()]
    drawn = np.array([session.outline(points) for points in clicked])
    assert shapely.is_valid(drawn).all()
    assert iou(truth.polygons, drawn).mean() > 0.8


@pytest.mark.parametrize("clicked", [[[5, 5]] * 4, [[5, 5], [9, 5], [7, 5], [6, 5]]])
def test_extremes_on_one_point_or_line_are_refused(session, clicked):
    with pytest.raises(InputError, match="lie on one line or point"):
        session.outline(clicked)


def test_a_prompt_much_smaller_than_a_pixel_outlines_nothing_or_an_object_that_can_be_seen(session):
    near = np.array([[5, 5], [5.001, 5.001], [5, 5.002], [4.999, 5.001]])
    drawn = [session.outline(near), session.outline(box=[5, 5, 5.001, 5.001])]
    assert all(each.is_empty or each.area >= 1 for each in drawn)


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


def test_one_click_inside_an_object_outlines_it_wherever_it_falls(learned, session):
    truth = learned.sample.instances
    middles = [
        session.outline(click=point)
        for point in shapely.get_coordinates(shapely.point_on_surface(truth.polygons))
    ]
    assert iou(truth.polygons, np.array(middles)).mean() > 0.75
    aside = [session.outline(click=each.mean(0) * 0.5 + each[0] * 0.5) for each in truth.rings()]
    assert iou(np.array(middles), np.array(aside)).min() > 0.95


def test_a_click_outlines_what_no_candidate_is_near(learned, session):
    """The model finds nothing at all: boxes of several sizes around the click do."""
    truth = learned.sample.instances
    none = Predictor(OnnxEngine(learned.model, threads=1), learned.card)
    blind = none.session(learned.sample.image)
    blind.candidates = replace(
        blind.candidates,
        scores=np.zeros(0),
        **{
            name: getattr(blind.candidates, name)[:0]
            for name in ("polygons", "repaired", "labels", "boxes", "rings", "quality")
        },
    )
    assert len(blind.instances) == 0
    drawn = np.array(
        [
            blind.outline(click=point)
            for point in shapely.get_coordinates(shapely.centroid(truth.polygons))
        ]
    )
    assert shapely.is_valid(drawn).all()
    seen = ~shapely.is_empty(drawn)
    assert seen.any()
    assert iou(truth.polygons[seen], drawn[seen]).mean() > 0.5


def test_a_box_that_is_off_is_outlined_like_one_that_is_not(learned, session):
    truth = learned.sample.instances
    sides = np.tile(truth.boxes[:, 2:] - truth.boxes[:, :2], 2)
    off = truth.boxes + np.array([-0.2, -0.1, -0.1, 0.2]) * sides
    started = shapely.box(*off.T)
    drawn = np.array([session.outline(box=each) for each in off])
    assert iou(truth.polygons, drawn).mean() > iou(truth.polygons, started).mean() + 0.1


def test_a_rough_polygon_becomes_an_outline_whatever_its_start_and_direction(learned, session):
    truth = learned.sample.instances
    rng = np.random.default_rng(0)
    rough = [
        ring.resample(points, 8) + rng.normal(0, 0.1, (8, 2)) * np.ptp(points, axis=0)
        for points in truth.rings()
    ]
    drawn = np.array([session.outline(polygon=points) for points in rough])
    assert iou(truth.polygons, drawn).mean() > 0.7
    turned = [session.outline(polygon=np.roll(points[::-1], 3, axis=0)) for points in rough]
    assert iou(drawn, np.array(turned)).min() > 0.95
    shapes = shapely.Polygon, shapely.LinearRing, shapely.LineString
    others = [[session.outline(polygon=kind(points)) for points in rough] for kind in shapes]
    for outlines in others:
        assert iou(drawn, np.array(outlines)).min() > 0.95


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
        (lambda s: s.outline_boxes(np.zeros((2, 3))), r"rows of x0, y0, x1, y1.*\(2, 3\)"),
        (lambda s: s.outline(), "one prompt.*nothing"),
        (lambda s: s.outline(click=(3, 3), box=(1, 1, 5, 5)), "one prompt.*click and box"),
        (lambda s: s.outline(click=(-1, 3)), "from 0 to 64 and y from 0 to 64, got"),
        (lambda s: s.outline(click=(3, 99)), "are x and y exchanged"),
        (lambda s: s.outline(click=[(3, 3), (4, 4)]), r"one point \(x, y\).*\(2, 2\)"),
        (lambda s: s.outline(click="here"), "one point.*'here'"),
        (lambda s: s.outline(box=(5, 5, 1, 1)), "x0 < x1"),
        (lambda s: s.outline(box=(0, 0, 1e39, 9)), "beyond 1e[+]09"),
        (lambda s: s.outline(box=(70, 5, 90, 9)), "a prompt lies on the image"),
        (lambda s: s.outline(box=(1, 2, 3)), "a box is x0, y0, x1, y1"),
        (lambda s: s.outline(polygon=[(1, 1), (5, 5)]), "at least three points"),
        (lambda s: s.outline(polygon=shapely.Polygon()), "at least three points"),
        (lambda s: s.outline(polygon=shapely.LineString([(1, 1), (5, 5)])), "at least three"),
        (lambda s: s.outline(polygon=[(-9, 1), (-5, 5), (-8, 9)]), "a prompt lies on the image"),
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
    with pytest.raises(InputError, match="kind unet makes outlines of pixels"):
        session.outline(box=(1, 1, 9, 9))


def test_a_click_chooses_among_outlines_of_pixels_too():
    predictor = contract.predictor(contract.network("unet"), "unet")
    session = predictor.session(np.zeros((32, 32), np.uint8))
    whole = np.array([shapely.box(4, 4, 20, 20), shapely.box(22, 22, 30, 30)], dtype=object)
    session.candidates = Candidates(
        whole,
        repaired=np.zeros(2, bool),
        scores=np.array([0.9, 0.2]),
        labels=np.zeros(2, np.int64),
        boxes=shapely.bounds(whole),
        size=(32, 32),
        classes=("object",),
    )
    assert session.outline(click=(10, 10)).equals(whole[0])
    assert session.outline(click=(25, 25)).equals(whole[1])  # below the threshold
    assert session.outline(click=(2, 30)).is_empty


def test_features_stay_on_the_device_from_one_graph_to_the_next(learned, monkeypatch):
    """torch's features are handed on as they are: nothing makes an array of them."""

    def copied(self, dtype=None, copy=None):
        raise AssertionError("features were copied")

    monkeypatch.setattr(DeviceArray, "__array__", copied)
    session = learned.predictor.session(learned.sample.image)
    assert all(isinstance(each, DeviceArray) for each in session.candidates.features.maps)
    assert len(session.refine(session.instances.rings())) == len(session.instances)
