"""Linking: objects are numbered through planes by their overlap."""

import numpy as np
import shapely

from kontur.infer.stacks.link import link
from kontur.instances import Instances
from kontur.instances.plane import Plane


def plane(*squares, at=None, labels=None):
    corners = np.array(squares, float).reshape(-1, 2)
    shapes = shapely.box(*corners.T, *(corners + 10).T)
    return Instances.of(shapes, labels, size=(100, 100), classes=("a", "b")).replace(plane=at)


def test_what_moves_less_than_its_size_keeps_its_number_and_what_appears_gets_the_next():
    film = [
        plane((0, 0), (50, 50)),
        plane((52, 51), (3, 1)),
        plane((6, 2), (80, 0)),
        plane((81, 1), (54, 52)),
    ]
    tracks = [each.tolist() for each in link(film)]
    assert tracks == [[1, 2], [2, 1], [1, 3], [3, 4]]


def test_an_object_has_one_successor_at_most_the_more_alike_and_of_its_class():
    first, second = plane((0, 0)), plane((4, 0), (1, 0))
    assert [each.tolist() for each in link([first, second])] == [[1], [2, 1]]
    other = plane((1, 0), labels=[1])
    assert [each.tolist() for each in link([first, other])] == [[1], [2]]


def test_in_a_stack_of_depths_and_times_both_are_linked():
    stack = [
        plane((0, 0), at=Plane(0, 0)),
        plane((2, 0), at=Plane(1, 0)),
        plane((0, 3), (60, 60), at=Plane(0, 1)),
        plane((30, 0), at=Plane(1, 1)),
    ]
    assert [each.tolist() for each in link(stack)] == [[1], [1], [1, 2], [3]]


def test_planes_without_objects_and_no_planes_have_no_tracks():
    assert link([]) == [] or [each.tolist() for each in link([])] == [[]]
    assert [each.tolist() for each in link([plane(), plane((0, 0)), plane()])] == [[], [1], []]
