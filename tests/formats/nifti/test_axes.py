"""NIfTI beside a TIFF: an array with rows first that was saved as it is lies transposed."""

import nibabel
import numpy as np
import pytest
import shapely
import tifffile

from kontur.data.conversion.convert_file import convert
from kontur.data.folder import open_folder
from kontur.data.planes.places import check_labels_fit
from kontur.errors import InputError
from kontur.formats import read_images, write, write_images
from kontur.formats.nifti import axes as nifti_axes
from kontur.formats.nifti.axes import axes_note
from kontur.formats.nifti.space import check_same_space
from kontur.instances import Instances
from kontur.measure.sources.find_sources import find_sources

SHAPES = {"picture": (48, 48), "planes": (4, 48, 48), "cube": (48, 48, 48)}


def drawn(shape):
    """Squares that lie nowhere near where they are transposed; depth, rows, columns."""
    array = np.zeros(shape, np.uint8)
    array[..., 3:12, 21:42], array[..., 15:24, 27:45], array[..., 27:33, 33:48] = 1, 2, 3
    if len(shape) == 3:
        array[: len(array) // 4] = 0
    return array


def balls(shape, count=40, radius=5):
    """Balls anywhere, whose sections of any direction lie anywhere."""
    depth, rows, columns = np.ogrid[tuple(map(slice, shape))]
    array = np.zeros(shape, np.uint8)
    for number, (k, j, i) in enumerate(np.random.default_rng(3).uniform(0, shape, (count, 3)), 1):
        array[(depth - k) ** 2 + (rows - j) ** 2 + (columns - i) ** 2 < radius**2] = number
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
    array = balls(shape) if shape == SHAPES["cube"] else drawn(shape)
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
    assert "lie transposed on" in record.getMessage()
    assert "array with rows first is saved as array.T" in record.getMessage()


def test_planes_with_rows_first_behind_one_another_are_told_too(tmp_path, caplog):
    array = drawn((4, 48, 48))
    labels = nifti(tmp_path / "a.nii.gz", array.transpose(1, 2, 0))  # row, column, depth
    check_same_space(labels, tiff(tmp_path / "a.tif", 9 * array))
    assert "lie transposed" in caplog.text


@pytest.mark.parametrize(
    "affine", [np.diag([0.5, 0.5, 2, 1]), np.diag([-1.0, -1, 1, 1])], ids=["stated", "SimpleITK"]
)
def test_a_volume_that_states_a_place_or_is_of_itk_has_its_axes_in_order(tmp_path, affine, caplog):
    array = drawn((4, 48, 48))
    labels = nifti(tmp_path / "a.nii.gz", array.transpose(1, 2, 0), affine)
    check_same_space(labels, tiff(tmp_path / "a.tif", 9 * array))
    assert not caplog.records


def test_pixels_that_labels_do_not_explain_are_no_evidence(tmp_path, caplog):
    noise = np.random.default_rng(1).integers(0, 255, (48, 48), np.uint8)
    labels = nifti(tmp_path / "a.nii.gz", drawn((48, 48)).T)
    check_same_space(labels, tiff(tmp_path / "a.tif", noise))
    check_same_space(labels, tiff(tmp_path / "b.tif", np.zeros((48, 48), np.uint8)))
    assert not caplog.records


def cells(rng, count=40, side=128, radius=5):
    """Discs anywhere, by number; rows, columns."""
    y, x = np.mgrid[:side, :side]
    ids = np.zeros((side, side), np.uint8)
    for number, (row, column) in enumerate(rng.uniform(0, side, (count, 2)), start=1):
        ids[(y - row) ** 2 + (x - column) ** 2 < radius**2] = number
    return ids


def warned(tmp_path, caplog, labels, pixels):
    """Whether labels that are saved with columns first, as they should be, are asked about."""
    caplog.clear()
    image = tiff(tmp_path / "a.tif", pixels.astype(np.float32))
    check_same_space(nifti(tmp_path / "a.nii", labels.T.astype(np.uint8)), image)
    return bool(caplog.records)


def light(side=128, noise=0.1):
    """An image that is brighter above than below, as one of phase contrast."""
    rng = np.random.default_rng(0)
    return np.linspace(1, 0, side)[:, None] + rng.normal(0, noise, (side, side))


def test_an_uneven_light_is_no_evidence(tmp_path, caplog):
    y, x = np.mgrid[:128, :128]
    assert not warned(tmp_path, caplog, x < 64, light())
    column = [(20, 60), (24, 90), (22, 110)]
    three = np.any([(x - i) ** 2 + (y - j) ** 2 < 100 for i, j in column], axis=0)
    assert not warned(tmp_path, caplog, three, light(noise=0.05) + 0.3 * three)
    faint = cells(np.random.default_rng(1))
    faint[:, 55:] = 0
    assert not warned(tmp_path, caplog, faint > 0, light() + 0.1 * (faint > 0))
    for amount in (0.0, 0.02):
        assert not warned(tmp_path, caplog, faint, light(noise=0.01) + amount * (faint > 0))


@pytest.mark.parametrize("column", [0, 20], ids=["of_the_image", "of_a_tissue"])
def test_objects_along_an_edge_are_no_evidence(tmp_path, caplog, column):
    y, x = np.mgrid[:128, :128]
    row = np.any([(x - column) ** 2 + (y - j) ** 2 < 9 for j in range(10, 128, 10)], axis=0)
    pixels = light(noise=0) if column == 0 else y < column + 3  # just below them
    assert not warned(tmp_path, caplog, row, pixels)


def test_pixels_that_are_no_numbers_are_no_evidence(tmp_path, caplog):
    ids = cells(np.random.default_rng(1))
    for value in (np.nan, np.inf):
        assert not warned(tmp_path, caplog, ids, np.where(ids.T > 0, value, 0))


def test_a_speck_where_one_object_would_lie_transposed_is_no_evidence(tmp_path, caplog):
    y, x = np.mgrid[:128, :128]
    cell = (x - 30) ** 2 + (y - 100) ** 2 < 150
    for speck in (cell.T, (x - 100) ** 2 + (y - 30) ** 2 < 400):
        noise = np.random.default_rng(0).normal(0, 0.1, speck.shape)
        for stain in (0.0, 0.1):
            assert not warned(tmp_path, caplog, cell, 1 - stain * cell + speck + noise)
    several = cells(np.random.default_rng(1), count=9)
    specks = (several.T > 0) & (several.T <= 4)  # under fewer than half
    assert not warned(tmp_path, caplog, several, specks + noise)


def test_objects_that_lie_right_too_are_no_evidence(tmp_path, caplog):
    drawn_once = cells(np.random.default_rng(1)) > 0
    noise = np.random.default_rng(0).normal(0, 0.1, drawn_once.shape)
    assert not warned(tmp_path, caplog, drawn_once, 0.4 * drawn_once + drawn_once.T + noise)


def test_one_plane_of_several_is_no_evidence(tmp_path, caplog):
    rng = np.random.default_rng(1)
    ids = np.stack([cells(rng) for _ in range(3)])
    pixels = rng.normal(0, 0.1, ids.shape)
    pixels[1] += ids[1].T > 0
    assert not warned(tmp_path, caplog, ids, pixels)
    ids[[0, 2]] = 0
    assert not warned(tmp_path, caplog, ids, pixels)


@pytest.mark.parametrize("numbered", [True, False], ids=["numbers", "binary"])
@pytest.mark.parametrize("sign", [1, -1], ids=["bright", "dark"])
def test_cells_in_noise_and_an_uneven_light_are_told_where_they_lie_transposed(
    tmp_path, caplog, numbered, sign
):
    rng = np.random.default_rng(2)
    ids = np.stack([cells(rng) for _ in range(3)])
    blurred = np.mean([np.roll(ids > 0, (i, j), (1, 2)) for i in (-1, 0, 1) for j in (-1, 0, 1)], 0)
    pixels = light(noise=0.2) + sign * blurred * rng.uniform(0.7, 1.3, ids.shape)
    labels = ids if numbered else ids > 0
    assert warned(tmp_path, caplog, labels.transpose(0, 2, 1), pixels)
    assert "If they look wrong in an overlay" in caplog.text
    assert not warned(tmp_path, caplog, labels, pixels)


def test_every_pair_of_many_is_looked_at_once(tmp_path, caplog, monkeypatch):
    pairs = [(tmp_path / f"{i}.nii", tmp_path / f"{i}.tif") for i in range(200)]
    for file in (file for pair in pairs for file in pair):
        file.touch()
    looked_at = []
    monkeypatch.setattr(nifti_axes, "_fits_transposed", lambda *pair: not looked_at.append(pair))
    for _ in range(3):
        for pair in pairs:
            nifti_axes.warn_of_transposed(*pair)
    assert looked_at == pairs
    assert len(caplog.records) == len(pairs)


def test_our_own_labels_of_a_tiff_lie_on_it(tmp_path, caplog):
    array = drawn((4, 48, 48))
    image = tiff(tmp_path / "a.tif", 9 * array)
    first = nifti(tmp_path / "a.nii.gz", array.T)
    write_images(tmp_path / "b.labels.nii.gz", read_images(first))
    caplog.clear()
    check_same_space(tmp_path / "b.labels.nii.gz", image)
    assert not caplog.records


def test_axes_of_other_lengths_are_said_where_sizes_differ(tmp_path):
    array = drawn((4, 48, 60))
    image = tiff(tmp_path / "a.tif", array)
    labels = nifti(tmp_path / "a.nii.gz", array)
    with pytest.raises(InputError, match=r"a.nii.gz are in another order than those of the other"):
        check_labels_fit(labels, image)
    turned = nifti(tmp_path / "b.nii.gz", array.transpose(1, 2, 0))
    with pytest.raises(InputError, match=r"60×48 pixels .* in another order .* array.T"):
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
    array = drawn((48, 48))
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    tiff(tmp_path / "images/a.tif", 9 * array)
    nifti(tmp_path / "labels/a.nii.gz", array)
    assert len(open_folder(tmp_path).samples[0].instances) == 3
    assert "lie transposed" in caplog.text
    caplog.clear()
    nifti(tmp_path / "labels/a.nii", array)
    (tmp_path / "labels/a.nii.gz").unlink()
    find_sources(tmp_path / "labels", [str(tmp_path / "images")])
    assert "lie transposed" in caplog.text
