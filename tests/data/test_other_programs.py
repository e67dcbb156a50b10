import pytest

from kontur.data.folder import open_folder
from kontur.data.other_programs import program_of
from kontur.errors import InputError
from tests.data import drawn

FILES = {
    "a.xml": ("<annotation><object><bndbox/></object></annotation>", "PASCAL VOC", "boxes alone"),
    "project.qpproj": ("{}", "QuPath", "as GeoJSON"),
}


@pytest.mark.parametrize("name", FILES)
def test_annotations_of_other_programs_are_named_with_what_to_do(tmp_path, name):
    content, program, advice = FILES[name]
    drawn.save(tmp_path / "a.png", drawn.picture())
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as told:
        open_folder(tmp_path)
    assert program in str(told.value)
    assert name in str(told.value)
    assert advice in str(told.value)


@pytest.mark.parametrize("name", ["notes.txt", "coco.json", "a.csv", "a.xml", "a.png"])
def test_other_files_are_nobodys_annotations(tmp_path, name):
    (tmp_path / name).write_text("one two\n")
    assert program_of(tmp_path / name) is None


def test_images_of_makers_are_counted_by_ending_with_what_to_do(tmp_path):
    for name in ("a.czi", "b.czi", "c.nd2"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=r"2 \.czi \(a Zeiss CZI image: export .*; 1 \.nd2"):
        open_folder(tmp_path)
