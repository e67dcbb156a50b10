"""Planes of a stack are written one by one: a format that keeps them holds none of them."""

import weakref

import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.lazy_sequence import LazySequence
from kontur.formats.tracks import tracks_of, with_tracks
from kontur.instances import Instances
from kontur.instances.plane import Plane
from tests.formats.scenes import content

COUNTS = [0, 2, 0, 40, 1, 3, 3, 3, 0]  # objects of each plane
KEEPS_PLANES = [name for name, one in formats.WRITABLE.items() if one.planes]
KEEPS_TRACKS = [name for name in KEEPS_PLANES if name not in ("ome-zarr", "nifti")]


def test_an_error_of_a_value_comes_out_and_is_no_end():
    def value(number):
        return [10, 11][number]  # an IndexError from the third on

    with pytest.raises(IndexError):
        list(LazySequence(5, value))


def plane(number, tracks=False):
    """Squares in a row, of two classes, some with a hole; ids count through all planes."""
    count = COUNTS[number]
    corners = np.arange(count)[:, None] * [11, 0] + [2, number]
    squares = shapely.box(*corners.T, *(corners + 9).T)
    squares = [
        s.difference(s.centroid.buffer(2)) if i % 3 == 1 else s for i, s in enumerate(squares)
    ]
    objects = Instances.of(
        squares,
        labels=np.arange(count) % 2,
        scores=np.linspace(0.5, 1, count),
        ids=sum(COUNTS[:number]) + 1 + np.arange(count),
        size=(64, 512),
        classes=("a", "b"),
    ).replace(plane=Plane(t=number))
    if tracks:
        objects = with_tracks(objects, 7 + np.arange(count))
    return ImageAnnotation("film.tif", objects.size, objects, pixel_size=0.5)


def path_of(folder, name):
    return folder / f"film{formats.WRITABLE[name].ending}"


@pytest.mark.parametrize("name", KEEPS_PLANES)
def test_no_plane_is_held_and_the_file_is_that_of_all_planes_together(tmp_path, name):
    alive, most = [], []

    def taken(number):
        made = plane(number)
        alive.append(weakref.ref(made.instances.outlines))
        most.append(sum(each() is not None for each in alive))
        return made

    formats.write_images(path_of(tmp_path / "lazy", name), LazySequence(len(COUNTS), taken))
    assert max(most) <= 3  # what was written is let go when the next is there
    formats.write_images(path_of(tmp_path / "whole", name), [*map(plane, range(len(COUNTS)))])
    lazy, whole = (path_of(tmp_path / folder, name) for folder in ("lazy", "whole"))
    assert content(lazy) == content(whole)
    read = {one.instances.plane: one.instances for one in formats.read_images(lazy)}
    for number, count in enumerate(COUNTS):
        found = read.get(Plane(t=number), Instances.empty())
        assert found.ids.tolist() == plane(number).instances.ids.tolist()
        assert len(found) == count
        if formats.WRITABLE[name].classes:
            classes = ["a", "b"] * (count // 2) + ["a"] * (count % 2)
            assert [found.classes[i] for i in found.labels] == classes


@pytest.mark.parametrize("name", KEEPS_TRACKS)
def test_tracks_are_kept_where_the_first_plane_has_no_object(tmp_path, name):
    planes = LazySequence(len(COUNTS), lambda number: plane(number, tracks=True))
    formats.write_images(path_of(tmp_path, name), planes)
    read = {
        one.instances.plane: one.instances for one in formats.read_images(path_of(tmp_path, name))
    }
    for number in np.flatnonzero(COUNTS):
        assert tracks_of(read[Plane(t=number)]).tolist() == list(range(7, 7 + COUNTS[number]))


@pytest.mark.parametrize("name", KEEPS_PLANES)
def test_planes_without_any_object_and_a_stack_of_one_plane_are_files_too(tmp_path, name):
    for numbers in ([0, 2, 8], [3]):
        planes = LazySequence(len(numbers), lambda i, numbers=numbers: plane(numbers[i]))
        formats.write_images(path_of(tmp_path, name), planes)
        found = [len(one.instances) for one in formats.read_images(path_of(tmp_path, name))]
        assert sum(found) == sum(COUNTS[number] for number in numbers)
