import numpy as np
import shapely

from kontur.display.colours import GREY, PALETTE
from kontur.formats import read, write
from kontur.formats.tracks import with_tracks
from kontur.instances import Instances
from kontur.instances.colours import object_colours
from kontur.instances.plane import Plane

TOUCHING = [shapely.box(x, 0, x + 10, 10) for x in (0, 50, 100, 110)]


def of(**options):
    return Instances.of(TOUCHING, size=(20, 130), **options)


def test_neighbours_differ_and_ignored_ones_are_grey_and_nobodys_neighbours():
    assert object_colours(of())[:3].tolist() == [list(each) for each in PALETTE[:3]]
    first, *_, last = object_colours(of(ignore=[False, True, False, False])).tolist()
    assert first == list(PALETTE[0])
    assert last == list(PALETTE[2])  # the next of those that are not ignored
    assert object_colours(of(ignore=[True] * 4)).tolist() == [list(GREY)] * 4
    assert object_colours(of()[[]]).shape == (0, 3)


def test_a_track_has_one_colour_on_every_plane_also_when_it_was_read(tmp_path):
    numbers = np.array([12, 5, np.nan, 7])
    seen = []
    for page, order in enumerate(([0, 1, 2, 3], [3, 1, 0, 2])):
        objects = with_tracks(of().replace(plane=Plane(z=page)), numbers)[order]
        seen.append(dict(zip(numbers[order], object_colours(objects).tolist(), strict=True)))
        write(tmp_path / "film.geojson", objects)
        again = read(tmp_path / "film.geojson")
        np.testing.assert_array_equal(object_colours(again), object_colours(objects))
    for track in (12, 5, 7):
        assert seen[0][track] == seen[1][track] == list(PALETTE[track % len(PALETTE)])


def test_numbers_of_tracks_may_be_of_any_size():
    objects = of().replace(plane=Plane())
    extras = [{"geojson": {"track": 7e30 if i else 10**40}} for i in range(len(objects))]
    colours = object_colours(objects.replace(extras=extras))
    assert colours[0].tolist() == list(PALETTE[10**40 % len(PALETTE)])


def test_a_boolean_is_no_number_of_a_track():
    boxes = [shapely.box(x, 0, x + 5, 5) for x in (0, 5)]
    ticked = Instances.of(boxes, extras=[{"track": True}] * 2).replace(plane=Plane(0, 1))
    first, second = object_colours(ticked).tolist()
    assert first != second  # as objects without a track
    numbered = Instances.of(boxes, extras=[{"track": 1}] * 2).replace(plane=Plane(0, 1))
    first, second = object_colours(numbered).tolist()
    assert first == second
