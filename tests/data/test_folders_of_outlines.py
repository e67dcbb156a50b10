"""Folders of images with outlines instead of masks, as training data."""

import numpy as np
import pytest

from kontur import formats
from kontur.data.folder import open_folder
from kontur.errors import InputError
from kontur.instances import Instances
from tests.data import drawn


def outlined(path, labels=None, *, classes=("object",), label=0, size=(40, 60)):
    """A GeoJSON of three squares, as `kontur predict` writes it."""
    found = Instances.from_label_image(drawn.squares() if labels is None else labels, classes)
    found = found.replace(labels=np.full(len(found), label), size=size)
    path.parent.mkdir(parents=True, exist_ok=True)
    formats.write(path, found)
    return path


@pytest.mark.parametrize("place", ["outlines", "labels", "images", "."])
def test_our_own_outlines_are_training_data_again(tmp_path, place):
    drawn.save(tmp_path / "images" / "a.png", drawn.picture())
    outlined(tmp_path / place / "a.geojson")
    folder = open_folder(tmp_path)
    found = folder.samples[0].instances
    assert folder.layout == "outlines"
    assert found.size == (40, 60)
    assert np.array_equal(found.label_image(), drawn.squares())


def test_images_and_outlines_may_share_one_folder(tmp_path):
    drawn.save(tmp_path / "a.tif", drawn.picture())
    outlined(tmp_path / "a.geojson")
    assert len(open_folder(tmp_path).samples[0].instances) == 3


def test_classes_are_those_of_all_files(tmp_path):
    for name, classes in [("a", ("tumour",)), ("b", ("stroma",))]:
        drawn.save(tmp_path / "images" / f"{name}.png", drawn.picture())
        outlined(tmp_path / "labels" / f"{name}.geojson", classes=classes)
    folder = open_folder(tmp_path)
    assert folder.classes == ("stroma", "tumour")
    assert [sample.instances.labels[0] for sample in folder.samples] == [1, 0]


def test_classes_keep_the_order_of_the_model_that_wrote_them(tmp_path):
    for name in "ab":
        drawn.save(tmp_path / "images" / f"{name}.png", drawn.picture())
        outlined(tmp_path / "labels" / f"{name}.geojson", classes=("z", "a"), label=1)
    folder = open_folder(tmp_path)
    assert folder.classes == ("z", "a")
    assert folder.samples[1].instances.labels.tolist() == [1, 1, 1]


def test_outlines_of_another_image_are_refused(tmp_path):
    drawn.save(tmp_path / "images" / "a.png", drawn.picture(size=(20, 20)))
    outlined(tmp_path / "labels" / "a.geojson", size=None)
    with pytest.raises(InputError, match=r"of 3 outlines in .* lie outside its image of 20×20"):
        open_folder(tmp_path).samples[0]
    outlined(tmp_path / "labels" / "a.geojson")
    with pytest.raises(InputError, match="is made for 40×60 pixels"):
        open_folder(tmp_path).samples[0]


def test_a_broken_outline_file_is_named_when_its_sample_is_read(tmp_path):
    for name in "ab":
        drawn.save(tmp_path / "images" / f"{name}.png", drawn.picture())
        outlined(tmp_path / "labels" / f"{name}.geojson")
    (tmp_path / "labels" / "a.geojson").write_text("{")
    folder = open_folder(tmp_path)
    assert len(folder.samples[1].instances) == 3
    with pytest.raises(InputError, match=r"a\.geojson is not JSON"):
        folder.samples[0]


def test_label_images_win_over_outlines_of_the_same_name(tmp_path):
    drawn.labelled(tmp_path, ["a"])
    outlined(tmp_path / "labels" / "a.geojson", drawn.squares(1))
    folder = open_folder(tmp_path)
    assert len(folder.samples[0].instances) == 3
    assert folder.warnings == (
        "1 annotation (a.geojson) not used, since its image has another one, which is used: a.png; "
        "to use the other, move that away",
    )


def test_what_was_corrected_in_the_page_is_not_left_out_in_silence(tmp_path):
    """It lies beside the images, and other annotations are better, or have its name."""
    corrected = "to use what was corrected there in kontur serve or QuPath, move the other away"
    folders = [tmp_path / name for name in "abcd"]
    drawn.labelled(folders[0], ["a"])
    outlined(folders[0] / "images" / "a.geojson")
    for folder in folders[1:]:
        drawn.save(folder / "a.png", drawn.picture())
    drawn.save(folders[1] / "a_masks.png", drawn.squares())
    outlined(folders[1] / "a.geojson")
    outlined(folders[2] / "a.geojson")
    outlined(folders[2] / "a.kontur.geojson", drawn.squares(1))
    outlined(folders[3] / "a.kontur.geojson", drawn.squares(1))
    opened = [open_folder(folder) for folder in folders]
    assert [len(folder.samples[0].instances) for folder in opened] == [3, 3, 3, 1]
    assert f"images/ holds annotations too and is not used; {corrected}" in opened[0].warnings[0]
    assert (
        "1 annotation (a.geojson) not used, since its image has another one, which is used: "
        f"a_masks.png; {corrected}" in opened[1].warnings[0]
    )
    assert "(a.kontur.geojson) of kontur serve not used" in opened[2].warnings[0]
    assert [len(folder.warnings) for folder in opened] == [1, 1, 1, 0]


def test_our_own_label_images_beside_the_images_are_found(tmp_path):
    drawn.save(tmp_path / "a.png", drawn.picture())
    drawn.save(tmp_path / "a.labels.tif", drawn.squares())
    drawn.save(tmp_path / "a.overlay.png", drawn.picture())
    folder = open_folder(tmp_path)
    assert folder.names == ("a",)
    assert len(folder.samples[0].instances) == 3


@pytest.mark.parametrize("ending", [".labelme.json", ".geojson", ".rois.zip"])
def test_a_file_without_objects_adds_no_class(tmp_path, ending):
    found = Instances.from_label_image(drawn.squares(), ["cell"])
    for name in "ab":
        drawn.save(tmp_path / f"{name}.png", drawn.picture())
    formats.write(tmp_path / f"a{ending}", found)
    formats.write(tmp_path / f"b{ending}", Instances.empty(found.size))
    folder = open_folder(tmp_path)
    assert folder.classes == ("cell",)
    assert [len(sample.instances) for sample in folder.samples] == [3, 0]
    assert [sample.instances.classes for sample in folder.samples] == [("cell",)] * 2
    formats.write(tmp_path / f"a{ending}", found[:0].replace(classes=["object"]))
    assert open_folder(tmp_path).classes == ("object",)


def test_files_that_name_their_image_add_no_class_either(tmp_path):
    found = Instances.from_label_image(drawn.squares(), ["cell"])
    for name, one in (("a", found), ("b", Instances.empty(found.size))):
        drawn.save(tmp_path / "images" / f"{name}.png", drawn.picture())
        formats.write(tmp_path / "json" / f"1{name}.labelme.json", one, image_name=f"{name}.png")
    folder = open_folder(tmp_path)
    assert folder.classes == ("cell",)
    assert [len(sample.instances) for sample in folder.samples] == [3, 0]


def test_an_image_whose_name_ends_as_a_file_of_the_page_keeps_its_outlines(tmp_path):
    drawn.save(tmp_path / "x.kontur.png", drawn.picture())
    outlined(tmp_path / "x.kontur.geojson")
    assert open_folder(tmp_path).names == ("x.kontur",)
