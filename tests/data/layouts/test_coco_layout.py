import json

import numpy as np
import pytest

from kontur import formats
from kontur.data.folder import open_folder
from kontur.data.inspect import inspect
from kontur.errors import InputError
from kontur.instances import Instances
from tests.data import drawn

SQUARE = [[2, 2, 12, 2, 12, 12, 2, 12]]
PARTS = [*SQUARE, [20, 2, 24, 2, 24, 6, 20, 6]]
CROWD = {"size": [40, 60], "counts": [0, 80, 40 * 60 - 80]}  # the first two columns


def document(images, annotations=(), categories=("cat", "dog")):
    """A COCO document; annotations are (image number, category number, segmentation, crowd)."""
    return {
        "info": {},
        "images": [
            {"id": 10 + k, "file_name": name, "height": 40, "width": 60}
            for k, name in enumerate(images)
        ],
        "categories": [{"id": 7 * k + 3, "name": name} for k, name in enumerate(categories)],
        "annotations": [
            {
                "id": 100 + k,
                "image_id": 10 + image,
                "category_id": 7 * category + 3,
                "segmentation": shape,
                "iscrowd": int(crowd),
                "bbox": [0, 0, 1, 1],
                "area": 1,
            }
            for k, (image, category, shape, crowd) in enumerate(annotations)
        ],
    }


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def annotated(root, names=("a.jpg", "b.jpg"), *, place="images", file="annotations.json"):
    """Two images, the first with an object in two parts and a crowd."""
    for seed, name in enumerate(names):
        drawn.save(root / place / name, drawn.picture(seed))
    return write(root / file, document(names, [(0, 1, PARTS, False), (0, 0, CROWD, True)]))


def test_polygons_with_parts_and_crowds_are_read(tmp_path):
    annotated(tmp_path)
    folder = open_folder(tmp_path)
    found = folder.samples[0].instances
    assert (folder.layout, folder.names, folder.classes) == ("coco", ("a", "b"), ("cat", "dog"))
    assert found.areas.tolist() == [116, 80]
    assert found.labels.tolist() == [1, 0]
    assert found.ignore.tolist() == [False, True]
    assert found.ids.tolist() == [100, 101]
    assert len(folder.samples[1].instances) == 0, "an image without objects"
    assert folder.warnings == ()


def test_the_file_itself_may_be_opened(tmp_path):
    path = annotated(tmp_path)
    assert open_folder(path).names == ("a", "b")


@pytest.mark.parametrize(
    ("place", "file"),
    [
        ("", "annotations.json"),
        ("", "_annotations.coco.json"),
        ("images", "annotations/all.json"),
        ("train2017", "annotations/instances_train2017.json"),
        ("images/train", "annotations/train.json"),
        ("images", "labels/all.json"),
    ],
)
def test_images_are_found_where_people_put_them(tmp_path, place, file):
    annotated(tmp_path, place=place, file=file)
    assert open_folder(tmp_path).names == ("a", "b")
    assert open_folder(tmp_path / file).names == ("a", "b")


def test_several_files_are_read_together_and_their_names_say_the_split(tmp_path):
    for split, names in [("train", ["a.jpg", "b.jpg"]), ("val", ["c.jpg"])]:
        for seed, name in enumerate(names):
            drawn.save(tmp_path / f"{split}2017" / name, drawn.picture(seed))
        content = document(names, [(0, 0, SQUARE, False)])
        write(tmp_path / "annotations" / f"instances_{split}2017.json", content)
        write(tmp_path / "annotations" / f"captions_{split}2017.json", {"images": [], "info": {}})
    folder = open_folder(tmp_path)
    assert folder.splits == {"train": ("train/a", "train/b"), "val": ("val/c",)}


def test_splits_may_have_files_with_categories_of_their_own(tmp_path):
    for split, categories in [("train", ["cat", "dog"]), ("val", ["dog", "cow"])]:
        drawn.save(tmp_path / split / "images" / "a.png", drawn.picture())
        content = document(["a.png"], [(0, 0, SQUARE, False)], categories)
        write(tmp_path / split / "annotations.json", content)
    folder = open_folder(tmp_path)
    assert folder.classes == ("cat", "dog", "cow")
    assert [int(sample.instances.labels[0]) for sample in folder.samples] == [0, 1]


def test_classes_that_are_declared_but_not_used_may_be_unknown(tmp_path):
    annotated(tmp_path)
    folder = open_folder(tmp_path).with_classes(["cow", "dog", "cat"])
    assert folder.samples[0].instances.labels.tolist() == [1, 2]
    write(tmp_path / "annotations.json", document(["a.jpg"], [(0, 1, SQUARE, False)]))
    folder = open_folder(tmp_path).with_classes(["dog"])
    assert folder.samples[0].instances.labels.tolist() == [0]
    with pytest.raises(InputError, match="has the class 'dog'"):
        open_folder(tmp_path).with_classes(["cat", "cow"])


def test_objects_are_cut_at_the_border_of_the_image(tmp_path):
    drawn.save(tmp_path / "images" / "a.jpg", drawn.picture())
    shape = [[-5, -5, 10, -5, 10, 10, -5, 10]]
    write(tmp_path / "annotations.json", document(["a.jpg"], [(0, 0, shape, False)]))
    assert open_folder(tmp_path).samples[0].instances.areas.tolist() == [100]


def test_our_own_coco_files_are_training_data_again(tmp_path):
    found = Instances.from_label_image(drawn.squares(), ["nucleus"])
    (tmp_path / "labels").mkdir()
    for seed, name in enumerate("ab"):
        drawn.save(tmp_path / "images" / f"{name}.tif", drawn.picture(seed))
        formats.write(tmp_path / "labels" / f"{name}.coco.json", found)
    folder = open_folder(tmp_path)
    assert folder.names == ("a", "b")
    assert folder.classes == ("nucleus",)
    assert np.array_equal(folder.samples[1].instances.label_image(), drawn.squares())


def test_images_that_are_not_there_or_not_listed_are_reported(tmp_path):
    annotated(tmp_path, ["a.jpg", "b.jpg"])
    (tmp_path / "images" / "b.jpg").unlink()
    drawn.save(tmp_path / "images" / "z.png", drawn.picture())
    folder = open_folder(tmp_path)
    assert (folder.names, folder.orphans, folder.unannotated) == (("a",), ("b.jpg",), ("z",))


def test_a_file_none_of_whose_images_is_there_is_refused(tmp_path):
    annotated(tmp_path)
    for path in (tmp_path / "images").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"none of the 2 images of annotations.json was found"):
        open_folder(tmp_path)


def test_an_image_annotated_twice_is_refused(tmp_path):
    path = annotated(tmp_path)
    (tmp_path / "more.json").write_bytes(path.read_bytes())
    with pytest.raises(InputError, match=r"is annotated in annotations.json and in more.json"):
        open_folder(tmp_path)


def test_an_image_of_another_size_is_refused(tmp_path):
    annotated(tmp_path)
    drawn.save(tmp_path / "images" / "a.jpg", drawn.picture(size=(20, 30)))
    with pytest.raises(InputError, match=r"made for 40×60 pixels .*a.jpg has 20×30"):
        open_folder(tmp_path).samples[0]


def test_other_json_is_not_taken_for_coco(tmp_path):
    drawn.labelled(tmp_path)
    write(tmp_path / "metrics.json", {"images": 3})
    assert open_folder(tmp_path).warnings == ()
    write(tmp_path / "found.json", document(["a.png"]))
    assert open_folder(tmp_path).warnings == ("found.json is COCO JSON and is not used",)


def test_what_was_found_never_stands_in_for_the_annotations_beside_the_images(tmp_path):
    for name in "ab":
        drawn.save(tmp_path / f"{name}.png", drawn.picture())
        drawn.save(tmp_path / f"{name}_masks.png", drawn.squares(3))
        formats.write(tmp_path / f"{name}.coco.json", Instances.empty((40, 60)))
    folder = open_folder(tmp_path)
    assert [len(sample.instances) for sample in folder.samples] == [3, 3]
    assert folder.warnings == ("2 COCO JSON files (a.coco.json, b.coco.json) not used",)


def test_a_file_that_is_cut_short_is_named(tmp_path):
    path = annotated(tmp_path)
    path.write_text(path.read_text()[:200])
    with pytest.raises(InputError, match=r"annotations.json is not JSON or is cut short"):
        open_folder(tmp_path)


def test_annotated_objects_are_no_components(tmp_path):
    annotated(tmp_path)
    with pytest.raises(InputError, match="layout 'coco'"):
        open_folder(tmp_path, task="components")


def test_a_box_without_outline_is_a_region_to_ignore_and_told(tmp_path):
    content = document(["a.png", "b.png"], [(0, 0, SQUARE, 0), (0, 1, [], 0), (1, 0, None, 0)])
    content["annotations"][1]["bbox"] = [20, 5, 10, 8]
    content["annotations"][2]["bbox"] = [50, 30, 30, 30]  # reaches beyond the image
    for seed, name in enumerate("ab"):
        drawn.save(tmp_path / f"{name}.png", drawn.picture(seed))
    write(tmp_path / "all.json", content)
    folder = open_folder(tmp_path)
    first, second = folder.samples
    assert first.instances.ignore.tolist() == [False, True]
    assert first.instances.boxes[1].tolist() == [20, 5, 30, 13]
    assert second.instances.areas[second.instances.ignore].tolist() == [10 * 10]
    (warning,) = folder.warnings
    assert "2 objects of 2 images (a, b) without an outline (a box alone: 2)" in warning
    report = inspect(folder)
    assert report.ignored == 2
    assert "without an outline" in report.text()
    assert "nothing looks wrong" not in report.text()


def test_objects_with_nothing_but_a_class_are_reported_too(tmp_path):
    content = document(["a.png"], [(0, 0, SQUARE, 0), (0, 1, [], 0)])
    del content["annotations"][1]["bbox"]
    drawn.save(tmp_path / "a.png", drawn.picture())
    write(tmp_path / "all.json", content)
    folder = open_folder(tmp_path)
    assert len(folder.samples[0].instances) == 1
    assert "1 object of 1 image (a) without an outline" in folder.warnings[0]
