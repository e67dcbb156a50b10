"""Shape: exact on polygons that are known, as regionprops on masks, and not moved by motion."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon
from shapely.affinity import rotate, scale, translate
from skimage.measure import regionprops

from kontur.geometry import raster
from kontur.instances import Instances
from kontur.measure.outlines.object_rings import rings_of, straightened
from kontur.measure.outlines.shape import COLUMNS, centroids, measure_shape, second_moments
from tests.measure.drawn import blob, disc, ellipse, noise_labels
from tests.measure.outlines.test_object_rings import FRAME, PARTS, array
from tests.naive import measure as naive

LENGTHS = [name for name, column in COLUMNS.items() if column.kind == "length"]
AREAS = [name for name, column in COLUMNS.items() if column.kind == "area"]
FREE = [name for name, column in COLUMNS.items() if column.kind == ""]


def shape_of(*polygons):
    rings = rings_of(array(*polygons))
    return measure_shape(array(*polygons), rings, straightened(rings))


def one(polygon):
    return {name: float(column[0]) for name, column in shape_of(polygon).items()}


@pytest.fixture(scope="module")
def pixels():
    """Objects of a label image, and what scikit-image says of them."""
    labels = noise_labels(0)
    found = Instances.from_label_image(labels)
    return found, regionprops(labels), shape_of(*found.polygons)


def test_every_column_is_measured():
    assert list(shape_of(FRAME, PARTS)) == list(COLUMNS)


@pytest.mark.parametrize("radius", [1.0, 3.0, 25.0])
def test_a_disc_is_measured_exactly(radius):
    found = one(disc(radius, (40.3, 17.9), points=2000))
    assert found["area"] == pytest.approx(np.pi * radius**2, rel=1e-5)
    assert found["perimeter"] == pytest.approx(2 * np.pi * radius, rel=1e-5)
    for name in ("equivalent_diameter_area", "axis_major_length", "axis_minor_length"):
        assert found[name] == pytest.approx(2 * radius, rel=1e-5)
    for name in ("feret_diameter_max", "feret_diameter_min"):
        assert found[name] == pytest.approx(2 * radius, rel=1e-5)
    for name in ("circularity", "solidity", "convexity", "aspect_ratio"):
        assert found[name] == pytest.approx(1, abs=1e-5)
    assert found["extent"] == pytest.approx(np.pi / 4, rel=1e-5)
    assert found["eccentricity"] < 0.01


def test_the_perimeter_of_a_disc_is_truer_than_that_of_its_pixels():
    for radius in (5, 10, 20, 40):
        shape = disc(radius, (50.2, 50.7))
        mask = raster.rasterize(shape, (100, 100))
        theirs = regionprops(mask.astype(int))[0].perimeter
        true = 2 * np.pi * radius
        assert abs(one(shape)["perimeter"] / true - 1) < 2e-4
        assert abs(one(raster.trace(mask))["perimeter"] / true - 1) < 0.02
        assert abs(theirs / true - 1) > 0.03 or radius == 10  # where its two errors cancel


def test_a_rectangle_is_measured_by_hand():
    found = one(shapely.box(2, 3, 8, 5))
    assert (found["area"], found["area_bbox"], found["area_convex"]) == (12, 12, 12)
    assert found["axis_major_length"] == pytest.approx(4 * np.sqrt(36 / 12))
    assert found["axis_minor_length"] == pytest.approx(4 * np.sqrt(4 / 12))
    assert found["feret_diameter_max"] == pytest.approx(np.hypot(6, 2))
    assert found["feret_diameter_min"] == pytest.approx(2)
    assert abs(found["orientation"]) == pytest.approx(np.pi / 2)  # level: a quarter turn from up
    assert (found["extent"], found["solidity"]) == (1, 1)


def test_holes_and_parts_are_counted_and_taken_out():
    found = shape_of(FRAME, PARTS)
    assert found["area"].tolist() == [32, 11]
    assert found["area_filled"].tolist() == [36, 11]
    assert found["holes"].tolist() == [1, 0]
    assert found["parts"].tolist() == [1, 2]
    assert found["solidity"][0] == pytest.approx(32 / 36)
    assert found["area_bbox"].tolist() == [36, 15]


def test_an_island_in_a_hole_is_filled_once():
    island = shapely.box(9, 9, 11, 11)
    ring = shapely.box(5, 5, 15, 15) - shapely.box(7, 7, 13, 13)
    target = shapely.union_all(  # an island with a hole, in which is another; and a part beside
        [
            shapely.box(0, 0, 20, 20) - shapely.box(1, 1, 19, 19),
            shapely.box(3, 3, 17, 17) - shapely.box(4, 4, 16, 16),
            shapely.box(8, 8, 12, 12),
            shapely.box(30, 0, 34, 4),
        ]
    )
    alone = shapely.box(8, 8, 12, 12) | shapely.box(30, 0, 34, 4)  # in the hole of another object
    corner = shapely.union_all(  # the part touches the ring of the hole in a point
        [shapely.box(0, 0, 9, 9) - shapely.box(3, 3, 6, 6), Polygon([(3, 3), (5, 4), (4, 5)])]
    )
    bay = shapely.box(0, 0, 20, 20) - shapely.box(5, 5, 20, 15)
    tube = bay - bay.buffer(-2, join_style="mitre")  # its hole winds around the bay
    near = tube | shapely.box(10, 9, 12, 11)  # in the bay, not in the hole
    found = shape_of(ring | island, target, alone, corner, near)
    np.testing.assert_allclose(found["area_filled"], [100, 416, 32, 81, bay.area + 4])
    smooth = one(shapely.box(5, 5, 15, 15))
    assert found["convexity"][0] == pytest.approx(smooth["convexity"])
    mask = raster.rasterize(ring | island, (20, 20))
    assert found["area_filled"][0] == regionprops(mask.astype(int))[0].area_filled


def test_one_pixel_has_a_shape():
    found = one(shapely.box(7, 3, 8, 4))
    assert all(np.isfinite(value) for value in found.values())
    assert found["area"] == 1
    assert found["perimeter"] == pytest.approx(4)
    assert found["axis_major_length"] == pytest.approx(4 * np.sqrt(1 / 12))


def test_a_sliver_keeps_its_axes():
    found = one(Polygon([(0, 0), (1000, 0.001), (1000, 0.0011)]))
    assert 0 < found["axis_minor_length"] < found["axis_major_length"]
    assert found["eccentricity"] <= 1


def test_of_no_object_there_are_no_values():
    assert {name: column.shape for name, column in shape_of().items()} == {
        name: (0,) for name in COLUMNS
    }


@pytest.mark.parametrize("name", ["area", "area_bbox", "equivalent_diameter_area", "extent"])
def test_what_pixels_say_exactly_agrees_to_the_last_digit(pixels, name):
    _, theirs, ours = pixels
    expected = [getattr(region, name) for region in theirs]
    np.testing.assert_allclose(ours[name], expected, rtol=1e-12)


def test_filled_areas_agree(pixels):
    _, theirs, ours = pixels
    np.testing.assert_allclose(ours["area_filled"], [region.area_filled for region in theirs])


def test_axes_agree_but_for_the_extent_of_a_pixel(pixels):
    _, theirs, ours = pixels
    for name in ("axis_major_length", "axis_minor_length"):
        expected = [np.sqrt(getattr(region, name) ** 2 + 16 / 12) for region in theirs]
        np.testing.assert_allclose(ours[name], expected, rtol=1e-9)


def test_orientation_agrees(pixels):
    _, theirs, ours = pixels
    turned = ours["orientation"] - [region.orientation for region in theirs]
    off = np.abs((turned + np.pi / 2) % np.pi - np.pi / 2)
    longer = ours["aspect_ratio"] > 1.001
    assert off[longer].max() < 1e-9
    assert np.abs(ours["orientation"]).max() <= np.pi / 2


def test_eccentricity_agrees_for_all_but_the_smallest(pixels):
    _, theirs, ours = pixels
    large = ours["area"] > 30
    expected = np.array([region.eccentricity for region in theirs])
    np.testing.assert_allclose(ours["eccentricity"][large], expected[large], atol=0.01)


def test_hulls_agree_as_far_as_pixels_can_say(pixels):
    _, theirs, ours = pixels
    large = ours["area"] > 30
    for name, bound in (("area_convex", 0.08), ("solidity", 0.08), ("feret_diameter_max", 0.08)):
        expected = np.array([getattr(region, name) for region in theirs])
        np.testing.assert_allclose(ours[name][large], expected[large], rtol=bound)


def test_centres_are_those_of_pixels_half_a_pixel_further(pixels):
    found, theirs, _ = pixels
    expected = np.array([region.centroid[::-1] for region in theirs]) + 0.5
    np.testing.assert_allclose(centroids(rings_of(found.polygons)), expected, rtol=1e-12)


def test_moments_are_the_sums_over_small_triangles():
    polygons = [FRAME, PARTS, blob(3)]
    found = np.column_stack(second_moments(rings_of(array(*polygons))))
    expected = [naive.second_moments(polygon) for polygon in polygons]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_moments_lose_no_digits_far_from_the_origin():
    near, far = one(blob(1)), one(translate(blob(1), 2**20, 2**21))
    for name in COLUMNS:
        assert far[name] == pytest.approx(near[name], rel=1e-6), name


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), turn=st.floats(0, 360), grow=st.floats(0.1, 30))
def test_nothing_changes_by_moving_turning_and_growing(seed, turn, grow):
    shape = blob(seed)
    moved = translate(scale(rotate(shape, turn), grow, grow), 31.7, -8.2)
    before, after = one(shape), one(moved)
    for name in LENGTHS:
        assert after[name] == pytest.approx(before[name] * grow, rel=1e-6), name
    for name in {*AREAS} - {"area_bbox"}:
        assert after[name] == pytest.approx(before[name] * grow**2, rel=1e-6), name
    for name in {*FREE} - {"extent"}:
        assert after[name] == pytest.approx(before[name], rel=1e-6, abs=1e-6), name


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), start=st.integers(0, 199))
def test_the_first_point_does_not_matter(seed, start):
    points = shapely.get_coordinates(blob(seed))[:-1]
    before, after = one(Polygon(points)), one(Polygon(np.roll(points, start, axis=0)))
    for name in COLUMNS:
        assert after[name] == pytest.approx(before[name], rel=1e-9, abs=1e-9), name


@settings(max_examples=20)
@given(turn=st.floats(-np.pi / 2, np.pi / 2))
def test_orientation_is_the_angle_from_the_vertical(turn):
    found = one(ellipse(9, 4, np.pi / 2 - turn))["orientation"]
    assert abs((found - turn + np.pi / 2) % np.pi - np.pi / 2) < 1e-6
