import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import shapely
import skimage.draw
import skimage.measure
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from pycocotools import mask as coco
from shapely import MultiPolygon, Polygon, affinity

from kontur.errors import InputError
from kontur.geometry import raster
from tests.naive import geometry as naive

DRAWN = {
    "one pixel": ["#"],
    "a corner pixel": ["#..", "...", "..."],
    "the whole image": ["###", "###"],
    "a diagonal touch": ["#.", ".#"],
    "the other diagonal": [".#", "#."],
    "a hole": ["###", "#.#", "###"],
    "a hole that meets the outside in a corner": ["##.", "#.#", "###"],
    "two holes that meet in a corner": ["####", "#.##", "##.#", "####"],
    "an island in a hole": ["#####", "#...#", "#.#.#", "#...#", "#####"],
    "an island that meets its ring in a corner": ["####", "#..#", "#.#.", "##.."],
    "a hole in an island": [
        "#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######",
    ],
    "a chess board": ["#.#.#", ".#.#.", "#.#.#"],
    "a spiral": ["#####", "....#", "###.#", "#...#", "#####"],
    "two lines": ["####", "....", "####"],
    "one column": ["#", "#", "#"],
}  # fmt: skip


def draw(rows):
    return np.array([[pixel == "#" for pixel in row] for row in rows])


def masks(most=9):
    """Any mask: holes, parts, single pixels, diagonal touches, pixels at the border."""
    shape = st.tuples(st.integers(0, most), st.integers(0, most))
    return shape.flatmap(lambda size: arrays.arrays(bool, size))


def label_images(most=9):
    values = st.sampled_from([0, 0, 1, 2, 3, 7])
    shape = st.tuples(st.integers(0, most), st.integers(0, most))
    return shape.flatmap(lambda size: arrays.arrays(np.uint16, size, elements=values))


def polygons():
    """Polygons on a grid of quarters, so that centres often lie on edges; holes, two parts."""
    point = st.tuples(st.integers(-8, 40), st.integers(-8, 40))
    corners = st.lists(point, min_size=3, max_size=9, unique=True)

    def around(points, holed, parts):
        x, y = np.array(points).T
        shell = np.array(points)[np.argsort(np.arctan2(y - y.mean(), x - x.mean()))] / 4
        cx, cy = np.round(shell.mean(axis=0))
        hole = [(cx, cy - 0.5), (cx + 1.25, cy + 0.75), (cx - 1.5, cy + 0.75)]
        polygon = Polygon(shell, [hole] if holed else [])
        if not polygon.is_valid:
            polygon = Polygon([(0, 0), (4, 0), (4, 4)])
        return MultiPolygon([polygon, affinity.translate(polygon, 15, 2)]) if parts else polygon

    return st.builds(around, corners, st.booleans(), st.booleans())


# mask → polygon → mask


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawn_mask_survives_as_polygon(name):
    mask = draw(DRAWN[name])
    polygon = raster.trace(mask)
    assert polygon.is_valid
    assert_array_equal(raster.rasterize(polygon, mask.shape), mask)


@given(masks())
@settings(max_examples=300)
def test_any_mask_survives_as_polygon(mask):
    polygon = raster.trace(mask)
    assert polygon.is_valid
    assert_array_equal(raster.rasterize(polygon, mask.shape), mask)


@given(masks(7).filter(np.any))
def test_the_outline_is_the_union_of_the_pixels(mask):
    polygon, union = raster.trace(mask), naive.outline(mask)
    assert polygon.equals(union)
    assert len(shapely.get_parts(polygon)) == naive.four_connected(mask)


@pytest.mark.parametrize("seed", range(4))
def test_a_large_noisy_mask_survives_as_polygon(seed):
    mask = np.random.default_rng(seed).random((90, 70)) < (0.2, 0.5, 0.6, 0.8)[seed]
    polygon = raster.trace(mask)
    assert polygon.is_valid
    assert polygon.area == mask.sum()
    assert_array_equal(raster.rasterize(polygon, mask.shape), mask)


@given(masks())
def test_outlines_have_points_at_corners_only_shells_clockwise_and_holes_not(mask):
    for part in shapely.get_parts(raster.trace(mask)):
        for i, ring in enumerate(shapely.get_rings(part)):
            points = shapely.get_coordinates(ring)
            steps = np.diff(points, axis=0)
            assert ((steps == 0).sum(axis=1) == 1).all()  # along a row or a column
            horizontal = steps[:, 1] == 0
            assert (horizontal != np.roll(horizontal, 1)).all()  # and never straight on
            assert shapely.is_ccw(ring) == (i == 0)  # counted with y up: clockwise on screen
            top = points[points[:, 1] == points[:, 1].min()]
            assert i > 0 or points[0].tolist() == top[top[:, 0].argmin()].tolist()


def test_an_empty_mask_is_an_empty_polygon():
    for size in [(0, 0), (0, 5), (5, 0), (3, 4)]:
        assert raster.trace(np.zeros(size, dtype=bool)).equals(Polygon())
        assert not raster.rasterize(Polygon(), size).any()


@given(label_images())
@settings(max_examples=200)
def test_the_objects_of_a_label_image_are_traced_as_each_by_itself(labels):
    values, outlines = raster.trace_labels(labels)
    assert values.tolist() == sorted(set(labels.ravel().tolist()) - {0})
    for value, outline in zip(values, outlines, strict=True):
        assert outline.normalize() == raster.trace(labels == value).normalize()


def test_an_outline_can_be_given_in_the_coordinates_of_a_larger_image():
    _, outlines = raster.trace_labels(np.ones((1, 2), dtype=np.uint8), corner=(10, 20))
    assert outlines[0].bounds == (20, 10, 22, 11)


# rasterising


@given(polygons())
@settings(max_examples=200)
def test_a_pixel_is_inside_when_its_centre_is(polygon):
    size = (9, 11)
    assert_array_equal(raster.rasterize(polygon, size), naive.rasterize(polygon, size))


@given(polygons(), st.integers(-20, 20), st.integers(-20, 20))
def test_the_window_holds_the_same_pixels(polygon, dx, dy):
    moved = affinity.translate(polygon, dx, dy)
    window, (row, col) = raster.rasterize_window(moved)
    size = (24, 30)
    image = np.zeros((200, 200), dtype=bool)  # the window may lie outside the smaller image
    image[row + 50 : row + 50 + window.shape[0], col + 50 : col + 50 + window.shape[1]] = window
    assert_array_equal(raster.rasterize(moved, size), image[50:74, 50:80])
    assert window.sum() == image.sum()


def test_the_window_of_an_empty_polygon_is_empty():
    window, corner = raster.rasterize_window(MultiPolygon())
    assert window.shape == corner == (0, 0)


@given(st.lists(st.tuples(st.floats(1, 9), st.floats(1, 9)), min_size=1, max_size=5))
def test_polygons_that_share_edges_share_out_the_pixels(points):
    """However a square is cut into triangles, each of its pixels belongs to one of them."""
    vertices = np.array([(0.0, 0), (10, 0), (10, 10), (0, 10), *points])
    pieces = shapely.delaunay_triangles(shapely.MultiPoint(vertices))
    owners = sum(raster.rasterize(piece, (10, 10)).astype(int) for piece in pieces.geoms)
    assert_array_equal(owners, np.ones((10, 10)))


def test_a_centre_on_an_edge_belongs_to_the_polygon_right_of_it_or_below():
    half = shapely.box(0.5, 0.5, 2.5, 1.5)
    expected = draw(["##..", "....", "...."])
    assert_array_equal(raster.rasterize(half, (3, 4)), expected)


def test_what_lies_outside_the_image_is_left_out():
    assert raster.rasterize(shapely.box(-5, -5, 50, 50), (2, 3)).all()
    assert not raster.rasterize(shapely.box(-5, -5, 0.4, 50), (2, 3)).any()
    assert not raster.rasterize(shapely.box(3, 0, 9, 9), (2, 3)).any()


@given(st.lists(polygons(), max_size=4), st.booleans())
def test_polygons_that_have_pixels_are_those_that_a_mask_shows(several, empty):
    shapes = np.array([*several, *[Polygon()] * empty], dtype=object)
    shown = [raster.rasterize(one, (9, 12)).any() for one in shapes]
    assert raster.have_pixels(shapes, (9, 12)).tolist() == shown


def test_a_ring_around_a_pixel_and_a_splinter_have_pixels_only_where_a_centre_is_inside():
    ring = shapely.box(0, 0, 3, 3) - shapely.box(0.9, 0.9, 2.1, 2.1)  # not at its centroid
    splinters = [shapely.box(2, 2, 9, 2.4), shapely.box(2, 2, 9, 2.6), shapely.box(-5, 2, -1, 9)]
    shapes = np.array([ring, *splinters], dtype=object)
    assert raster.have_pixels(shapes, (20, 20)).tolist() == [True, False, True, False]


@given(st.lists(polygons(), max_size=4))
def test_the_spans_of_many_polygons_are_those_of_each(several):
    found = raster.spans(np.array(several, dtype=object), (9, 11))
    for i, polygon in enumerate(several):
        mask = np.zeros((9, 11), dtype=bool)
        for row, start, stop in zip(
            *(each[found.owner == i] for each in (found.row, found.start, found.stop)), strict=True
        ):
            assert not mask[row, start:stop].any()
            mask[row, start:stop] = True
        assert_array_equal(mask, raster.rasterize(polygon, (9, 11)))


# against other programs, where their rules agree with ours


@pytest.mark.parametrize("seed", range(10))
def test_scikit_image_fills_the_same_pixels_when_no_centre_lies_on_an_edge(seed):
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 20))
    points = 25 + rng.uniform(5, 24, (20, 1)) * np.stack([np.cos(angle), np.sin(angle)], -1)
    theirs = skimage.draw.polygon2mask((50, 50), points[:, ::-1] - 0.5)  # centres are whole there
    assert_array_equal(raster.rasterize(Polygon(points), (50, 50)), theirs)


@pytest.mark.parametrize("seed", range(10))
def test_coco_fills_a_traced_outline_to_the_same_mask(seed):
    rng = np.random.default_rng(seed)
    labels = skimage.measure.label(rng.random((24, 31)) < 0.6, connectivity=1)
    mask = labels == np.bincount(labels.ravel())[1:].argmax() + 1
    outline = raster.trace(mask)
    rings = [shapely.get_coordinates(each)[:-1].ravel().tolist() for each in outline.interiors]
    shell = shapely.get_coordinates(outline.exterior)[:-1].ravel().tolist()
    filled = coco.decode(coco.frPyObjects([shell, *rings], *mask.shape)).astype(bool)
    theirs = filled[..., 0] & ~filled[..., 1:].any(axis=-1)  # COCO's polygons have no holes
    assert_array_equal(theirs, mask)


def test_scikit_image_counts_as_many_parts():
    mask = np.random.default_rng(0).random((40, 40)) < 0.6
    labelled = skimage.measure.label(mask, connectivity=1)
    assert len(shapely.get_parts(raster.trace(mask))) == labelled.max()


@pytest.mark.parametrize("far", [2e9, 1e300, np.inf, np.nan])
def test_coordinates_that_are_no_place_in_an_image_are_refused(far):
    with np.errstate(invalid="ignore"):
        polygon = Polygon([(0, 0), (far, 3), (0, 4)])
    with pytest.raises(InputError, match="is it in another unit"):
        raster.rasterize(polygon, (5, 5))


def test_outlines_as_far_out_as_may_be_have_their_pixels():
    wide = Polygon([(-1e9, -1e9), (1e9, -1e9), (1e9, 1e9)])  # above the diagonal
    assert raster.rasterize(wide, (3, 3)).tolist() == np.triu(np.ones((3, 3), bool)).tolist()
