import sys

import numpy as np
import pytest
import shapely
import yaml

from kontur import formats
from kontur.data.conversion.convert_file import convert
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from tests.formats import scenes
from tests.formats.yolo.files import SQUARE, save


def test_shares_are_of_the_image_that_lies_in_images(tmp_path):
    found = formats.read(save(tmp_path, f"1 {SQUARE}\n"))
    assert found.size == (30, 40)
    assert found.polygons[0].equals(shapely.box(10, 6, 20, 18))
    assert (found.classes, scenes.named(found)) == (("cell", "dead cell"), ["dead cell"])


def test_rows_of_their_predictions_and_boxes(tmp_path, caplog):
    text = f"0 {SQUARE} 0.75\n1 0.5 0.5 0.25 0.2\n0 0.5 0.5 0.25 0.2 0.9\n"
    (entry,) = formats.read_images(save(tmp_path, text))
    assert entry.instances.areas.tolist() == [120]
    assert entry.without_outline == {"a box alone": 2}
    assert entry.boxes[0] == pytest.approx((15, 12, 25, 18))
    assert "2 of 3 objects are boxes" in caplog.text


def test_an_image_without_objects_has_an_empty_file(tmp_path):
    path = save(tmp_path, "")
    assert len(formats.read(path)) == 0
    formats.write(tmp_path / "labels" / "b.txt", Instances.empty((30, 40)))
    assert (tmp_path / "labels" / "b.txt").read_text() == "\n"
    assert len(formats.read(tmp_path / "labels" / "b.txt", size=(30, 40))) == 0


def test_what_is_written_beside_images_names_classes_and_folders(tmp_path):
    found = scenes.ring_with_island()
    formats.write(tmp_path / "labels" / "train" / "a.txt", found)
    content = yaml.safe_load((tmp_path / "data.yaml").read_text())
    assert content == {
        "train": "images/train",
        "val": "images/train",
        "names": {0: "cell", 1: "ring"},
    }
    rows = (tmp_path / "labels" / "train" / "a.txt").read_text().splitlines()
    numbers = np.array(rows[2].split()[1:], dtype=float).reshape(-1, 2) * [12, 10]
    np.testing.assert_allclose(numbers, [(0, 8), (4, 8.125), (2, 9.5)], atol=1e-7)


def test_what_yolo_cannot_hold_is_said_line_by_line(tmp_path):
    found = scenes.ring_with_island()
    found = Instances.concat([found, found[:1].replace(ids=[20], ignore=[True]).shift(8, 0)])
    formats.write(tmp_path / "a.geojson", found)
    losses = convert(tmp_path / "a.geojson", tmp_path / "a.txt").losses
    assert [loss.removeprefix("YOLO segmentation: ") for loss in losses] == [
        "holes of 2 objects filled",
        "1 object in several parts: the largest is kept",
        "3 scores lost",
        "1 region to ignore left out",
        "3 ids lost",
        "1 object cut off at the edge of the image",
    ]
    assert formats.read(tmp_path / "a.txt", size=(10, 12)).areas.tolist() == [36, 3.125, 2.875]


def test_no_share_lies_outside_the_image(tmp_path):
    found = Instances.of([shapely.box(-3, 2, 5, 12)], size=(10, 20))
    formats.write(tmp_path / "a.txt", found)
    numbers = np.array((tmp_path / "a.txt").read_text().split()[1:], dtype=float)
    assert (numbers.min(), numbers.max()) == (0, 1)


def test_the_size_comes_from_convert(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text(f"0 {SQUARE}\n")
    with pytest.raises(InputError, match=r"no image a was found .* --size HxW"):
        formats.read(tmp_path / "a.txt")
    convert(tmp_path / "a.txt", tmp_path / "a.geojson", size=(30, 40))
    assert formats.read(tmp_path / "a.geojson").areas.tolist() == [120]
    with pytest.raises(InputError, match="YOLO's coordinates are shares"):
        formats.write(tmp_path / "b.txt", Instances.of([shapely.box(0, 0, 1, 1)]))


def test_without_yaml_a_sentence_names_the_extra(tmp_path, monkeypatch):
    path = save(tmp_path, f"0 {SQUARE}\n")
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(InputError, match=r"package yaml.*pip install .*\[yolo\]'"):
        formats.read(path)


@pytest.mark.parametrize(
    ("text", "names", "sentence"),
    [
        ("0 0.1 0.2 x 0.4 0.5 0.6\n", "names: [a]", "line 1: wanted the number of a class"),
        ("0.5 " + SQUARE, "names: [a]", "line 1: the class is 0.5"),
        (f"0 {SQUARE}\n0 0.1 0.2 0.3\n", "names: [a]", "line 2: 3 numbers after the class"),
        ("0 10 20 30 20 30 40\n", "names: [a]", "coordinate 40 is no share"),
        (
            f"3 {SQUARE}",
            "names: [a, b]",
            "class 3, and .*data.yaml names the classes 0 to 1: numbers count from 0",
        ),
        (f"1 {SQUARE}", "names: [a]", "class 1, and .*data.yaml names the class 0: numbers count"),
        (f"0 {SQUARE}", "names: [a, [b]]", "names wants a list"),
        (f"0 {SQUARE}", "names: {0: a, 2: b}", "names wants a list"),
        (f"1 {SQUARE}", "names: {1: a, 2: b}", "from 0 .*, got 1, 2; where the first is 1, write"),
        (f"0 {SQUARE}", "names: [" * 3000, "is no YAML, or is damaged"),
        (f"0 {SQUARE}", "names: [a\n\tb: 'x", "is no YAML, or is damaged"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, text, names, sentence):
    with pytest.raises(InputError, match=sentence) as told:
        formats.read(save(tmp_path, text, names=names))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("text", ["notes on the images\n", "1 2 3\n", "0,0.1,0.2,0.3,0.4\n", ""])
def test_other_texts_are_no_labels(tmp_path, text):
    (tmp_path / "notes.txt").write_text(text)
    assert formats.find_format(tmp_path / "notes.txt") is None


def test_several_images_are_refused(tmp_path):
    entry = ImageAnnotation("a", (10, 12), scenes.ring_with_island())
    with pytest.raises(InputError, match="a YOLO file is of one image, and there are 2"):
        formats.write_images(tmp_path / "a.txt", [entry, entry])


def test_labels_of_poses_are_no_outlines(tmp_path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("0 0.5 0.5 0.2 0.2 0.4 0.4 2 0.5 0.5 1 0.6 0.6 2\n")
    (tmp_path / "data.yaml").write_text("kpt_shape: [3, 3]\nnames: [cell]\n")
    with pytest.raises(InputError, match=r"data\.yaml is of poses \(kpt_shape\), whose labels are"):
        formats.read(tmp_path / "labels" / "a.txt", size=(40, 60))
