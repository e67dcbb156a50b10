"""The names of YOLO's classes: their spellings, and which are used."""

import pytest
import shapely
import yaml

from kontur import formats
from kontur.errors import InputError
from kontur.instances import Instances
from tests.formats import scenes
from tests.formats.yolo.files import SQUARE, save


@pytest.mark.parametrize(
    "names",
    [
        "names: [cell, 'dead cell']\n",
        "nc: 2\nnames:\n- cell\n- dead cell\n",
        "path: x\nnames:\n  1: dead cell\n  0: cell # the first\n",
        'names: {0: "cell", 1: "dead cell"}\n',
    ],
)
def test_names_are_read_in_every_spelling(tmp_path, names):
    assert formats.read(save(tmp_path, f"1 {SQUARE}\n", names=names)).classes == (
        "cell",
        "dead cell",
    )


def test_words_that_yaml_takes_for_other_things_stay_names(tmp_path):
    found = formats.read(save(tmp_path, f"1 {SQUARE}\n", names="names: [no, 1.0]\n"))
    assert found.classes == ("no", "1.0")


def test_lists_of_names_and_none_at_all(tmp_path):
    path = save(tmp_path, f"1 {SQUARE}\n", names=None)
    assert formats.read(path).classes == ("0", "1")
    (tmp_path / "labels" / "classes.txt").write_text("cell\ndead cell\n")
    assert formats.read(path).classes == ("cell", "dead cell")


def test_new_classes_come_behind_those_that_labels_beside_use(tmp_path):
    box = [shapely.box(0, 0, 4, 4)]
    for name, classes in [("a", ("x", "y")), ("b", ("z", "x")), ("c", ('q"\\ä\n',))]:
        formats.write(tmp_path / f"{name}.txt", Instances.of(box, size=(9, 9), classes=classes))
    names = yaml.safe_load((tmp_path / "data.yaml").read_text())["names"]
    assert names == {0: "x", 1: "y", 2: "z", 3: 'q"\\ä\n'}
    read = {name: formats.read(tmp_path / f"{name}.txt", size=(9, 9)) for name in "abc"}
    assert [scenes.named(read[name]) for name in "abc"] == [["x"], ["z"], ['q"\\ä\n']]


def test_the_names_of_another_program_are_used_and_not_changed(tmp_path):
    path = save(tmp_path, "", names="names: [ring, cell]\nroboflow: 1\n")
    formats.write(path, scenes.ring_with_island())
    assert [row.split()[0] for row in path.read_text().splitlines()] == ["0", "1", "1"]
    assert (tmp_path / "data.yaml").read_text().endswith("roboflow: 1\n")
    with pytest.raises(InputError, match=r"names ring, cell, and the objects are of the class 'x'"):
        formats.write(path, scenes.ring_with_island().replace(classes=("x", "ring")))


def test_a_data_set_below_one_of_ours_gets_names_of_its_own(tmp_path):
    box = Instances.of([shapely.box(0, 0, 4, 4)], size=(9, 9), classes=("x",))
    formats.write(tmp_path / "a.txt", box)
    above = (tmp_path / "data.yaml").read_bytes()
    formats.write(tmp_path / "set" / "labels" / "train" / "b.txt", box.replace(classes=("y",)))
    assert (tmp_path / "data.yaml").read_bytes() == above
    own = yaml.safe_load((tmp_path / "set" / "data.yaml").read_text())
    assert own == {"train": "images/train", "val": "images/train", "names": {0: "x", 1: "y"}}
    found = formats.read(tmp_path / "set" / "labels" / "train" / "b.txt", size=(9, 9))
    assert scenes.named(found) == ["y"]


def test_a_file_of_names_that_is_still_written_beside_is_none(tmp_path):
    (tmp_path / ".kontur-1.yaml").write_text("# Kontur wrote these\nnames:\n  0: other\n")
    found = scenes.ring_with_island()[[2]]
    formats.write(tmp_path / "labels" / "a.txt", found.replace(size=(10, 12)))
    assert (tmp_path / "data.yaml").is_file()
    assert "other" not in (tmp_path / "data.yaml").read_text()
    assert (tmp_path / ".kontur-1.yaml").read_text().endswith("0: other\n")
