import logging

import nibabel
import numpy as np
import pytest

from kontur import formats
from kontur.data.conversion.convert_file import convert
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from kontur.instances.plane import Plane
from tests.images import volumes
from tests.images.volumes import MM


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


def test_regions_of_several_planes_are_different_objects(tmp_path, stored):
    path = volumes.write(tmp_path / "a.nii", stored.astype(np.uint8))
    entries = formats.read_images(path, task="semantic")
    assert [entry.instances.ids.tolist() for entry in entries] == [[1], [2], [3]]
    volumes.write(tmp_path / "b.nii", (stored > 0).astype(np.uint8))
    entries = formats.read_images(tmp_path / "b.nii", task="components")
    assert [entry.instances.ids.tolist() for entry in entries] == [[1], [2], [3]]
    assert formats.read(path, page=3, task="semantic").ids.tolist() == [1]


@pytest.mark.parametrize("scale", [(0, 0), (0.5, 0)])
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_no_finite_number_is_no_label(tmp_path, stored, scale, value):
    stored[1, 1, 1] = value
    path = volumes.write(tmp_path / "a.nii", stored, scale=scale)
    with pytest.raises(InputError, match="1 of 48 pixel values are NaN or infinite"):
        formats.read_images(path)


def test_fractions_are_refused(tmp_path, stored):
    path = volumes.write(tmp_path / "a.nii", (stored * 0.3).astype(np.float32))
    with pytest.raises(InputError, match="no whole numbers"):
        formats.read_images(path)


def planes_of(ids, image=None):
    """The objects of every plane of ids `[i, j, k]` or `[i, j, k, t]`, on an image's file."""
    shape = (*ids.shape, 1, 1)[2:4]
    for t, z in np.ndindex(shape[1], shape[0]):
        found = Instances.from_label_image(ids.reshape(*ids.shape[:2], *shape)[:, :, z, t].T)
        yield ImageAnnotation("a", found.size, found.replace(plane=Plane(z, t)), image=image)


def in_space(shape, kind=np.int16, **given):
    """An image that lies askew in space, as nibabel makes it."""
    affine = np.array([[0, -0.5, 0, 9], [0.7, 0, 0.1, -4], [0, 0, 3, 2], [0, 0, 0, 1]])
    image = nibabel.Nifti1Image(np.ones(shape, kind), affine, **given)
    image.header.set_xyzt_units("mm", "sec")
    image.set_qform(np.diag([2, 2, 3, 1]), 1)
    image.header["descrip"], image.header["cal_max"] = b"of a scanner", 7
    image.header["aux_file"] = b"colours of the image"
    image.header.set_slope_inter(0.5, -3)
    return image


@pytest.mark.parametrize("name", ["a.nii", "a.labels.nii.gz"])
@pytest.mark.parametrize("shape", [(8, 6, 4), (8, 6, 4, 2), (8, 6, 1, 3), (8, 6)])
@pytest.mark.parametrize("to", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_labels_lie_over_their_image_as_nibabel_reads_both(tmp_path, name, shape, to):
    nibabel.save(to.from_image(in_space(shape)), tmp_path / "image.nii.gz")
    ids = np.zeros(shape, int)
    ids[1:3, 2:5], ids[5:7, 0:2] = 7, 70000
    ids[5, 5], ids[0, 0] = 3, -2
    entries = [*planes_of(ids, tmp_path / "image.nii.gz")]
    if len(shape) == 2:
        entries = [one._replace(instances=one.instances.replace(plane=None)) for one in entries]
    formats.write_images(tmp_path / name, entries, format="nifti")
    image, labels = nibabel.load(tmp_path / "image.nii.gz"), nibabel.load(tmp_path / name)
    assert (labels.shape, type(labels)) == (image.shape, to)
    np.testing.assert_array_equal(labels.affine, image.affine)
    assert labels.get_data_dtype() == np.int32
    stored = np.asanyarray(labels.dataobj)
    assert stored.dtype == np.int32  # without a scale
    np.testing.assert_array_equal(stored, ids)
    for word in ("pixdim", "xyzt_units", "qform_code", "sform_code", "qoffset_x", "descrip", "dim"):
        np.testing.assert_array_equal(labels.header[word], image.header[word])
    assert (labels.header["cal_max"], labels.header["intent_code"]) == (0, 0)
    assert labels.header["aux_file"] == b""
    again = formats.read_images(tmp_path / name)
    assert len(again) == len(entries)
    before = (tmp_path / name).read_bytes()
    formats.write_images(tmp_path / name, again, format="nifti")  # over itself, as its image
    assert (tmp_path / name).read_bytes() == before
    assert len([*tmp_path.iterdir()]) == 2


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_byte_order_is_that_of_the_image_and_colours_become_numbers(tmp_path, order):
    rgb = volumes.header((6, 5, 2), 128, order=order, sides=(2, 2, 3), units=MM)
    (tmp_path / "image.nii").write_bytes(rgb + bytes(6 * 5 * 2 * 3))
    ids = np.zeros((6, 5, 2), int)
    ids[1:3, 1:4, 1] = 300
    formats.write_images(tmp_path / "a.nii", [*planes_of(ids, tmp_path / "image.nii")])
    labels = nibabel.load(tmp_path / "a.nii")
    assert (labels.header.endianness, labels.header.get_zooms()) == (order, (2, 2, 3))
    np.testing.assert_array_equal(np.asanyarray(labels.dataobj), ids)


def test_planes_without_objects_and_planes_that_are_not_given_are_background(tmp_path, stored):
    nibabel.save(in_space(stored.shape), tmp_path / "image.nii")
    (_, given, *_) = planes_of(stored.astype(int), tmp_path / "image.nii")
    formats.write_images(tmp_path / "a.nii.gz", [given])
    labels = np.asanyarray(nibabel.load(tmp_path / "a.nii.gz").dataobj)
    assert labels.dtype == np.uint16
    np.testing.assert_array_equal(labels, stored * (np.arange(4) == 1))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"plane": None}, "the outlines name no plane of it"),
        ({"plane": Plane(z=4)}, "the plane z 4 and t 0, which is not there"),
        ({"plane": Plane(z=1, t=1)}, "z 1 and t 1, which is not there"),
        ({"size": (8, 6)}, r"outlines are of \(8, 6\) pixels, and the image of \(6, 8\)"),
    ],
)
def test_outlines_of_another_image_are_refused_and_nothing_is_lost(tmp_path, change, reason):
    nibabel.save(in_space((8, 6, 4)), tmp_path / "image.nii")
    corner = np.zeros((6, 8), int)
    corner[0, 0] = 1
    found = Instances.from_label_image(corner).replace(plane=Plane(z=1)).replace(**change)
    (tmp_path / "a.nii.gz").write_bytes(b"before")
    entry = ImageAnnotation("a", found.size, found, image=tmp_path / "image.nii")
    with pytest.raises(InputError, match=reason):
        formats.write_images(tmp_path / "a.nii.gz", [entry])
    assert (tmp_path / "a.nii.gz").read_bytes() == b"before"
    twice = [entry._replace(size=None, instances=Instances.empty().replace(plane=Plane(z=1)))] * 2
    with pytest.raises(InputError, match="of page 1"):
        formats.write_images(tmp_path / "a.nii.gz", twice)


@pytest.mark.parametrize("side", [None, 0.325, 500])
def test_without_a_volume_they_begin_at_the_origin_which_is_said(tmp_path, stored, side, caplog):
    entries = [one._replace(pixel_size=side) for one in planes_of(stored.astype(int))]
    with caplog.at_level(logging.WARNING, "kontur.formats"):
        formats.write_images(tmp_path / "a.nii.gz", entries)
    assert "no place in space" in caplog.text
    labels = nibabel.load(tmp_path / "a.nii.gz")
    np.testing.assert_allclose(labels.affine, np.diag([*[side or 1] * 3, 1]), rtol=1e-7)
    assert labels.header.get_xyzt_units()[0] == ("unknown" if side is None else "micron")
    np.testing.assert_array_equal(np.asanyarray(labels.dataobj), stored)
    read = formats.read_images(tmp_path / "a.nii.gz")[0].pixel_size
    assert read == (side if side is None else pytest.approx(side, rel=1e-7))


def test_outlines_of_a_volume_in_another_format_become_labels_with_its_place(tmp_path, stored):
    nibabel.save(in_space(stored.shape), tmp_path / "image.nii.gz")
    for name in ("a.geojson", "a.csv"):
        formats.write_images(tmp_path / name, [*planes_of(stored.astype(int))][1:])
        image = str(tmp_path / "image.nii.gz")
        made = convert(tmp_path / name, tmp_path / "b.nii.gz", image=image)
        assert (made.objects, made.images) == (3, 1)
        labels = nibabel.load(tmp_path / "b.nii.gz")
        np.testing.assert_array_equal(labels.affine, nibabel.load(image).affine)
        np.testing.assert_array_equal(np.asanyarray(labels.dataobj) > 0, stored > 0)
    back = convert(tmp_path / "b.nii.gz", tmp_path / "c.csv")
    assert (back.objects, back.images) == (3, 1)
    convert(tmp_path / "b.nii.gz", tmp_path / "c.nii")
    np.testing.assert_array_equal(nibabel.load(tmp_path / "c.nii").affine, labels.affine)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_written_is_read_back_as_the_same_objects(tmp_path, seed):
    draw = np.random.default_rng(seed)
    shape = tuple(draw.integers(1, 5, draw.integers(3, 5)))
    ids = draw.choice([0, 0, 1, 2, 255, 65535, 65536, 2**32 - 1], shape)
    volumes.write(tmp_path / "image.nii", np.zeros(shape, np.uint8))
    entries = [*planes_of(ids, tmp_path / "image.nii")]
    formats.write_images(tmp_path / "a.nii.gz", entries)
    read = [one.instances for one in formats.read_images(tmp_path / "a.nii.gz")]
    back = {(0, 0) if one.plane is None else one.plane[:2]: one for one in read}
    for found in (entry.instances for entry in entries):
        again = back.get(found.plane[:2], Instances.empty(found.size))
        np.testing.assert_array_equal(again.ids, found.ids)
        np.testing.assert_array_equal(again.label_image(), found.label_image())


def test_a_volume_without_objects_is_converted_to_an_empty_one(tmp_path, stored):
    path = volumes.write(tmp_path / "a.nii.gz", 0 * stored.astype(np.uint8))
    assert convert(path, tmp_path / "b.nii.gz").objects == 0
    empty = nibabel.load(tmp_path / "b.nii.gz")
    assert empty.shape == stored.shape
    assert not np.asarray(empty.dataobj).any()
