import hypothesis
import numpy as np
import pytest
import shapely
import skimage.io
import tifffile
from PIL import Image as Picture

from kontur import formats
from kontur.data.conversion.convert_file import convert
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.label_image import format as labels
from kontur.instances import Instances
from tests.formats import scenes

IDS = np.array([[0, 0, 300], [7, 7, 300], [7, 0, 0]])


def once(tmp_path, found, ending=".tif"):
    formats.write(tmp_path / f"a{ending}", found)
    return formats.read(tmp_path / f"a{ending}")


@hypothesis.settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(scenes.drawings)
def test_on_the_pixel_grid_outlines_ids_and_ignored_regions_are_exact(tmp_path, drawing):
    image, _ = drawing
    found = Instances.from_label_image(image)
    again = once(tmp_path, found)
    scenes.assert_same(found, again)
    np.testing.assert_array_equal(again.label_image(), image)


def test_other_outlines_become_the_pixels_they_cover_and_a_second_export_is_the_same(tmp_path):
    found = scenes.ring_with_island()
    first = once(tmp_path, found)
    np.testing.assert_array_equal(first.label_image(), found.label_image())
    scenes.assert_same(first, once(tmp_path, first))


@pytest.mark.parametrize("ending", [".tif", ".png"])
def test_other_programs_read_the_same_numbers(tmp_path, ending):
    found = Instances.from_label_image(IDS.astype(np.int32))
    formats.write(tmp_path / f"a{ending}", found)
    theirs = skimage.io.imread(tmp_path / f"a{ending}")
    np.testing.assert_array_equal(theirs, IDS)
    assert theirs.dtype == np.uint16


@pytest.mark.parametrize("ending", [".tif", ".ome.tif"])
def test_compression_has_no_predictor_which_imagej_does_not_undo(tmp_path, ending):
    formats.write(tmp_path / f"a{ending}", Instances.from_label_image(IDS))
    with tifffile.TiffFile(tmp_path / f"a{ending}") as file:
        assert [int(page.predictor) for page in file.pages] == [1]


def test_ids_beyond_16_bits_take_32_and_a_png_refuses_them(tmp_path):
    image = np.zeros((20, 30), dtype=np.int64)
    image[2:5, 3:9], image[7:9, 4], image[19, 29] = 1, 65_535, 65_536
    found = Instances.from_label_image(image)
    formats.write(tmp_path / "a.tif", found)
    theirs = tifffile.imread(tmp_path / "a.tif")
    assert theirs.dtype == np.uint32
    np.testing.assert_array_equal(theirs, image)
    with pytest.raises(InputError, match=r"a PNG holds ids from 1 to 65535.* write a \.tif"):
        formats.write(tmp_path / "a.png", found)
    assert not (tmp_path / "a.png").exists()


def test_regions_to_ignore_are_negative_whatever_their_id(tmp_path):
    found = Instances.from_label_image(IDS.astype(np.int32)).replace(ignore=[True, False])
    formats.write(tmp_path / "a.tif", found)
    theirs = tifffile.imread(tmp_path / "a.tif")
    np.testing.assert_array_equal(theirs, np.where(IDS == 7, -7, IDS))
    again = formats.read(tmp_path / "a.tif")
    assert dict(zip(again.ids.tolist(), again.ignore.tolist(), strict=True)) == {
        -7: True,
        300: False,
    }
    with pytest.raises(InputError, match="no regions to ignore"):
        formats.write(tmp_path / "a.png", found)


@pytest.mark.parametrize("ids", [[0, 1], [-4, 1], [900100184613, 2]])
def test_ids_that_a_label_image_cannot_hold_are_counted_anew(tmp_path, ids):
    boxes = [shapely.box(0, 0, 1, 1), shapely.box(1, 1, 3, 2)]
    again = once(tmp_path, Instances.of(boxes, ids=ids, size=(2, 3)))
    assert again.ids.tolist() == [1, 2]


def test_where_objects_overlap_the_later_has_the_pixel(tmp_path):
    boxes = [shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)]
    formats.write(tmp_path / "a.tif", Instances.of(boxes, size=(1, 3)))
    assert tifffile.imread(tmp_path / "a.tif").tolist() == [[1, 2, 2]]


def test_no_objects_and_no_size(tmp_path):
    again = once(tmp_path, Instances.empty((3, 4)), ".png")
    assert (len(again), again.size) == (0, (3, 4))
    with pytest.raises(InputError, match="needs the image's size"):
        formats.write(tmp_path / "b.tif", Instances.empty())


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i2", "i4", "i8", "u8", "f4", "f8"])
def test_every_type_that_holds_whole_numbers_is_read(tmp_path, dtype):
    image = (IDS % 256).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", image)
    read = labels.read_array(tmp_path / "a.tif")
    np.testing.assert_array_equal(read, IDS % 256)
    assert read.dtype.kind in "iu"


def test_a_grey_image_stored_as_colour_is_read_and_a_coloured_one_refused(tmp_path):
    grey = np.repeat((IDS % 256).astype(np.uint8)[:, :, None], 3, axis=2)
    Picture.fromarray(grey).save(tmp_path / "a.png")
    np.testing.assert_array_equal(labels.read_array(tmp_path / "a.png"), IDS % 256)
    grey[0, 0] = [1, 2, 3]
    Picture.fromarray(grey).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="colour image of 3 channels; wanted a label image"):
        labels.read_array(tmp_path / "a.png")


def test_fractions_of_a_scale_factor_name_it(tmp_path):
    numbers = np.arange(12.0).reshape(3, 4)
    through_bytes = np.rint(numbers / 11 * 255) * (
        11 / 255
    )  # as nibabel stores floats, with a slope
    for image, reason in (
        (numbers * 0.25, r"multiplied by a scale factor, perhaps 0\.25 \(in NIfTI the slope"),
        (through_bytes, r"interpolation.*or was saved with a scale factor \(in NIfTI the slope"),
        ([[1e-40, 5]], "or was saved with a scale factor"),
    ):
        tifffile.imwrite(tmp_path / "a.tif", np.array(image, dtype=np.float32))
        with pytest.raises(InputError, match=reason):
            labels.read_array(tmp_path / "a.tif")


def test_interpolated_and_missing_numbers_are_refused(tmp_path):
    image = IDS.astype(np.float32)
    image[0, 0] = 3.5
    tifffile.imwrite(tmp_path / "a.tif", image)
    with pytest.raises(InputError, match=r"1 pixels are no whole numbers \(such as 3.5\)"):
        formats.read(tmp_path / "a.tif")
    image[0, 0] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", image)
    with pytest.raises(InputError, match="NaN"):
        formats.read(tmp_path / "a.tif")
    image[0, 0] = 1e30
    tifffile.imwrite(tmp_path / "a.tif", image)
    with pytest.raises(InputError, match="ids must be below"):
        formats.read(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("task", "ids", "classes", "labels_"),
    [
        ("instances", [1, 2], ("object",), [0, 0]),
        ("semantic", [1, 2, 3], ("1", "2"), [0, 0, 1]),
    ],
)
def test_the_task_says_what_the_values_mean(tmp_path, task, ids, classes, labels_):
    tifffile.imwrite(tmp_path / "a.tif", np.array([[1, 0, 1], [0, 0, 0], [2, 2, 2]], np.uint8))
    found = formats.read(tmp_path / "a.tif", task=task)
    assert (found.ids.tolist(), found.classes, found.labels.tolist()) == (ids, classes, labels_)


def test_the_regions_of_a_binary_mask_are_objects_where_the_task_says_so(tmp_path):
    mask = np.array([[255, 0, 255], [0, 255, 0], [0, 0, 0]], np.uint8)
    Picture.fromarray(mask).save(tmp_path / "a.png")
    assert len(formats.read(tmp_path / "a.png")) == 1
    assert len(formats.read(tmp_path / "a.png", task="components")) == 3  # corners do not connect
    tifffile.imwrite(tmp_path / "b.tif", np.array([[1, 2]], np.uint8))
    with pytest.raises(InputError, match=r"b\.tif holds 2 values \(1, 2\)"):
        formats.read(tmp_path / "b.tif", task="components")
    with pytest.raises(InputError, match="task is one of instances, components, semantic"):
        formats.read(tmp_path / "a.png", task="binary")


@pytest.mark.parametrize("ending", [".tif", ".ome.tif", ".labels.tif"])
@pytest.mark.parametrize("side", [0.325, 40.0, 6.5e-7])  # the last of a file in metres
def test_the_side_of_a_pixel_comes_back(tmp_path, ending, side):
    found = Instances.from_label_image(np.array([[0, 70000], [3, 0]]))
    files = [tmp_path / f"{name}{ending}" for name in "ab"]
    formats.write_images(files[0], [ImageAnnotation("a", (2, 2), found, pixel_size=side)])
    (entry,) = formats.read_images(files[0])
    assert entry.pixel_size == side
    formats.write_images(files[1], [entry])
    assert files[0].read_bytes() == files[1].read_bytes()
    with tifffile.TiffFile(files[0]) as theirs:
        assert theirs.is_ome
        assert theirs.series[0].axes == "YX"
        assert theirs.asarray().tolist() == [[0, 70000], [3, 0]]
    losses = convert(files[0], tmp_path / "a.geojson").losses
    assert losses == (f"GeoJSON for QuPath: the size of a pixel ({side:g} µm) is lost",)


def test_an_image_called_ome_tiff_is_one(tmp_path):
    formats.write(tmp_path / "a.ome.tif", Instances.from_label_image(np.array([[0, 2]])))
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as theirs:
        assert theirs.is_ome
    assert formats.name_of("out/a.ome.tif") == "a"
