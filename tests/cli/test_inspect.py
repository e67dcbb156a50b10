import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def data(images, tmp_path):
    (tmp_path / "labels").mkdir()
    for name in "abc":
        labels = np.zeros((40, 56), np.uint8)
        labels[3:12, 4:14], labels[20:30, 30:50] = 1, 2
        Image.fromarray(labels).save(tmp_path / "labels" / f"{name}.png")
    return tmp_path


def test_it_says_what_a_folder_holds(kontur, data):
    output = kontur("inspect", data)
    assert "3 (layout labels, task instances)" in output
    assert "objects    6, median 2 an image" in output
    assert "nothing looks wrong" in output


def test_binary_masks_given_as_labels_are_reported_and_read_as_asked(kontur, data):
    for path in (data / "labels").iterdir():
        Image.fromarray((np.asarray(Image.open(path)) > 0).astype(np.uint8) * 255).save(path)
    assert "components" in kontur("inspect", data)
    output = kontur("inspect", data, "--task", "components")
    assert "objects    6," in output


def test_what_cannot_be_used_is_reported_and_is_a_failure(kontur, data):
    whole = (data / "images" / "a.png").read_bytes()
    (data / "images" / "a.png").write_bytes(whole[: len(whole) // 2])
    output = kontur("inspect", data, code=1)
    assert "! 1 image (a) cannot be used: repair or remove it\n" in output
    assert f"{data / 'images' / 'a.png'} is damaged or cut short" in output
    assert "objects    4, median 2 an image" in output


@pytest.mark.parametrize("there", ["missing", "empty"])
def test_a_folder_with_nothing_in_it_is_one_sentence(kontur, tmp_path, there):
    place = tmp_path / "data"
    if there == "empty":
        place.mkdir()
    output = kontur("inspect", place, code=1)
    assert str(place) in output
    assert len(output.strip().splitlines()) == 1
