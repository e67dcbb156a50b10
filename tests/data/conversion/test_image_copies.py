"""Converted data sets with their images: data sets again, in any format."""

import json

import numpy as np
import pytest

from kontur import formats
from kontur.data.conversion.convert_folders import convert_folders
from kontur.data.folder import open_folder
from kontur.errors import InputError
from kontur.images.image_file import read_image
from tests.data import drawn, published
from tests.images import stores


def source_with_splits(root):
    for seed, name in enumerate(("train/a", "train/b", "val/c")):
        drawn.save(root / "images" / f"{name}.png", drawn.picture(seed))
        drawn.save(root / "labels" / f"{name}.png", drawn.squares())
    return root


def assert_same_set(folder, names):
    assert folder.names == names
    assert folder.warnings == ()
    for seed, sample in enumerate(folder.samples):
        assert np.array_equal(sample.image[..., 0], drawn.picture(seed))
        assert np.array_equal(sample.instances.label_image() > 0, drawn.squares() > 0)


@pytest.mark.parametrize("way", ["copy", "link"])
@pytest.mark.parametrize("name", list(formats.WRITABLE))
def test_a_data_set_is_one_again_in_every_format_with_its_splits(tmp_path, name, way):
    source = source_with_splits(tmp_path / "source")
    target = tmp_path / "target"
    convert_folders([source], target, format=name, images=way)
    folder = open_folder(target)
    assert_same_set(folder, ("train/a", "train/b", "val/c"))
    assert folder.splits == {"train": ("train/a", "train/b"), "val": ("val/c",)}
    assert all(item.image.is_symlink() == (way == "link") for item in folder.annotated)
    assert (source / "images" / "train" / "a.png").is_file()


def test_a_data_set_is_divided_and_its_rows_of_metadata_come_along(tmp_path):
    names = [f"i{k}" for k in range(6)]
    source = drawn.labelled(tmp_path / "source", names)
    rows = [(name, "DAPI" if k % 2 else "HE", "x, y") for k, name in enumerate(names)]
    drawn.table(source / "metadata.csv", "id,stain,note", rows)
    target = tmp_path / "target"
    convert_folders([source], target, format="yolo", val=0.34, seed=1, images="copy")
    folder = open_folder(target)
    assert {split: len(of) for split, of in folder.splits.items()} == {"train": 4, "val": 2}
    assert sorted(name.partition("/")[2] for name in folder.names) == names
    for name in folder.names:
        row = folder.metadata[name]
        assert row["stain"] == ("DAPI" if int(name[-1]) % 2 else "HE")
        assert row["note"] == "x, y"
    words = (target / "data.yaml").read_text()
    assert 'train: "images/train"' in words
    assert 'val: "images/val"' in words
    again = tmp_path / "again"  # divided anew, whatever it was
    convert_folders([target], again, format="labelme", val=0.5, images="link")
    assert {split: len(of) for split, of in open_folder(again).splits.items()} == {
        "train": 3,
        "val": 3,
    }


def test_labels_of_several_folders_are_all_named_by_the_yaml(tmp_path):
    source = drawn.labelled(tmp_path / "source", ["plate1/a", "plate2/b"])
    convert_folders([source], tmp_path / "target", format="yolo", images="copy")
    assert 'train: "images"\nval: "images"\n' in (tmp_path / "target" / "data.yaml").read_text()


def test_a_labelme_file_names_the_image_that_lies_beside_it(tmp_path):
    source = drawn.labelled(tmp_path / "source", ["plate1/a"])
    convert_folders([source], tmp_path / "target", format="labelme", images="copy")
    content = json.loads((tmp_path / "target" / "plate1" / "a.json").read_text())
    assert content["imagePath"] == "a.png"
    assert (tmp_path / "target" / "plate1" / "a.png").is_file()


def test_pictures_inside_labelme_files_are_written_out(tmp_path):
    (tmp_path / "source").mkdir()
    published.labelme_with_the_pictures_inside(tmp_path / "source")
    convert_folders([tmp_path / "source"], tmp_path / "out", format="cvat", images="link")
    assert np.array_equal(
        read_image(tmp_path / "out" / "images" / "001.png").pixels[..., 0], drawn.picture(1)
    )
    assert open_folder(tmp_path / "out").names == ("001", "002")


def test_a_file_that_lists_images_brings_them_to_a_new_place(tmp_path):
    names = ["a.png", "b.png"]
    published.images(tmp_path / "source" / "images", *names)
    published.write(tmp_path / "source" / "all.json", published.coco_document(names))
    new = tmp_path / "new" / "small.coco.json"
    convert_folders([tmp_path / "source" / "all.json"], new, share=0.5, images="copy")
    assert len(open_folder(tmp_path / "new")) == 1
    assert len(list((tmp_path / "new" / "images").iterdir())) == 1


def test_a_store_of_zarr_is_copied_whole(tmp_path):
    source = tmp_path / "source"
    stores.save(source / "a.ome.zarr", drawn.picture(), "yx")
    drawn.save(source / "a_masks.tif", drawn.squares())
    convert_folders([source], tmp_path / "out", format="geojson", images="copy")
    (sample,) = open_folder(tmp_path / "out").samples
    assert np.array_equal(sample.image[..., 0], drawn.picture())


def test_nothing_is_written_where_an_image_is_in_the_way_or_missing(tmp_path):
    source = drawn.labelled(tmp_path / "source", ["a"])
    drawn.save(tmp_path / "out" / "a.png", drawn.picture(7))
    with pytest.raises(InputError, match=r"a\.png exists already"):
        convert_folders([source], tmp_path / "out", format="geojson", images="copy")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]
    convert_folders([source], tmp_path / "out", format="geojson", images="copy", overwrite=True)
    assert_same_set(open_folder(tmp_path / "out"), ("a",))
    convert_folders([tmp_path / "out"], tmp_path / "out", format="labelme", images="link")
    assert not (tmp_path / "out" / "a.png").is_symlink()  # it lies there already
    formats.write(tmp_path / "alone" / "x.geojson", open_folder(source).samples[0].instances)
    with pytest.raises(InputError, match="found no images"):
        convert_folders([tmp_path / "alone"], tmp_path / "no", format="csv", images="copy")
    with pytest.raises(InputError, match="images are to be copy, link, none; got 'move'"):
        convert_folders([source], tmp_path / "no", format="csv", images="move")
    assert not (tmp_path / "no").exists()
