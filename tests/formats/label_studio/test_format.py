import json

import numpy as np
import pytest

from kontur import formats
from kontur.errors import InputError
from tests.formats import scenes
from tests.formats.label_studio.tasks import result, save, task

TRIANGLE = [[25, 20], [50, 20], [50, 60]]  # in 40 × 30: (10, 6), (20, 6), (20, 18)


def labelled(*names, **value):
    return result(points=TRIANGLE, polygonlabels=list(names), **value)


def test_hundredths_are_of_the_image_and_an_upload_has_its_own_name_again(tmp_path):
    (entry,) = formats.read_images(save(tmp_path, labelled("red cell")))
    assert (entry.file_name, entry.size) == ("a 1.png", (30, 40))
    assert entry.instances.areas.tolist() == [60]
    assert entry.instances.boxes[0].tolist() == [10, 6, 20, 18]
    assert entry.instances.classes == ("red cell",)


@pytest.mark.parametrize(
    "image", ["/data/local-files/?d=set/a%201.png", "s3://bucket/a 1.png", "https://x/a 1.png?k=1"]
)
def test_the_image_is_called_as_its_file(tmp_path, image):
    assert formats.read_images(save(tmp_path, image=image))[0].file_name == "a 1.png"


def test_every_area_is_read_and_the_rest_counted(tmp_path, caplog):
    path = save(
        tmp_path,
        result(
            "rectanglelabels", x=25, y=20, width=50, height=10, rotation=90, rectanglelabels=["x"]
        ),
        result("ellipselabels", x=50, y=50, radiusX=10, radiusY=10, ellipselabels=["y"]),
        result("keypointlabels", x=1, y=1, keypointlabels=["x"]),
        {"type": "choices", "value": {"choices": ["good"]}},
    )
    (entry,) = formats.read_images(path)
    np.testing.assert_allclose(entry.instances.areas, [60, 12 * np.pi], rtol=0.001)
    assert entry.instances.boxes[0].tolist() == [7, 6, 10, 26]  # turned around its corner
    assert entry.without_outline == {"keypoint": 1}
    assert "1 of 3 regions have no area" in caplog.text


def test_labels_may_stand_in_a_result_of_their_own(tmp_path):
    shape = result("polygon", points=TRIANGLE)
    found = formats.read(save(tmp_path, shape, result("labels", points=TRIANGLE, labels=["late"])))
    assert scenes.named(found) == ["late"]
    assert scenes.named(formats.read(save(tmp_path, shape))) == ["object"]


def test_of_several_annotations_the_first_that_was_not_cancelled_counts(tmp_path, caplog):
    three = [
        {"result": [labelled("a")], "was_cancelled": True},
        {"result": [labelled("b"), {**labelled("b"), "id": "r2"}]},
        {"result": []},
    ]
    assert len(formats.read(save(tmp_path, annotations=three))) == 2
    assert "has 2 annotations: the first is read" in caplog.text


def test_a_task_that_nobody_annotated_is_no_image_without_objects(tmp_path, caplog):
    tasks = [
        task("a.png", {"result": [labelled("x")]}),
        task("b.png", {"result": []}),  # looked at, and nothing found
        task("c.png", predictions=[{"result": [labelled("x")], "score": 0.5}]),
        task("d.png", {"result": [], "was_cancelled": True}),
    ]
    (tmp_path / "export.json").write_text(json.dumps(tasks))
    entries = formats.read_images(tmp_path / "export.json")
    assert [(one.file_name, len(one.instances)) for one in entries] == [("a.png", 1), ("b.png", 0)]
    assert "2 tasks without annotation: left out" in caplog.text
    (tmp_path / "export.json").write_text(json.dumps(tasks[2:]))
    with pytest.raises(InputError, match="has 2 tasks and no annotation; predictions are not read"):
        formats.read_images(tmp_path / "export.json")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"sample": "mouse 3", "url": "https://x/y/a.png?token=3"}, "a.png"),
        ({"image": "mouse 3", "photo": "/data/upload/1/0a1b2c3d-a.JPG"}, "a.JPG"),
        ({"thumb": "t.png", "picture": "a.png"}, "a.png"),  # the tag has its name
        ({"image": "https://x/y/17"}, "17"),
    ],
)
def test_the_image_of_a_task_is_what_looks_like_one(tmp_path, data, name):
    one = {**labelled("x"), "to_name": "picture"}
    assert formats.read_images(save(tmp_path, one, data=data))[0].file_name == name


@pytest.mark.parametrize(
    ("regions", "data", "sentence"),
    [
        (
            ({"to_name": "one"}, {"to_name": "two"}),
            {"image": "a.png"},
            r"several images \(one, two",
        ),
        (({"item_index": 0}, {"item_index": 1}), {"image": "a.png"}, "marks several images"),
        (({}, {}), {"pages": ["a.png", "b.png"]}, "names a list of images; give each"),
        (({}, {}), {"left": "a.png", "right": "b.png"}, r"names 2 images \(left, right\)"),
        (({}, {}), {"number": 3}, "names no image"),
    ],
)
def test_regions_of_one_image_are_never_given_to_another(tmp_path, regions, data, sentence):
    shapes = [{**labelled("x"), "id": f"r{i}", **one} for i, one in enumerate(regions)]
    with pytest.raises(InputError, match=sentence):
        formats.read(save(tmp_path, *shapes, data=data))


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            labelled("x") | {"original_width": None},
            "has original_height 30 and original_width None",
        ),
        (labelled("x") | {"image_rotation": 90}, "a turned image"),
        (result(points=[[1, 2], [3]], polygonlabels=["x"]), "region 1 is a polygon that cannot"),
        (result(polygonlabels=["x"]), "it has no 'points'"),
        (result("brushlabels", rle=[1, 2, 3]), "its code is cut short"),
        (result("brushlabels", rle=[0] * 20), "its code is of 0 bytes"),
        (result("brushlabels", rle="abc"), "its code is no list of bytes"),
        (result("rectanglelabels", x=1, y=2, width="w", height=1), "region 1 is a rectangle"),
    ],
)
def test_what_is_wrong_is_said_with_task_and_region(tmp_path, row, sentence):
    with pytest.raises(InputError, match=sentence):
        formats.read(save(tmp_path, row))
