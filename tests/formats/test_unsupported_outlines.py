"""Annotations of other programs, named with what to do."""

import pytest

from kontur import formats
from kontur.data.folder import open_folder
from kontur.errors import InputError
from kontur.formats.outline_file import OutlineFile
from kontur.formats.unsupported_outlines import program_of
from tests.data import drawn

FILES = {
    "a.xml": ("<annotation><object><bndbox/></object></annotation>", "PASCAL VOC", "boxes alone"),
    "project.qpproj": ("{}", "QuPath", "as GeoJSON"),
    "b.xml": ('<?xml version="1.0"?><Annotations><Annotation/>', "Aperio ImageScope", "GeoJSON"),
    "c.xml": ("<ASAP_Annotations><Annotations/>", "ASAP", "polygons of GeoJSON"),
    "a.png.json": (
        '{"description": "", "size": {"height": 40, "width": 60}, "objects": []}',
        "Supervisely",
        "as COCO",
    ),
    "d.json": (
        '{"version": "2.0", "item": {"name": "a.png"}, "annotations": []}',
        "V7 Darwin",
        "as COCO",
    ),
    "e.json": ('{"info": {"name": "a.png"}, "objects": []}', "ISAT", "COCO or labelme"),
    "f.ndjson": ('{"data_row": {"id": "x"}, "projects": {}}\n', "Labelbox", "to COCO"),
    "g.json": ('{"mag": null, "nuc": {"1": {"contour": []}}}', "HoVer-Net", "inst_map"),
    "h.json": ('[{"image": "a.png", "annotations": []}]', "Create ML", "boxes alone"),
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
    if formats.can_read(name):  # and where the file itself is named
        with pytest.raises(InputError, match=f"is of {program}, which Kontur does not read: "):
            formats.read(tmp_path / name)


@pytest.mark.parametrize("name", ["notes.txt", "coco.json", "a.csv", "a.xml", "a.png"])
def test_other_files_are_nobodys_annotations(tmp_path, name):
    (tmp_path / name).write_text("one two\n")
    assert program_of(OutlineFile(tmp_path / name)) is None
