"""Folders as public projects publish them, straight into `inspect`, `convert` and training."""

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from kontur import formats
from kontur.cli.app import app
from kontur.data.folder import open_folder
from tests.data import drawn, published

BOXES = [[10.5, 10.25, 30, 35.75], [50, 20, 58, 38]]
PIXELS = (published.cellpose, published.label_studio_bit_masks)  # as masks alone
ONE = 1.0  # pixels by which a mask of whole ones may differ from an outline
SPLITS = {
    "cvat_project": {"train": ("Train/frame_000",), "val": ("Validation/frame_000",)},
    "cvat_as_ultralytics": {"train": ("train/a", "train/b")},
    "coco_with_keypoints_and_captions": {
        "train": ("train/000001", "train/000002"),
        "val": ("val/000001", "val/000002"),
    },
    "yolo_of_absolute_paths": {
        "train": ("train/train1", "train/train2"),
        "val": ("val/val1", "val/val2"),
    },
    "yolo_lists": {"train": ("a",), "val": ("b",)},
}


@pytest.mark.parametrize("build", published.EVERY, ids=lambda one: one.__name__)
def test_a_published_folder_is_inspected_converted_and_training_data(tmp_path, build):
    root = tmp_path / "published"
    root.mkdir()
    build(root)
    folder = open_folder(root)
    plain = build is published.cellpose
    assert folder.classes == (("object",) if plain else ("cell", "red cell"))
    assert dict(folder.splits) == SPLITS.get(build.__name__, {})
    assert len(folder) == (4 if len(SPLITS.get(build.__name__, {}).get("val", ())) == 2 else 2)
    for sample in folder.samples:
        found = sample.instances
        assert sample.image.shape == (published.HEIGHT, published.WIDTH, 1)
        assert found.labels.tolist() == ([0, 0] if plain else [0, 1])
        np.testing.assert_allclose(found.boxes, BOXES, atol=ONE if build in PIXELS else 0.001)
        assert not found.ignore.any()
    runner, target = CliRunner(), tmp_path / "all.coco.json"
    told = runner.invoke(app, ["inspect", str(root)])
    assert told.exit_code == 0, told.output
    assert f"objects    {2 * len(folder)}, median 2 an image" in told.output
    made = runner.invoke(app, ["convert", str(root), str(target)])
    assert made.exit_code == 0, made.output
    entries = formats.read_images(target)
    assert [len(entry.instances) for entry in entries] == [2] * len(folder)


def test_a_project_of_cvat_is_written_again_as_it_was(tmp_path):
    published.cvat_project(tmp_path)
    entries = formats.read_images(tmp_path / "annotations.xml")
    formats.write_images(tmp_path / "again.cvat.xml", entries)
    again = formats.read_images(tmp_path / "again.cvat.xml")
    assert [one.file_name for one in again] == [one.file_name for one in entries]
    assert 'name="frame_000.png" subset="Train" task_id="7"' in (
        tmp_path / "again.cvat.xml"
    ).read_text().replace('" width', '" width').replace("&#10;", "")


def test_two_images_of_one_name_are_not_taken_for_the_one_that_is_meant(tmp_path):
    names = ["a.png", "b.png"]
    for folder in ("one", "two"):
        published.images(tmp_path / folder / "photos", *names)
    published.images(tmp_path / "only", "c.png")
    published.write(tmp_path / "all.json", published.coco_document(["a.png", "c.png"]))
    folder = open_folder(tmp_path)
    assert folder.names == ("c",)
    assert folder.orphans == ("a.png",)


def test_images_beside_labels_without_a_folder_for_images_are_paired(tmp_path):
    drawn.save(tmp_path / "a.png", drawn.picture())
    drawn.save(tmp_path / "masks" / "a.png", drawn.squares())
    (tmp_path / "ignore").mkdir()
    Image.fromarray((drawn.squares() == 3).astype(np.uint8)).save(tmp_path / "ignore" / "a.png")
    folder = open_folder(tmp_path)
    assert folder.layout == "labels"
    assert folder.samples[0].instances.ignore.tolist() == [False, False, False, True]
