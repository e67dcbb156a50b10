import csv
import io
import logging

import hypothesis
import numpy as np
import pytest
import shapely
from shapely import MultiPolygon

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ClassPrediction
from kontur.formats.csv import format as table
from kontur.formats.image_annotation import ImageAnnotation
from kontur.instances import Instances
from tests.formats import scenes

HEADER = "image,id,class,score,outline\n"
SQUARE = '"POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"'


@hypothesis.settings(deadline=None, max_examples=40)
@hypothesis.given(scenes.drawings)
def test_objects_come_back_to_a_thousandth_of_a_pixel_and_a_second_export_is_the_same(
    tmp_path_factory, drawing
):
    found = scenes.objects(drawing, on_grid=False)
    hypothesis.assume(len(found))  # a table without rows names no image
    text = table.to_text([ImageAnnotation("a.png", found.size, found)])
    file = tmp_path_factory.mktemp("tables") / "a.csv"
    file.write_text(text, encoding="utf-8")
    entries = formats.read_images(file)
    assert table.to_text(entries) == text
    for entry in entries:
        scenes.assert_close(found, entry.instances)
        assert (entry.file_name, entry.size) == ("a.png", found.size)


def test_an_image_without_objects_is_a_table_without_rows(tmp_path):
    formats.write(tmp_path / "a.csv", Instances.empty((3, 4)))
    assert len(formats.read(tmp_path / "a.csv")) == 0
    assert (tmp_path / "a.csv").read_text().startswith("image,id,class,score")


def test_the_numbers_for_people_are_right(tmp_path):
    formats.write(tmp_path / "a.csv", scenes.ring_with_island())
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    ring = {key: rows[0][key] for key in ("x", "y", "area", "left", "top", "right", "bottom")}
    assert [float(value) for value in ring.values()] == [4, 4, 32, 1, 1, 7, 7]
    assert [rows[0]["image"], rows[0]["class"], rows[1]["score"]] == ["a", "ring", ""]
    assert (rows[0]["image_height"], rows[0]["image_width"]) == ("10", "12")


def test_other_letters_get_the_mark_that_spreadsheets_want(tmp_path):
    found = scenes.ring_with_island()
    formats.write(tmp_path / "a.csv", found)
    assert (tmp_path / "a.csv").read_bytes().startswith(b"image,")
    formats.write(tmp_path / "b.csv", found.replace(classes=("细胞", "ring")))
    assert (tmp_path / "b.csv").read_bytes().startswith("\ufeffimage,".encode())
    assert formats.read(tmp_path / "b.csv").classes == ("ring", "细胞")


def test_many_images_share_a_table_and_one_is_picked(tmp_path):
    found = scenes.ring_with_island()
    entries = [
        ImageAnnotation("a.png", found.size, found[:2]),
        ImageAnnotation("b.png", found.size, found[2:]),
    ]
    formats.write_images(tmp_path / "all.csv", entries)
    read = formats.read_images(tmp_path / "all.csv")
    assert [(entry.file_name, len(entry.instances)) for entry in read] == [
        ("a.png", 2),
        ("b.png", 1),
    ]
    assert read[0].instances.classes == read[1].instances.classes
    assert formats.read(tmp_path / "all.csv", image="b.png").ids.tolist() == [9]
    with pytest.raises(InputError, match="describes 2 images"):
        formats.read(tmp_path / "all.csv")


def test_columns_of_others_are_kept(tmp_path):
    text = "outline,treatment,id\n" + SQUARE + ",5 µM,3.0\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    found = formats.read(tmp_path / "a.csv")
    assert (found.ids.tolist(), found.classes, found.size) == ([3], ("object",), None)
    formats.write(tmp_path / "b.csv", found, image_name="")
    assert formats.read(tmp_path / "b.csv").extras == ({"csv": {"treatment": "5 µM"}},)


def test_an_outline_longer_than_the_usual_cell_is_read(tmp_path):
    angle = np.linspace(0, 2 * np.pi, 5000, endpoint=False)
    circle = shapely.Polygon(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    formats.write(tmp_path / "a.csv", Instances.of([circle]))
    read = formats.read(tmp_path / "a.csv").polygons[0]
    assert shapely.hausdorff_distance(read, circle) < 0.00071
    assert csv.field_size_limit() == 131072


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no column 'outline' and so no objects; it has nothing"),
        ("id;area\n1;x\n", "no column 'outline' and so no objects; it has id, area"),
        ("id;outline\n1;x\n", "line 2: the outline is no well-known text"),
        ("id,id,outline\n1,2,x\n", "two columns 'id'"),
        (HEADER + "a,1,cell,0.5,POLYGON ((0 0\n", "line 2: the outline is no well-known text"),
        (HEADER + f"a,x,cell,0.5,{SQUARE}\n", "line 2: id is 'x'"),
        (HEADER + f"a,1.5,cell,0.5,{SQUARE}\n", "line 2: id is '1.5'"),
        (HEADER + f"a,1,cell,high,{SQUARE}\n", "line 2: score is 'high'"),
        (HEADER + f"a,1,cell,7,{SQUARE}\n", "line 2: score is '7'; wanted a number from 0 to 1"),
        (HEADER + f"a,1,cell,,{SQUARE}\n" * 2, "line 3: the id 1 occurs twice in the image 'a'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, text, sentence):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=sentence):
        formats.read(tmp_path / "a.csv")


def test_new_classes_change_no_other_cell_of_a_table(tmp_path):
    cell = "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"
    lines = [
        "image;id;class;area;outline",
        f"a;2;old;1,50;{cell}",
        f"a;3;old;;{cell}",
        f"b;1;x;7;{cell}",
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    predicted = [
        [ClassPrediction("new", {"new": 0.75}), ClassPrediction(None)],
        [ClassPrediction("new")],
    ]
    formats.relabel(tmp_path / "a.csv", tmp_path / "b.csv", predicted, ["new"])
    assert (tmp_path / "b.csv").read_text().splitlines() == [
        "image;id;class;area;outline;probability_new",
        f"a;2;new;1,50;{cell};0,75",
        f"a;3;old;;{cell};",
        f"b;1;new;7;{cell};",
    ]
    with pytest.raises(InputError, match="has 2 objects and there are rows for 1"):
        formats.relabel(tmp_path / "a.csv", tmp_path / "b.csv", [predicted[1]] * 2, ["new"])


def test_an_image_without_objects_among_others_is_a_row_that_names_it(tmp_path, caplog):
    found = scenes.ring_with_island()
    entries = [
        ImageAnnotation("a.png", found.size, found),
        ImageAnnotation("b.png", (3, 4), Instances.empty((3, 4), found.classes)),
        ImageAnnotation("c.png", None, Instances.empty()),
    ]
    formats.write_images(tmp_path / "a.csv", entries)
    again = formats.read_images(tmp_path / "a.csv")
    assert [(one.file_name, one.size, len(one.instances)) for one in again] == [
        ("a.png", found.size, 3),
        ("b.png", (3, 4), 0),
        ("c.png", None, 0),
    ]
    assert {one.instances.classes for one in again} == {again[0].instances.classes}
    assert "object" not in again[0].instances.classes
    assert not caplog.text
    formats.write_images(tmp_path / "b.csv", again)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.parametrize("column", ["wkt", "wkb"])
def test_a_collection_of_areas_is_one_object_and_what_else_it_holds_is_said(
    tmp_path, caplog, column
):
    square, far = shapely.box(1, 1, 4, 4), shapely.box(11, 1, 14, 4)
    inner = shapely.GeometryCollection([MultiPolygon([square]), shapely.Point(1, 1)])
    shapes = [
        shapely.GeometryCollection([inner, far]),
        shapely.force_3d(shapely.GeometryCollection([square])),
        shapely.GeometryCollection([shapely.Point(2, 2)]),
        shapely.GeometryCollection(),
    ]
    cells = [shape.wkt if column == "wkt" else shapely.to_wkb(shape, hex=True) for shape in shapes]
    (tmp_path / "a.csv").write_text("\n".join([column, *(f'"{cell}"' for cell in cells)]) + "\n")
    with caplog.at_level(logging.WARNING, "kontur.formats"):
        found = formats.read(tmp_path / "a.csv")
    assert found.areas.tolist() == [18, 9]
    assert "a.csv, line 2: beside its areas it has Point: left out" in caplog.text
    assert "2 of 4 rows" in caplog.text
    (tmp_path / "b.csv").write_text(f'wkt\n"{shapes[0].wkt[:40]}"\n')
    with pytest.raises(InputError, match=r"b\.csv, line 2: the outline is no well-known text"):
        formats.read(tmp_path / "b.csv")


@pytest.mark.parametrize(
    ("column", "ids"),
    [
        (None, [[1], [2, 3]]),
        (["", "", ""], [[1], [2, 3]]),
        (["5", "5", "9"], [[5], [5, 9]]),  # given: the same object
        (["5", "", "5"], [[5], [6, 5]]),
        (["", "7", ""], [[8], [7, 9]]),
        (["9" * 30, "9" * 30, ""], [[1], [1, 2]]),  # larger than we hold
    ],
)
def test_objects_without_an_id_have_one_that_no_other_plane_has(tmp_path, column, ids):
    rows = [f"{z},{SQUARE}" for z in (0, 1, 1)]
    head = "plane_z,outline"
    if column is not None:
        head, rows = f"{head},id", [f"{row},{id}" for row, id in zip(rows, column, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join([head, *rows]))
    read = formats.read_images(tmp_path / "a.csv")
    assert [entry.instances.ids.tolist() for entry in read] == ids
    assert formats.read(tmp_path / "a.csv", page=1).ids.tolist() == ids[1]


def test_a_row_without_id_gets_the_next_free_one_and_the_others_keep_theirs(tmp_path):
    cell = '"POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"'
    (tmp_path / "a.csv").write_text(f"id,outline\n7,{cell}\n,{cell}\n3,{cell}\n")
    assert formats.read(tmp_path / "a.csv").ids.tolist() == [7, 8, 3]
    (tmp_path / "b.csv").write_text(f"id,outline\n1E1,{cell}\n")
    with pytest.raises(InputError, match="line 2: id is '1E1'; wanted a whole number"):
        formats.read(tmp_path / "b.csv")


def test_a_table_that_a_spreadsheet_saved_again_has_the_same_objects(tmp_path):
    boxes = [shapely.box(1.5, 2, 9.25, 7), shapely.box(20, 20, 31.125, 27)]
    names = ("None", "NA", "live")
    found = Instances.of(boxes, [0, 1], scores=[0.5, 0.25], size=(64, 64), classes=names)
    formats.write(tmp_path / "a.csv", found, image_name="dish")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    rows = [line.replace('"', "").split(",", 14) for line in lines]
    assert all(len(row) == 15 for row in rows)
    german = [[cell.replace(".", ",") for cell in row[:14]] + row[14:] for row in rows]
    text = "\r\n".join(";".join(row) for row in german) + "\r\n;;;;;;;;;;;;;;\r\n\r\n"
    (tmp_path / "b.csv").write_bytes(text.encode("utf-8-sig"))
    again = formats.read(tmp_path / "b.csv")
    assert again.boxes.tolist() == found.boxes.tolist()
    assert again.scores.tolist() == [0.5, 0.25]
    assert [again.classes[label] for label in again.labels] == ["None", "NA"]
