import time

import numpy as np
import pytest
import shapely

from kontur.display.track_colours import track_colours


def film(tracks, frames, side, *, speed, seed=0):
    """Squares of 10 pixels that wander about, a number each."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, side, (tracks, 2))
    motion = rng.normal(0, speed, (tracks, 2))
    for _ in range(frames):
        yield np.hstack([corners, corners + 10]), np.arange(tracks)
        corners = np.clip(corners + motion, 0, side)


def meetings(planes):
    """The pairs of tracks that touch on any plane."""
    pairs = set()
    for boxes, tracks in planes:
        shapes = shapely.box(*boxes.T)
        one, other = shapely.STRtree(shapes).query(shapes, "intersects")
        pairs |= {*zip(tracks[one].tolist(), tracks[other].tolist(), strict=True)}
    return {(one, other) for one, other in pairs if one < other}


@pytest.mark.parametrize("seed", range(3))
def test_tracks_that_touch_on_any_plane_differ(seed):
    planes = [*film(150, 100, 200, speed=0.7, seed=seed)]
    colours, met = track_colours(planes), meetings(planes)
    assert len(met) > 200
    assert all(colours[one] != colours[other] for one, other in met)
    assert len({*colours.values()}) == 7


def test_where_more_touch_one_another_than_there_are_colours_each_is_used():
    heap = np.array([[i, i, 20 + i, 20 + i] for i in range(14)], dtype=float)
    colours = track_colours([(heap, np.arange(14))])
    assert np.bincount([*colours.values()]).tolist() == [2] * 7


def test_the_colour_of_a_track_alone_goes_by_its_number_and_no_tracks_have_none():
    boxes = np.array([[0, 0, 9, 9.0]])
    assert track_colours([(boxes, np.array([t])) for t in (1, 9, 9, 70)]) == {1: 1, 9: 2, 70: 0}
    assert track_colours([]) == track_colours([(boxes[:0], np.array([], int))]) == {}


def test_a_track_that_is_twice_on_a_plane_is_no_neighbour_of_its_own():
    boxes = np.array([[0, 0, 9, 9], [5, 0, 14, 9.0]])
    assert track_colours([(boxes, np.array([3, 3]))]) == {3: 3}


def test_pairs_of_many_planes_are_merged_and_give_the_same_colours(monkeypatch):
    planes = [*film(150, 40, 200, speed=0.7)]
    at_once = track_colours(planes)
    monkeypatch.setattr("kontur.display.track_colours.MERGED", 10)
    assert track_colours(planes) == at_once


def test_a_long_film_of_a_thousand_tracks_takes_a_moment():
    planes = [*film(1000, 20, 700, speed=1.0)]
    start = time.process_time()
    track_colours(planes)
    assert time.process_time() - start < 2
