"""What is likely a mistake in a data set is reported, with the way out."""

import numpy as np
import pytest
import tifffile
from skimage.transform import resize

from kontur.data.folder import open_folder
from kontur.data.inspect import inspect
from kontur.errors import InputError
from tests.data import drawn
from tests.data.inspected import issues, with_labels


def test_background_written_as_minus_one_is_noticed(tmp_path):
    labels = drawn.squares().astype(np.int16)
    labels[labels == 0] = -1
    report = inspect(open_folder(with_labels(tmp_path, labels)))
    (issue,) = (each for each in report.issues if each.kind == "mostly ignored")
    assert "if background is meant, write 0" in issue.advice


def test_classes_without_objects_are_reported(tmp_path):
    drawn.labelled(tmp_path, ["a"])
    rows = [(1, "x"), (2, "x"), (3, "y"), (9, "z")]
    drawn.table(tmp_path / "classes.csv", "id,class", rows)
    report = inspect(open_folder(tmp_path))
    assert report.classes == {"x": 2, "y": 1, "z": 0}
    assert "x (2), y (1); 1 declared but without objects" in report.text()


def test_a_class_of_one_or_two_objects_among_others_is_noticed(tmp_path):
    drawn.labelled(tmp_path, "abcdefgh")
    rows = [(name, number, "x") for name in "abcdefgh" for number in (1, 2, 3)]
    drawn.table(tmp_path / "classes.csv", "image,id,class", rows)
    assert "rare classes" not in issues(tmp_path)
    drawn.table(tmp_path / "classes.csv", "image,id,class", [("a", 1, "slip"), *rows[1:]])
    issue = issues(tmp_path)["rare classes"]
    assert (issue.count, issue.example) == (1, "a")
    assert "1 class (slip) with fewer than 3 objects: too few to learn" in str(issue)


def test_binary_masks_are_reported_with_the_way_out(tmp_path):
    with_labels(tmp_path, (drawn.squares() > 0).astype(np.uint8))
    with_labels(tmp_path, (drawn.squares(1) > 0).astype(np.uint8), name="b")
    issue = issues(tmp_path)["binary"]
    assert (issue.count, issue.example) == (1, "a")
    assert "--task components" in str(issue)
    assert issues(tmp_path, task="components") == {}


def test_an_object_in_pieces_among_label_images_is_no_binary_mask(tmp_path):
    with_labels(tmp_path, (drawn.squares() > 0).astype(np.uint8))
    with_labels(tmp_path, drawn.squares(), name="b")
    assert set(issues(tmp_path)) == {"far pieces"}


def test_ids_cut_to_255_are_reported(tmp_path):
    with_labels(tmp_path, drawn.discs(400).clip(0, 255).astype(np.uint8))
    found = issues(tmp_path)
    assert set(found) == {"cut ids"}
    assert "16-bit" in str(found["cut ids"])


def test_interpolated_labels_are_reported(tmp_path):
    labels = resize(drawn.discs(100), (300, 300), order=1, preserve_range=True, anti_aliasing=False)
    with_labels(tmp_path, labels.astype(np.uint16))
    assert "nearest neighbour" in str(issues(tmp_path)["interpolated"])


def test_one_id_for_two_objects_and_stray_pixels_are_reported(tmp_path):
    labels = np.zeros((60, 80), dtype=np.uint8)
    labels[2:12, 2:12] = labels[40:50, 60:70] = 1
    labels[20:30, 2:12] = 2
    labels[20, 20] = 2
    labels[50:56, 2:12] = 3
    found = issues(with_labels(tmp_path, labels))
    assert {kind: issue.count for kind, issue in found.items()} == {
        "far pieces": 1,
        "specks": 1,
    }


def test_objects_below_two_output_pixels_are_reported(tmp_path):
    labels = drawn.squares()
    labels[30:33, 10:13] = 7
    labels[30:33, 20:40] = 8  # thin, but long enough
    with_labels(tmp_path, labels)
    assert issues(tmp_path)["small"].count == 1
    assert "smaller than 4×4 pixels" in str(issues(tmp_path)["small"])
    assert issues(tmp_path, stride=8)["small"].count == 4
    assert issues(tmp_path, stride=1) == {}


def test_the_same_image_in_train_and_val_is_a_leak_also_turned(tmp_path):
    drawn.labelled(tmp_path / "train", ["a", "b", "c"])
    drawn.labelled(tmp_path / "val", ["x", "y"])
    drawn.save(tmp_path / "val" / "images" / "x.png", np.rot90(drawn.picture(2)).copy())
    drawn.save(tmp_path / "val" / "labels" / "x.png", np.rot90(drawn.squares()).copy())
    found = issues(tmp_path)
    assert found["leak"].count == 2
    assert "train/c = val/x" in str(found["leak"])


def test_an_image_twice_in_one_folder_is_reported(tmp_path):
    drawn.labelled(tmp_path, ["a", "b"])
    drawn.save(tmp_path / "images" / "b.png", drawn.picture(0))
    assert "a = b" in str(issues(tmp_path)["repeated"])


def test_constant_images_and_nan_are_reported(tmp_path):
    image = drawn.picture().astype(np.float32)
    image[3, 4] = np.nan
    drawn.labelled(tmp_path, ["a", "b", "c"])
    (tmp_path / "images" / "a.png").unlink()
    drawn.save(tmp_path / "images" / "a.tif", image)
    for name in "bc":
        drawn.save(tmp_path / "images" / f"{name}.png", np.full((40, 60), 9, dtype=np.uint8))
    found = issues(tmp_path)
    assert set(found) == {"unreadable", "constant"}
    assert (found["unreadable"].example, found["constant"].count) == ("a", 2)
    assert "a.tif: 1 of 2400 pixel values are NaN or infinite" in found["unreadable"].details[0]
    with pytest.raises(InputError, match=r"a\.tif: 1 of 2400 pixel values are NaN"):
        open_folder(tmp_path).load()


def test_pixels_of_several_sizes_are_reported(tmp_path):
    drawn.labelled(tmp_path, "abc")
    for name, side in (("a", 0.1), ("b", 0.1), ("c", 0.5)):
        (tmp_path / "images" / f"{name}.png").unlink()
        tifffile.imwrite(
            tmp_path / "images" / f"{name}.tif",
            drawn.picture(ord(name)),
            imagej=True,
            resolution=(1 / side, 1 / side),
            metadata={"unit": "um"},
        )
    found = issues(tmp_path)
    assert set(found) == {"pixel sizes"}
    assert str(found["pixel sizes"]).startswith("pixels of 0.1 µm (a) to 0.5 µm (c): objects of")


def test_classes_that_are_numbers_from_one_get_a_hint(tmp_path):
    outline = "0.1 0.1 0.5 0.1 0.5 0.6"
    for name, number in (("a", 1), ("b", 2)):
        drawn.save(tmp_path / "images" / f"{name}.png", drawn.picture(ord(name)))
        (tmp_path / "labels").mkdir(exist_ok=True)
        (tmp_path / "labels" / f"{name}.txt").write_text(f"{number} {outline}\n")
    found = issues(tmp_path)
    assert set(found) == {"class numbers"}
    assert "no object is of class 0" in str(found["class numbers"])
    (tmp_path / "data.yaml").write_text("names: [x, y, z]\n")
    assert issues(tmp_path) == {}
    (tmp_path / "data.yaml").unlink()
    (tmp_path / "labels" / "a.txt").write_text(f"0 {outline}\n")
    assert issues(tmp_path) == {}


def test_annotations_without_any_object_are_reported(tmp_path):
    drawn.labelled(tmp_path, ["a", "b"])
    for name in "ab":
        drawn.save(tmp_path / "labels" / f"{name}.png", np.zeros((40, 60), np.uint8))
    assert "no image has an object" in str(issues(tmp_path)["no objects"])
