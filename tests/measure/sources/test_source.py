"""An image to measure knows how large its pixels are, from its image or else from its labels."""

import re
import shutil

import numpy as np
import pytest
import shapely
import tifffile

import kontur
from kontur import formats
from kontur.errors import InputError
from kontur.instances import Instances
from kontur.measure.measure_many import measure_many
from kontur.measure.sources.find_sources import find_sources
from kontur.measure.sources.plane_sources import plane_sources
from tests.images import volumes


def save(path, *, sides=None):
    across, down = sides or (0, 0)
    about = {f"PhysicalSize{axis}": side for axis, side in zip("XY", (across, down), strict=True)}
    units = {f"PhysicalSize{axis}Unit": "µm" for axis in "XY"}
    array = np.pad(np.ones((6, 4), np.uint16), 3)
    tifffile.imwrite(path, array, metadata={"axes": "YX", **(about | units if sides else {})})
    return path


def test_label_images_state_the_size_of_a_pixel_where_no_image_does(tmp_path):
    half, plain = (0.5, 0.5), tmp_path / "a.tif"
    labels = save(tmp_path / "a.labels.ome.tif", sides=half)
    save(plain)

    def area(*images):
        table = measure_many(find_sources(labels, list(map(str, images))).images)
        return table["area"][0], table.attrs["units"]["area"]

    assert area() == area(plain) == (6, "µm²")
    assert area(save(tmp_path / "own.ome.tif", sides=(2, 2))) == (96, "µm²")
    (tmp_path / "data" / "images").mkdir(parents=True)
    (tmp_path / "data" / "labels").mkdir()
    shutil.copy(plain, tmp_path / "data" / "images" / "a.tif")
    shutil.copy(labels, tmp_path / "data" / "labels" / "a.tif")
    for place in (tmp_path / "data", tmp_path / "data" / "labels"):
        assert measure_many(find_sources(place).images)["area"].tolist() == [6]
    for images in ([], [str(plain)]):
        every = plane_sources(labels, images)
        assert measure_many(every.images)["area"].tolist() == [6]
    assert measure_many(find_sources(labels).images, pixel_size="pixels")["area"][0] == 24


def test_a_label_image_of_ome_zarr_states_the_size_of_a_pixel(tmp_path):
    found = Instances.of([shapely.box(2, 2, 6, 8)], size=(20, 30))
    path = tmp_path / "a.labels.ome.zarr"
    formats.write_images(path, [formats.ImageAnnotation("a", found.size, found, pixel_size=0.5)])
    for sources in (find_sources(path), plane_sources(path)):
        assert measure_many(sources.images)["area"].tolist() == [6]


def test_a_volume_of_labels_states_the_size_of_a_pixel_and_whether_it_is_square(tmp_path):
    stored = np.ones((4, 6, 1), np.uint8)  # i, j, k
    even = volumes.write(tmp_path / "a.nii.gz", stored, sides=(2, 2, 5), units=volumes.UM)
    uneven = volumes.write(tmp_path / "b.nii", stored, sides=(2, 1, 5), units=volumes.UM)
    for found in (find_sources, plane_sources):
        assert measure_many(found(even).images)["area"].tolist() == [96]
        table = measure_many(found(uneven).images)
        assert table["area"].tolist() == [24]
        assert "(b) are not square but 2 µm wide and 1 µm high" in table.attrs["warnings"][0]


def test_pixels_that_are_not_square_are_said_to_be_so(tmp_path):
    labels = save(tmp_path / "a.labels.ome.tif", sides=(0.5, 1.0))
    sentence = r"pixels of 1 image \(\w+\) are not square but 0.5 µm wide and 1 µm high: all is"
    images = ([], [str(save(tmp_path / "a.tif"))])
    images += ([str(save(tmp_path / "own.ome.tif", sides=(0.5, 1.0)))],)
    for given in images:
        for sources in (find_sources(labels, given), plane_sources(labels, given)):
            table = measure_many(sources.images)
            assert table["area"].tolist() == [24]
            assert re.match(sentence, table.attrs["warnings"][0])
            assert "warnings" not in measure_many(sources.images, pixel_size=0.5).attrs
    table = kontur.measure(kontur.read(labels), tmp_path / "own.ome.tif")
    assert re.match(sentence, table.attrs["warnings"][0])
    assert "warnings" not in kontur.measure(kontur.read(labels), tmp_path / "a.tif").attrs
    square = find_sources(save(tmp_path / "b.labels.ome.tif", sides=(1, 1))).images
    with pytest.raises(InputError, match="pixel size, or pixels that are not square"):
        measure_many([*square, *find_sources(labels).images])
