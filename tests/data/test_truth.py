import json

import numpy as np
import pytest
from PIL import Image

from kontur import formats
from kontur.data.pairing.find_predictions import find_predictions
from kontur.data.truth import Truth, open_truth
from kontur.errors import InputError
from kontur.formats.image_annotation import ImageAnnotation
from kontur.instances import Instances
from tests.data import drawn
from tests.images import volumes

FOUND = Instances.from_label_image(drawn.squares(3))
MASK = (drawn.squares(3) > 0).astype(np.uint8) * 255


def counts(truth):
    return {name: len(read().on(None)) for name, read in truth.sources.items()}


def test_a_training_folder_is_truth_with_its_tables(tmp_path):
    drawn.labelled(tmp_path)
    drawn.table(tmp_path / "metadata.csv", "id,state", [("a", "live"), ("b", "dead")])
    truth = open_truth(tmp_path)
    assert counts(truth) == {"a": 3, "b": 3}
    assert truth.sources["a"]().on(None).size == (40, 60)
    assert truth.where(["state=dead"]).names == ("b",)
    assert truth.column("State") == {"a": "live", "b": "dead"}


@pytest.mark.parametrize("name", ["{}.png", "{}_masks.tif", "{}.labels.tif", "p/{}.png"])
def test_label_images_by_themselves_are_truth(tmp_path, name):
    for image in "ab":
        drawn.save(tmp_path / name.format(image), drawn.squares())
    drawn.table(tmp_path / "metadata.csv", "id,state", [(name.partition("{")[0] + "a", "live")])
    truth = open_truth(tmp_path)
    assert sorted(counts(truth).values()) == [3, 3]
    assert {name.rpartition("/")[2] for name in truth.names} == {"a", "b"}
    assert "metadata.csv has no row for 1 image" in truth.warnings[0]


def test_outlines_by_themselves_are_truth(tmp_path):
    formats.write(tmp_path / "a.geojson", FOUND)
    assert counts(open_truth(tmp_path)) == {"a": 3}
    formats.write_images(tmp_path / "all.json", [ImageAnnotation("x/b.png", (40, 60), FOUND)])
    assert counts(open_truth(tmp_path / "all.json")) == {"x/b": 3}


def test_masks_by_themselves_are_read_by_their_task(tmp_path):
    drawn.save(tmp_path / "a.png", MASK)
    truth = open_truth(tmp_path)
    assert counts(truth) == {"a": 1}
    assert "ONE object" in truth.warnings[0]
    assert counts(open_truth(tmp_path, task="components")) == {"a": 3}
    semantic = open_truth(tmp_path, task="semantic")
    assert (counts(semantic), dict(semantic.class_of_value)) == ({"a": 3}, {255: "object"})


@pytest.mark.parametrize("picture", [drawn.picture(), np.dstack([drawn.picture()] * 2 + [MASK])])
def test_pictures_without_annotations_are_no_truth(tmp_path, picture):
    drawn.save(tmp_path / "a.png", picture)
    with pytest.raises(InputError, match="no annotation was found"):
        open_truth(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="is empty"):
        open_truth(tmp_path / "empty")


def test_truth_without_images_has_no_splits(tmp_path):
    drawn.save(tmp_path / "a.png", drawn.squares())
    with pytest.raises(InputError, match="annotations without images, and no splits"):
        open_truth(tmp_path, split="val")


def test_what_is_wrong_with_a_training_folder_is_said_of_it(tmp_path):
    drawn.labelled(tmp_path)
    (tmp_path / "metadata.csv").write_text("colour\nred\n")
    with pytest.raises(InputError, match="needs a column that names the image"):
        open_truth(tmp_path)


def results_of(tmp_path, *results):
    """A dataset of the images a and b, and a list of results with its numbers."""
    dataset = {
        "images": [{"id": 7, "file_name": "a.png"}, {"id": 9, "file_name": "b.png"}],
        "categories": [{"id": 3, "name": "cell"}],
        "annotations": [],
    }
    (tmp_path / "truth.json").write_text(json.dumps(dataset))
    (tmp_path / "results.json").write_text(json.dumps(results))
    return tmp_path / "results.json", [tmp_path / "truth.json"]


def test_coco_results_are_of_the_images_that_the_dataset_numbers(tmp_path):
    square = {"segmentation": [[1, 1, 9, 1, 9, 9, 1, 9]], "category_id": 3, "score": 0.5}
    path, numbered_in = results_of(tmp_path, {"image_id": 9, **square}, {"image_id": 9, **square})
    found = {name: read() for name, read in find_predictions(path, numbered_in=numbered_in).items()}
    assert {name: len(objects) for name, objects in found.items()} == {"a": 0, "b": 2}
    assert found["b"].classes == ("cell",)
    assert found["b"].scores.tolist() == [0.5, 0.5]
    assert open_truth(tmp_path / "truth.json").coco == (tmp_path / "truth.json",)


def test_coco_results_of_other_numbers_are_reported(tmp_path):
    path, numbered_in = results_of(tmp_path, {"image_id": 8, "category_id": 3, "segmentation": []})
    with pytest.raises(InputError, match=r"1 image number \(8\) that truth.json does not have"):
        find_predictions(path, numbered_in=numbered_in)
    with pytest.raises(InputError, match="a list of COCO results, which name images by numbers"):
        find_predictions(path)


def test_an_empty_list_of_results_found_nothing_anywhere(tmp_path):
    path, numbered_in = results_of(tmp_path)
    assert list(find_predictions(path, numbered_in=numbered_in)) == ["a", "b"]


def test_the_folder_of_a_coco_file_knows_who_numbered_its_images(tmp_path):
    formats.write_images(tmp_path / "all.json", [ImageAnnotation("a.png", (40, 60), FOUND)])
    Image.fromarray(drawn.picture()).save(tmp_path / "a.png")
    assert open_truth(tmp_path).coco == (tmp_path / "all.json",)
    assert isinstance(open_truth(tmp_path), Truth)


def test_label_volumes_by_themselves_are_truth_of_a_page(tmp_path):
    ids = np.zeros((9, 8, 3), np.uint8)  # i, j, k
    ids[2:5, 1:7, 1:] = 3
    for name in ("a", "b"):
        volumes.write(tmp_path / f"{name}.nii.gz", ids)
    assert counts(open_truth(tmp_path, page=1)) == {"a": 1, "b": 1}
    with pytest.raises(InputError, match=r"a.nii.gz is a z-stack of 3 planes.*--page N"):
        counts(open_truth(tmp_path))
