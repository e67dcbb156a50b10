import numpy as np
import pytest

from kontur.data.folder import open_folder
from kontur.data.inspect import inspect
from kontur.data.working_scale import choose_scale
from tests.data import drawn
from tests.data.inspected import issues, with_labels


def test_a_sound_folder_is_counted_and_nothing_looks_wrong(tmp_path):
    for split in ("train", "val"):
        drawn.labelled(tmp_path / split, [f"{split}{k}" for k in range(2)])
    drawn.save(tmp_path / "val" / "images" / "val0.png", drawn.picture(7))
    drawn.save(tmp_path / "val" / "images" / "val1.png", drawn.picture(8))
    drawn.save(tmp_path / "val" / "labels" / "val1.png", drawn.squares(0))
    drawn.table(tmp_path / "train" / "metadata.csv", "id,well", [("train0", 1), ("train1", 2)])
    drawn.table(tmp_path / "val" / "metadata.csv", "id,well", [("val0", 3), ("val1", 4)])
    report = inspect(open_folder(tmp_path))
    assert report.issues == ()
    assert report.splits == {"train": 2, "val": 2}
    assert report.sizes == {(40, 60): 4}
    assert report.pixels == {("uint8", 1): 4}
    assert report.objects.tolist() == [3, 3, 3, 0]
    assert report.classes == {"object": 9}
    assert report.diameters == pytest.approx(np.full(9, 2 * np.sqrt(64 / np.pi)))
    assert report.columns == ("well",)
    assert report.text().splitlines() == [
        str(tmp_path),
        "  images     4 (layout labels, task instances)",
        "  splits     train 2, val 2",
        "  sizes      40×60",
        "  pixels     uint8, 1 channel",
        "  pixel size unknown",
        "  objects    9, median 3 an image (0 to 3), 1 image without any",
        "  classes    object (9)",
        "  metadata   well",
        "",
        "  diameter of the objects in pixels (median 9.03)",
        "      8 to 12        9 ########################################",
        "",
        "  working scale 1, images as they are: a typical object is 8 pixels a side, which is "
        "learned well as it is (2 where a training begins with a network that knows photographs, "
        "as it does by itself for few colour images)",
        "",
        "  nothing looks wrong",
    ]


def test_regions_to_ignore_are_counted_apart(tmp_path):
    labels = drawn.squares().astype(np.int16)
    labels[20:30, :] = -1
    report = inspect(open_folder(with_labels(tmp_path, labels)))
    assert (report.ignored, report.objects.tolist()) == (1, [3])
    assert report.ignored_share == 0.25
    assert "1 region, 25.0% of the area" in report.text()


def test_a_folder_of_empty_masks_is_counted(tmp_path):
    report = inspect(open_folder(with_labels(tmp_path, drawn.squares(0))))
    assert report.objects.tolist() == [0]
    assert "1 image without any" in report.text()


def test_files_without_a_partner_are_reported(tmp_path):
    drawn.labelled(tmp_path)
    drawn.save(tmp_path / "images" / "c.png", drawn.picture())
    drawn.save(tmp_path / "labels" / "d.png", drawn.squares())
    found = issues(tmp_path)
    assert (found["unannotated"].example, found["orphans"].example) == ("c", "d")


def test_files_that_cannot_be_read_are_reported_and_the_rest_is_counted(tmp_path):
    drawn.labelled(tmp_path, ["a", "b", "c"])
    (tmp_path / "images" / "a.png").write_text("no image")
    drawn.save(tmp_path / "labels" / "b.png", drawn.squares(size=(40, 50)))
    report = inspect(open_folder(tmp_path))
    assert report.names == ("c",)
    assert report.issues[0].count == 2
    assert "2 images (a, b) cannot be used" in str(report.issues[0])
    assert "a.png is not an image" in report.issues[0].details[0]
    assert "40×50" in report.issues[0].details[1]
    assert report.issues[0].details[1] in report.text()


def test_a_folder_of_nothing_but_broken_files_has_a_report(tmp_path):
    drawn.labelled(tmp_path, ["a"])
    (tmp_path / "images" / "a.png").write_text("no image")
    report = inspect(open_folder(tmp_path))
    assert report.names == ()
    assert "cannot be used" in report.text()


def test_the_report_says_at_which_scale_the_training_part_would_be_learned(tmp_path):
    for split, side in (("train", 120), ("val", 8)):
        labels = np.zeros((200, 300), np.uint16)
        labels[20 : 20 + side, 30 : 30 + side] = 1
        with_labels(tmp_path / split, labels, name=split)
    report = inspect(open_folder(tmp_path))
    assert report.scale.scale == choose_scale(120.0, 120.0).scale
    assert f"working scale {report.scale.scale:g}, images shrunk for the network: " in report.text()
    other = choose_scale(120.0, 120.0, photographs=True).scale
    assert (
        f"({other:g} where a training begins with a network that knows photographs, "
        in report.text()
    )
    empty = with_labels(tmp_path / "none", np.zeros((20, 30), np.uint16))
    assert inspect(open_folder(empty)).scale.scale == 1
