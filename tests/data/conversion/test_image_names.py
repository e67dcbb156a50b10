"""Outlines keep the file name of their image, by which labelme and COCO's readers open it."""

import json

import numpy as np
import pytest
import shapely

import kontur
from kontur import formats
from kontur.data.conversion.convert_file import convert
from kontur.data.conversion.convert_folders import convert_folders
from kontur.instances import Instances
from tests.data import drawn

OBJECTS = Instances.of([shapely.box(2, 2, 12, 12)], size=(48, 64))


def name_in(path):
    (entry,) = formats.read_images(path)
    return entry.file_name


@pytest.mark.parametrize("outlines", ["a.geojson", "a.rois.zip", "a.labels.tif", "a_masks.png"])
def test_an_image_beside_the_outlines_gives_its_name(tmp_path, outlines):
    kontur.write(tmp_path / outlines, OBJECTS)
    convert(tmp_path / outlines, tmp_path / "out.labelme.json")
    assert name_in(tmp_path / "out.labelme.json") == formats.read_images(tmp_path / outlines)[0][0]
    drawn.save(tmp_path / "a.png", np.zeros((48, 64), np.uint8))
    for target in ("out.labelme.json", "out.coco.json"):
        convert(tmp_path / outlines, tmp_path / target)
        assert name_in(tmp_path / target) == "a.png"


def test_two_images_of_the_name_tell_nothing(tmp_path):
    kontur.write(tmp_path / "a.geojson", OBJECTS)
    for name in ("a.png", "a.tif"):
        drawn.save(tmp_path / name, np.zeros((48, 64), np.uint8))
    convert(tmp_path / "a.geojson", tmp_path / "out.coco.json")
    assert name_in(tmp_path / "out.coco.json") == "a"


def test_predictions_have_the_name_that_their_record_notes(tmp_path):
    found = tmp_path / "found"
    for name in ("a", "plate/b", "c"):
        kontur.write(found / f"{name}.geojson", OBJECTS)
    images = {name: {"source": f"../images/{name}.jpg"} for name in ("a", "plate/b")}
    record = json.dumps({"kontur": "0", "made": [{"images": images | {"c": {"source": 7}}}]})
    (found / "predict.json").write_text(record)
    convert(found / "a.geojson", tmp_path / "a.coco.json")
    assert name_in(tmp_path / "a.coco.json") == "a.jpg"
    convert_folders([found], tmp_path / "all.coco.json")
    names = [entry.file_name for entry in formats.read_images(tmp_path / "all.coco.json")]
    assert names == ["a.jpg", "c", "b.jpg"]
