"""Linking: objects are numbered through planes, whatever they and the stage do between."""

import numpy as np
import shapely

from kontur.infer.stacks import divisions
from kontur.infer.stacks.link import link
from kontur.instances import Instances
from kontur.instances.plane import Plane


def plane(*squares, at=None, labels=None, side=10):
    corners = np.array(squares, float).reshape(-1, 2)
    shapes = shapely.box(*corners.T, *(corners + side).T)
    return Instances.of(shapes, labels, size=(100, 100), classes=("a", "b")).replace(plane=at)


def test_what_moves_less_than_its_size_keeps_its_number_and_what_appears_gets_the_next():
    film = [
        plane((0, 0), (50, 50)),
        plane((52, 51), (3, 1)),
        plane((6, 2), (80, 0)),
        plane((81, 1), (54, 22)),
    ]
    tracks = [each.tolist() for each in link(film).numbers]
    assert tracks == [[1, 2], [2, 1], [1, 3], [3, 4]]


def test_an_object_has_one_successor_at_most_the_more_alike_and_of_its_class():
    first, second = plane((0, 0)), plane((4, 0), (1, 0))
    assert [each.tolist() for each in link([first, second]).numbers] == [[1], [2, 1]]
    other = plane((1, 0), labels=[1])
    assert [each.tolist() for each in link([first, other]).numbers] == [[1], [2]]


def test_what_is_missed_on_one_frame_or_lies_on_a_missing_one_goes_on_on_the_next():
    film = [plane((0, 0), (50, 50)), plane((51, 50)), plane((1, 0), (52, 50)), plane(), plane()]
    assert [each.tolist() for each in link(film).numbers] == [[1, 2], [2], [1, 2], [], []]
    blank = [plane((0, 0), (50, 50)), plane(), plane((52, 50), (1, 0)), plane(), plane(), *film[:1]]
    tracks = [each.tolist() for each in link(blank).numbers]
    assert tracks == [[1, 2], [], [2, 1], [], [], [3, 4]]


def test_what_is_missed_while_it_moves_is_looked_for_twice_as_far_on():
    places = [0, 8, 20, 35, 50, 65, 80, None, 110, None, 140]
    film = [plane() if x is None else plane((x, 0)) for x in places]
    assert {number for each in link(film).numbers for number in each.tolist()} == {1}


def test_where_nothing_moves_what_appears_beside_a_place_left_empty_is_another():
    still = [(0, 0), (30, 0), (0, 30)]
    tracks = link([plane(*still, (50, 50)), plane(*still, (59, 53))]).numbers
    assert [each.tolist() for each in tracks] == [[1, 2, 3, 4], [1, 2, 3, 5]]


def halves(*corners):
    return plane(*corners, side=7)


def test_what_divides_ends_and_is_the_parent_of_what_it_became():
    film = [
        plane((50, 50)),
        plane((51, 50)),
        halves((46, 52), (56, 51)),
        halves((43, 52), (59, 51)),
    ]
    numbers, parents = link(film)
    assert [each.tolist() for each in numbers] == [[1], [1], [2, 3], [2, 3]]
    assert parents == {2: 1, 3: 1}
    before_the_end = link(film[:3])
    assert before_the_end.parents == {2: 1, 3: 1}
    assert link([*film[:2], halves((46, 52)), halves((43, 52))]).parents == {}


def test_one_daughter_that_overlaps_its_mother_does_not_go_on_as_it():
    film = [plane((50, 50)), halves((53, 52), (44, 51)), halves((55, 52), (42, 51))]
    numbers, parents = link(film)
    assert [each.tolist() for each in numbers] == [[1], [2, 3], [2, 3]]
    assert parents == {2: 1, 3: 1}


def test_an_outline_that_falls_apart_on_one_frame_is_no_division():
    film = [plane((50, 50)), halves((53, 52), (44, 51)), plane((50, 50)), plane((50, 50))]
    numbers, parents = link(film)
    assert parents == {}
    assert [each[0] for each in numbers] == [1] * 4


def test_two_that_are_together_far_smaller_or_larger_than_one_are_no_daughters_of_it():
    for side, corners in ((4.5, ((49, 53), (57, 53))), (9, ((46, 50), (56, 50)))):
        assert link([plane((50, 50)), plane(*corners, side=side)]).parents == {}


def test_a_daughter_has_one_mother():
    numbers, parents = link([plane((20, 20), (32, 20)), halves((16, 21), (27, 21), (38, 21))])
    assert len(parents) == 2
    assert len(set(parents.values())) == 1
    assert len({*numbers[1].tolist()}) == 3


def test_what_comes_beside_an_object_is_no_daughter_of_it():
    film = [plane((50, 50)), plane((50, 50), (61, 50)), plane((50, 50), (61, 50))]
    assert link(film).parents == {}
    film = [plane((50, 50)), halves((46, 52), (56, 51)).replace(labels=[0, 1])]
    assert link([*film, film[-1]]).parents == {}


CROWD = np.array([(5, 5), (40, 8), (70, 20), (12, 50), (55, 60), (80, 80), (30, 85)])


def test_the_stage_may_jump_by_more_than_an_object_is_long():
    jump = [20, 12]
    film = [plane(*CROWD), plane(*CROWD[::-1] + 1), plane(*CROWD + jump), plane(*CROWD + jump)]
    numbers = [each.tolist() for each in link(film).numbers]
    assert numbers[::2] == [[*range(1, 8)]] * 2
    assert numbers[1] == [*range(7, 0, -1)]
    without = [film[0], plane(), film[2]]
    assert link(without).numbers[2].tolist() == [*range(1, 8)]


def test_an_object_goes_on_in_its_own_direction():
    """Both move by more than they overlap, past one another: neither is where the other was."""
    there, back = ((10 + 9 * t, 20) for t in range(6)), ((64 - 9 * t, 31) for t in range(6))
    film = [plane(*both) for both in zip(there, back, strict=True)]
    assert [each.tolist() for each in link(film).numbers] == [[1, 2]] * 6


def test_what_no_longer_overlaps_is_the_nearest_within_a_diameter_of_about_its_size():
    assert link([plane((0, 0)), plane((11, 0), (0, 12))]).numbers[1].tolist() == [1, 2]
    assert link([plane((0, 0)), plane((20, 0))]).numbers[1].tolist() == [2]
    assert link([plane((0, 0)), plane((-8, 11), side=15)]).numbers[1].tolist() == [2]
    assert link([plane((0, 0)), plane((11, 0), labels=[1])]).numbers[1].tolist() == [2]


def test_in_depth_nothing_moves():
    stack = [plane(*CROWD, at=Plane(0)), plane(*CROWD + 9, at=Plane(1))]
    assert len(set(np.concatenate(link(stack).numbers))) == 2 * len(CROWD)


def test_what_is_one_in_depth_goes_on_in_time_as_one():
    """On one depth it lies where its neighbour was; all depths together tell which it is."""
    stack = [plane((10, 10), (40, 10), at=Plane(z, 0)) for z in range(3)]
    stack += [plane((13, 10), (36 - 16 * (z == 2), 10), at=Plane(z, 1)) for z in range(3)]
    numbers = [each.tolist() for each in link(stack).numbers]
    assert numbers[:5] == [[1, 2]] * 5
    assert len({*numbers[5]}) == 2
    for order in (stack[::-1], stack[::2] + stack[1::2]):
        tracks = link(order).numbers
        assert all(len({*each.tolist()}) == len(each) for each in tracks)


def test_planes_at_one_place_share_no_track():
    twice = [plane((0, 0), at=Plane(0, 0)), plane((0, 0), at=Plane(0, 0))]
    assert [each.tolist() for each in link(twice).numbers] == [[1], [2]]


def test_what_is_missed_in_depth_stays_apart():
    stack = [plane((0, 0), at=Plane(0)), plane(at=Plane(1)), plane((0, 0), at=Plane(2))]
    assert [each.tolist() for each in link(stack).numbers] == [[1], [], [2]]


def test_in_a_stack_of_depths_and_times_both_are_linked():
    stack = [
        plane((0, 0), at=Plane(0, 0)),
        plane((2, 0), at=Plane(1, 0)),
        plane((0, 3), (60, 60), at=Plane(0, 1)),
        plane((30, 0), at=Plane(1, 1)),
    ]
    assert [each.tolist() for each in link(stack).numbers] == [[1], [1], [1, 2], [3]]


def test_planes_without_objects_and_no_planes_have_no_tracks():
    assert [each.tolist() for each in link([]).numbers] in ([], [[]])
    film = [plane(), plane((0, 0)), plane()]
    assert [each.tolist() for each in link(film).numbers] == [[], [1], []]


def test_what_moves_to_and_fro_is_looked_for_where_it_was():
    """Once it is plain that nothing goes on, a last step tells nothing of the next one."""
    rng = np.random.default_rng(0)
    places = 14 * np.stack(np.meshgrid(np.arange(8), np.arange(8)), axis=-1).reshape(-1, 2)
    film = []
    for _ in range(10):
        places = places + rng.normal(0, 3, places.shape)
        film.append(plane(*places))
    numbers = np.stack(link(film).numbers)
    assert (numbers[1:] == numbers[:-1]).mean() > 0.9  # 0.86 where each is taken to go on


def test_the_many_small_ones_about_a_large_one_are_no_pairs_of_daughters(monkeypatch):
    looked_at = []
    monkeypatch.setattr(divisions, "_aside", lambda *pair: looked_at.append(pair) or np.inf)
    small = np.random.default_rng(0).uniform(10, 80, (30, 2))
    film = [plane((5, 5), side=90), plane(*small, side=2)]
    assert len(set(link(film).numbers[1])) == 30
    assert not looked_at
    link([plane((50, 50)), halves((46, 52), (56, 51))])
    assert len(looked_at) == 1
