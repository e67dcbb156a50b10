"""What a file says of where an object belongs: identities that occur twice, planes, no outlines."""

import copy
import json
import logging

import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation, coco, rle
from kontur.instances import Instances

SQUARE = [1, 1, 5, 1, 5, 5, 1, 5]


def dataset(*annotations, **changes):
    rows = [
        {"id": number, "image_id": 1, "category_id": 1, "segmentation": [SQUARE], **row}
        for number, row in enumerate(annotations, start=1)
    ]
    content = {
        "images": [{"id": 1, "file_name": "a.png", "height": 8, "width": 9}],
        "annotations": rows,
        "categories": [{"id": 1, "name": "cell"}, {"id": 2, "name": "dirt"}],
    }
    return {**copy.deepcopy(content), **changes}


def feature(x, **geometry):
    ring = [[x, 0], [x + 3, 0], [x + 3, 3], [x, 3], [x, 0]]
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring], **geometry}}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"images": [{"id": 1, "file_name": "a.png"}, {"id": 1, "file_name": "b.png"}]},
            "the image id 1 stands for a.png and for b.png",
        ),
        (
            {"categories": [{"id": 1, "name": "cell"}, {"id": 1, "name": "dirt"}]},
            "the category id 1 stands for cell and for dirt",
        ),
    ],
)
def test_an_id_that_stands_for_two_is_refused(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        coco.from_document(dataset({}, **changes))


def test_categories_of_one_name_are_one_class_and_labels_do_not_shift():
    names = [{"id": 7, "name": "cell"}, {"id": 8, "name": "cell"}, {"id": 9, "name": "dirt"}]
    rows = [{"category_id": number} for number in (7, 8, 9)]
    (entry,) = coco.from_document(dataset(*rows, categories=names))
    assert entry.instances.classes == ("cell", "dirt")
    assert entry.instances.labels.tolist() == [0, 0, 1]


def test_an_annotation_id_that_occurs_twice_is_given_anew_and_the_others_stay(caplog):
    (entry,) = coco.from_document(dataset({"id": 4}, {"id": 4}, {"id": 2}))
    assert entry.instances.ids.tolist() == [4, 5, 2]
    assert "1 annotation ids occur twice" in caplog.text


def test_a_row_without_id_gets_the_next_free_one_and_the_others_keep_theirs(tmp_path):
    cell = '"POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"'
    (tmp_path / "a.csv").write_text(f"id,outline\n7,{cell}\n,{cell}\n3,{cell}\n")
    assert formats.read(tmp_path / "a.csv").ids.tolist() == [7, 8, 3]
    (tmp_path / "b.csv").write_text(f"id,outline\n1E1,{cell}\n")
    with pytest.raises(InputError, match="line 2: id is '1E1'; wanted a whole number"):
        formats.read(tmp_path / "b.csv")


def test_objects_without_an_outline_are_counted_with_what_they_have(caplog):
    box = {"segmentation": [], "bbox": [2, 2, 4, 3]}
    points = {"segmentation": None, "keypoints": [1, 1, 2]}
    with caplog.at_level(logging.WARNING, "kontur.formats"):
        (entry,) = coco.from_document(dataset({}, box, points, {"segmentation": [[]]}))
    assert len(entry.instances) == 1
    assert entry.without_outline == {"a box alone": 1, "keypoints alone": 1, "nothing": 1}
    assert entry.boxes == ((2, 2, 6, 5),)
    assert "3 of 4 objects have no outline" in caplog.text


def test_features_without_area_are_counted_by_kind(tmp_path, caplog):
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}
    none = {"type": "Feature", "geometry": None}
    (tmp_path / "a.geojson").write_text(json.dumps([feature(0), point, none, none]))
    (entry,) = formats.read_images(tmp_path / "a.geojson")
    assert entry.without_outline == {"Point": 1, "no geometry": 2}
    assert "3 of 4 features have no area (1 × Point, 2 × no geometry)" in caplog.text


def test_a_list_of_results_is_read_by_its_numbers_or_by_those_of_its_dataset(tmp_path):
    row = {"image_id": 1, "category_id": 2, "segmentation": [SQUARE], "score": 0.75}
    (tmp_path / "results.json").write_text(json.dumps([row, {**row, "image_id": 5}]))
    entries = formats.read_images(tmp_path / "results.json")
    assert [entry.file_name for entry in entries] == ["1", "5"]
    assert entries[0].instances.scores.tolist() == [0.75]
    (tmp_path / "truth.json").write_text(json.dumps(dataset({})))
    (tmp_path / "results.json").write_text(json.dumps([row]))
    truth = [tmp_path / "truth.json"]
    (entry,) = formats.read_images(tmp_path / "results.json", numbered_in=truth)
    assert entry.file_name == "a.png"
    assert entry.instances.classes[entry.instances.labels[0]] == "dirt"


def test_outlines_on_several_planes_land_where_their_file_says(tmp_path, caplog):
    features = [feature(0), *(feature(x, plane={"c": -1, "z": 3, "t": 0}) for x in (10, 20))]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(features))
    with pytest.raises(InputError, match=r"on 2 planes of a stack \(depth 0, 3\).*--page"):
        formats.read(path)
    assert formats.read(path, page=0).boxes[:, 0].tolist() == [0]
    assert formats.read(path, page=3).boxes[:, 0].tolist() == [10, 20]
    assert len(formats.read(path, page=1)) == 0
    assert "no outline is on page 1; they are on 0, 3" in caplog.text
    formats.write_images(tmp_path / "b.geojson", formats.read_images(path))
    planes = [
        one["geometry"].get("plane", {}).get("z", 0)
        for one in json.loads((tmp_path / "b.geojson").read_text())["features"]
    ]
    assert planes == [0, 3, 3]
    path.write_text(json.dumps(features[:1]))  # names none: they belong to any page
    assert len(formats.read(path, page=7)) == 1


def test_planes_of_both_depth_and_time_are_refused_for_one_page(tmp_path):
    planes = [{"z": 1, "t": 0}, {"z": 0, "t": 1}]
    content = [feature(10 * x, plane=plane) for x, plane in enumerate(planes)]
    (tmp_path / "a.geojson").write_text(json.dumps(content))
    with pytest.raises(InputError, match="several depths and times"):
        formats.read(tmp_path / "a.geojson", page=1)
    (tmp_path / "b.geojson").write_text(json.dumps(content[1:]))
    assert len(formats.read(tmp_path / "b.geojson", page=1)) == 1


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


def test_a_code_larger_than_its_image_or_mask_is_refused_before_anything_is_made():
    wrong = {"size": [10**6, 10**6], "counts": [0, 10**12]}
    with pytest.raises(InputError, match="its image 8×9"):
        rle.decode_window(wrong, size=(8, 9))
    with pytest.raises(InputError, match="too large"):
        rle.decode_window(wrong)
    for counts in ([0, 10**15], [-5, 77], [0.5, 71.5], "l" * 40, [10**400]):
        with pytest.raises(InputError, match="run-length code"):
            rle.decode_window({"size": [8, 9], "counts": counts})


def test_small_objects_of_a_huge_image_cost_what_they_are():
    ring = shapely.box(9, 9, 30, 30).difference(shapely.box(15, 15, 20, 20))
    far = shapely.affinity.translate(ring, 900_000, 900_000)
    found = Instances.of([ring, far], size=(10**6, 10**6))
    (again,) = coco.from_document(coco.to_document([ImageAnnotation("a", found.size, found)]))
    assert np.array_equal(again.instances.areas, found.areas)
    assert again.instances.boxes.tolist() == found.boxes.tolist()


def test_outlines_have_three_decimals_unless_rounding_would_destroy_them(tmp_path):
    slim = shapely.Polygon([(0, 0), (5, 0), (5, 0.0001)])
    plain = shapely.Polygon([(1 / 3, 1), (9, 1), (9, 7.12345678)])
    formats.write(tmp_path / "a.geojson", Instances.of([plain, slim]))
    read = formats.read(tmp_path / "a.geojson").polygons
    assert shapely.get_coordinates(read[0]).max() == 9
    assert 7.123 in shapely.get_coordinates(read[0])
    assert shapely.equals(read[1], slim)
