import copy
import json
import logging

import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.errors import InputError
from kontur.formats.coco import format as coco
from kontur.formats.image_annotation import ImageAnnotation
from kontur.instances import Instances
from tests.formats import scenes
from tests.formats.coco.documents import annotated, document

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


def test_objects_without_an_outline_are_counted_with_what_they_have(caplog):
    box = {"segmentation": [], "bbox": [2, 2, 4, 3]}
    points = {"segmentation": None, "keypoints": [1, 1, 2]}
    with caplog.at_level(logging.WARNING, "kontur.formats"):
        (entry,) = coco.from_document(dataset({}, box, points, {"segmentation": [[]]}))
    assert len(entry.instances) == 1
    assert entry.without_outline == {"a box alone": 1, "keypoints alone": 1, "nothing": 1}
    assert entry.boxes == ((2, 2, 6, 5),)
    assert "3 of 4 objects have no outline" in caplog.text


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


def test_parts_crowds_gaps_in_ids_and_images_without_objects_are_read():
    first, second = coco.from_document(document())
    assert (first.file_name, first.size) == ("a/x.png", (8, 9))
    found = first.instances
    assert found.classes == ("cell", "dust")
    assert found.labels.tolist() == [0, 1]
    assert found.ids.tolist() == [77, 9001]
    assert found.ignore.tolist() == [False, True]
    assert found.areas.tolist() == [16 + 2.5, 8.0]
    assert shapely.equals(
        found.polygons[1], shapely.box(1, 0, 3, 4)
    )  # columns 1 and 2, rows 0 to 3
    assert np.isnan(found.scores).all()
    assert (second.size, len(second.instances)) == (None, 0)


def test_one_image_of_many_is_picked_by_name(tmp_path):
    found = scenes.ring_with_island()
    empty = Instances.empty(found.size, found.classes)
    entries = [
        ImageAnnotation("p/a.png", found.size, found),
        ImageAnnotation("p/b.png", found.size, empty),
    ]
    path = tmp_path / "all.json"
    formats.write_images(path, entries)
    assert [len(formats.read(path, image=name)) for name in ("p/a.png", "a.png", "b")] == [
        3,
        0 + 3,
        0,
    ]
    with pytest.raises(InputError, match=r"describes 2 images \(p/a\.png, p/b\.png\)"):
        formats.read(path)
    with pytest.raises(InputError, match=r"does not describe the image c\.png"):
        formats.read(path, image="c.png")


def test_a_flat_list_counts_as_one_part_and_overlapping_parts_are_joined():
    flat = annotated(segmentation=[0, 0, 4, 0, 4, 4, 0, 4])
    assert coco.from_document(flat)[0].instances.areas.tolist() == [16]
    twice = annotated(segmentation=[[0, 0, 4, 0, 4, 4, 0, 4], [2, 0, 6, 0, 6, 4, 2, 4]])
    assert coco.from_document(twice)[0].instances.areas.tolist() == [24]


def test_the_size_of_a_run_length_code_is_that_of_an_image_that_says_none():
    content = document(images=[{"id": 12, "file_name": "x.png"}])
    assert coco.from_document(content)[0].instances.size == (8, 9)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (7, "is no COCO dataset"),
        ([7], "annotation number 1 has no 'image_id'"),
        ({"images": []}, "has no list 'annotations'"),
        ({"annotations": []}, "has no list 'images'"),
        (document(images=[{"id": 12}]), "image 12 has no 'file_name'"),
        (document(images=[{"file_name": "x"}]), "image number 1 has no 'id'"),
        (document(categories=[{"id": 1}]), "category 1 has no 'name'"),
        (document(categories={}), "has no list 'categories'"),
        (document(images=[{"id": 12, "file_name": "x", "height": "8", "width": 9}]), "height '8'"),
        (annotated(id="gone", image_id="gone"), "annotation number 1 has no 'image_id'"),
        (annotated(image_id=99), "image_id 99 is not among the images, whose ids are 12"),
        (annotated(image_id=[1]), "annotation 77: 'image_id' is no id"),
        (annotated(category_id=1), "annotation 77: category_id 1 is not among"),
        (annotated(category_id="gone"), "category_id None is not among"),
        (annotated(segmentation=[[1, 2, 3]]), "annotation 77: a polygon wants numbers"),
        (annotated(segmentation=[[1, 2], [3, 2], [3, 4]]), r"annotation 77: .* list of points \[x"),
        (annotated(segments_info=[{"id": 3}]), "is a panoptic file of COCO, whose outlines are in"),
        (
            annotated(segmentation=[["a", "b"]]),
            "annotation 77: segmentation holds what is no number",
        ),
        (annotated(segmentation=7), "annotation 77: segmentation is neither"),
        (annotated(segmentation={"size": [8, 9], "counts": [1]}), "annotation 77: the run-length"),
        (
            annotated(segmentation={"size": [2, 2], "counts": [0, 4]}),
            "is of size 2×2, its image 8×9",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_key_and_annotation(content, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        coco.from_document(content, where="a.json")
    assert "a.json" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "is empty"),
        (b'{"images": [', "not JSON or is cut short: .* line 1, column 13"),
        (b"\x89PNG\r\n", "not text in UTF-8"),
        (b"[" * 100000, "nested too deeply|cut short"),
    ],
)
def test_what_is_no_json_is_refused(tmp_path, text, sentence):
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(InputError, match=sentence):
        formats.read(tmp_path / "a.json")
    with pytest.raises(InputError, match="there is no file"):
        formats.read(tmp_path / "b.json")


def test_images_of_lvis_are_called_by_the_last_parts_of_their_address():
    content = document()
    for image in content["images"]:
        address = f"http://x.org/coco/train2017/{image.pop('file_name')[2:]}"
        image["coco_url"] = address
    names = [entry.file_name for entry in coco.from_document(content)]
    assert names == ["train2017/x.png", "train2017/y.png"]
