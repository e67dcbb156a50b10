"""NIfTI beside a TIFF: an array with rows first that was saved as it is lies transposed."""

import nibabel
import numpy as np
import pytest
import shapely
import tifffile

from kontur.data.convert_file import convert
from kontur.data.folder import open_folder
from kontur.data.places import check_labels_fit
from kontur.errors import InputError
from kontur.formats import read_images, write, write_images
from kontur.formats.nifti_axes import axes_note
from kontur.formats.nifti_space import check_same_space
from kontur.instances import Instances
from kontur.measure.sources import find_sources

SHAPES = {"picture": (16, 16), "planes": (4, 16, 16), "cube": (16, 16, 16)}


def drawn(shape):
    """Squares that lie nowhere near where they are transposed; depth, rows, columns."""
    array = np.zeros(shape, np.uint8)
    array[..., 1:4, 7:14], array[..., 5:8, 9:15] = 1, 2
    if len(shape) == 3:
        array[: len(array) // 4] = 0
    return array


def tiff(path, array):
    axes = "ZYX"[3 - array.ndim :]
    tifffile.imwrite(path, array, photometric="minisblack", metadata={"axes": axes})
    return path


def nifti(path, array, affine=None):
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4) if affine is None else affine), path)
    return path


@pytest.mark.parametrize("kind", ["labels", "image"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_volume_with_rows_first_is_told_by_its_pixels(tmp_path, shape, kind, caplog):
    array = drawn(shape)
    noise = np.random.default_rng(0).integers(0, 60, shape, np.uint8)
    image = np.where(array > 0, 120, 40).astype(np.uint8) + noise

    rows_first = (1, 2, 0) if shape == SHAPES["planes"] else range(len(shape))
    flat, volume = (image, array) if kind == "labels" else (array, image)
    tiff(tmp_path / "a.tif", flat)

    def check():
        files = (tmp_path / "a.nii.gz", tmp_path / "a.tif")
        check_same_space(*(files if kind == "labels" else files[::-1]))

    nifti(tmp_path / "a.nii.gz", volume.T)
    check()
    assert not caplog.records
    nifti(tmp_path / "a.nii.gz", volume.transpose(rows_first))
    check()
    check()
    (record,) = caplog.records  # once
    assert "fits" in record.getMessage()
    assert "array with rows first is saved as array.T" in record.getMessage()


def test_planes_with_rows_first_behind_one_another_are_told_too(tmp_path, caplog):
    array = drawn((4, 16, 16))
    labels = nifti(tmp_path / "a.nii.gz", array.transpose(1, 2, 0))  # row, column, depth
    check_same_space(labels, tiff(tmp_path / "a.tif", 9 * array))
    assert "much better" in caplog.text


@pytest.mark.parametrize(
    "affine", [np.diag([0.5, 0.5, 2, 1]), np.diag([-1.0, -1, 1, 1])], ids=["stated", "SimpleITK"]
)
def test_a_volume_that_states_a_place_or_is_of_itk_has_its_axes_in_order(tmp_path, affine, caplog):
    array = drawn((4, 16, 16))
    labels = nifti(tmp_path / "a.nii.gz", array.transpose(1, 2, 0), affine)
    check_same_space(labels, tiff(tmp_path / "a.tif", 9 * array))
    assert not caplog.records


def test_pixels_that_labels_do_not_explain_are_no_evidence(tmp_path, caplog):
    noise = np.random.default_rng(1).integers(0, 255, (16, 16), np.uint8)
    labels = nifti(tmp_path / "a.nii.gz", drawn((16, 16)).T)
    check_same_space(labels, tiff(tmp_path / "a.tif", noise))
    check_same_space(labels, tiff(tmp_path / "b.tif", np.zeros((16, 16), np.uint8)))
    assert not caplog.records


def test_our_own_labels_of_a_tiff_lie_on_it(tmp_path, caplog):
    array = drawn((4, 16, 16))
    image = tiff(tmp_path / "a.tif", 9 * array)
    first = nifti(tmp_path / "a.nii.gz", array.T)
    write_images(tmp_path / "b.labels.nii.gz", read_images(first))
    caplog.clear()
    check_same_space(tmp_path / "b.labels.nii.gz", image)
    assert not caplog.records


def test_axes_of_other_lengths_are_said_where_sizes_differ(tmp_path):
    array = drawn((4, 16, 20))
    image = tiff(tmp_path / "a.tif", array)
    labels = nifti(tmp_path / "a.nii.gz", array)
    with pytest.raises(InputError, match=r"a.nii.gz are in another order than those of the other"):
        check_labels_fit(labels, image)
    turned = nifti(tmp_path / "b.nii.gz", array.transpose(1, 2, 0))
    with pytest.raises(InputError, match=r"20×16 pixels .* in another order .* array.T"):
        convert(turned, tmp_path / "c.csv", image=str(image))
    assert axes_note(nifti(tmp_path / "c.nii.gz", array.T), image) == ""
    assert axes_note(image, image) == ""
    assert axes_note(nifti(tmp_path / "d.nii.gz", array[:2]), image) == ""


@pytest.mark.parametrize("ending", [".geojson", ".csv", ".coco.json", ".parquet"])
def test_outlines_of_another_size_are_told_by_the_sizes_and_have_no_axes(tmp_path, ending):
    image = nifti(tmp_path / "a.nii", np.zeros((30, 20), np.uint8))
    outlines = Instances.of([shapely.box(1, 1, 5, 5)], size=(7, 8))
    write(tmp_path / f"a{ending}", outlines, image_name="a.nii")
    match = r"is made for 7×8 pixels .* 20×30; give the \w+ [^;]*$"
    with pytest.raises(InputError, match=match):
        convert(tmp_path / f"a{ending}", tmp_path / "b.csv", image=str(image))
    with pytest.raises(InputError, match=match):
        assert open_folder(tmp_path).samples[0].instances


def test_whoever_learns_and_measures_says_it(tmp_path, caplog):
    array = drawn((16, 16))
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    tiff(tmp_path / "images/a.tif", 9 * array)
    nifti(tmp_path / "labels/a.nii.gz", array)
    assert len(open_folder(tmp_path).samples[0].instances) == 2
    assert "much better" in caplog.text
    caplog.clear()
    nifti(tmp_path / "labels/a.nii", array)
    (tmp_path / "labels/a.nii.gz").unlink()
    find_sources(tmp_path / "labels", [str(tmp_path / "images")])
    assert "much better" in caplog.text
