"""Moves of outlines by hand; expected shapes are drawn by hand."""

import contextlib

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from kontur.edit import moves
from kontur.errors import InputError
from kontur.instances import Instances

SQUARE = shapely.box(10, 10, 20, 20)
RINGED = shapely.box(30, 30, 50, 50).difference(shapely.box(36, 36, 44, 44))
PARTS = shapely.MultiPolygon([shapely.box(0, 40, 5, 45), shapely.box(10, 40, 14, 44)])


@pytest.fixture
def found():
    shapes = [SQUARE, RINGED, PARTS]
    return Instances.of(
        shapes, [0, 1, 0], ids=[3, 7, 9], scores=[0.9, 0.5, 0.7], size=(60, 64), classes=("a", "b")
    )


def polygon(instances, number):
    return instances.polygon(instances.index_of(number))


def disc(x, y, radius, points=64):
    turns = np.arange(points) * 2 * np.pi / points
    return np.c_[x + radius * np.cos(turns), y + radius * np.sin(turns)]


def test_a_drag_without_radius_moves_one_corner(found):
    moved = moves.drag(found, 3, (19, 11), (23, 8))
    assert polygon(moved, 3).equals(shapely.Polygon([(10, 10), (24, 7), (20, 20), (10, 20)]))


def test_neighbours_follow_a_drag_smoothly_and_only_within_the_radius():
    circle = Instances.of([shapely.Polygon(disc(30, 30, 10))], size=(60, 60))
    moved = moves.drag(circle, 1, (40, 30), (45, 30), radius=8)
    before, after = (shapely.get_coordinates(each.polygons[0])[:-1] for each in (circle, moved))
    way = np.hypot(*(after - before).T)
    along = np.minimum(np.arange(64), 64 - np.arange(64)) * np.hypot(*(before[1] - before[0]))
    expected = np.where(along < 8, 5 * (1 + np.cos(np.pi * along / 8)) / 2, 0)
    np.testing.assert_allclose(way, expected, atol=1e-9)


def test_the_value_before_is_as_it_was_and_all_other_objects_are_shared(found):
    moved = moves.drag(found, 3, (10, 10), (5, 5))
    assert polygon(found, 3).equals(SQUARE)
    assert polygon(moved, 7) is polygon(found, 7)
    assert moved.ids.tolist() == [3, 7, 9]
    assert moved.scores.tolist() == found.scores.tolist()


def test_a_vertex_of_a_hole_and_of_a_second_part_can_be_dragged(found):
    hole = moves.drag(found, 7, (36, 36), (34, 34))
    assert polygon(hole, 7).area == pytest.approx(RINGED.area - 2 * 8)
    part = moves.drag(found, 9, (14, 44), (16, 46))
    assert polygon(part, 9).area == pytest.approx(PARTS.area + 2 * 4)
    assert shapely.get_num_geometries(polygon(part, 9)) == 2


def test_an_outline_that_is_dragged_over_itself_is_repaired_and_keeps_its_largest_part(found):
    moved = moves.drag(found, 3, (20, 20), (4, 4))
    shape = polygon(moved, 3)
    assert shape.is_valid
    assert shape.geom_type == "Polygon"
    assert shape.area > 0


def test_an_outline_that_is_dragged_out_of_the_image_is_cut_at_its_border(found):
    moved = moves.drag(found, 3, (10, 10), (-10, -10))
    assert polygon(moved, 3).bounds[:2] == (0, 0)


def test_a_new_vertex_lies_on_the_edge_and_changes_nothing(found):
    more = moves.insert(found, 3, (14, 9))
    assert polygon(more, 3).equals(SQUARE)
    assert len(polygon(more, 3).exterior.coords) == len(SQUARE.exterior.coords) + 1
    assert (14, 10) in list(polygon(more, 3).exterior.coords)


def test_a_vertex_is_deleted_but_not_the_third_last(found):
    three = moves.delete_vertex(found, 3, (20, 20))
    assert polygon(three, 3).equals(shapely.Polygon([(10, 10), (20, 10), (10, 20)]))
    with pytest.raises(InputError, match="keeps three vertices; delete the object"):
        moves.delete_vertex(three, 3, (10, 10))


def test_a_hole_of_three_vertices_goes_with_one_of_them():
    hole = shapely.Polygon([(14, 14), (17, 14), (14, 17)])
    one = Instances.of([SQUARE.difference(hole)], size=(30, 30))
    assert moves.delete_vertex(one, 1, (14, 14)).polygons[0].equals(SQUARE)


def test_smoothing_rounds_corners_and_keeps_holes(found):
    rounder = polygon(moves.smooth(found, [7], window=4), 7)
    assert len(rounder.interiors) == 1
    assert rounder.area == pytest.approx(RINGED.area, rel=0.02)
    corner = shapely.Point(30, 30)
    assert rounder.distance(corner) > 0.3


def test_simplifying_leaves_out_what_the_tolerance_allows():
    stairs = Instances.of([shapely.Polygon(disc(30, 30, 10, 200))], size=(60, 60))
    fewer = moves.simplify(stairs, [1], tolerance=0.5).polygons[0]
    assert len(fewer.exterior.coords) < 40
    assert shapely.hausdorff_distance(fewer, stairs.polygons[0]) <= 0.5


def test_a_line_across_cuts_an_object_in_two_and_the_larger_keeps_the_id(found):
    two = moves.cut(found, 3, [(13, 0), (13, 30)])
    assert two.ids.tolist() == [3, 7, 9, 10]
    assert polygon(two, 3).equals(shapely.box(13, 10, 20, 20))
    assert polygon(two, 10).equals(shapely.box(10, 10, 13, 20))
    assert two.labels.tolist() == [0, 1, 0, 0]
    assert np.isnan(two.scores[3])


def test_a_cut_through_a_hole_gives_two_pieces_without_holes(found):
    two = moves.cut(found, 7, [(40, 0), (40, 60)])
    pieces = [polygon(two, 7), polygon(two, 10)]
    assert sum(piece.area for piece in pieces) == pytest.approx(RINGED.area)
    assert all(len(piece.interiors) == 0 for piece in pieces)


def test_a_cut_of_one_part_leaves_the_other_with_the_object(found):
    two = moves.cut(found, 9, [(2, 30), (2, 50)])
    assert polygon(two, 9).area + polygon(two, 10).area == pytest.approx(PARTS.area)
    assert shapely.get_num_geometries(polygon(two, 9)) == 2


@pytest.mark.parametrize("line", [[(0, 0), (64, 0)], [(12, 12), (14, 14)], [(11, 11), (11, 11)]])
def test_a_line_that_does_not_run_across_is_refused(found, line):
    with pytest.raises(InputError, match="does not divide"):
        moves.cut(found, 3, line)


def test_merged_objects_take_id_and_class_of_the_first(found):
    one = moves.merge(found, [7, 3])
    assert one.ids.tolist() == [7, 9]
    assert one.labels.tolist() == [1, 0]
    assert polygon(one, 7).area == SQUARE.area + RINGED.area
    with pytest.raises(InputError, match="at least two objects, got 1"):
        moves.merge(found, [3, 3])


def test_a_region_within_is_a_hole_and_one_at_the_edge_a_bite(found):
    holed = moves.carve(found, 3, [(13, 13), (16, 13), (16, 16), (13, 16)])
    assert len(polygon(holed, 3).interiors) == 1
    bitten = moves.carve(found, 3, [(5, 5), (15, 5), (15, 15), (5, 15)])
    assert polygon(bitten, 3).area == 75
    with pytest.raises(InputError, match="outside the object"):
        moves.carve(found, 3, [(50, 5), (60, 5), (60, 8)])
    with pytest.raises(InputError, match="delete it instead"):
        moves.carve(found, 3, [(0, 0), (30, 0), (30, 30), (0, 30)])


def test_holes_are_filled_and_regions_added(found):
    assert polygon(moves.fill_holes(found, [7]), 7).equals(shapely.box(30, 30, 50, 50))
    grown = moves.extend(found, 3, [(18, 12), (25, 12), (25, 15), (18, 15)])
    assert polygon(grown, 3).area == 100 + 5 * 3


def test_objects_are_added_classified_shifted_and_deleted(found):
    more = moves.add(found, [(2, 2), (6, 2), (6, 6), (2, 6)], label=1)
    assert more.ids.tolist() == [3, 7, 9, 10]
    assert more.labels[3] == 1
    assert moves.classify(more, [3, 9], 1).labels.tolist() == [1, 1, 1, 1]
    assert polygon(moves.shift(more, [10], (1, 2)), 10).bounds == (3, 4, 7, 8)
    assert moves.delete(more, [3, 10]).ids.tolist() == [7, 9]
    assert len(moves.delete(more, more.ids.tolist())) == 0
    with pytest.raises(InputError, match="no class 2"):
        moves.classify(found, [3], 2)


def test_the_first_object_of_an_empty_image_and_one_beyond_the_border():
    none = Instances.empty((10, 10))
    assert moves.add(none, [(2, 2), (30, 2), (30, 6), (2, 6)]).polygons[0].bounds == (2, 2, 10, 6)
    with pytest.raises(InputError, match="nothing of the object would remain"):
        moves.add(none, [(20, 2), (30, 2), (30, 6)])


def test_refitting_asks_for_all_outlines_at_once_and_says_where_nothing_was_found(found):
    def shrink(outlines):
        return shapely.buffer(outlines, -1)

    assert polygon(moves.refit(found, [3], shrink), 3).area == 64
    with pytest.raises(InputError, match="beneath object 9"):
        moves.refit(found, [3, 9], lambda outlines: shapely.buffer(outlines, -4))


@pytest.mark.parametrize("points", [["a"], [(1, 2, 3)], [(np.nan, 1)] * 3, [(np.inf, 1)] * 3, []])
def test_points_that_are_none_and_ids_that_are_none_are_refused(found, points):
    with pytest.raises(InputError, match="points"):
        moves.carve(found, 3, points)
    with pytest.raises(InputError, match="has the id 4"):
        moves.drag(found, 4, (0, 0), (1, 1))


place = st.tuples(st.floats(-20, 84), st.floats(-20, 84))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(place, place, st.floats(0, 40)), min_size=1, max_size=6))
def test_outlines_stay_valid_inside_and_in_one_piece_whatever_is_dragged(drags):
    instances = Instances.of([SQUARE, RINGED], size=(60, 64))
    for start, end, radius in drags:
        for number in (1, 2):
            with contextlib.suppress(InputError):  # nothing of it would remain
                instances = moves.drag(instances, number, start, end, radius=radius)
    assert shapely.is_valid(instances.polygons).all()
    assert (instances.areas > 0).all()
    x0, y0, x1, y1 = instances.boxes.T
    assert x0.min() >= 0
    assert y0.min() >= 0
    assert x1.max() <= 64
    assert y1.max() <= 60


def test_an_object_that_is_named_twice_is_moved_once(found):
    moved = moves.shift(found, [3, 3], (1, 0))
    assert polygon(moved, 3).equals(shapely.box(11, 10, 21, 20))


def test_a_class_that_is_not_there_is_refused_with_those_that_are(found):
    with pytest.raises(InputError, match="there is no class 2; they are 0 to 1"):
        moves.classify(found, [3], 2)
    with pytest.raises(InputError, match="there is no class 1; the only one is 0"):
        moves.classify(Instances.of([SQUARE], size=(60, 64)), [1], 1)
