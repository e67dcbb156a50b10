"""Which outline a click means, and when an outline is at rest: on squares."""

import numpy as np
import shapely

from kontur.geometry.overlap import iou
from kontur.infer.prompts import AGREEMENT, SCALES, agreed, at_rest, boxes_around, under_click

EMPTY = shapely.Polygon()


def square(x, y, side):
    return shapely.box(x, y, x + side, y + side)


def shapes(*polygons):
    return np.array(polygons, dtype=object)


def clicked(polygons, scores, *click):
    return under_click(polygons, np.array(scores), np.array(click, float))


def test_a_click_means_the_surest_outline_around_it():
    nested = shapes(square(0, 0, 20), square(2, 2, 16))
    assert clicked(nested, [0.4, 0.8], 10, 10) == 1
    assert clicked(nested, [0.8, 0.4], 10, 10) == 0


def test_a_pixel_that_two_outlines_share_belongs_to_the_one_it_lies_deeper_in():
    pair = shapes(square(0, 0, 20), square(16, 0, 20))
    assert clicked(pair, [0.5, 0.5], 16.5, 10) == 0
    assert clicked(pair, [0.5, 0.5], 19.5, 10) == 1


def test_a_click_beside_an_outline_means_it_within_a_quarter_of_its_radius():
    alone = shapes(square(0, 0, 20))  # a circle of its area has a radius of 11.3
    assert clicked(alone, [0.9], 22, 10) == 0
    assert clicked(alone, [0.9], 24, 10) is None


def test_a_weak_outline_around_a_click_wins_over_a_sure_one_beside_it():
    pair = shapes(square(0, 0, 20), square(21, 0, 20))
    assert clicked(pair, [0.9, 0.25], 23, 10) == 1


def test_no_outlines_and_empty_ones_mean_nothing():
    assert clicked(shapes(), [], 3, 3) is None
    assert clicked(shapes(EMPTY), [0.9], 3, 3) is None
    assert agreed(shapes(EMPTY, EMPTY), np.array([3.0, 3])) is None


def test_outlines_from_several_starts_agree_on_the_one_most_are_like():
    starts = shapes(square(9, 9, 3), square(5, 5, 10), square(4, 4, 11), square(5, 5, 11), EMPTY)
    place = agreed(starts, np.array([10.0, 10]))
    assert place == 1
    assert iou(starts[1:2], starts).mean() > AGREEMENT


def test_what_starts_of_all_sizes_disagree_on_is_nothing():
    scattered = shapes(*(square(10 - side, 10 - side, 2 * side) for side in (1, 3, 9, 27)))
    assert agreed(scattered, np.array([10.0, 10])) is None


def test_what_they_agree_on_holds_the_click():
    same = shapes(square(0, 0, 9), square(0, 0, 9))
    assert agreed(same, np.array([4.0, 4])) == 0
    assert agreed(same, np.array([10.0, 4])) is None


def test_boxes_around_a_click_are_squares_of_several_sizes_in_its_middle():
    boxes = boxes_around(np.array([5.0, 7]), 8.0)
    assert np.allclose((boxes[:, :2] + boxes[:, 2:]) / 2, [5, 7])
    assert np.allclose(boxes[:, 2:] - boxes[:, :2], 8 * np.array(SCALES)[:, None])


def test_a_restart_counts_where_it_moves_the_outline_far():
    first = shapes(square(0, 0, 20), square(0, 0, 20), EMPTY)
    again = shapes(square(1, 0, 20), square(8, 0, 20), square(0, 0, 4))
    assert at_rest(first, again).tolist() == [first[0], again[1], again[2]]


def test_a_restart_does_not_leave_what_was_drawn():
    crescent = shapely.Polygon([(0, 0), (30, 0), (30, 4), (4, 4), (4, 30), (0, 30)])
    blob = square(0, 0, 30)
    assert at_rest(shapes(crescent), shapes(blob))[0] is blob
    assert at_rest(shapes(crescent), shapes(blob), shapes(crescent.buffer(1)))[0] is crescent
