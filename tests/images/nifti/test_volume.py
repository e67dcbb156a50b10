import gzip
import logging
from math import prod

import hypothesis
import nibabel
import numpy as np
import pytest
from hypothesis import strategies as st

from kontur.data.folder import open_folder
from kontur.data.normalisation.normalise import measure_normalisation
from kontur.errors import InputError
from kontur.images import image_file
from kontur.images.image_file import open_image, read_image, read_stored
from kontur.images.lazy_pixels import LazyPixels
from kontur.images.page_count import check_is_one_stack, count_pages
from kontur.instances.plane import Plane
from tests.images import volumes
from tests.images.volumes import MM, SECONDS, UM

rng = np.random.default_rng(0)
KINDS = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")
ODD = (7, 5, 3)  # i, j, k


def numbers(shape, kind):
    return rng.integers(0, 100, shape).astype(kind) - (0 if kind[0] == "u" else 50)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("version", [1, 2])
def test_a_page_is_the_slice_k_of_the_array_with_rows_j_and_columns_i(
    tmp_path, kind, order, version
):
    array = numbers(ODD, kind).astype(kind)
    for name in ("a.nii", "a.nii.gz"):
        path = volumes.write(tmp_path / name, array, order=order, version=version)
        assert count_pages(path) == 3
        check_is_one_stack(path)
        for k in (2, 0, 1):
            image = read_image(path, page=k)
            assert image.pixels.dtype == np.dtype(kind)
            np.testing.assert_array_equal(image.pixels[:, :, 0], array[:, :, k].T)
            assert image.plane == Plane(z=k)
            assert image.pixels[4, 6, 0] == array[6, 4, k]


def test_pages_of_four_axes_count_depth_and_then_time(tmp_path):
    array = numbers((4, 5, 3, 2), "i2")
    path = volumes.write(tmp_path / "a.nii.gz", array)
    assert count_pages(path) == 6
    for page, (t, z) in enumerate(np.ndindex(2, 3)):
        image = read_image(path, page=page)
        np.testing.assert_array_equal(image.pixels[:, :, 0], array[:, :, z, t].T)
        assert image.plane == Plane(z, t).numbered(page)
    with pytest.raises(InputError, match=r"time series of 2 frames and z-stack of 3.*0 to 5"):
        read_image(path)
    with pytest.raises(InputError, match="6 pages"):
        read_image(path, page=6)
    film = volumes.write(tmp_path / "film.nii", array[:, :, :1])
    assert read_image(film, page=1).plane == Plane(t=1)


def test_one_plane_needs_no_page_whatever_axes_of_one_it_has(tmp_path):
    array = numbers((6, 4), "u2")
    for shape in ((6, 4), (6, 4, 1), (6, 4, 1, 1, 1)):
        path = volumes.write(tmp_path / "a.nii", array.reshape(shape))
        image = read_image(path)
        assert count_pages(path) == 1
        assert image.plane is None
        np.testing.assert_array_equal(image.pixels[:, :, 0], array.T)
    line = volumes.write(tmp_path / "line.nii", array[:, 0])
    assert read_image(line).pixels.shape == (1, 6, 1)


def test_colours_are_read_without_alpha(tmp_path):
    rgba = rng.integers(0, 255, (2, 5, 6, 4), dtype=np.uint8)  # k, j, i, as bytes lie in the file
    for code, colours in ((128, 3), (2304, 4)):
        path = tmp_path / "a.nii"
        start = volumes.header((6, 5, 2), code, scale=(2.0, 1.0))  # no scale of colours
        path.write_bytes(start + rgba[..., :colours].tobytes())
        image = read_image(path, page=1)
        np.testing.assert_array_equal(image.pixels, rgba[1, ..., :3])
        np.testing.assert_array_equal(
            read_image(path, page=1, channel="green").pixels[:, :, 0], rgba[1, ..., 1]
        )


@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "f4", "f8"])
def test_the_scale_of_the_header_is_applied(tmp_path, kind):
    array = numbers(ODD, kind)
    wide = np.float64 if kind in ("i4", "f8") else np.float32
    path = volumes.write(tmp_path / "a.nii", array, scale=(0.5, -1024))
    image = read_image(path, page=1).pixels[:, :, 0]
    assert image.dtype == wide
    np.testing.assert_array_equal(image, array[:, :, 1].T * 0.5 - 1024)


@pytest.mark.parametrize("scale", [(0, 7), (np.nan, 7), (np.inf, 0), (1, 0)])
def test_a_slope_of_0_or_none_is_no_scale(tmp_path, scale):
    array = numbers(ODD, "i2")
    image = read_image(volumes.write(tmp_path / "a.nii", array, scale=scale), page=0).pixels
    assert image.dtype == np.int16
    np.testing.assert_array_equal(image[:, :, 0], array[:, :, 0].T)


def test_labels_that_a_scale_made_fractions_are_whole_again(tmp_path):
    array = np.array([[0, 51], [102, 255]], np.uint8)
    path = volumes.write(
        tmp_path / "a.nii", array, scale=(1 / 51, 0)
    )  # a float32: 255 is 5.0000002
    np.testing.assert_array_equal(read_stored(path).pixels[:, :, 0], [[0, 2], [1, 5]])
    path = volumes.write(tmp_path / "a.nii", array, scale=(0.5, 0))
    np.testing.assert_array_equal(read_stored(path).pixels[:, :, 0], [[0, 51], [25.5, 127.5]])


@pytest.mark.parametrize("units", [MM, MM + SECONDS, UM, 1, 0, 5])
def test_the_side_of_a_pixel_is_in_micrometres_where_a_unit_is_given(tmp_path, units):
    sides = (0.5, 0.5, 3.0)
    path = volumes.write(tmp_path / "a.nii", numbers(ODD, "u1"), sides=sides, units=units)
    expected = {1: 500_000, 2: 500, 3: 0.5}.get(units & 7)
    assert read_image(path, page=0).pixel_size == expected
    assert open_image(path, page=0).pixel_size == expected


def test_pixels_that_are_not_square_have_no_side_and_are_told_once(tmp_path, caplog):
    path = volumes.write(tmp_path / "a.nii", numbers(ODD, "u1"), sides=(0.5, 3, 0.5), units=MM)
    with caplog.at_level(logging.WARNING, "kontur.images"):
        assert [read_image(path, page=page).pixel_size for page in range(3)] == [None] * 3
    (said,) = caplog.messages
    assert "500 × 3000 µm and not square" in said


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_sides_that_the_affine_contradicts_are_told_once(tmp_path, caplog, kind):
    """nibabel's set_zooms changes the first alone; a turned affine has the same sides."""
    turned = np.array([[0, -0.5, 0, 9], [0.5, 0, 0, 9], [0, 0, 3, 9], [0, 0, 0, 1]])
    image = kind(numbers((4, 3, 2), "u1"), turned)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "alike.nii")
    image.header.set_zooms((2, 2, 2))
    nibabel.save(image, tmp_path / "other.nii")
    with caplog.at_level(logging.WARNING, "kontur.images"):
        assert read_image(tmp_path / "alike.nii", page=0).pixel_size == 500
        assert caplog.messages == []
        assert [read_image(tmp_path / "other.nii", page=n).pixel_size for n in (0, 1)] == [2000] * 2
    (said,) = caplog.messages
    assert "2000 × 2000 µm (pixdim), but 500 × 500 µm by its affine" in said


def test_windows_of_a_large_plane_are_those_of_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(image_file, "LAZY", 10)
    array = numbers((9, 8, 2), "i2")
    path = volumes.write(tmp_path / "a.nii", array, order=">", scale=(2, 1))
    image = open_image(path, page=1)
    assert isinstance(image.pixels, LazyPixels)
    whole = array[:, :, 1].T[:, :, None] * np.float32(2) + 1
    assert image.pixels.shape == whole.shape
    assert image.plane == Plane(z=1)
    for rows, columns in ((slice(2, 5), slice(3, 9)), (slice(None), slice(None))):
        window = image.pixels[rows, columns]
        assert window.dtype == image.pixels.dtype == np.float32
        np.testing.assert_array_equal(window, whole[rows, columns])
    with pytest.raises(InputError, match="one channel"):
        open_image(path, page=1, channel=1)
    packed = volumes.write(tmp_path / "a.nii.gz", array)  # unpacked up to the plane
    assert isinstance(open_image(packed, page=1).pixels, np.ndarray)
    path.unlink()
    with pytest.raises(InputError, match="no image"):
        image.pixels[:1, :1]


def test_the_content_tells_and_not_the_name(tmp_path):
    array = numbers(ODD, "u1")
    content = volumes.volume(array)
    for name, stored in (
        ("plain.nii.gz", content),
        ("packed.nii", gzip.compress(content)),
        ("a.dat", content),
        ("b.dat", gzip.compress(content)),
    ):
        (tmp_path / name).write_bytes(stored)
        pixels = read_image(tmp_path / name, page=2).pixels
        np.testing.assert_array_equal(pixels[:, :, 0], array[:, :, 2].T)


def test_a_file_that_was_written_again_is_read_again(tmp_path):
    for number in (1, 2):
        array = np.full((2, 2, 1 + number), number, np.uint8)
        path = volumes.write(tmp_path / "a.nii.gz", array)
        assert count_pages(path) == 1 + number
        assert read_image(path, page=1).pixels.max() == number


def test_extensions_lie_between_header_and_voxels(tmp_path):
    array = numbers((3, 2), "u1")
    start = volumes.header((3, 2), 2, offset=400)
    (tmp_path / "a.nii").write_bytes(start + bytes(400 - len(start)) + array.tobytes(order="F"))
    np.testing.assert_array_equal(read_image(tmp_path / "a.nii").pixels[:, :, 0], array.T)


GOOD = volumes.volume(np.ones((50, 40, 3), np.int16))
NOISE = rng.integers(0, 255, (50, 40, 3), dtype=np.uint8)
# Without the time: it would be part of the names of tests, and each process collects its own.
PACKED = gzip.compress(volumes.volume(NOISE), mtime=0)
HUGE = gzip.compress(volumes.header((32000, 32000, 9), 64), mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.nii", b"", "empty"),
        ("a.nii", b"no volume at all", r"named as a NIfTI volume and is none"),
        ("a.nii", GOOD[:200], "damaged"),
        (
            "a.nii",
            GOOD[:-1],
            r"damaged or cut short \(it claims 12,352 bytes and has only 12,351\)",
        ),
        ("a.nii.gz", PACKED[: len(PACKED) // 2], "damaged or cut short"),
        ("a.nii.gz", PACKED[:12], "damaged or cut short"),
        ("a.nii.gz", PACKED[:3000] + bytes(500) + PACKED[3500:], "damaged or cut short"),
        ("a.nii", volumes.volume(np.ones((2, 2), np.uint8), magic=b"n+7\0"), "damaged or no NIfTI"),
        (
            "a.nii",
            volumes.volume(np.ones((2, 2), np.uint8), magic=b"ni1\0"),
            "pair of files of NIfTI",
        ),
        ("a.nii", GOOD[:344] + bytes(4) + GOOD[348:], "pair of files of Analyze"),
        ("a.hdr", GOOD[:344] + bytes(4), "heading of a pair of files"),
        ("a.img", bytes(200), "pixels of a pair of files"),
        (
            "a.nii",
            volumes.volume(np.ones((2, 2, 1, 1, 3), np.uint8)),
            r"5 axes \(2 × 2 × 1 × 1 × 3\)",
        ),
        ("a.nii", volumes.volume(np.ones((2, 2, 2), np.complex64)), "complex numbers"),
        ("a.nii", volumes.header((2, 2), 9999) + bytes(4), "unknown type 9999"),
        ("a.nii", volumes.header((2, 0, 3), 2), "no pixels: its shape is 2 × 0 × 3"),
        ("a.nii", volumes.header((2, -1, 3), 2), "no pixels"),
        ("a.nii", volumes.header((32000, 32000, 32000), 64) + bytes(4), "damaged or cut short"),
        ("a.nii.gz", HUGE, "damaged or cut short"),
        ("a.nii", volumes.header((2, 2), 2, offset=99) + bytes(4), "damaged or cut short"),
        ("a.nii", volumes.header((2, 2), 2, offset=0) + bytes(4), "begin at the byte 0"),
        ("a.nii", volumes.header((2, 2), 2, scale=(2.0, np.nan)) + bytes(4), "intercept"),
    ],
)
def test_a_bad_file_is_told_in_a_sentence(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    for read in (read_image, open_image):
        with pytest.raises(InputError, match=reason) as told:
            read(tmp_path / name, page=2 if name == "a.nii.gz" else 0)
        assert "\n" not in str(told.value)
    with pytest.raises(InputError, match="there is no image"):
        read_image(tmp_path / "missing.nii.gz")


def test_voxels_that_are_no_numbers_are_kept_and_counted_where_they_are_used(tmp_path):
    array = np.ones((4, 3), np.float32)
    array[1, 2] = np.nan
    image = read_image(volumes.write(tmp_path / "a.nii", array))
    with pytest.raises(InputError, match="1 of 12 pixel values are NaN"):
        image_file.check_finite(image.pixels, where="a.nii")


def test_what_nibabel_saves_is_read_as_its_array(tmp_path):
    for kind in (np.uint8, np.int16, np.float32):
        array = numbers((7, 5, 3, 2), np.dtype(kind).str[1:]).astype(kind)
        saved = nibabel.Nifti1Image(array, np.diag([0.5, 0.5, 3, 1]))
        saved.header.set_xyzt_units("mm", "sec")
        nibabel.save(saved, tmp_path / "a.nii.gz")
        expected = np.asanyarray(nibabel.load(tmp_path / "a.nii.gz").dataobj)
        for page, (t, k) in enumerate(np.ndindex(2, 3)):
            image = read_image(tmp_path / "a.nii.gz", page=page)
            np.testing.assert_array_equal(image.pixels[:, :, 0], expected[:, :, k, t].T)
            assert image.pixel_size == 500


@hypothesis.settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(st.data())
def test_what_nibabel_reads_of_a_file_is_what_is_read_here(tmp_path, data):
    def one_of(*choices):
        return data.draw(st.sampled_from(choices))

    header = one_of(nibabel.Nifti1Header, nibabel.Nifti2Header)(endianness=one_of("<", ">"))
    shape = data.draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    kind = one_of(*KINDS)
    header.set_data_shape(shape)
    header.set_data_dtype(kind)
    side = one_of(0.5, 1, 0.37)
    header.set_zooms([side, one_of(side, 3), 2.5, 7][: len(shape)])
    header.set_xyzt_units(one_of(None, "mm", "micron", "meter"), one_of(None, "sec", "msec", "hz"))
    if one_of(True, False):
        header.set_slope_inter(one_of(1, 0.5, -3, 1 / 51), one_of(0, -1024, 0.25))
    beyond = one_of(0, 16, 48)  # bytes between header and voxels
    header["vox_offset"] = header.single_vox_offset + beyond
    ends = [0, 1, 100, 127] if kind[0] in "uf" else [-128, -1, 0, 127]
    stored = rng.choice(ends, shape).astype(header.get_data_dtype())
    content = header.binaryblock + bytes(4 + beyond) + stored.tobytes(order="F")
    path = tmp_path / one_of("a.nii", "a.nii.gz")
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)

    theirs = nibabel.load(path)
    planes = np.asanyarray(theirs.dataobj).reshape([*shape, 1, 1][:4])
    unit = {"mm": 1e3, "micron": 1, "meter": 1e6}.get(theirs.header.get_xyzt_units()[0])
    across, down = theirs.header.get_zooms()[:2]
    assert count_pages(path) == prod(shape[2:])
    for page, (t, k) in enumerate(np.ndindex(planes.shape[3], planes.shape[2])):
        image = read_image(path, page=page)
        expected = planes[:, :, k, t].T.astype(image.pixels.dtype)
        np.testing.assert_array_equal(image.pixels[:, :, 0], expected)
        assert image.pixels.dtype.kind == planes.dtype.kind
        assert image.pixel_size == (across * unit if unit and across == down else None)


@pytest.mark.parametrize("scale", [(0.5, -1024), (1 / 51, 3), (1e30, 0)])
def test_contrast_does_not_depend_on_a_scale_that_rises(tmp_path, scale):
    array = rng.normal(0, 300, (30, 20)).astype(np.int16)
    seen = []
    for given in ((0, 0), scale):
        pixels = read_image(volumes.write(tmp_path / "a.nii", array, scale=given)).pixels
        seen.append(measure_normalisation(pixels).apply(pixels))
    np.testing.assert_allclose(seen[1], seen[0], atol=1e-5)


def test_volumes_and_their_labels_are_a_training_folder_of_which_a_page_is_read(tmp_path):
    labels = np.zeros((9, 8, 2))
    labels[2:5, 1:7, 1] = 3  # i, j, k
    for folder, array in (("images", labels.astype(np.int16)), ("labels", labels)):
        (tmp_path / folder).mkdir()
        volumes.write(tmp_path / folder / "a.nii.gz", array)
    (sample,) = open_folder(tmp_path, page=1).samples
    assert sample.name == "a"
    (outline,) = sample.instances.polygons
    assert outline.bounds == (2, 1, 5, 7)  # x is i, y is j
