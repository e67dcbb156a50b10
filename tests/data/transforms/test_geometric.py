import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from kontur.data.sample import Sample
from kontur.data.transforms.geometric import (
    RandomCrop,
    RandomFlip,
    RandomRotation,
    affine_matrix,
    crop,
    flip,
    pad,
    quarter_turn,
    resize,
    rotate,
    scale,
    scale_part,
    scaled_size,
    source_window,
)
from kontur.data.transforms.warp import warp
from kontur.errors import InputError
from kontur.instances import Instances
from tests.data.transforms.drawing import centroid, disc, farthest_from_edge, kidney, painted


def labelled(labels, pixel_size=None):
    """A sample whose image is its label image, so that the two can be compared pixel by pixel."""
    labels = np.asarray(labels)
    instances = Instances.from_label_image(labels)
    return Sample(labels.astype(np.uint16)[..., None], instances, "labelled", pixel_size)


def random_labels(seed, size=(14, 19)):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 4, size) * (rng.random(size) < 0.8)


def assert_together(sample):
    """The contours, drawn again, are the image."""
    assert sample.instances.size == sample.size == sample.image.shape[:2]
    assert_array_equal(sample.instances.label_image(), sample.image[..., 0])


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_mirrors_and_quarter_turns_are_exact_for_pixels_and_contours(seed):
    sample = labelled(random_labels(seed))
    pixels = sample.image
    for moved, expected in [
        (flip(sample, "horizontal"), pixels[:, ::-1]),
        (flip(sample, "vertical"), pixels[::-1]),
        *[(quarter_turn(sample, k), np.rot90(pixels, -k)) for k in range(-1, 5)],
        (rotate(sample, 180), pixels[::-1, ::-1]),
    ]:
        assert_array_equal(moved.image, expected)
        assert_together(moved)


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10_000),
    top=st.integers(0, 10),
    left=st.integers(0, 10),
    height=st.integers(1, 20),
    width=st.integers(1, 20),
)
def test_a_crop_is_a_slice_and_its_contours_are_cut_at_its_border(seed, top, left, height, width):
    sample = labelled(np.pad(random_labels(seed), ((0, 20), (0, 20))))  # ground, so the median is 0
    window = crop(sample, top, left, (height, width))
    assert_array_equal(window.image, sample.image[top : top + height, left : left + width])
    assert_together(window)
    assert shapely.is_valid(window.instances.polygons).all()


def test_a_crop_beyond_the_image_shows_its_median_there():
    sample = labelled(np.full((4, 5), 7))
    window = crop(sample, -2, -1, (7, 8))
    assert_array_equal(window.image, np.full((7, 8, 1), 7))
    assert window.instances.polygons[0].equals(shapely.box(1, 2, 6, 6))


@pytest.mark.parametrize("degrees", [17.0, 45, 90, 133, -60])
@pytest.mark.parametrize("canvas", ["same", "whole"])
def test_a_turned_image_and_its_contours_stay_together(degrees, canvas):
    sample = painted([kidney(62.3, 55.8, 25), disc(85, 75, 8)], (120, 140))
    turned = rotate(sample, degrees, canvas=canvas)
    union = shapely.union_all(turned.instances.polygons)
    assert_allclose(centroid(turned.image), union.centroid.coords[0], atol=0.02)
    assert turned.image.sum() == pytest.approx(union.area, rel=1e-3)
    assert farthest_from_edge(turned) < 0.15


def test_positive_degrees_turn_clockwise_on_screen():
    right_of_centre = painted([disc(85, 50, 6)], (100, 100))
    below = rotate(right_of_centre, 90).instances.polygons[0].centroid
    assert_allclose((below.x, below.y), (50, 85), atol=1e-6)


def test_the_whole_canvas_of_a_turn_holds_every_object():
    sample = labelled(np.arange(1, 13).reshape(3, 4))
    assert rotate(sample, 90, canvas="whole").size == (4, 3)
    turned = rotate(sample, 30, canvas="whole")
    assert turned.size == (5, 5)
    assert turned.instances.areas.sum() == pytest.approx(12)


@pytest.mark.parametrize(
    ("size", "expected"), [(60, (60, 80)), (240, (240, 320)), ((50, 90), (50, 90))]
)
def test_resizing_scales_contours_with_the_image(size, expected):
    sample = painted([kidney(70, 55, 25)], (120, 160))
    resized = resize(sample, size)
    assert resized.size == expected
    scaled = sample.instances.scale(expected[1] / 160, expected[0] / 120).polygons[0]
    assert resized.instances.polygons[0].equals_exact(scaled, 1e-9)
    assert_allclose(centroid(resized.image), scaled.centroid.coords[0], atol=0.02)
    assert farthest_from_edge(resized) < 0.3 * max(1, expected[0] / 120)  # sharp tips become round


def test_resizing_by_a_number_makes_it_the_shortest_side():
    assert resize(labelled(np.ones((30, 70), int)), 15).size == (15, 35)
    assert resize(labelled(np.ones((70, 30), int)), 15).size == (35, 15)
    assert resize(labelled(np.ones((3, 5000), int)), 1).size == (1, 1666)


def test_shrinking_averages_instead_of_dropping_pixels():
    board = (np.indices((64, 64)).sum(0) % 2 * 200).astype(np.uint8)[..., None]
    sample = Sample(board, Instances.empty((64, 64)), "board")
    assert_allclose(resize(sample, 16).image[2:-2, 2:-2], 100, atol=2)
    turned = warp(sample, affine_matrix(scale=(0.25, 0.25), degrees=30, target=(4, 0)), (12, 12))
    assert_allclose(turned.image[5:8, 5:8], 100, atol=12)


def test_pixel_size_follows_the_scale_and_is_unknown_after_uneven_scaling():
    sample = labelled(np.ones((20, 40), int), pixel_size=0.5)
    assert resize(sample, 40).pixel_size == pytest.approx(0.25)
    assert rotate(sample, 33).pixel_size == pytest.approx(0.5)
    assert resize(sample, (20, 20)).pixel_size is None


@pytest.mark.parametrize("factor", [0.37, 0.8, 1.9])
def test_scaling_is_exact_whatever_the_canvas_rounds_to(factor):
    sample = painted([kidney(50, 45, 22)], (101, 97))
    scaled = scale(sample, factor)
    assert scaled.size == (round(101 * factor), round(97 * factor))
    expected = sample.instances.scale(factor, factor).polygons[0].centroid
    assert_allclose(centroid(scaled.image), (expected.x, expected.y), atol=0.03)
    assert_allclose(scaled.instances.polygons[0].centroid.coords, expected.coords)


def test_padding_mirrors_the_image_and_its_objects():
    labels = random_labels(3, (9, 11))
    padded = pad(labelled(labels), (25, 14))
    rows = np.pad(labels, ((0, 16), (0, 3)), mode="symmetric")
    assert_array_equal(padded.image[..., 0], rows)
    drawn = padded.instances.label_image()
    assert_array_equal(drawn > 0, rows > 0)
    assert shapely.area(shapely.union_all(padded.instances.polygons)) == pytest.approx(
        padded.instances.areas.sum()
    )


def test_an_object_at_the_border_and_its_mirror_image_are_one_object():
    sample = labelled([[0, 0, 5], [0, 0, 5], [0, 0, 0], [3, 0, 0]])
    padded = pad(sample, (4, 6))
    assert sorted(padded.instances.areas) == [1, 1, 4]
    assert padded.instances.polygons[padded.instances.areas.argmax()].equals(
        shapely.box(2, 0, 4, 2)
    )


def test_padding_to_less_than_the_image_changes_nothing():
    sample = labelled(random_labels(0))
    assert_array_equal(pad(sample, (3, 3)).image, sample.image)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (-1, 4)])
def test_sizes_below_one_are_refused(size):
    sample = labelled(np.ones((4, 4), int))
    for change in (resize, pad):
        with pytest.raises(InputError, match="at least 1"):
            change(sample, size)
    with pytest.raises(InputError, match="positive"):
        scale(sample, 0)


@pytest.mark.parametrize("rotation", ["none", "quarter", "any"])
@pytest.mark.parametrize("fill", ["background", "reflect"])
def test_random_crops_keep_image_and_contours_together(rotation, fill):
    sample = painted(
        [
            kidney(60, 62, 22),
            kidney(18, 100, 12),
            disc(0, 30, 14).intersection(shapely.box(0, 0, 99, 99)),
        ],
        (118, 131),
    )
    random_crop = RandomCrop((96, 80), scale=(0.6, 1.8), rotate=rotation, fill=fill)
    for seed in range(12):
        made = random_crop(sample, np.random.default_rng(seed))
        assert made.size == (96, 80) == made.instances.size
        assert shapely.is_valid(made.instances.polygons).all()
        assert (
            farthest_from_edge(made) < 0.45
        )  # the first row of pixels beside the border is blurred


def test_random_crops_without_scaling_copy_pixels():
    sample = labelled(np.pad(np.arange(1, 31 * 29 + 1).reshape(31, 29), 3))
    whole = RandomCrop((16, 12), scale_probability=0, rotate="quarter", min_share=0)
    for seed in range(20):
        made = whole(sample, np.random.default_rng(seed))
        assert made.image.dtype == np.uint16
        assert_together(made)
        assert len(np.unique(made.image)) >= 16 * 12 - 3 * 16 - 3 * 13


def test_all_eight_symmetries_of_the_square_occur():
    sample = labelled([[1, 2], [3, 4]])
    for rotation, expected in (("quarter", 8), ("none", 4)):
        turn = RandomCrop((2, 2), scale_probability=0, rotate=rotation)
        made = {turn(sample, np.random.default_rng(s)).image.tobytes() for s in range(80)}
        assert len(made) == expected


@pytest.mark.parametrize("rotation", ["none", "quarter", "any"])
def test_crops_lie_inside_the_image_where_they_fit_and_hold_it_whole_where_they_are_larger(
    rotation,
):
    sample = labelled(np.ones((80, 300), int))
    inside = RandomCrop((40, 40), scale=(1, 2), rotate=rotation, fill="background")
    around = RandomCrop(
        (500, 400), scale=(0.7, 1), rotate=rotation, fill="background", object_crops=1
    )
    for seed in range(20):
        made = inside(sample, np.random.default_rng(seed))
        assert made.instances.areas == pytest.approx([40 * 40])
        made = around(sample, np.random.default_rng(seed))
        whole = (
            0.48 if rotation != "any" else 0.15
        )  # 0.7² at least; a turned crop has other corners
        assert made.instances.areas[0] > whole * 80 * 300
        assert not made.instances.ignore[0]


def test_focus_finds_the_only_object_of_a_large_image():
    sample = painted([disc(900, 40, 5)], (100, 1000))
    random_crop = RandomCrop((64, 64), object_crops=1.0)
    found = [len(random_crop(sample, np.random.default_rng(s)).instances) for s in range(20)]
    assert sum(found) >= 19  # an odd one may lie in a corner that the crop's own turn leaves out
    away = RandomCrop((64, 64), object_crops=0.0)
    assert sum(len(away(sample, np.random.default_rng(s)).instances) for s in range(20)) < 10


@pytest.mark.parametrize("size", [(1, 1), (3, 5000), (5000, 2), (7, 7)])
def test_crops_of_tiny_and_of_thin_images_have_their_size(size):
    sample = labelled(np.ones(size, int))
    for seed in range(4):
        made = RandomCrop((32, 48), rotate="any")(sample, np.random.default_rng(seed))
        assert made.image.shape == (32, 48, 1)
        assert shapely.is_valid(made.instances.polygons).all()


@pytest.mark.parametrize(
    "change",
    [
        RandomFlip(),
        RandomRotation(40),
        RandomCrop((50, 40), object_crops=0),
    ],
)
def test_random_changes_repeat_with_their_generator_and_take_empty_images(change):
    sample = painted([kidney(50, 40, 20)], (90, 100), channels=3)
    empty = sample.replace(instances=Instances.empty(sample.size))
    first, second, third = (change(s, np.random.default_rng(5)) for s in (sample, sample, empty))
    assert_array_equal(first.image, second.image)
    assert_array_equal(first.image, third.image)
    assert (first.instances.polygons == second.instances.polygons).all()
    assert len(third.instances) == 0
    assert third.instances.size == third.size
    different = [change(sample, np.random.default_rng(s)).image.tobytes() for s in range(8)]
    assert len(set(different)) > 1


def test_an_image_too_small_to_be_mirrored_is_surrounded_by_its_median():
    made = pad(labelled(np.full((2, 2), 9)), (200, 200))
    assert_array_equal(made.image, np.full((200, 200, 1), 9))
    assert made.instances.areas.tolist() == [4]


@pytest.mark.parametrize("factor", [1.37, 0.61])
def test_a_window_of_a_scaled_image_has_its_very_pixels_to_the_last_digit(factor):
    """Graphs in 8-bit integers make .02 of IoU of a last digit."""
    image = np.random.default_rng(0).random((330, 420, 1), np.float32)
    size = scaled_size(image.shape[:2], factor)
    whole = scale_part(image, (0, 0), factor, (0, 0, *size), size)
    for top, left in ((0, 0), (32, 96), (size[0] - 90, size[1] - 80)):
        window = (top, left, 90, 80)
        y, x, height, width = source_window(image.shape[:2], factor, window)
        part = image[y : y + height, x : x + width]
        shown = scale_part(part, (y, x), factor, window, size)
        assert_array_equal(shown, whole[top : top + 90, left : left + 80])
