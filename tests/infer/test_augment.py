"""Augmented prediction: flips and turns, merged by the agreement of contours, in every family."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from kontur.errors import InputError
from kontur.infer.augment import ORIENTATIONS, propose_augmented
from kontur.infer.folder import predict_folder
from kontur.infer.inputs import InputImage
from kontur.infer.options import PredictOptions
from kontur.infer.view import View
from kontur.models.candidates import Candidates
from kontur.models.card import Thresholds
from kontur.models.resolve import resolve
from tests.infer.tiling.test_tiled import mosaic, predictor, unmatched

THRESHOLDS = Thresholds(score=0.4, overlap=0.3)
SIZE, PADDED = (50, 70), (64, 96)


def view_of(image):
    padded = np.zeros(PADDED, np.float32)
    padded[: SIZE[0], : SIZE[1]] = image
    return View(padded[None, None], SIZE, 1.0, (0, 0), SIZE)


def candidates_of(polygons, scores, size):
    shapes = np.array([*polygons, None], object)[:-1]
    k = len(shapes)
    return Candidates(
        shapes,
        np.zeros(k, bool),
        np.array(scores, float),
        np.zeros(k, np.int64),
        shapely.bounds(shapes).reshape(-1, 4),
        tuple(size),
        ("cell",),
    )


def bright_pixel(view, lowest):
    """A network that outlines the bright pixel by a box that reaches farther up and left."""
    row, column = np.argwhere(view.images[0, 0] == 1)[0]
    box = shapely.box(column - 10, row - 9, column + 9, row + 9)
    return candidates_of([box], [0.8], view.size)


@pytest.mark.parametrize("augment", ORIENTATIONS)
@pytest.mark.parametrize("place", [(20, 30), (8, 9), (44, 62)])
def test_what_every_orientation_sees_lies_where_it_is_and_keeps_its_score(augment, place):
    image = np.zeros(SIZE, np.float32)
    image[place] = 1
    seen = []

    def propose(view, lowest):
        seen.append(view.images.tobytes())
        assert lowest == 0.2
        return bright_pixel(view, lowest)

    found = propose_augmented(propose, view_of(image), THRESHOLDS, augment)
    assert len(seen) == len({*seen}) == len(ORIENTATIONS[augment])
    assert found.scores.tolist() == pytest.approx([0.8])
    x, y = shapely.get_coordinates(shapely.centroid(found.polygons))[0]
    assert abs(x - place[1] - 0.5) <= 1.5
    assert abs(y - place[0] - 0.5) <= 1.5
    assert found.size == SIZE


def test_what_one_orientation_alone_sees_scores_an_eighth_and_no_object_gives_none():
    image = np.zeros(SIZE, np.float32)
    image[20, 30] = 1
    calls = []

    def propose(view, lowest):
        calls.append(view)
        none = candidates_of([], [], view.size)
        return bright_pixel(view, lowest) if len(calls) == 3 else none

    found = propose_augmented(propose, view_of(image), THRESHOLDS, "turns")
    assert found.scores.tolist() == pytest.approx([0.1])
    nothing = lambda view, lowest: candidates_of([], [], view.size)  # noqa: E731
    assert len(propose_augmented(nothing, view_of(image), THRESHOLDS, "flips")) == 0


@pytest.mark.parametrize("augment", ORIENTATIONS)
def test_squares_are_counted_from_the_corner_of_the_image_wherever_it_lies(augment):
    """Tiles begin and end at such squares, and limits of proposals are those of each."""
    image = np.zeros(SIZE, np.float32)
    image[0, 0] = 1
    corners = []

    def propose(view, lowest):
        (row,), (column,) = np.nonzero(view.images[0, 0])
        x, y = view.corner
        assert (column, row) == (x and x - 1, y and y - 1)
        corners.append(view.corner)
        return candidates_of([], [], view.size)

    propose_augmented(propose, view_of(image), THRESHOLDS, augment)
    across, along = PADDED
    turned = {(0, 0), (across, 0), (0, along), (across, along)} if augment == "turns" else set()
    assert {*corners} == {(0, 0), (along, 0), (0, across), (along, across)} | turned


def test_the_contour_is_that_which_most_agree_on():
    widths = iter([20, 14, 14, 15])

    def propose(view, lowest):
        w, h = next(widths), view.size
        return candidates_of([shapely.box(h[1] / 2 - w / 2, 20, h[1] / 2 + w / 2, 44)], [0.9], h)

    square = View(np.zeros((1, 1, 64, 64), np.float32), (64, 64), 1.0, (0, 0), (64, 64))
    found = propose_augmented(propose, square, THRESHOLDS, "flips")
    assert found.polygons[0].bounds[::2] == (25, 39)


def test_an_object_that_orientations_call_by_two_classes_is_not_lost():
    """All of them see each class, half as the second best; one stays at last."""
    outline = shapely.box(20, 20, 44, 44)
    scores = iter([(0.5, 0.48), (0.48, 0.5)] * 2)

    def propose(view, lowest):
        both = candidates_of([outline] * 2, [*next(scores)], view.size)
        return replace(both, labels=np.array([0, 1]), classes=("leaf", "stone"))

    square = View(np.zeros((1, 1, 64, 64), np.float32), (64, 64), 1.0, (0, 0), (64, 64))
    found = propose_augmented(propose, square, Thresholds(score=0.44, overlap=0.3), "flips")
    assert found.scores == pytest.approx([0.49, 0.49])
    objects, _ = resolve(found, Thresholds(score=0.44, overlap=0.3))
    assert len(objects) == 1


@pytest.mark.parametrize("name", ["baseline", "snake", "maskrcnn", "unet"])
def test_every_family_keeps_objects_that_it_finds_without(name):
    model, image = predictor(name), mosaic(2, 2, (117, 101))
    plain, augmented = model.predict(image), model.predict(image, augment="flips")
    assert augmented.size == plain.size
    # Networks that know the scene by heart see less of it when it is flipped; a threshold does not.
    assert len(augmented) >= (0.9 if name == "baseline" else 0.3) * len(plain) > 3
    i, j = shapely.STRtree(augmented.polygons).query(plain.polygons)
    common = shapely.area(shapely.intersection(plain.polygons[i], augmented.polygons[j]))
    iou = common / (plain.areas[i] + augmented.areas[j] - common)
    assert len(np.unique(j[iou > 0.5])) >= 0.6 * len(augmented)


def eight_views(image):
    """The image in every orientation, and how points of each lie in the image."""
    h, w = image.shape[:2]
    yield image, lambda x, y: (x, y)
    yield image[:, ::-1], lambda x, y: (w - x, y)
    yield image[::-1], lambda x, y: (x, h - y)
    yield image[::-1, ::-1], lambda x, y: (w - x, h - y)
    across = image.swapaxes(0, 1)
    yield across, lambda x, y: (y, x)
    yield across[:, ::-1], lambda x, y: (y, h - x)
    yield across[::-1], lambda x, y: (w - y, x)
    yield across[::-1, ::-1], lambda x, y: (w - y, h - x)


def naively_augmented(model, image):
    """Score and contour of each object: every view predicted as an image, grouped pair by pair."""
    lowest = 0.5 * model.card.thresholds.score
    objects = []  # of all views: score, view, contour
    for view, (turned, back) in enumerate(eight_views(image)):
        found = model.predict(np.ascontiguousarray(turned), score=lowest)
        for score, polygon in zip(found.scores, found.polygons, strict=True):
            moved = shapely.transform(polygon, lambda p, back=back: np.column_stack(back(*p.T)))
            objects.append((score, view, moved))
    objects.sort(key=lambda one: -one[0])

    def iou(one, other):
        return one[2].intersection(other[2]).area / one[2].union(other[2]).area

    merged = []
    while objects:
        group = [objects.pop(0)]
        for other in sorted(objects, key=lambda other: -iou(group[0], other)):
            if iou(group[0], other) >= 0.5 and other[1] not in [view for _, view, _ in group]:
                group.append(other)
        objects = [one for one in objects if not any(one is member for member in group)]
        score = sum(score for score, _, _ in group) / 8
        if score >= model.card.thresholds.score:
            agreed = [sum(iou(one, other) for other in group) for one in group]
            chosen = int(np.argmax(np.round(agreed, 9)))  # of equals the surer, which comes first
            merged.append((score, chosen, group[chosen][2]))
    kept = []
    for one in sorted(merged, key=lambda one: -one[0]):
        if all(iou(one, other) <= model.card.thresholds.overlap for other in kept):
            kept.append(one)
    return [(score, contour) for score, _, contour in kept]


@pytest.mark.parametrize("name", ["unet", "transunet", "swinunet", "snake"])
def test_turns_are_what_a_naive_loop_over_eight_images_gives(name):
    model = predictor(name)
    image = np.ascontiguousarray(mosaic(2, 2, (128, 64)))  # nothing has to be padded
    assert {side % model.config.multiple for side in image.shape[:2]} == {0}
    expected, found = naively_augmented(model, image), model.predict(image, augment="turns")
    # the loop compares contours that are cut at the border already, and may choose another there
    inside = shapely.box(3, 3, image.shape[1] - 3, image.shape[0] - 3)
    inner = shapely.within(found.polygons, inside)
    assert sum(inner) > 3
    assert sum(inner) == sum(inside.contains(polygon) for _, polygon in expected)
    for score, polygon in zip(found.scores[inner], found.polygons[inner], strict=True):
        same = [one for one in expected if shapely.hausdorff_distance(one[1], polygon) < 0.05]
        assert len(same) == 1
        assert score == pytest.approx(same[0][0], abs=1e-3)


def test_tiles_give_the_augmented_objects_of_the_whole_image():
    model, image = predictor("snake"), mosaic(3, 3, (151, 143))
    whole = model.predict(image, augment="flips")
    parts = model.predict(image, augment="flips", tile=96)
    assert abs(len(parts) - len(whole)) <= 1
    assert unmatched(whole, parts) <= 0.02 * len(whole)


def test_another_word_is_one_sentence_of_the_whole_call_not_one_of_each_image(tmp_path):
    options = PredictOptions()
    object.__setattr__(options, "augment", "spin")  # as from a caller whose types nobody checks
    images = [InputImage("a", tmp_path / "a.png"), InputImage("b", tmp_path / "b.png")]
    with pytest.raises(InputError, match=r"^augment is flips or turns, got 'spin'"):
        list(predict_folder(predictor("snake"), images, tmp_path / "out", options=options))
    assert not (tmp_path / "out").exists()
