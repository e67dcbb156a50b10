"""Targets: against loops, against hand-drawn objects, and read back into the very same boxes."""

import itertools

import numpy as np
import pytest
import shapely
import torch
from numpy.testing import assert_allclose, assert_array_equal
from shapely import MultiPolygon, Point, Polygon, box

from kontur.data.synthetic import scene
from kontur.geometry import ring
from kontur.instances import Instances
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.contour_targets import OVERSAMPLE
from kontur.models.snake.detector import Detected, boxes_of_cells
from kontur.models.snake.encode import MIN_OVERLAP, collate, encode, gaussian_radius
from kontur.models.snake.propose import peaks
from kontur.models.snake.start_shapes import start_diamonds, start_octagons
from kontur.nn.grid import PARTS
from tests.naive import geometry as naive

SIZE = (48, 64)
EXACT = SnakeConfig(points=32, smooth=0.0, start="truth")  # targets are the polygons themselves


def objects(*polygons, size=SIZE, **columns):
    return Instances.of(list(polygons), size=size, **columns)


def crowd(seed=0, count=25, size=(96, 128), **options):
    options = {"radius": (3.0, 9.0), "touching": 0.5} | options
    return scene(np.random.default_rng(seed), size=size, count=count, **options).instances


def generator(seed=0):
    return np.random.default_rng(seed)


def assert_equal_targets(a, b):
    for name in a._fields:
        assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


# The detector's targets


@pytest.mark.parametrize("stride", [2, 4])
def test_the_heatmap_is_the_highest_bell_at_every_cell(stride):
    found = crowd(classes="shapes")
    config = SnakeConfig(classes=found.classes, stride=stride)
    targets = encode(found, config)
    radii = gaussian_radius(targets.sizes.astype(float))
    shape = (len(found.classes), 96 // stride, 128 // stride)
    expected = naive.heatmap(targets.centres, radii, found.labels, shape)
    assert_allclose(targets.heatmap[0], expected, atol=1e-6)
    x, y = targets.centres.T
    assert (targets.heatmap[0, found.labels, y, x] == 1).all()


@pytest.mark.parametrize("sides", [(10, 10), (30, 5), (3, 100), (0.5, 0.7), (1, 1)])
def test_no_move_of_the_corners_by_the_radius_takes_more_of_the_iou_than_allowed(sides):
    """All 81 ways in which the four edges stay, or move by the radius, one way or the other."""
    (radius,) = gaussian_radius(np.array([sides], float))
    true = np.array([0.0, 0.0, *sides])

    def worst(by):
        moved = [true + by * np.array(signs) for signs in itertools.product((-1, 0, 1), repeat=4)]
        return min(box_iou(true, each) for each in moved)

    assert worst(radius) == pytest.approx(MIN_OVERLAP)
    assert worst(radius * 1.01) < MIN_OVERLAP


def box_iou(a, b):
    shared = np.prod(np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None))
    return shared / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared)


def test_a_box_without_area_has_radius_zero():
    assert_allclose(gaussian_radius(np.array([[0.0, 5.0], [0.0, 0.0]])), [0, 0], atol=1e-12)
    assert gaussian_radius(np.empty((0, 2))).shape == (0,)


@pytest.mark.parametrize(("side", "stride"), [(None, 2), (18.0, 2), (30.0, 4)])
def test_a_perfect_detector_gives_back_the_very_boxes(side, stride):
    found = crowd(seed=1)
    config = SnakeConfig(reference_size=side)
    assert config.detector_stride == stride
    targets = encode(found, config)
    cells = {tuple(centre) for centre in targets.centres.tolist()}
    assert len(cells) == len(found)  # no two share a cell in this scene
    sizes, offsets = (np.zeros((1, 2, 96 // stride, 128 // stride), np.float32) for _ in range(2))
    x, y = targets.centres.T
    sizes[0, :, y, x], offsets[0, :, y, x] = targets.sizes, targets.offsets
    maps = [torch.from_numpy(each) for each in (targets.heatmap, sizes, offsets)]
    boxes = boxes_of_cells(Detected(torch.zeros(1, 1, 1, 1), *maps), stride).numpy()
    read = peaks((targets.heatmap == 1).astype(np.float32), boxes, 0.5)
    order = np.lexsort(read.boxes.T), np.lexsort(found.boxes.astype(np.float32).T)
    nearest = stride / PARTS + 1e-4  # centre and half side are rounded to the grid
    assert_allclose(read.boxes[order[0]], found.boxes[order[1]], atol=nearest)


def test_centres_are_the_cells_of_the_box_centres_and_offsets_the_rest():
    targets = encode(objects(box(10, 20, 17, 23)), SnakeConfig(stride=4))
    assert_array_equal(targets.centres, [[3, 5]])  # (13.5, 21.5) / 4
    assert_allclose(targets.offsets, [[0.375, 0.375]])
    assert_allclose(targets.sizes, [[7 / 4, 3 / 4]])


def test_an_object_at_the_border_has_its_centre_inside():
    corner = box(SIZE[1] - 0.25, SIZE[0] - 0.25, SIZE[1], SIZE[0])
    targets = encode(objects(corner, box(0, 0, 0.25, 0.25)), SnakeConfig())
    assert_array_equal(targets.centres, [[31, 23], [0, 0]])
    assert ((targets.offsets >= 0) & (targets.offsets <= 1)).all()
    assert targets.heatmap[0, 0, 23, 31] == targets.heatmap[0, 0, 0, 0] == 1


def test_one_pixel_is_an_object_with_a_contour_of_its_size():
    targets = encode(objects(box(5, 7, 6, 8)), SnakeConfig())
    assert (targets.heatmap == 1).sum() == 1
    assert_allclose(targets.sizes, [[0.5, 0.5]])
    contour = targets.contours[0]
    assert (contour >= [5, 7]).all()
    assert (contour <= [6, 8]).all()
    assert ring.signed_area(contour) > 0.5


@pytest.mark.parametrize("anchors", ["top", "four"])
def test_no_object_gives_targets_of_length_zero_and_an_empty_heatmap(anchors):
    targets = encode(Instances.empty(SIZE), EXACT.replace(anchors=anchors), generator())
    assert targets.heatmap.shape == targets.heatmap_weight.shape == (1, 1, 24, 32)
    assert not targets.heatmap.any()
    assert targets.heatmap_weight.all()
    assert targets.sizes.shape == (0, 2)
    assert targets.diamonds.shape == (0, 40, 2)
    assert targets.octagons.shape == targets.contours.shape == (0, 32, 2)


def test_regions_to_ignore_have_weight_zero_and_are_no_objects():
    found = objects(box(10, 10, 20, 16), box(40, 30, 46, 36), ignore=[True, False])
    targets = encode(found, SnakeConfig(stride=2))
    expected = np.ones((24, 32))
    expected[5:8, 5:10] = 0
    assert_array_equal(targets.heatmap_weight[0, 0], expected)
    assert len(targets.sizes) == len(targets.contours) == 1
    assert targets.heatmap[0, 0, :12].max() == 0


def test_an_object_wins_over_the_region_to_ignore_that_it_lies_in():
    found = objects(box(0, 0, 40, 40), box(10, 10, 16, 16), ignore=[True, False])
    weight = encode(found, SnakeConfig(stride=2)).heatmap_weight[0, 0]
    assert weight[6, 6] == 1
    assert weight[:20, :20].sum() == 1


# The targets of the stages


def test_contours_lie_evenly_on_the_true_outline_clockwise_from_the_top():
    found = crowd(seed=2, touching=0.0)
    targets = encode(found, EXACT)
    for polygon, contour, extremes in zip(
        found.polygons, targets.contours, targets.extremes, strict=True
    ):
        outline = polygon.exterior
        assert max(outline.distance(Point(point)) for point in contour) < 1e-4
        along = np.array([outline.project(Point(point)) for point in contour])
        steps = np.abs(np.diff(along, append=along[0]))
        steps = np.minimum(steps, outline.length - steps)
        assert_allclose(steps, outline.length / EXACT.points, rtol=1e-3)
        assert ring.signed_area(contour) > 0
        nearest = outline.length / (EXACT.points * OVERSAMPLE) / 2
        assert np.hypot(*(contour[0] - extremes[0])) <= nearest + 1e-4


@pytest.mark.parametrize("shape", [(4, 2.0), (1.5, 9), (6, 6)])
def test_with_four_anchors_a_quarter_of_the_points_lies_between_two_extremes(shape):
    config = SnakeConfig(points=32, anchors="four", smooth=0.0, start="truth")
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    ellipse = np.stack([16 + shape[0] * np.cos(angle + 0.3), 16 + shape[1] * np.sin(angle)], axis=1)
    targets = encode(objects(shapely.Polygon(ellipse)), config)
    for rings, exact in ((targets.octagons, 1e-4), (targets.contours, 0.1)):
        away = np.hypot(*np.moveaxis(rings[0, ::8] - targets.extremes[0], -1, 0))
        assert away.max() < exact


def test_a_triangle_whose_extremes_meet_still_has_all_its_points():
    config = SnakeConfig(points=16, anchors="four", smooth=0.0)
    targets = encode(objects(shapely.Polygon([(4, 4), (20, 4), (4, 20)])), config)
    assert targets.contours.shape == (1, 16, 2)
    assert np.isfinite(targets.contours).all()


def test_a_hand_drawn_square_has_these_targets():
    targets = encode(objects(box(10, 10, 18, 18)), SnakeConfig(points=8, smooth=0, start="truth"))
    assert_allclose(targets.extremes[0], [[14, 10], [18, 14], [14, 18], [10, 14]])
    assert_allclose(targets.diamonds[0, ::10], targets.extremes[0])
    assert_allclose(targets.diamonds[0, 5], [16, 12])
    octagon = Polygon(targets.octagons[0])
    assert octagon.bounds == (10, 10, 18, 18)
    square = [[14, 10], [18, 10], [18, 14], [18, 18], [14, 18], [10, 18], [10, 14], [10, 10]]
    assert_allclose(targets.contours[0], square)
    assert_allclose(targets.weights, np.sqrt(24 / 8))


def test_smoothing_takes_the_staircase_out_of_a_pixel_mask():
    row, col = np.mgrid[:48, :64] + 0.5
    disc = (row - 24) ** 2 + (col - 30) ** 2 < 12**2
    found = Instances.from_masks([disc])
    rough, smooth = (
        ring.perimeter(encode(found, SnakeConfig(points=256, smooth=s)).contours[0].astype(float))
        for s in (0, 3)
    )
    assert rough > 1.1 * 2 * np.pi * 12
    assert smooth == pytest.approx(2 * np.pi * 12, rel=0.03)


def test_of_an_object_in_parts_the_largest_is_learned():
    parts = MultiPolygon([box(2, 2, 5, 5), box(30, 30, 42, 40)])
    whole = encode(objects(box(30, 30, 42, 40)), EXACT)
    assert_equal_targets(encode(objects(parts), EXACT), whole)


def test_a_hole_is_passed_over():
    ringed = box(10, 10, 30, 30).difference(box(15, 15, 25, 25))
    assert_equal_targets(
        encode(objects(ringed), EXACT), encode(objects(box(10, 10, 30, 30)), EXACT)
    )


@pytest.mark.parametrize(
    ("balance", "weights"), [(0, [1, 1, 1]), (0.5, [4, 1, 0.5]), (1, [4, 1, 0.25])]
)
def test_a_small_object_weighs_more_the_more_errors_are_seen_as_shares(balance, weights):
    found = objects(box(0, 0, 1, 1), box(0, 0, 24, 24), box(0, 0, 96, 96), size=(96, 96))
    config = SnakeConfig(balance=balance, smooth=0)
    assert_allclose(encode(found, config).weights, weights, rtol=1e-6)


# Starts


@pytest.mark.parametrize("start", ["jittered", "predicted"])
def test_the_same_generator_gives_the_same_targets_and_another_does_not(start):
    found, config = crowd(), SnakeConfig(start=start)
    one, two, other = (encode(found, config, generator(seed)) for seed in (1, 1, 2))
    assert_equal_targets(one, two)
    for name in ("diamonds", "octagons"):
        assert not np.array_equal(getattr(one, name), getattr(other, name))


def test_only_the_starts_are_jittered():
    found, config = crowd(), SnakeConfig(start="jittered", jitter=0.2, max_contours_per_crop=0)
    true, moved = encode(found, config), encode(found, config, generator())
    for name in set(true._fields) - {"diamonds", "octagons"}:
        assert_array_equal(getattr(true, name), getattr(moved, name), err_msg=name)
    by = (moved.diamonds[:, 30, 0] - true.diamonds[:, 30, 0]) / (true.sizes[:, 0] * 2)
    assert 0.1 < by.std() < 0.3


def test_starting_from_the_truth_uses_no_randomness():
    found = crowd()
    config = SnakeConfig(start="truth", max_contours_per_crop=0, smooth=0)
    targets = encode(found, config, generator())
    assert_equal_targets(targets, encode(found, config))
    assert_allclose(targets.diamonds, start_diamonds(found.boxes), atol=1e-4)
    octagons = start_octagons(targets.extremes.astype(float), config)
    assert_allclose(targets.octagons, octagons, atol=1e-4)


def test_of_a_crowd_so_many_are_traced_in_their_order_and_all_are_detected():
    found = crowd(count=40)
    config = SnakeConfig(max_contours_per_crop=5, start="truth")
    every, some = encode(found, config), encode(found, config, generator())
    assert len(every.contours) == len(found) > 30  # without a generator nothing is left out
    assert len(some.sizes) == len(found)
    assert len(some.contours) == len(some.traced_index) == 5
    places = [int(np.flatnonzero((every.contours == c).all(axis=(1, 2)))[0]) for c in some.contours]
    assert places == sorted(places)
    everyone = encode(found, config.replace(max_contours_per_crop=0), generator())
    assert len(everyone.contours) == len(found)


def test_a_batch_joins_its_images_and_says_whose_each_object_is():
    images = [crowd(seed=s, count=c) for s, c in ((0, 3), (1, 0), (2, 30))]
    each = [encode(image, SnakeConfig(max_contours_per_crop=4), generator()) for image in images]
    joined = collate(each)
    assert joined.heatmap.shape == (3, 1, 48, 64)
    counts = np.bincount(joined.image_index, minlength=3).tolist()
    assert counts == [len(image) for image in images]
    assert np.bincount(joined.traced_index, minlength=3).tolist() == [3, 0, 4]
    last = joined.traced_index == 2
    assert_array_equal(joined.contours[last], each[2].contours)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (Instances.of([box(0, 0, 1, 1)]), "their image's size"),
        (Instances.empty((33, 40)), "multiples of the stride 2, got 33×40; crop or pad"),
        (
            objects(box(0, 0, 9, 9), labels=[1], classes=("a", "b")),
            r"1 classes \(object\), got the label 1; set model.classes",
        ),
    ],
)
def test_what_cannot_be_encoded_is_refused_with_a_sentence(found, sentence):
    with pytest.raises(ValueError, match=sentence):
        encode(found, SnakeConfig())


def test_every_target_of_a_hard_crowd_is_a_number():
    found = crowd(seed=4, count=30, radius=(0.6, 6.0), holes=0.3)
    assert shapely.area(found.polygons).min() < 3
    targets = encode(found, SnakeConfig(jitter=0.5, tolerance=0.02), generator())
    assert all(np.isfinite(array).all() for array in targets)
    assert all(array.dtype in (np.float32, np.int64) for array in targets)
