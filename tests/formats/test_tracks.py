"""Tracks in files: each object's own number, or none, in memory and on disk."""

import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.formats import ImageAnnotation
from kontur.formats.outlines_on_disk import spill
from kontur.formats.tracks import LARGEST, parents_of, tracks_of, with_tracks
from kontur.instances import Instances
from kontur.instances.plane import Plane

KEEP = [".geojson", ".geojsonl", ".geo.parquet", ".csv"]
NUMBERS = [[7.0, np.nan, 8.0], [np.nan], [np.nan, np.nan, 7.0], [9.0]]  # of each plane
PARENTS = [[np.nan, np.nan, 7.0], [np.nan], [np.nan] * 3, [8.0]]


def plane(number):
    corners = np.arange(len(NUMBERS[number]))[:, None] * [11, 0] + [2, number]
    squares = shapely.box(*corners.T, *(corners + 9).T)
    found = Instances.of(squares, size=(64, 64)).replace(plane=Plane(t=number))
    numbers = np.array(NUMBERS[number]), np.array(PARENTS[number])
    return ImageAnnotation("film", (64, 64), with_tracks(found, *numbers))


def halves(entry):
    """The first object of an image, and the others: parts in which a file may come."""
    return [entry._replace(instances=entry.instances[part]) for part in (np.s_[:1], np.s_[1:])]


@pytest.mark.parametrize("ending", [*KEEP, ".rois.zip", ".labels.ome.zarr"])
def test_the_track_that_divided_comes_back(tmp_path, ending):
    formats.write_images(tmp_path / f"film{ending}", [*map(plane, range(len(NUMBERS)))])
    entries = formats.read_images(tmp_path / f"film{ending}")
    for one, spilled, numbers in zip(entries, spill([entries]).values(), PARENTS, strict=True):
        np.testing.assert_array_equal(parents_of(one.instances), numbers)
        np.testing.assert_array_equal(spilled.parents, numbers)
        (part,) = spilled.parts()
        np.testing.assert_array_equal(parents_of(part), numbers)


@pytest.mark.parametrize("ending", [*KEEP, ".labels.ome.zarr"])
def test_an_object_without_a_track_leaves_the_others_theirs(tmp_path, ending):
    formats.write_images(tmp_path / f"film{ending}", [*map(plane, range(len(NUMBERS)))])
    entries = formats.read_images(tmp_path / f"film{ending}")
    on_disk = spill([halves(one) for one in entries]).values()
    for one, spilled, numbers in zip(entries, on_disk, NUMBERS, strict=True):
        np.testing.assert_array_equal(tracks_of(one.instances), numbers)
        np.testing.assert_array_equal(spilled.tracks, numbers)
        (part,) = spilled.parts()
        np.testing.assert_array_equal(tracks_of(part), numbers)
    formats.write_images(tmp_path / f"again{ending}", entries)
    again = formats.read_images(tmp_path / f"again{ending}")
    for one, numbers in zip(again, NUMBERS, strict=True):
        np.testing.assert_array_equal(tracks_of(one.instances), numbers)


def test_what_is_no_whole_number_is_no_track():
    values = [3, 3.0, 3.5, "3", True, None, np.nan, np.inf, LARGEST, 2 * LARGEST, 1e300]
    squares = shapely.box(*np.broadcast_to([[0], [0], [1], [1]], (4, len(values))))
    found = Instances.of(squares).replace(extras=[{"columns": {"track": one}} for one in values])
    numbers = [3, 3, *[np.nan] * 6, LARGEST, np.nan, np.nan]
    np.testing.assert_array_equal(tracks_of(found), numbers)
    assert len(tracks_of(Instances.empty())) == 0
