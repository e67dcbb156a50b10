import json

import numpy as np
import pytest
import shapely
import tifffile
from shapely.geometry import mapping

from kontur import formats
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from kontur.instances.plane import Plane


@pytest.fixture
def labels(tmp_path):
    image = np.zeros((20, 30), np.uint16)
    image[2:9, 3:12], image[10:18, 15:29] = 5, 7
    image[4, 4] = 0  # a hole
    tifffile.imwrite(tmp_path / "a.labels.tif", image)
    return tmp_path / "a.labels.tif"


@pytest.mark.parametrize("ending", [".geojson", ".coco.json", ".csv", ".png"])
def test_a_label_image_survives_the_way_through_any_format(kontur, labels, tmp_path, ending):
    assert kontur("convert", labels, tmp_path / f"b{ending}").startswith("2 objects → ")
    kontur("convert", tmp_path / f"b{ending}", tmp_path / "c.labels.tif")
    assert np.array_equal(tifffile.imread(tmp_path / "c.labels.tif"), tifffile.imread(labels))


def test_nothing_is_overwritten_without_force(kontur, labels, tmp_path):
    (tmp_path / "b.csv").write_text("mine")
    assert "b.csv exists already" in kontur("convert", labels, tmp_path / "b.csv", code=1)
    assert (tmp_path / "b.csv").read_text() == "mine"
    kontur("convert", labels, tmp_path / "b.csv", "--force")


@pytest.mark.parametrize(
    ("source", "target", "sentence"),
    [
        ("none.geojson", "b.csv", "there is no file"),
        ("a.labels.tif", "b.xyz", "the ending decides the format"),
        ("a.labels.tif", "b", "and it has none; name a file such as"),
    ],
)
def test_what_cannot_be_converted_is_one_sentence(
    kontur, labels, tmp_path, source, target, sentence
):
    output = kontur("convert", tmp_path / source, tmp_path / target, code=1)
    assert sentence in output
    assert len(output.strip().splitlines()) == 1


@pytest.fixture
def outlines(kontur, labels, tmp_path):
    """GeoJSON as QuPath writes it, which does not say how large the image is."""
    kontur("convert", labels, tmp_path / "sized.geojson")
    content = json.loads((tmp_path / "sized.geojson").read_text())
    (tmp_path / "a.geojson").write_text(json.dumps(content["features"]))
    return tmp_path / "a.geojson"


def test_the_size_that_a_label_image_needs_is_given_or_read_from_the_image(
    kontur, labels, outlines, tmp_path
):
    output = kontur("convert", outlines, tmp_path / "b.labels.tif", code=1)
    assert "--size HxW or --image FILE" in output
    kontur("convert", outlines, tmp_path / "b.labels.tif", "--size", "20x30")
    tifffile.imwrite(tmp_path / "photo.tif", np.zeros((20, 30), np.uint8))
    kontur("convert", outlines, tmp_path / "c.labels.tif", "--image", tmp_path / "photo.tif")
    kontur("convert", outlines, tmp_path / "d.labels.tif", "--image", "photo.tif")  # lies beside
    for name in "bcd":
        read = tifffile.imread(tmp_path / f"{name}.labels.tif")
        assert np.array_equal(read > 0, tifffile.imread(labels) > 0)
    kontur("convert", outlines, tmp_path / "e.coco.json", "--image", tmp_path / "photo.tif")
    (image,) = json.loads((tmp_path / "e.coco.json").read_text())["images"]
    assert image == {"id": 1, "file_name": "photo.tif", "height": 20, "width": 30}


def test_a_size_that_contradicts_the_file_or_is_none_is_refused(kontur, labels, tmp_path):
    out = tmp_path / "b.geojson"
    output = kontur("convert", labels, out, "--size", "30x20", code=1)
    assert "is made for 20×30 pixels (height × width), and the size given is 30×20" in output
    for size in ("big", "0x3", "20", "20x30x3"):
        assert "--size is HEIGHTxWIDTH" in kontur("convert", labels, out, "--size", size, code=1)


def test_one_image_of_several_is_named_or_all_of_them_come(kontur, labels, tmp_path):
    found = formats.read(labels)
    entries = [
        ImageAnnotation("x/one.png", (20, 30), found),
        ImageAnnotation("two.png", (20, 30), found[:1]),
    ]
    formats.write_images(tmp_path / "all.json", entries)
    message = kontur("convert", tmp_path / "all.json", tmp_path / "all.csv")
    assert message.startswith("3 objects in 2 images → ")
    assert [entry.file_name for entry in formats.read_images(tmp_path / "all.csv")] == [
        "x/one.png",
        "two.png",
    ]
    output = kontur("convert", tmp_path / "all.json", tmp_path / "b.geojson", code=1)
    assert "2 images (x/one.png, two.png)" in output
    assert "--image NAME" in output
    kontur("convert", tmp_path / "all.json", tmp_path / "b.geojson", "--image", "two.png")
    assert len(formats.read(tmp_path / "b.geojson")) == 1


def test_what_a_label_image_cannot_hold_is_counted(kontur, tmp_path):
    boxes = [shapely.box(0, 0, 4, 4), shapely.box(2, 2, 6, 6), shapely.box(6, 0, 8, 2)]
    found = Instances.of(boxes, [0, 1, 1], scores=[0.5, 0.25, np.nan], classes=("live", "dead"))
    formats.write(tmp_path / "a.csv", found)
    output = kontur("convert", tmp_path / "a.csv", tmp_path / "a.labels.tif", "--size", "7x6")
    assert "2 objects overlapping" in output  # touching is none
    assert "2 class names (dead, live) lost" in output
    assert "2 scores lost" in output
    assert "1 object outside the image" in output
    plain = kontur("convert", tmp_path / "a.csv", tmp_path / "b.geojson")
    assert len(plain.strip().splitlines()) == 1


def test_a_mask_of_two_values_is_noticed_and_read_by_its_task(kontur, tmp_path):
    mask = np.zeros((20, 30), np.uint8)
    mask[2:6, 2:6] = mask[10:15, 2:6] = mask[5:15, 20:25] = 255
    tifffile.imwrite(tmp_path / "mask.tif", mask)
    output = kontur("convert", tmp_path / "mask.tif", tmp_path / "a.geojson")
    assert "read as ONE object: --task components makes 3 objects" in output
    output = kontur(
        "convert", tmp_path / "mask.tif", tmp_path / "b.geojson", "--task", "components"
    )
    assert output == f"3 objects → {tmp_path / 'b.geojson'}\n"


def test_the_help_names_every_format(kontur):
    convert, predict = kontur("convert", "--help"), kontur("predict", "--help")
    words = " ".join(predict.split())
    for one in formats.WRITABLE.values():
        assert all(ending in convert for ending in one.endings)
        assert f"NAME{one.ending}" in words
        assert one.name in words


def test_planes_of_a_stack_are_kept_apart_or_one_is_to_be_chosen(kontur, tmp_path):
    features = [
        {"type": "Feature", "geometry": {**mapping(shapely.box(0, 0, z + 1, 4)), "plane": {"z": z}}}
        for z in (0, 1, 1)
    ]
    source = tmp_path / "stack.geojson"
    source.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    for name in ("a.coco.json", "a.cvat.xml", "a.labels.tif"):
        output = kontur("convert", source, tmp_path / name, "--size", "9x9", code=1)
        assert "outlines on 2 planes of a stack (depth 0, 1); choose one with --page" in output
        assert not (tmp_path / name).exists()
    for name in ("a.coco.json", "a.cvat.xml"):
        output = kontur("convert", source, tmp_path / name, "--page", "1", "--size", "9x9")
        assert "that the outlines lie on a plane of a stack (depth 1) is lost" in output
        assert formats.read(tmp_path / name).areas.tolist() == [8, 8]
    tifffile.imwrite(tmp_path / "i.tif", np.zeros((5, 9, 9), np.uint8), metadata={"axes": "ZYX"})
    image = ("--image", tmp_path / "i.tif")
    kontur("convert", source, tmp_path / "empty.png", "--page", "2", *image)
    assert len(formats.read(tmp_path / "empty.png")) == 0
    for to in (["no.png", "--size", "9x9"], ["no", "--format", "csv"], ["no.png", *image]):
        words = [tmp_path / to[0], *to[1:], "--page", 9]
        output = kontur("convert", source, *words, code=1)
        assert len(output.splitlines()) == 1
        assert "page 9" in output
        assert not (tmp_path / to[0]).exists()
    for name in ("a.geojson", "a.csv", "a.geojsonl"):
        kontur("convert", source, tmp_path / name)
        planes = [entry.instances.plane.z for entry in formats.read_images(tmp_path / name)]
        assert planes == [0, 1]


def test_first_planes_of_two_films_are_two_images_wherever_planes_are_not_kept(kontur, tmp_path):
    found = Instances.of([shapely.box(0, 0, 5, 4)], size=(9, 9)).replace(plane=Plane())
    entries = [formats.ImageAnnotation(name, (9, 9), found) for name in ("a.tif", "b.tif")]
    formats.write_images(tmp_path / "films.geojsonl", entries)
    output = kontur("convert", tmp_path / "films.geojsonl", tmp_path / "films.coco.json")
    assert "2 images" in output
    assert "(the first) is lost" in output
    output = kontur("convert", tmp_path / "films.geojsonl", tmp_path / "films.rois.zip", code=1)
    assert "describes 2 images (a.tif, b.tif); wanted one" in output


@pytest.mark.parametrize("name", ["a.coco.json", "a.labels.tif", "a.png"])
def test_the_plane_of_a_stack_is_not_lost_in_silence(kontur, tmp_path, name):
    source, found = tmp_path / "a.geojson", Instances.of([shapely.box(0, 0, 5, 4)], size=(9, 9))
    for plane, place in [
        (Plane(z=3), "depth 3"),
        (Plane(t=2), "time 2"),
        (Plane(z=1, t=1, page=4), "depth 1, time 1, page 4"),
        (Plane(), "the first"),
    ]:
        formats.write(source, found.replace(plane=plane))
        output = kontur("convert", source, tmp_path / name, "--force")
        assert f"that the outlines lie on a plane of a stack ({place}) is lost" in output
        assert "is lost" not in kontur("convert", source, tmp_path / "b.geojson", "--force")
        assert formats.read(tmp_path / "b.geojson").plane == plane
    formats.write(source, found)  # of no stack
    assert "is lost" not in kontur("convert", source, tmp_path / name, "--force")


def test_coco_without_the_size_of_an_image_is_pointed_out(kontur, tmp_path):
    source = tmp_path / "a.geojson"
    feature = {"type": "Feature", "geometry": mapping(shapely.box(0, 0, 3, 4))}
    source.write_text(json.dumps([feature]))
    output = kontur("convert", source, tmp_path / "a.coco.json")
    assert "1 image without height and width, which many readers want: give --size HxW" in output
    output = kontur("convert", source, tmp_path / "b.coco.json", "--size", "20x30")
    assert len(output.strip().splitlines()) == 1


def test_folders_and_several_files_are_converted_at_once(kontur, labels, tmp_path):
    kontur("convert", labels, tmp_path / "in" / "a.geojson")
    kontur("convert", labels, tmp_path / "in" / "b.json", "--format", "labelme")
    out = tmp_path / "out"
    message = kontur("convert", tmp_path / "in", out, "--format", "csv")
    assert message.startswith(f"4 objects in 2 images → {out}")
    assert len(formats.read_images(out / "annotations.csv")) == 2
    files = (tmp_path / "in" / "a.geojson", tmp_path / "in" / "b.json")
    message = kontur("convert", *files, tmp_path / "yolo", "--format", "yolo")
    assert "holes of 2 objects filled" in message
    assert (tmp_path / "yolo" / "labels" / "b.txt").exists()
    message = kontur("convert", tmp_path / "in", tmp_path / "half.csv", "--share", "0.5")
    assert message.startswith("2 objects →")
    assert "--image and --size are of one file" in kontur(
        "convert", *files, tmp_path / "x.csv", "--size", "20x30", code=1
    )
