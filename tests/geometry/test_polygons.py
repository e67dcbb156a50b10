import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from shapely import LineString, MultiPolygon, Point, Polygon

from kontur.geometry import polygons as areal
from kontur.geometry import raster

SQUARE = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])
BOW_TIE = np.array([[0.0, 0], [4, 4], [4, 0], [0, 4]])
LOPSIDED = np.array([[0.0, 0], [6, 6], [6, 0], [0, 2]])  # two lobes, the right one larger
TWICE = np.array([[0.0, 0], [9, 0], [9, 9], [3, 9], [3, 3], [6, 3], [6, 12], [0, 12]])
FLAT = np.array([[0.0, 0], [1, 1], [3, 3], [2, 2]])
NAN = np.array([[0.0, 0], [np.nan, 1], [3, 3], [2, 0]])


def any_rings(n=7, most=5):
    """Rings that mostly cross themselves, on whole pixels, some outside an image of 8 × 10."""
    many = arrays.arrays(float, (most, n, 2), elements=st.integers(-3, 12).map(float))
    return st.tuples(many, st.integers(0, most)).map(lambda pair: pair[0][: pair[1]])


def ring_of(n, radius, centre):
    angle = np.arange(n) / n * 2 * np.pi
    return np.stack([np.cos(angle), np.sin(angle)], -1) * radius + np.array(centre)


# repair


def test_a_valid_polygon_is_left_as_it_is():
    polygon = Polygon(SQUARE)
    assert areal.repair(polygon) is polygon
    assert areal.repair(SQUARE).equals(polygon)


def test_a_bow_tie_becomes_two_parts():
    repaired = areal.repair(BOW_TIE)
    assert repaired.geom_type == "MultiPolygon"
    assert repaired.area == 8


def test_what_is_enclosed_twice_stays_inside():
    repaired = areal.repair(TWICE)
    assert repaired.is_valid
    assert repaired.contains(Point(4.5, 7))  # inside both loops: even-odd would make it a hole


@pytest.mark.parametrize(
    "nothing",
    [
        FLAT,
        NAN,
        SQUARE[:2],
        np.empty((0, 2)),
        np.repeat(SQUARE[:1], 5, axis=0),
        Polygon(),
        Point(1, 2),
        LineString([(0, 0), (1, 1), (2, 0)]),
    ],
    ids=str,
)
def test_what_has_no_area_becomes_an_empty_polygon(nothing):
    assert areal.repair(nothing).equals(Polygon())


def test_lines_and_points_are_dropped_from_a_collection():
    mixed = shapely.GeometryCollection(
        [Point(9, 9), LineString([(0, 0), (9, 9)]), Polygon(SQUARE), Polygon(SQUARE + 10)]
    )
    assert areal.repair(mixed).equals(MultiPolygon([Polygon(SQUARE), Polygon(SQUARE + 10)]))


def test_a_polygon_with_a_spike_loses_the_spike():
    spike = np.array([[0.0, 0], [4, 0], [4, 2], [9, 2], [4, 2], [4, 4], [0, 4]])
    assert areal.repair(spike).equals(Polygon(SQUARE))


# many rings at once


@given(any_rings(), st.sampled_from([None, (8, 10)]))
@settings(max_examples=200)
def test_every_ring_becomes_a_valid_polygon_inside_the_image(rings, size):
    polygons, repaired = areal.polygons_from_rings(rings, size)
    assert polygons.shape == repaired.shape == (len(rings),)
    for ring, polygon, touched in zip(rings, polygons, repaired, strict=True):
        assert polygon.is_valid
        assert polygon.geom_type in ("Polygon", "MultiPolygon")
        assert polygon.is_empty == (polygon.area == 0)
        assert touched == (not Polygon(ring).is_valid)
        if size and not polygon.is_empty:
            x0, y0, x1, y1 = polygon.bounds
            assert min(x0, y0) >= 0
            assert x1 <= size[1]
            assert y1 <= size[0]
        if not touched:
            inside = Polygon(ring) if size is None else Polygon(ring) & shapely.box(0, 0, 10, 8)
            assert polygon.area == pytest.approx(inside.area)


def test_good_rings_come_back_point_by_point():
    polygons, repaired = areal.polygons_from_rings(np.stack([SQUARE, SQUARE[::-1]]), (9, 9))
    assert not repaired.any()
    assert_array_equal(shapely.get_coordinates(polygons[0])[:-1], SQUARE)
    assert_array_equal(shapely.get_coordinates(polygons[1])[:-1], SQUARE[::-1])


def test_of_a_repaired_ring_the_largest_part_stays():
    polygons, repaired = areal.polygons_from_rings(LOPSIDED[None])
    assert repaired.all()
    assert polygons[0].geom_type == "Polygon"
    assert polygons[0].bounds[2] == 6
    assert polygons[0].area < areal.repair(LOPSIDED).area


def test_what_the_border_cuts_into_parts_stays_whole():
    horseshoe = np.array([[-2.0, 0], [4, 0], [4, 2], [-1, 2], [-1, 4], [4, 4], [4, 6], [-2, 6]])
    polygons, repaired = areal.polygons_from_rings(horseshoe[None], (8, 8))
    assert not repaired.any()
    assert polygons[0].area == 16
    assert len(polygons[0].geoms) == 2


def test_what_is_cut_or_repaired_runs_clockwise_on_screen():
    crossing = np.array([[0.0, 0], [8, 0], [8, 6], [2, -2]])
    polygons, _ = areal.polygons_from_rings(np.stack([SQUARE - 1, SQUARE + 6, crossing]), (8, 8))
    for polygon in polygons:
        assert polygon.exterior.is_ccw  # with y up


def test_rings_without_area_or_outside_become_empty_polygons():
    rings = np.stack([FLAT, NAN, SQUARE - 50, SQUARE, SQUARE - [4, 0]])
    polygons, repaired = areal.polygons_from_rings(rings, (8, 8))
    assert shapely.is_empty(polygons).tolist() == [True, True, True, False, True]
    assert repaired.tolist() == [True, True, False, False, False]


def test_no_rings_and_rings_of_too_few_points():
    assert areal.polygons_from_rings(np.empty((0, 64, 2)), (8, 8))[0].shape == (0,)
    polygons, repaired = areal.polygons_from_rings(np.zeros((3, 2, 2)), (8, 8))
    assert shapely.is_empty(polygons).all()
    assert repaired.all()


def test_rings_of_float32_are_taken_as_they_are():
    rings = ring_of(64, 20, (100.3, 50.7)).astype(np.float32)[None]
    polygons, _ = areal.polygons_from_rings(rings, (200, 200))
    assert_array_equal(shapely.get_coordinates(polygons[0])[:-1], rings[0].astype(float))


# clipping, parts


@given(st.integers(-30, 60), st.integers(-30, 60))
def test_clipping_keeps_what_is_inside(x, y):
    polygon = Polygon(ring_of(12, 11.5, (x, y)), [ring_of(5, 4, (x, y))])
    clipped = areal.clip(np.array([polygon]), (32, 40))[0]
    assert clipped.is_valid
    assert clipped.equals(polygon & shapely.box(0, 0, 40, 32)) or clipped.is_empty
    assert clipped.area == pytest.approx((polygon & shapely.box(0, 0, 40, 32)).area)


def test_clipping_leaves_the_given_array_alone():
    polygons = np.array([shapely.box(-2, -2, 2, 2), shapely.box(1, 1, 2, 2)])
    before = polygons.copy()
    assert areal.clip(polygons, (3, 3))[0].area == 4
    assert (polygons == before).all()


def test_clipping_at_pixel_edges_is_clipping_the_mask():
    mask = np.random.default_rng(0).random((20, 20)) < 0.6
    clipped = areal.clip(np.array([raster.trace(mask)]), (7, 9))[0]
    assert_array_equal(raster.rasterize(clipped, (7, 9)), mask[:7, :9])


def test_the_largest_part_is_the_first_of_equals():
    parts = MultiPolygon(
        [shapely.box(0, 0, 1, 1), shapely.box(2, 0, 4, 2), shapely.box(5, 0, 7, 2)]
    )
    assert areal.largest_part(parts).bounds == (2, 0, 4, 2)
    assert areal.largest_part(Polygon(SQUARE)).equals(Polygon(SQUARE))
    assert areal.largest_part(MultiPolygon()).is_empty
