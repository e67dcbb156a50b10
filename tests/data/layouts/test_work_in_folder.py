import shutil
import zipfile

import pytest

from kontur.data.conversion.convert_folders import convert_folders
from kontur.data.layouts.recognise_layout import recognise_layout
from kontur.data.layouts.work_in_folder import refuse_annotated, refuse_work, work_in
from kontur.errors import InputError
from tests.data import drawn


def test_images_annotations_and_predictions_in_a_folder_are_named(tmp_path):
    cells = drawn.labelled(tmp_path / "cells", ["a"])
    assert work_in(cells) == "images (images/)"
    assert work_in(cells / "images") == work_in(cells / "labels") == "images (a.png)"
    outlines = tmp_path / "outlines"
    convert_folders([cells], outlines, format="geojson")
    assert work_in(outlines) == "annotations (a.geojson)"
    (outlines / "predict.json").write_text("{}")
    assert work_in(outlines) == "predictions (predict.json)"


def test_a_folder_of_logs_and_settings_holds_no_work(tmp_path):
    for name in ("log.txt", "config.toml", "scores.csv", ".DS_Store", "notes.json"):
        (tmp_path / name).write_text("loss 0.5\n")
    (tmp_path / "state.json").write_text(" []\n")  # as QuPath writes no objects, too
    with zipfile.ZipFile(tmp_path / "logs.zip", "w"):
        pass
    drawn.labelled(tmp_path / "data")  # as the page has it inside a run
    assert work_in(tmp_path) is None


@pytest.mark.parametrize("inside", ["", "images", "labels"])
def test_what_would_lie_among_annotations_is_refused(tmp_path, inside):
    cells = drawn.labelled(tmp_path / "cells", ["a"])
    with pytest.raises(InputError, match=r"\(a\.png\), among which plots .*cells/plots$"):
        refuse_work(cells / inside, "plots")
    refuse_annotated(cells / inside, "plots", own=lambda path: path.name == "a.png")
    refuse_work(cells / "plots", "plots")
    refuse_work(tmp_path, "plots")


def test_predictions_that_would_be_read_as_annotations_are_called_what_they_are(tmp_path):
    cells = drawn.labelled(tmp_path / "cells", ["a"])
    convert_folders([cells], cells / "outlines", format="geojson")
    shutil.rmtree(cells / "labels")
    (cells / "outlines" / "predict.json").write_text("{}")
    for place in (cells / "outlines", cells / "masks"):
        with pytest.raises(InputError, match=r"of images with predictions \(a\.geojson\)"):
            refuse_annotated(place, "predictions")


def test_a_new_folder_that_would_be_read_before_the_annotations_is_refused(tmp_path):
    cells = drawn.labelled(tmp_path / "cells", ["a"])
    beside = tmp_path / "beside"
    convert_folders([cells], beside, format="labelme", images="copy")
    for place in (cells / "masks", beside / "outlines"):
        with pytest.raises(InputError, match=r"\(a\.(png|json)\), among which predictions"):
            refuse_annotated(place, "predictions")
    drawn.labelled(tmp_path / "train", ["b"])  # of splits each has its own folders
    for place in (tmp_path / "outlines", tmp_path / "nothing" / "outlines"):
        refuse_annotated(place, "predictions")


def test_outlines_are_not_converted_into_a_data_set_of_another_format(tmp_path):
    cells = drawn.labelled(tmp_path / "cells", ["a"])
    others = drawn.labelled(tmp_path / "others", ["b"])
    with pytest.raises(InputError, match=r"others is of images with annotations \(b\.png\)"):
        convert_folders([cells], others, format="yolo")
    assert not list(others.rglob("*.txt"))
    boxes = tmp_path / "boxes"
    convert_folders([cells], boxes, format="geojson", images="copy")
    convert_folders([others], boxes, format="geojson", images="copy")
    assert [item.name for item in recognise_layout(boxes).annotated] == ["a", "b"]


def test_objects_that_a_folder_holds_twice_after_a_conversion_are_told(tmp_path):
    cells = drawn.labelled(tmp_path / "cells", ["a"])
    made = convert_folders([cells], cells, format="geojson")
    assert any("cells holds the objects twice now, in a.png too" in loss for loss in made.losses)
    made = convert_folders([cells], cells / "outlines", format="geojson")
    assert any("cells holds the objects twice now, in a.png too" in loss for loss in made.losses)
