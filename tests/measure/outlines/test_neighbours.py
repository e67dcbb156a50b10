"""Neighbours: distances, density, touching and the border, on squares laid out by hand."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import scale

from kontur.measure.outlines.neighbours import (
    COLUMNS,
    NEAREST,
    measure_contact,
    measure_distance,
    on_border,
)
from kontur.measure.outlines.object_rings import rings_of
from kontur.measure.outlines.shape import centroids
from tests.measure.drawn import disc, noise_labels
from tests.measure.outlines.test_contour import contours
from tests.measure.outlines.test_object_rings import array


def neighbours_of(*polygons, size=(100, 100)):
    shapes = array(*polygons)
    return measured(shapes, size, np.zeros(len(shapes), bool))


def measured(shapes, size, ignore):
    centres, boxes = centroids(rings_of(shapes)), shapely.bounds(shapes).reshape(-1, 4)
    own = np.arange(len(shapes))
    return {
        **measure_distance(centres, ~ignore),
        **measure_contact(shapes, contours(*shapes), shapes, own, ~ignore),
        "on_border": on_border(boxes, size),
    }


def square(x, y, side=10):
    return shapely.box(x, y, x + side, y + side)


def test_distances_are_between_centres():
    found = neighbours_of(square(0, 0), square(20, 0), square(20, 30))
    assert list(found) == list(COLUMNS)
    assert found["neighbour_distance"].tolist() == [20, 20, 30]
    assert found["neighbour_distance_mean"][1] == pytest.approx(25)
    assert found["touching_count"].tolist() == [0, 0, 0]


def test_density_is_that_of_the_disc_that_reaches_the_fifth():
    centres = [(15 * i + 10, 15 * j + 10) for i in range(6) for j in range(6)]
    found = neighbours_of(*(disc(3, centre) for centre in centres))
    for i, centre in enumerate(centres):
        reach = np.sort(np.hypot(*(np.array(centres) - centre).T))[NEAREST]
        assert found["local_density"][i] == pytest.approx(NEAREST / (np.pi * reach**2))


def test_an_object_alone_has_no_distance():
    found = neighbours_of(square(40, 40))
    for name in ("neighbour_distance", "neighbour_distance_mean", "local_density"):
        assert np.isnan(found[name][0])
    assert found["touching_length"][0] == 0


def test_objects_at_the_same_place_are_at_distance_zero():
    found = neighbours_of(square(40, 40), square(40, 40))
    assert found["neighbour_distance"].tolist() == [0, 0]
    assert np.isnan(found["local_density"]).all()
    assert found["touching_fraction"].tolist() == [1, 1]


def test_a_region_to_ignore_is_nobodys_neighbour():
    two = square(10.5, 10.5), square(40.5, 10.5)
    shapes = array(*two, square(5.5, 5.5, 60))
    found = measured(shapes, (100, 100), np.array([False, False, True]))
    alone = neighbours_of(*two)
    for name in COLUMNS:
        assert found[name][:2].tolist() == alone[name].tolist()
    assert np.isnan(found["neighbour_distance"][2])
    assert found["touching_count"].tolist() == [0, 0, 2]


def test_squares_that_share_a_side_touch_along_it():
    found = neighbours_of(square(10, 10.5), square(20, 10.5), square(60, 60.5))
    assert found["touching_count"].tolist() == [1, 1, 0]
    # the side and a pixel around both corners
    assert found["touching_length"][:2] == pytest.approx([12, 12], abs=0.8)
    assert found["touching_fraction"][:2] == pytest.approx([0.3, 0.3], abs=0.02)
    assert found["touching_length"][2] == 0


def test_a_gap_of_more_than_a_pixel_is_no_touch():
    close = neighbours_of(square(10, 10.5), square(20.9, 10.5))
    apart = neighbours_of(square(10, 10.5), square(21.2, 10.5))
    assert close["touching_count"].tolist() == [1, 1]
    assert apart["touching_count"].tolist() == [0, 0]


def test_an_object_inside_another_touches_with_all_its_outline():
    found = neighbours_of(square(10, 10.5, 40), square(20, 20.5))
    assert found["touching_fraction"][1] == 1
    assert found["touching_fraction"][0] == 0  # its own outline is far from the other


def test_a_corner_between_three_is_counted_once():
    found = neighbours_of(square(20, 20.5), square(30, 20.5), square(20, 30.5))
    assert found["touching_count"][0] == 2
    assert found["touching_length"][0] == pytest.approx(22, abs=1)


def test_the_border_is_reached_by_those_with_pixels_at_it():
    shapes = (square(0, 40), square(1, 60), square(90, 5), square(40, 89.6), square(40, 0.4, 5))
    assert neighbours_of(*shapes)["on_border"].tolist() == [True, False, True, True, True]


def test_on_label_images_the_border_is_that_of_scikit_image():
    from skimage.segmentation import clear_border

    from kontur.instances import Instances

    labels = noise_labels(5)
    found = Instances.from_label_image(labels)
    left = set(np.unique(clear_border(labels))) - {0}
    border = neighbours_of(*found.polygons, size=labels.shape)["on_border"]
    assert [i not in left for i in found.ids] == border.tolist()


@settings(max_examples=20)
@given(grow=st.floats(1, 20))
def test_distances_grow_with_the_picture(grow):
    shapes = [disc(3, centre) for centre in ((10, 10), (30, 14), (22, 40))]
    before = neighbours_of(*shapes)
    after = neighbours_of(*(scale(shape, grow, grow, origin=(0, 0)) for shape in shapes))
    for name, power in (
        ("neighbour_distance", 1),
        ("neighbour_distance_mean", 1),
        ("local_density", -2),
    ):
        np.testing.assert_allclose(after[name], before[name] * grow**power, rtol=1e-9)


def test_of_no_object_there_are_no_values():
    assert {column.shape for column in neighbours_of().values()} == {(0,)}
