import numpy as np
import pytest

from kontur import formats
from kontur.data.folder import open_folder
from kontur.data.layouts.recognise_layout import recognise_layout
from kontur.errors import InputError
from kontur.instances import Instances
from tests.data import drawn


def test_images_and_labels_are_paired_by_name(tmp_path):
    folder = open_folder(drawn.labelled(tmp_path, ["b", "a"]))
    assert folder.layout == "labels"
    assert folder.names == ("a", "b")
    assert folder.classes == ("object",)
    assert folder.warnings == ()


@pytest.mark.parametrize("labels", ["labels", "masks"])
def test_original_ids_are_kept(tmp_path, labels):
    ids = np.array([0, 7, 70000, 3])[drawn.squares()].astype(np.uint32)
    drawn.save(tmp_path / "images" / "a.tif", drawn.picture())
    drawn.save(tmp_path / labels / "a.tif", ids)
    sample = open_folder(tmp_path).samples[0]
    assert sample.instances.ids.tolist() == [3, 7, 70000]
    assert np.array_equal(sample.instances.label_image(), ids)


def test_one_mask_an_object_keeps_overlaps_and_the_numbers_in_the_names(tmp_path):
    drawn.save(tmp_path / "images" / "a.png", drawn.picture())
    for number, column in [(4, 10), (9, 15)]:
        mask = np.zeros((40, 60), dtype=np.uint8)
        mask[5:25, column : column + 10] = 255
        drawn.save(tmp_path / "masks" / "a" / f"{number:02d}.png", mask)
    folder = open_folder(tmp_path)
    found = folder.samples[0].instances
    assert folder.layout == "masks"
    assert found.ids.tolist() == [4, 9]
    assert found.areas.tolist() == [200, 200]
    assert found.polygons[0].intersection(found.polygons[1]).area == 100


def test_masks_counted_from_zero_have_ids_from_one(tmp_path):
    drawn.save(tmp_path / "images" / "a.png", drawn.picture())
    for number in range(3):
        mask = (drawn.squares() == number + 1).astype(np.uint8)
        drawn.save(tmp_path / "masks" / "a" / f"{number}.png", mask)
    drawn.save(tmp_path / "masks" / "a" / "3.png", np.zeros((40, 60), dtype=np.uint8))
    found = open_folder(tmp_path).samples[0].instances
    assert np.array_equal(found.label_image(), drawn.squares())


def test_an_empty_folder_of_masks_is_an_image_without_objects(tmp_path):
    drawn.save(tmp_path / "images" / "a.png", drawn.picture())
    (tmp_path / "masks" / "a").mkdir(parents=True)
    sample = open_folder(tmp_path).samples[0]
    assert len(sample.instances) == 0
    assert sample.instances.size == (40, 60)


def test_masks_beside_the_images_are_found_and_by_products_are_no_images(tmp_path):
    for name in ["w_000.tif", "w_001_img.tif"]:
        drawn.save(tmp_path / name, drawn.picture())
    for name in ["w_000_masks.tif", "w_001_cp_masks.png"]:
        drawn.save(tmp_path / name, drawn.squares())
    for name in ["w_000_flows.tif", "w_000_cp_output.tif", "w_001_cellprob.tif"]:
        drawn.save(tmp_path / name, drawn.picture())
    (tmp_path / "w_000_seg.npy").write_bytes(b"pickled")
    folder = open_folder(tmp_path)
    assert folder.names == ("w_000", "w_001")
    assert [len(sample.instances) for sample in folder.samples] == [3, 3]
    assert folder.warnings[0].startswith(
        "1 annotation (w_000_seg.npy) not used, since its image has another one, which is used: "
        "w_000_masks.tif"
    )


@pytest.mark.parametrize("place", ["", "labels"])
def test_what_the_window_of_cellpose_saves_is_training_data(tmp_path, place):
    images = tmp_path / "images" if place else tmp_path
    drawn.save(images / "a.png", drawn.picture())
    (tmp_path / place).mkdir(exist_ok=True)
    content = {"masks": drawn.squares().astype(np.uint16), "filename": "C:\\data\\a.png"}
    np.save(tmp_path / place / "a_seg.npy", content, allow_pickle=True)
    folder = open_folder(tmp_path)
    assert (folder.names, folder.layout) == (("a",), "outlines")
    assert np.array_equal(folder.samples[0].instances.label_image(), drawn.squares())


def test_train_and_val_below_are_splits(tmp_path):
    drawn.labelled(tmp_path / "train", ["a", "b"])
    drawn.labelled(tmp_path / "val", ["a"], labels="masks")
    folder = open_folder(tmp_path)
    assert folder.splits == {"train": ("train/a", "train/b"), "val": ("val/a",)}
    assert open_folder(tmp_path, split="val").names == ("val/a",)
    with pytest.raises(InputError, match="no split 'test'; its splits are: train, val"):
        open_folder(tmp_path, split="test")


def test_splits_may_lie_below_images_and_labels(tmp_path):
    drawn.labelled(tmp_path, ["train/a", "train/b", "val/c"])
    assert open_folder(tmp_path).splits == {"train": ("train/a", "train/b"), "val": ("val/c",)}


def test_subfolders_without_split_are_part_of_the_name(tmp_path):
    drawn.labelled(tmp_path, ["plate1/a", "plate2/a"])
    folder = open_folder(tmp_path)
    assert folder.names == ("plate1/a", "plate2/a")
    assert folder.splits == {}


def test_cases_with_a_folder_each_are_read_as_masks(tmp_path):
    for name in ["x1", "x2"]:
        drawn.save(tmp_path / name / "images" / f"{name}.png", drawn.picture())
        for k in (1, 2):
            mask = (drawn.squares() == k).astype(np.uint8) * 255
            drawn.save(tmp_path / name / "masks" / f"hash{k}.png", mask)
    folder = open_folder(tmp_path)
    assert folder.names == ("x1", "x2")
    assert [len(sample.instances) for sample in folder.samples] == [2, 2]


def test_files_without_a_partner_are_named_and_counted(tmp_path):
    drawn.labelled(tmp_path, ["a"])
    for name in "bcdefgh":
        drawn.save(tmp_path / "images" / f"{name}.png", drawn.picture())
    drawn.save(tmp_path / "labels" / "z.png", drawn.squares())
    folder = open_folder(tmp_path)
    assert folder.names == ("a",)
    assert folder.unannotated == tuple("bcdefgh")
    assert folder.orphans == ("z",)
    assert "7 images (b, c, d, e, f and 2 more) without annotation" in folder.warnings[0]
    assert "1 annotation (z) without an image" in folder.warnings[1]


def test_a_second_folder_of_annotations_is_not_dropped_in_silence(tmp_path):
    drawn.labelled(tmp_path)
    drawn.save(tmp_path / "masks" / "a.png", drawn.squares())
    assert "masks/ holds annotations too and is not used" in open_folder(tmp_path).warnings


def test_relative_paths_are_opened_too(tmp_path, monkeypatch):
    drawn.labelled(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert open_folder(".").names == ("a", "b")


def test_hidden_files_are_no_images(tmp_path):
    drawn.labelled(tmp_path)
    (tmp_path / "images" / "._a.png").write_bytes(b"macOS")
    (tmp_path / "images" / ".DS_Store").write_bytes(b"macOS")
    assert open_folder(tmp_path).names == ("a", "b")


def missing(root):
    return root / "nowhere"


def empty(root):
    return root


def a_text_file(root):
    (root / "notes.txt").write_text("hello")
    return root


def a_single_image(root):
    return drawn.save(root / "a.png", drawn.picture())


def images_alone(root):
    drawn.save(root / "images" / "a.png", drawn.picture())
    return root


def names_that_differ(root):
    drawn.save(root / "images" / "a.png", drawn.picture())
    drawn.save(root / "masks" / "mask_a.png", drawn.squares())
    return root


def an_image_twice(root):
    drawn.labelled(root)
    drawn.save(root / "images" / "a.tif", drawn.picture())
    return root


def a_mask_twice(root):
    drawn.labelled(root)
    drawn.save(root / "labels" / "a_masks.tif", drawn.squares())
    return root


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (missing, "there is no folder .*nowhere"),
        (empty, "is empty; training data is images/"),
        (a_text_file, r"found no images in .* \(it holds notes.txt\)"),
        (a_single_image, "training data is a folder, or a file that lists images"),
        (images_alone, r"holds 1 image \(a\) but no annotation was found"),
        (names_that_differ, "images are a, but masks/ holds mask_a; give partners the same name"),
        (an_image_twice, "holds a.png and a.tif, which are both the image 'a'"),
        (a_mask_twice, "holds a.png and a_masks.tif, which are both the label image of 'a'"),
    ],
)
def test_what_is_not_recognised_is_said_in_one_sentence(tmp_path, make, sentence):
    with pytest.raises(InputError, match=sentence):
        recognise_layout(make(tmp_path))


def test_corrected_outlines_are_better_than_the_label_image_that_was_written_with_them(tmp_path):
    found = Instances.from_label_image(drawn.squares(2))
    drawn.save(tmp_path / "a.png", drawn.picture())
    drawn.save(tmp_path / "a.labels.tif", drawn.squares(3))
    assert len(open_folder(tmp_path).samples[0].instances) == 3
    formats.write(tmp_path / "a.geojson", found)
    assert len(open_folder(tmp_path).samples[0].instances) == 2
    drawn.save(tmp_path / "a_masks.png", drawn.squares(1))
    assert len(open_folder(tmp_path).samples[0].instances) == 1


@pytest.mark.parametrize("mask", ["b_mask.png", "b_mask_masks.png"])
def test_an_image_in_images_is_an_image_whatever_its_name(tmp_path, mask):
    drawn.labelled(tmp_path, ["a"])
    drawn.save(tmp_path / "images" / "b_mask.png", drawn.picture(1))
    drawn.save(tmp_path / "labels" / mask, drawn.squares())
    drawn.table(tmp_path / "metadata.csv", "id,state", [("a", "x"), ("b_mask.png", "y")])
    folder = open_folder(tmp_path)
    assert folder.names == ("a", "b_mask")
    assert folder.column("state") == {"a": "x", "b_mask": "y"}
    assert folder.warnings == ()


def test_both_of_a_name_with_and_without_mask_are_images_where_both_are_annotated(tmp_path):
    drawn.labelled(tmp_path, ["b", "b_mask"])
    drawn.table(tmp_path / "metadata.csv", "id,state", [("b", "x"), ("b_mask", "y")])
    assert open_folder(tmp_path).column("state") == {"b": "x", "b_mask": "y"}


def test_a_label_image_beside_its_image_in_images_is_no_image(tmp_path):
    drawn.save(tmp_path / "images" / "b.png", drawn.picture())
    drawn.save(tmp_path / "images" / "b_mask.png", drawn.squares())
    assert open_folder(tmp_path).names == ("b",)


def test_a_link_to_the_folder_it_lies_in_is_not_followed(tmp_path):
    drawn.labelled(tmp_path)
    (tmp_path / "images" / "loop").symlink_to(tmp_path / "images")
    (tmp_path / "labels" / "self.png").symlink_to(tmp_path / "labels" / "self.png")
    folder = open_folder(tmp_path)
    assert folder.names == ("a", "b")
    assert folder.orphans == ("self",)


@pytest.mark.parametrize("folder", ["", "annotations/"])
def test_an_annotation_may_have_the_whole_name_of_its_image(tmp_path, folder):
    found = Instances.from_label_image(drawn.squares())
    place, images = tmp_path / folder, tmp_path / ("images" if folder else "")
    drawn.save(images / "a.png", drawn.picture())
    drawn.save(images / "b.ome.tif", drawn.picture())
    for name in ("a.png.geojson", "b.ome.tif.geojson"):
        formats.write(place / name, found)
    layout = recognise_layout(tmp_path)
    assert [(item.name, item.annotation.name) for item in layout.annotated] == [
        ("a", "a.png.geojson"),
        ("b", "b.ome.tif.geojson"),
    ]
    formats.write(place / "a.geojson", found)
    with pytest.raises(InputError, match=r"a\.geojson and .*a\.png\.geojson|a\.png\.geojson and"):
        recognise_layout(tmp_path)


def test_outlines_beside_images_of_other_names_are_named(tmp_path):
    drawn.save(tmp_path / "a.tif", drawn.picture())
    formats.write(tmp_path / "RoiSet.zip", Instances.from_label_image(drawn.squares()))
    with pytest.raises(InputError, match=r"they are a, and outlines RoiSet\.zip; give partners"):
        recognise_layout(tmp_path)
    (tmp_path / "RoiSet.zip").rename(tmp_path / "a_RoiSet.zip")
    assert [item.name for item in recognise_layout(tmp_path).annotated] == ["a"]
