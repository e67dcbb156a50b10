import json

import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.data.conversion.convert_file import convert
from kontur.data.conversion.convert_folders import convert_folders
from kontur.data.folder import open_folder
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from kontur.instances.plane import Plane
from tests.data import drawn
from tests.formats import scenes

NAMES = list(formats.WRITABLE)


def same_objects(folder):
    return [np.array_equal(one.instances.label_image() > 0, drawn.squares() > 0) for one in folder]


@pytest.mark.parametrize("name", NAMES)
def test_a_data_set_becomes_one_of_any_format_that_is_read_beside_its_images(tmp_path, name):
    source = drawn.labelled(tmp_path / "source", ["a", "b"])
    target = tmp_path / "target"
    made = convert_folders([source], target, format=name)
    assert (made.objects, made.images) == (6, 2)
    for image in "ab":
        drawn.save(target / "images" / f"{image}.png", drawn.picture())
    folder = open_folder(target)
    assert folder.names == ("a", "b")
    assert same_objects(folder.samples) == [True, True]
    with pytest.raises(InputError, match="exists already"):
        convert_folders([source], target, format=name)


def test_data_sets_are_merged_and_a_split_is_taken(tmp_path):
    drawn.labelled(tmp_path / "one", ["train/a", "val/b"])
    drawn.labelled(tmp_path / "two", ["c"])
    made = convert_folders([tmp_path / "one", tmp_path / "two"], tmp_path / "all.coco.json")
    assert made.images == 3
    names = [entry.file_name for entry in formats.read_images(tmp_path / "all.coco.json")]
    assert names == ["train/a.png", "val/b.png", "c.png"]
    made = convert_folders([tmp_path / "one"], tmp_path / "val.csv", split="val")
    assert made.images == 1


def test_two_images_of_one_name_are_refused_before_anything_is_written(tmp_path):
    drawn.labelled(tmp_path / "one", ["a"])
    drawn.labelled(tmp_path / "two", ["a"])
    with pytest.raises(InputError, match="two images of the sources have the name 'a'"):
        convert_folders([tmp_path / "one", tmp_path / "two"], tmp_path / "out", format="geojson")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name", [name for name, one in formats.WRITABLE.items() if one.several_images]
)
def test_files_of_one_name_in_several_folders_stay_two_images(tmp_path, name):
    for place in ("found", "found/again"):
        formats.write(tmp_path / place / "x.geojson", scenes.ring_with_island())
    target = tmp_path / f"all{formats.FORMATS[name].ending}"
    assert convert_folders([tmp_path / "found"], target).images == 2
    counts = {one.file_name: len(one.instances) for one in formats.read_images(target)}
    assert counts == {"x": 3, "again/x": 3}


def test_files_without_images_are_converted_too(tmp_path):
    for name in ("x", "y"):
        formats.write(tmp_path / "found" / f"{name}.geojson", scenes.ring_with_island())
    (tmp_path / "found" / "notes.txt").write_text("by hand\n")
    made = convert_folders([tmp_path / "found"], tmp_path / "rois", format="imagej")
    assert sorted(path.name for path in (tmp_path / "rois").iterdir()) == ["x.zip", "y.zip"]
    assert made.images == 2


def test_a_file_of_several_images_becomes_a_folder_and_no_name_leaves_it(tmp_path):
    found = scenes.ring_with_island()
    entries = [
        ImageAnnotation(name, found.size, found)
        for name in ("../../a.png", "/etc/b.png", "p\\c.png", "d")
    ]
    formats.write_images(tmp_path / "all.coco.json", entries)
    convert_folders([tmp_path / "all.coco.json"], tmp_path / "out" / "deep", format="labelme")
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.json"))
    assert written == [
        "all.coco.json",
        "out/deep/a.json",
        "out/deep/d.json",
        "out/deep/etc/b.json",
        "out/deep/p/c.json",
    ]


def test_a_folder_is_no_file_of_one_image(tmp_path):
    source = drawn.labelled(tmp_path / "source", ["a", "b"])
    with pytest.raises(InputError, match="which is of one image, and there are 2; name a folder"):
        convert_folders([source], tmp_path / "all.geojson")
    with pytest.raises(InputError, match=r"no output format 'geojsn'; did you mean 'geojson'"):
        convert_folders([source], tmp_path / "out", format="geojsn")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no predictions"):
        convert_folders([tmp_path / "empty"], tmp_path / "all.csv")


def test_a_folder_of_roi_files_is_one_image_and_so_is_each_below_another(tmp_path):
    found = scenes.ring_with_island()
    for folder in ("rois", "all/a", "all/b"):
        for i in range(3):
            formats.write(tmp_path / folder / f"{i}.roi", found[[i]])
    made = convert_folders([tmp_path / "rois"], tmp_path / "rois.geojson")
    assert (made.images, made.objects) == (1, 3)
    scenes.assert_close(found, formats.read(tmp_path / "rois.geojson"))
    convert_folders([tmp_path / "all"], tmp_path / "out", format="geojson")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["a.geojson", "b.geojson"]
    (tmp_path / "rois" / "1.roi").write_bytes(b"Iout and no more")
    with pytest.raises(InputError, match=r"rois: the ROI '?1'? is damaged"):
        convert_folders([tmp_path / "rois"], tmp_path / "again.geojson")


def test_a_data_set_is_thinned_by_its_metadata_and_by_a_share_that_a_seed_draws(tmp_path):
    names = [f"a{i}" for i in range(12)]
    source = drawn.labelled(tmp_path / "source", names)
    rows = [f"{name},{'DAPI' if i % 3 else 'HE'}" for i, name in enumerate(names)]
    (source / "metadata.csv").write_text("\n".join(["id,stain", *rows]))

    def kept(**choice):
        made = convert_folders([source], tmp_path / "a.csv", overwrite=True, **choice)
        entries = formats.read_images(tmp_path / "a.csv")
        assert made.images == len(entries)
        return [entry.file_name.removesuffix(".png") for entry in entries]

    assert kept(where=["stain=HE"]) == ["a0", "a3", "a6", "a9"]
    half, quarter = kept(share=0.5, seed=3), kept(share=0.25, seed=3)
    assert len(half) == 6
    assert len(quarter) == 3
    assert set(quarter) < set(half)
    assert kept(share=0.5, seed=3) == half != kept(share=0.5, seed=4)
    assert set(kept(where=["stain=HE"], share=0.5)) < {"a0", "a3", "a6", "a9"}
    with pytest.raises(InputError, match="no image has stain=GFP; the values of stain are DAPI"):
        kept(where=["stain=GFP"])
    with pytest.raises(InputError, match="a share of the names lies above 0 and up to 1"):
        kept(share=0)
    with pytest.raises(InputError, match="--split and --where are for data sets"):
        convert_folders([tmp_path / "a.csv"], tmp_path / "b.csv", where=["stain=HE"])


def test_images_of_one_slide_stay_on_one_side_when_a_data_set_is_divided(tmp_path):
    names = [f"s{i // 3}_{i}" for i in range(12)]
    source = drawn.labelled(tmp_path / "source", names)
    rows = [f"{name},{name[:2]}" for name in names]
    (source / "metadata.csv").write_text("\n".join(["image,slide", *rows]))
    divided = set()
    for number, group in enumerate(("slide", "(s[0-9])_")):
        for seed in range(4):
            target = tmp_path / f"{number}{seed}.csv"
            convert_folders([source], target, val=0.25, group=group, seed=seed)
            kept = [entry.file_name for entry in formats.read_images(target)]
            sides = {(name.rpartition("/")[2][:2], name.partition("/")[0]) for name in kept}
            assert len(sides) == 4  # of 4 slides: none is on both sides
            assert [side for _, side in sides].count("val") == 1
            divided.add(frozenset(sides))
    assert len(divided) > 1  # the seed draws
    with pytest.raises(InputError, match="has no column 'patient'; its columns are: slide"):
        convert_folders([source], tmp_path / "x.csv", val=0.25, group="patient")
    with pytest.raises(InputError, match="--group keeps images together that --val divides"):
        convert_folders([source], tmp_path / "x.csv", group="slide")
    other = drawn.labelled(tmp_path / "other", ["b", "c"])
    with pytest.raises(InputError, match=r"metadata.csv has no row for 2 images \(b, c\)"):
        convert_folders([source, other], tmp_path / "x.csv", val=0.25, group="slide")
    with pytest.raises(InputError, match=r"there is no metadata.csv in .*00\.csv"):
        convert_folders([tmp_path / "00.csv"], tmp_path / "x.csv", val=0.5, group="slide")
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.json", '{"somebody": 1}'), ("a.xml", "<annotation/>"), ("notes.txt", "by hand")],
)
def test_photographs_are_never_read_as_label_images(tmp_path, name, text):
    drawn.save(tmp_path / "in" / "a.png", drawn.picture())
    (tmp_path / "in" / name).write_text(text)
    with pytest.raises(InputError, match=r"1 image|PASCAL VOC"):
        convert_folders([tmp_path / "in"], tmp_path / "out.csv")
    formats.write(tmp_path / "in" / "b.geojson", scenes.ring_with_island())
    with pytest.raises(InputError, match=r"1 image|PASCAL VOC"):
        convert_folders([tmp_path / "in"], tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    drawn.save(tmp_path / "masks" / "a.png", drawn.squares())
    (tmp_path / "masks" / name).write_text(text)
    assert convert_folders([tmp_path / "masks"], tmp_path / "out.csv").objects == 3


def test_a_data_set_with_an_error_says_it_instead_of_being_read_in_another_way(tmp_path):
    drawn.save(tmp_path / "a.png", drawn.squares())  # would be a label image
    scene = scenes.ring_with_island()
    entries = [ImageAnnotation("a.png", scene.size, scene)] * 2
    formats.write_images(tmp_path / "all.coco.json", entries)
    with pytest.raises(InputError, match="is annotated in"):
        convert_folders([tmp_path], tmp_path / "out.csv")


@pytest.mark.parametrize("name", NAMES)
def test_an_image_without_objects_stays_one_in_every_format(tmp_path, name):
    source = drawn.labelled(tmp_path / "source", ["a", "b"])
    drawn.save(source / "images" / "c.png", drawn.picture())
    drawn.save(source / "labels" / "c.png", np.zeros_like(drawn.squares()))
    convert_folders([source], tmp_path / "out", format=name, images="copy")
    folder = open_folder(tmp_path / "out")
    assert folder.names == ("a", "b", "c")
    assert [len(sample.instances) for sample in folder.samples] == [3, 3, 0]


def test_objects_that_others_hide_are_counted_as_lost(tmp_path):
    squares = [shapely.box(1, 1, 5, 5), shapely.box(0, 0, 9, 9), shapely.box(2, 2, 2.2, 2.2)]
    found = Instances.of_valid(np.array(squares, dtype=object), size=(10, 12))
    formats.write(tmp_path / "a.geojson", found)
    made = convert_folders([tmp_path / "a.geojson"], tmp_path / "a.labels.tif")
    assert made.losses == (
        "label image: 3 objects overlapping: a pixel belongs to one object only, and 1 hidden by "
        "others lost",
        "label image: 1 object without the centre of a pixel lost",
    )
    assert len(formats.read(tmp_path / "a.labels.tif")) == 1


def coco_of(folder, names, *, info="screen 3"):
    """A COCO data set whose file says more of each image than its name and size."""
    folder.mkdir(parents=True)
    found = drawn.squares()
    document = {
        "info": {"description": info},
        "licenses": [{"id": 4, "name": "CC0"}],
        "images": [
            {"id": 7 + i, "file_name": f"images/{name}.png", "license": 4, "well": f"w{i}"}
            for i, name in enumerate(names)
        ],
        "annotations": [],
        "categories": [{"id": 9, "name": "cell", "supercategory": "alive"}],
    }
    height, width = found.shape
    for i, (name, image) in enumerate(zip(names, document["images"], strict=True)):
        image |= {"height": height, "width": width}
        drawn.save(folder / "images" / f"{name}.png", drawn.picture())
        square = {"segmentation": [[2, 2, 8, 2, 8, 8, 2, 8]], "iscrowd": 0, "category_id": 9}
        document["annotations"].append({"id": i + 1, "image_id": image["id"], **square})
    (folder / "all.json").write_text(json.dumps(document))
    return folder


def test_what_a_file_says_of_images_comes_along_into_another_of_its_format(tmp_path):
    source = coco_of(tmp_path / "source", ["a", "b"])
    convert_folders([source], tmp_path / "out", format="coco", val=0.5, images="copy")
    (file,) = (tmp_path / "out").glob("*.json")
    written = json.loads(file.read_text())
    before = json.loads((source / "all.json").read_text())
    assert written["info"] == before["info"]
    assert written["licenses"] == before["licenses"]
    assert written["categories"] == before["categories"]
    rows = sorted(written["images"], key=lambda row: row["id"])
    assert [(row["id"], row["license"], row["well"]) for row in rows] == [
        (7, 4, "w0"),
        (8, 4, "w1"),
    ]
    assert {row["file_name"].rpartition("/")[2] for row in rows} == {"a.png", "b.png"}


@pytest.mark.parametrize("format", ["geojson", "yolo"])
def test_what_a_file_says_of_images_and_another_format_cannot_hold_is_said(tmp_path, format):
    source = coco_of(tmp_path / "source", ["a", "b"])
    losses = convert_folders([source], tmp_path / "out", format=format).losses
    (said,) = (one for one in losses if "other values of 2 images lost" in one)
    alone = convert(source / "all.json", tmp_path / "all.csv").losses  # the same words
    assert said.partition(": ")[2] in [one.partition(": ")[2] for one in alone]
    assert "well" in said


def test_what_a_file_beside_each_image_says_of_it_is_said_too(tmp_path):
    folder = tmp_path / "source"
    found = Instances.from_label_image(drawn.squares())
    kept = {"labelme": {"flags": {}, "operator": "mk"}}
    drawn.save(folder / "a.png", drawn.picture())
    entry = ImageAnnotation("a.png", found.size, found, extras=kept)
    formats.write_images(folder / "a.json", [entry], format="labelme")
    losses = convert_folders([folder], tmp_path / "out", format="geojson").losses
    assert any("other values of 1 image lost (operator)" in one for one in losses)
    convert_folders([folder], tmp_path / "again", format="labelme")
    assert json.loads((tmp_path / "again" / "a.json").read_text())["operator"] == "mk"


def test_an_image_of_a_subset_that_is_divided_anew_is_in_that_subset_no_more(tmp_path):
    found = Instances.from_label_image(drawn.squares())
    source = tmp_path / "source"
    entries = []
    for name in ("Train/a.png", "Train/b.png"):
        drawn.save(source / "images" / name, drawn.picture())
        kept = {"cvat": {"subset": "Train", "task_id": "5"}}
        entries.append(ImageAnnotation(name, found.size, found, extras=kept))
    formats.write_images(source / "all.cvat.xml", entries)
    convert_folders([source], tmp_path / "out", format="cvat", val=0.5)
    (file,) = (tmp_path / "out").glob("*.xml")
    again = formats.read_images(file)
    assert {one.file_name.partition("/")[0] for one in again} == {"train", "val"}
    assert all(one.extras["cvat"]["task_id"] == "5" for one in again)


def test_what_reading_says_of_a_data_set_is_said_once(tmp_path, caplog):
    source = coco_of(tmp_path / "source", ["a", "b"])
    content = json.loads((source / "all.json").read_text())
    content["annotations"][0]["iscrowd"] = 1
    (source / "all.json").write_text(json.dumps(content))
    convert_folders([source], tmp_path / "all.csv")
    (message,) = caplog.messages
    assert "1 of 2 annotations are crowds" in message


@pytest.mark.parametrize("info", ["screen 3", "screen 4"])
def test_joined_files_keep_what_each_says_of_its_images_and_say_what_they_cannot(tmp_path, info):
    one = coco_of(tmp_path / "one", ["a"])
    two = coco_of(tmp_path / "two", ["b"], info=info)  # with the same number of its image
    made = convert_folders([one, two], tmp_path / "all.coco.json")
    written = json.loads((tmp_path / "all.coco.json").read_text())
    rows = {row["file_name"]: row for row in written["images"]}
    assert [rows["a.png"]["well"], rows["b.png"]["well"]] == ["w0", "w0"]
    assert len({row["id"] for row in rows.values()}) == 2
    same = info == "screen 3"
    assert (rows["a.png"].get("license"), bool(written["licenses"])) == (4 if same else None, same)
    lost = "COCO JSON: info, licenses lost, which differ from file to file"
    assert (lost in made.losses) is not same


@pytest.mark.parametrize("ending", [".csv", ".geo.parquet", ".geojsonl"])
def test_a_file_of_several_planes_becomes_a_file_of_each_image_with_all_of_them(tmp_path, ending):
    source = tmp_path / f"film{ending}"
    squares = [shapely.box(left, 2, left + 5, 7) for left in (2, 9, 16)]
    places = [("a.tif", 0, 0), ("b.tif", None, 1), ("a.tif", 1, 2)]
    entries = []
    for name, time, index in places:
        plane = None if time is None else Plane(t=time)
        one = Instances.of([squares[index]], size=(20, 24)).replace(plane=plane)
        entries.append(ImageAnnotation(name, (20, 24), one))
    formats.write_images(source, entries)
    made = convert_folders([source], tmp_path / "out", format="geojson")
    assert (made.images, made.objects) == (2, 3)
    lefts = [
        [(each.instances.plane, each.instances.boxes[0, 0]) for each in formats.read_images(path)]
        for path in (tmp_path / "out" / "a.geojson", tmp_path / "out" / "b.geojson")
    ]
    assert lefts == [[(Plane(t=0), 2), (Plane(t=1), 16)], [(None, 9)]]
    with pytest.raises(InputError, match=r"outlines on 2 planes of a stack \(time 0"):
        convert_folders([source], tmp_path / "yolo", format="yolo")
    assert not (tmp_path / "yolo").exists()
    convert_folders([source], tmp_path / "yolo", format="yolo", page=1)
    assert sorted(path.name for path in (tmp_path / "yolo" / "labels").glob("*.txt")) == [
        *("a.txt", "b.txt")
    ]


def test_two_images_of_one_name_in_a_file_are_refused_as_those_of_two_files(tmp_path):
    found = scenes.ring_with_island()
    entries = [ImageAnnotation(f"{place}/a.png", found.size, found) for place in ("..", ".")]
    formats.write_images(tmp_path / "all.coco.json", entries)
    with pytest.raises(InputError, match="two images of the sources have the name 'a'"):
        convert_folders([tmp_path / "all.coco.json"], tmp_path / "out", format="geojson")
