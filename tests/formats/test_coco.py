import contextlib
import io
import json

import hypothesis
import numpy as np
import pytest
import shapely
from pycocotools.coco import COCO

from kontur import formats
from kontur.errors import InputError
from kontur.formats import coco
from kontur.formats.image_annotation import ImageAnnotation
from kontur.instances import Instances
from tests.formats import scenes


def document(**changes):
    """A small dataset by another program: category ids with gaps, one object in two parts."""
    parts = [[0, 0, 4, 0, 4, 4, 0, 4], [5, 0, 7, 0, 7, 2.5]]
    content = {
        "info": {"year": 2020},
        "licenses": [{"id": 4, "name": "CC0"}],
        "images": [
            {"id": 12, "file_name": "a/x.png", "height": 8, "width": 9, "license": 4},
            {"id": 3, "file_name": "a/y.png"},
        ],
        "annotations": [
            {
                **{"id": 77, "image_id": 12, "category_id": 90, "iscrowd": 0, "seen_by": "Ana"},
                **{"segmentation": parts, "area": 18.5, "bbox": [0, 0, 7, 4]},
            },
            {
                **{"id": 9001, "image_id": 12, "category_id": 5, "iscrowd": 1},
                "segmentation": {"size": [8, 9], "counts": [8, 4, 4, 4, 52]},
            },
        ],
        "categories": [
            {"id": 90, "name": "cell", "supercategory": "life"},
            {"id": 5, "name": "dust", "supercategory": ""},
        ],
    }
    return {**content, **changes}


def annotated(**changes):
    first = document()["annotations"][0]
    return document(annotations=[{k: v for k, v in {**first, **changes}.items() if v != "gone"}])


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


def test_info_licences_ids_and_unknown_keys_stay_where_they_were():
    content = document()
    again = coco.to_document(coco.from_document(content), like=content)
    again["annotations"][1].pop("area"), again["annotations"][1].pop("bbox")
    assert again == content


@hypothesis.settings(deadline=None, max_examples=40)
@hypothesis.given(scenes.drawings)
def test_outlines_without_holes_are_exact_to_a_thousandth_and_a_second_export_is_the_same(drawing):
    found = scenes.objects(drawing, on_grid=False)
    first = json.loads(json.dumps(coco.to_document([ImageAnnotation("a.png", found.size, found)])))
    (again,) = coco.from_document(first)
    assert coco.to_document([again]) == first
    plain = ~(scenes.with_holes(found) | found.ignore)
    scenes.assert_close(
        found[plain], again.instances[np.isin(again.instances.ids, found.ids[plain])]
    )


@hypothesis.settings(deadline=None, max_examples=40)
@hypothesis.given(scenes.drawings)
def test_on_the_pixel_grid_holes_and_crowds_are_exact_too(drawing):
    found = scenes.objects(drawing, on_grid=True)
    (again,) = coco.from_document(coco.to_document([ImageAnnotation("a.png", found.size, found)]))
    on_grid = found.replace(scores=np.round(found.scores, 6))
    scenes.assert_same(on_grid, again.instances)
    assert (again.size, again.instances.classes) == (found.size, found.classes)


def test_pycocotools_reads_the_file_and_sees_the_same_masks(tmp_path):
    found = scenes.ring_with_island().replace(ignore=[False, False, True])
    found = found.replace(polygons=[shapely.box(*np.round(p.bounds)) for p in found.polygons])
    ring = scenes.ring_with_island()[:1]
    found = Instances.concat([ring, found])
    formats.write(tmp_path / "a.json", found, image_name="a.png")
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = COCO(tmp_path / "a.json")
    annotations = theirs.loadAnns(theirs.getAnnIds())
    assert [one["iscrowd"] for one in annotations] == [0, 0, 0, 1]
    for annotation, one in zip(annotations, found.polygons, strict=True):
        mine = Instances.of([one], size=found.size).label_image() > 0
        np.testing.assert_array_equal(theirs.annToMask(annotation) > 0, mine)
        assert annotation["area"] == mine.sum()


def test_many_images_make_one_file_with_classes_joined_by_name(tmp_path):
    one = scenes.ring_with_island()
    other = one.replace(classes=("ring", "dust"))
    entries = [ImageAnnotation("a.png", one.size, one), ImageAnnotation("b.png", other.size, other)]
    formats.write_images(tmp_path / "all.json", entries)
    written = json.loads((tmp_path / "all.json").read_text())
    assert [category["name"] for category in written["categories"]] == ["cell", "ring", "dust"]
    assert len({annotation["id"] for annotation in written["annotations"]}) == 6
    for before, after in zip(entries, formats.read_images(tmp_path / "all.json"), strict=True):
        assert after.file_name == before.file_name
        assert after.instances.ids.tolist() == [
            3,
            4,
            9,
        ]  # although annotations are numbered through
        assert scenes.named(after.instances) == scenes.named(before.instances)


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


def test_scores_are_written_and_read():
    found = scenes.ring_with_island()
    written = coco.to_document([ImageAnnotation("a.png", found.size, found)])
    assert [one.get("score") for one in written["annotations"]] == [0.5, None, 0.3]
    (again,) = coco.from_document(written)
    np.testing.assert_allclose(again.instances.scores, found.scores, atol=1e-6)


def test_a_flat_list_counts_as_one_part_and_overlapping_parts_are_joined():
    flat = annotated(segmentation=[0, 0, 4, 0, 4, 4, 0, 4])
    assert coco.from_document(flat)[0].instances.areas.tolist() == [16]
    twice = annotated(segmentation=[[0, 0, 4, 0, 4, 4, 0, 4], [2, 0, 6, 0, 6, 4, 2, 4]])
    assert coco.from_document(twice)[0].instances.areas.tolist() == [24]


def test_the_size_of_a_run_length_code_is_that_of_an_image_that_says_none():
    content = document(images=[{"id": 12, "file_name": "x.png"}])
    assert coco.from_document(content)[0].instances.size == (8, 9)


def test_a_hole_wants_the_size_of_the_image():
    found = scenes.ring_with_island().replace(size=None)
    with pytest.raises(InputError, match="object 3 has a hole"):
        coco.to_document([ImageAnnotation("a.png", None, found)])
    assert len(coco.to_document([ImageAnnotation("a.png", None, found[1:])])["annotations"]) == 2


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


def test_crowds_are_said_for_some_programs_write_objects_with_holes_as_such(caplog):
    coco.from_document(document(), where="all.json")
    assert caplog.messages == [
        "all.json: 1 of 2 annotations are crowds (iscrowd 1), which are regions to ignore, neither "
        "objects nor background; if they are objects, as some programs write those with holes or "
        "in parts, set their iscrowd to 0"
    ]
    caplog.clear()
    coco.from_document(annotated())
    assert not caplog.messages
