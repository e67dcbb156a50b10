import numpy as np
import pytest
from PIL import Image, ImageFilter

from kontur.data.checks.mask_checks import MaskCheck, MaskFile, check_mask, check_mask_files
from kontur.data.folder import open_folder
from kontur.data.inspect import inspect
from kontur.formats import masks
from tests.data import drawn

BINARY = (drawn.squares(4) > 0).astype(np.uint8)
CLASSES = BINARY.copy()
CLASSES[:, 28:] *= 2  # two classes, two cells of each


def check(array, task="instances"):
    return check_mask(array, masks.objects(array, task, where="a"), task)


@pytest.mark.parametrize("value", [1, 7, 255])
def test_a_mask_of_one_value_is_binary_whatever_the_value(value):
    assert check(BINARY * np.uint8(value)) == MaskCheck("binary", value, 1, 4)
    assert check(BINARY * np.uint8(value), "components") is None
    assert check(BINARY * np.uint8(value), "semantic") is None


def test_a_few_values_in_several_regions_each_are_classes():
    assert check(CLASSES) == MaskCheck("semantic", 1, 2, 4)
    assert check(CLASSES, "semantic") is None


@pytest.mark.parametrize("task", ["instances", "components"])
@pytest.mark.parametrize("squares", [1, 4])
def test_a_value_along_the_edge_around_others_is_background(task, squares):
    inverted = np.where(drawn.squares(squares) > 0, 0, 255).astype(np.uint8)
    assert check(inverted, task) == MaskCheck("background", 255, 1, squares)


def test_a_mask_without_any_zero_has_a_background_too():
    assert check(drawn.squares(3) + 1) == MaskCheck("background", 1, 4, 3)
    assert check(CLASSES + 1) == MaskCheck("background", 1, 3, 4)


def test_an_object_that_fills_most_of_the_image_is_no_background():
    large = np.ones((40, 60), dtype=np.uint8)
    large[:, :2] = 0
    assert check(large).kind == "binary"
    assert check(np.ones((1, 1), dtype=np.uint8)).kind == "binary"
    large[10:20, 10:20] = 2  # a cell inside another
    assert check(large) is None


def smoothed():
    grey = Image.fromarray(BINARY * 255)
    return np.asarray(grey.filter(ImageFilter.GaussianBlur(1)))


def test_smooth_edges_are_reported_from_ids():
    found = check(smoothed())
    assert found is not None
    assert found.kind == "interpolated"


@pytest.mark.parametrize("quality", [50, 90, 100])
def test_masks_saved_as_jpeg_are_reported(tmp_path, quality):
    file = tmp_path / "a_mask.jpg"
    Image.fromarray((drawn.discs(60) > 0).astype(np.uint8) * 255).save(file, quality=quality)
    (issue,) = check_mask_files([MaskFile("a", file)], "instances")
    assert issue.kind == "interpolated"


@pytest.mark.parametrize("array", [drawn.squares(0), drawn.squares(3), drawn.discs(100)])
def test_label_images_are_as_they_should_be(array):
    assert check(array) is None


def test_an_object_in_two_pieces_beside_another_whole_one_is_no_class():
    labels = drawn.squares(4)
    labels[labels == 4] = 1
    assert check(labels) is None


def test_specks_are_no_second_piece():
    labels = drawn.squares(2)
    labels[30, 10] = 1
    labels[30, 30] = 2
    assert check(labels) is None


MASKS = {
    "0 and 1": (BINARY, "binary", "ONE object", "--task components makes 4 objects"),
    "0 and 255": (BINARY * 255, "binary", "ONE object", "--task components makes 4 objects"),
    "colour": (np.dstack([BINARY * 255] * 3), "binary", "ONE object", "--task components makes 4"),
    "colour and alpha": (
        np.dstack([*[BINARY * 255] * 3, np.full_like(BINARY, 255)]),
        "binary",
        "ONE object",
        "--task components makes 4 objects",
    ),
    "1 bit": (BINARY.astype(bool), "binary", "ONE object", "--task components makes 4 objects"),
    "classes": (CLASSES, "semantic", "ONE object", "--task semantic makes 4 objects"),
    "inverted": (255 - BINARY * 255, "background", "inverted", "background 0"),
    "smoothed": (smoothed(), "interpolated", "between", "threshold"),
}


@pytest.mark.parametrize("name", MASKS)
def test_every_kind_of_mask_is_reported_when_a_folder_is_opened_and_inspected(tmp_path, name):
    mask, kind, what, advice = MASKS[name]
    drawn.save(tmp_path / "images" / "a.png", drawn.picture())
    drawn.save(tmp_path / "masks" / "a.png", mask)
    folder = open_folder(tmp_path)
    (issue,) = folder.issues
    assert issue.kind == kind
    assert what in str(issue)
    assert advice in str(issue)
    assert issue in inspect(folder).issues
