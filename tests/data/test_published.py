"""Folders as public projects publish them, straight into `inspect`, `convert` and training."""

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from kontur import formats
from kontur.cli.app import app
from kontur.data.folder import open_folder
from kontur.errors import InputError
from kontur.formats import embedded_picture
from kontur.formats.images import read_image
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


def test_the_picture_inside_a_labelme_file_is_read_as_it_is_or_refused_by_its_name(tmp_path):
    published.labelme_with_the_pictures_inside(tmp_path)
    path = tmp_path / "001.json"
    assert np.array_equal(read_image(path).pixels[..., 0], drawn.picture(1))
    assert embedded_picture.is_in(path)
    path.write_text(path.read_text().replace("/", "\\/"))  # as some writers of JSON have slashes
    assert np.array_equal(read_image(path).pixels[..., 0], drawn.picture(1))
    path.write_text(
        path.read_text().replace('"imageData": "', '"imageData": "data:image/png;base64,')
    )
    assert np.array_equal(read_image(path).pixels[..., 0], drawn.picture(1))
    published.labelme_with_the_pictures_inside(tmp_path)
    path.write_text(path.read_text().replace('"imageData": "iVBO', '"imageData": "AAAA'))
    with pytest.raises(InputError, match=r"001\.json \(imageData\) is not an image"):
        read_image(path)
    path.write_text(path.read_text().replace('"imageData": "AAAA', '"imageData": "A?A'))
    with pytest.raises(InputError, match=r"001\.json: the picture inside .* is damaged"):
        read_image(path)
    published.write(path, published.labelme_content("001.png"))
    assert not embedded_picture.is_in(path)
    with pytest.raises(InputError, match=r"001\.json has no picture inside"):
        read_image(path)


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


def test_splits_that_leave_images_out_or_share_them_are_not_used(tmp_path):
    published.yolo_lists(tmp_path)
    published.images(tmp_path / "images", "c.png")
    published.write(tmp_path / "labels" / "c.txt", published.yolo_rows())
    folder = open_folder(tmp_path)
    assert folder.splits == {}
    assert "the splits of data.yaml are not used: they leave 1 image out" in folder.warnings[0]
    published.write(tmp_path / "val.txt", "images/a.png\nimages/b.png\nimages/c.png\n")
    assert open_folder(tmp_path).splits == {}


def test_a_via_3_project_of_a_video_and_damaged_ones_are_refused_in_a_sentence(tmp_path):
    def refused(change, sentence, name="p.json"):
        store = published.via_3_store()
        change(store)
        published.write(tmp_path / name, store)
        with pytest.raises(InputError, match=sentence):
            formats.read_images(tmp_path / name)

    refused(lambda s: s["file"]["1"].update(type=4), "project of videos")
    refused(lambda s: s["view"]["1"].update(fid_list=["9"]), "view 1 has no file")
    refused(lambda s: s["metadata"]["1_0"].update(vid="9"), "of no view that is there")
    refused(lambda s: s["metadata"]["1_0"].update(xy=[77, 1, 2]), "which VIA 3 has not")
    refused(lambda s: s["metadata"]["1_0"].update(xy=[8, 1, "x"]), "no numbers")
    refused(lambda s: s["metadata"]["1_0"].update(xy=[7, 1, 2, 3]), "numbers are missing or none")
    published.via_3_csv(tmp_path)
    path = tmp_path / "via_project.csv"
    path.write_text(path.read_text()[:-40])
    with pytest.raises(InputError, match="cut short"):
        formats.read_images(path)


@pytest.mark.parametrize(
    ("place", "box"),
    [
        ([2, 3, 4, 10, 5], [3, 4, 13, 9]),
        ([3, 20, 20, 5], [15, 15, 25, 25]),
        ([4, 20, 20, 5, 8], [15, 12, 25, 28]),
        ([8, 5, 10, 12, 4, 20, 9, 11, 18], [5, 4, 20, 18]),
        ([9, 25, 20, 20, 25, 15, 20], [15, 15, 25, 25]),
    ],
)
def test_every_shape_of_via_3_that_has_an_area_is_read(tmp_path, place, box):
    store = published.via_3_store()
    store["metadata"] = {"m": {"vid": "1", "flg": 0, "z": [], "xy": place, "av": {"1": "1"}}}
    published.write(tmp_path / "p.json", store)
    first, second = formats.read_images(tmp_path / "p.json")
    assert len(second.instances) == 0
    np.testing.assert_allclose(first.instances.boxes, [box], atol=0.02)
    assert first.instances.classes == ("red cell",)


def test_images_beside_labels_without_a_folder_for_images_are_paired(tmp_path):
    drawn.save(tmp_path / "a.png", drawn.picture())
    drawn.save(tmp_path / "masks" / "a.png", drawn.squares())
    (tmp_path / "ignore").mkdir()
    Image.fromarray((drawn.squares() == 3).astype(np.uint8)).save(tmp_path / "ignore" / "a.png")
    folder = open_folder(tmp_path)
    assert folder.layout == "labels"
    assert folder.samples[0].instances.ignore.tolist() == [False, False, False, True]
