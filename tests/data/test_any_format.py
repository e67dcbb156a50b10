"""A folder of files of any format is training data as it comes."""

import numpy as np
import pytest

from kontur import formats
from kontur.data.folder import open_folder
from kontur.data.inspect import inspect
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from tests.data import drawn
from tests.images import stores

NAMES = list(formats.WRITABLE)


def annotations() -> list[ImageAnnotation]:
    found = Instances.from_label_image(drawn.squares(), ("live cell", "dead"))
    found = found.replace(labels=[0, 1, 0])
    return [ImageAnnotation(f"{name}.png", found.size, found) for name in "ab"]


def save(folder, name: str, *, place: str) -> None:
    """Two images and their annotations: a file each, or one file where it lists images."""
    one = formats.FORMATS[name]
    for entry in annotations():
        drawn.save(folder / "images" / entry.file_name, drawn.picture())
        if not one.several_images:
            stem = entry.file_name.removesuffix(".png")
            formats.write_images(folder / place / f"{stem}{one.ending}", [entry])
    if one.several_images:
        formats.write_images(folder / place / f"all{one.ending}", annotations())


@pytest.mark.parametrize("place", ["labels", "annotations"])
@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_its_files_is_training_data(tmp_path, name, place):
    save(tmp_path, name, place=place)
    folder = open_folder(tmp_path)
    assert folder.names == ("a", "b")
    one = formats.FORMATS[name]
    layouts = ("labels", f"outlines: {one.title}", name)
    pixels = one.raster and not one.classes  # labels with classes are read as outlines are
    assert inspect(folder).layout == layouts[0 if pixels else 2 if one.several_images else 1]
    for sample in folder.samples:
        np.testing.assert_array_equal(sample.instances.label_image() > 0, drawn.squares() > 0)
        if one.classes:
            classes = [sample.instances.classes[label] for label in sample.instances.labels]
            assert classes == ["live cell", "dead", "live cell"]


@pytest.mark.parametrize("name", NAMES)
def test_its_files_may_lie_beside_the_images(tmp_path, name):
    save(tmp_path, name, place="images")
    (tmp_path / "images" / "notes.txt").write_text("nothing of interest\n")
    folder = open_folder(tmp_path / "images")
    assert folder.names == ("a", "b")
    assert [len(sample.instances) for sample in folder.samples] == [3, 3]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_images_in_ome_zarr_with_their_labels_inside_are_training_data(tmp_path, version):
    for entry in annotations():
        name = entry.file_name.removesuffix(".png")
        pixels = drawn.picture()
        store = stores.save(
            tmp_path / f"{name}.ome.zarr", pixels, "yxc"[: pixels.ndim], version=version
        )
        formats.write_images(store / "labels" / "cells", [entry])
    stores.save(tmp_path / "bare.ome.zarr", drawn.picture(), "yxc"[: pixels.ndim])
    folder = open_folder(tmp_path)
    assert folder.names == ("a", "b")
    assert folder.unannotated == ("bare",)
    for sample in folder.samples:
        np.testing.assert_array_equal(sample.instances.label_image() > 0, drawn.squares() > 0)
        classes = [sample.instances.classes[label] for label in sample.instances.labels]
        assert classes == ["live cell", "dead", "live cell"]
        assert sample.pixel_size == 0.25


@pytest.mark.parametrize("place", ["images", "labels"])
def test_a_folder_of_roi_files_for_each_image_is_training_data(tmp_path, place):
    for entry in annotations():
        drawn.save(tmp_path / "images" / entry.file_name, drawn.picture())
        for i in range(3):
            file = tmp_path / place / entry.file_name.removesuffix(".png") / f"{i}.roi"
            formats.write(file, entry.instances[[i]])
    for folder in {tmp_path, tmp_path / "images"} if place == "images" else {tmp_path}:
        opened = open_folder(folder)
        assert opened.names == ("a", "b")
        for sample in opened.samples:
            np.testing.assert_array_equal(sample.instances.label_image(), drawn.squares())
            assert sample.instances.classes == ("live cell", "dead")
