"""Parts: which shapes of a group are one object, and which only frame it."""

from typing import Any, NamedTuple

import pytest
import shapely

from kontur.formats.parts import whole_objects, without_frames

DISC = shapely.Point(5, 5).buffer(5)


class Part(NamedTuple):
    area: Any


def kept(*areas):
    parts = [Part(area) for area in areas]
    return [parts.index(part) for part in without_frames(parts)]


def test_a_box_around_the_others_of_its_object_is_left_out():
    assert kept(DISC, shapely.box(*DISC.bounds)) == [0]
    assert kept(shapely.box(0, 0, 10.4, 10), DISC) == [1]
    corners = shapely.box(0, 0, 3, 3), shapely.box(7, 7, 10, 10)
    assert kept(shapely.box(0, 0, 10, 10), *corners) == [1, 2]


@pytest.mark.parametrize("corner", [(1, 0), (1, 1), (0, 1)])
def test_pixels_side_by_side_are_no_frames_of_each_other(corner):
    x, y = corner
    assert kept(shapely.box(0, 0, 1, 1), shapely.box(x, y, x + 1, y + 1)) == [0, 1]


def test_boxes_alone_and_boxes_that_are_larger_than_the_others_stay():
    assert kept(shapely.box(0, 0, 10, 10), shapely.box(1, 1, 11, 11)) == [0, 1]
    assert kept(shapely.box(0, 0, 13, 10), DISC) == [0, 1]
    assert kept(shapely.box(20, 0, 30, 10), DISC) == [0, 1]


def test_a_box_that_is_left_out_is_said(caplog):
    parts = [Part(DISC), Part(shapely.box(*DISC.bounds)), Part(shapely.box(20, 0, 30, 10))]
    objects, _ = whole_objects(parts, lambda part: part.area.bounds[0] < 10 or None, "a.json")
    assert [len(each) for each in objects] == [1, 1]
    assert caplog.messages == ["a.json: 1 rectangle around the other shapes of a group: left out"]
    caplog.clear()
    whole_objects(parts, lambda part: None, "a.json")
    assert caplog.messages == []
