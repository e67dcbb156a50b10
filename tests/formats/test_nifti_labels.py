import numpy as np
import pytest

from kontur import formats
from kontur.errors import InputError
from kontur.instances.plane import Plane
from tests.formats import volumes
from tests.formats.volumes import MM


@pytest.fixture
def stored():
    """Object 7 on two planes and object 2 on the last, of four; i, j, k."""
    array = np.zeros((8, 6, 4))
    array[1:3, 2:5, 1:3] = 7
    array[5:7, 0:2, 3] = 2
    return array


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32, np.float64])
def test_every_plane_has_its_objects_with_the_ids_of_the_volume(tmp_path, stored, kind):
    path = volumes.write(tmp_path / "a.nii.gz", stored.astype(kind), sides=(0.5, 0.5, 2), units=MM)
    entries = formats.read_images(path)
    assert [entry.instances.plane for entry in entries] == [Plane(z=1), Plane(z=2), Plane(z=3)]
    assert [entry.instances.ids.tolist() for entry in entries] == [[7], [7], [2]]
    for k, entry in zip((1, 2, 3), entries, strict=True):
        assert (entry.file_name, entry.pixel_size) == ("a", 500)
        np.testing.assert_array_equal(entry.instances.label_image(), stored[:, :, k].T)
    assert formats.read(path, page=3).polygons[0].bounds == (5, 0, 7, 2)  # x is i, y is j
    assert len(formats.read(path, page=0)) == 0
    with pytest.raises(InputError, match="page 4 is not among them"):
        formats.read(path, page=4)


def test_a_volume_without_objects_belongs_to_any_page(tmp_path):
    (entry,) = formats.read_images(volumes.write(tmp_path / "a.nii", np.zeros((4, 3, 2), np.uint8)))
    assert (len(entry.instances), entry.size, entry.instances.plane) == (0, (3, 4), None)


def test_classes_of_semantic_volumes_are_those_of_all_planes(tmp_path, stored):
    path = volumes.write(tmp_path / "a.nii", stored.astype(np.uint8))
    entries = formats.read_images(path, task="semantic")
    assert {entry.instances.classes for entry in entries} == {("2", "7")}
    assert [entry.instances.labels.tolist() for entry in entries] == [[1], [1], [0]]


@pytest.mark.parametrize("scale", [(0, 0), (0.5, 0)])
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_no_finite_number_is_no_label(tmp_path, stored, scale, value):
    stored[1, 1, 1] = value
    path = volumes.write(tmp_path / "a.nii", stored, scale=scale)
    with pytest.raises(InputError, match="1 of 48 pixel values are NaN or infinite"):
        formats.read_images(path)


def test_fractions_are_refused_and_nothing_is_written(tmp_path, stored):
    path = volumes.write(tmp_path / "a.nii", (stored * 0.3).astype(np.float32))
    with pytest.raises(InputError, match="no whole numbers"):
        formats.read_images(path)
    found = formats.read(volumes.write(tmp_path / "b.nii", stored.astype(np.uint8)), page=1)
    with pytest.raises(InputError, match="NIfTI label volume, which Kontur reads only"):
        formats.write(tmp_path / "c.nii.gz", found)
