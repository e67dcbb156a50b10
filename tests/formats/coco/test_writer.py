"""COCO as it is written: one file of many images, read by pycocotools."""

import contextlib
import io
import json

import numpy as np
import pytest
import shapely
from pycocotools.coco import COCO

from kontur import formats
from kontur.errors import InputError
from kontur.formats.coco import format as coco
from kontur.formats.image_annotation import ImageAnnotation
from kontur.instances import Instances
from tests.formats import scenes
from tests.formats.coco.documents import annotated, document


def test_info_licences_ids_and_unknown_keys_stay_where_they_were():
    content = document()
    again = coco.to_document(coco.from_document(content), like=content)
    again["annotations"][1].pop("area"), again["annotations"][1].pop("bbox")
    assert again == content


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


def test_scores_are_written_and_read():
    found = scenes.ring_with_island()
    written = coco.to_document([ImageAnnotation("a.png", found.size, found)])
    assert [one.get("score") for one in written["annotations"]] == [0.5, None, 0.3]
    (again,) = coco.from_document(written)
    np.testing.assert_allclose(again.instances.scores, found.scores, atol=1e-6)


def test_a_hole_wants_the_size_of_the_image():
    found = scenes.ring_with_island().replace(size=None)
    with pytest.raises(InputError, match="object 3 has a hole"):
        coco.to_document([ImageAnnotation("a.png", None, found)])
    assert len(coco.to_document([ImageAnnotation("a.png", None, found[1:])])["annotations"]) == 2


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
