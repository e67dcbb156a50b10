"""What the command finds to measure: outlines, images and metadata by their names."""

import json
import shutil

import numpy as np
import pytest
import tifffile
from PIL import Image
from shapely import box
from shapely.geometry import mapping

import kontur
from kontur import formats
from kontur.errors import InputError
from kontur.instances import Instances
from kontur.measure.sources.find_sources import find_sources
from kontur.measure.sources.plane_sources import plane_sources

LABELS = np.zeros((12, 16), np.uint16)
LABELS[2:7, 3:9] = 1
LABELS[8:11, 10:14] = 5


@pytest.fixture
def place(tmp_path):
    """Images a, b and c, their outlines in three formats, and a training folder of a and b."""
    rng = np.random.default_rng(0)
    found = Instances.from_label_image(LABELS)
    for folder in ("outlines", "images", "training/images", "training/labels"):
        (tmp_path / folder).mkdir(parents=True)
    for name in "abc":
        pixels = rng.integers(0, 255, LABELS.shape, dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{name}.png")
        if name != "c":
            Image.fromarray(pixels).save(tmp_path / "training/images" / f"{name}.png")
            kontur.write(tmp_path / "training/labels" / f"{name}.png", found)
    kontur.write(tmp_path / "outlines/a.geojson", found)
    kontur.write(tmp_path / "outlines/b.coco.json", found)
    kontur.write(tmp_path / "outlines/c.labels.tif", found)
    (tmp_path / "training/metadata.csv").write_text("id,state,dose\na,live,1\nb,dead,2.5\n")
    return tmp_path


def pictures(found):
    return {source.name: source.read() for source in found.images}


def test_a_folder_of_outlines_in_any_format(place):
    found = pictures(find_sources(place / "outlines"))
    assert list(found) == ["a", "b", "c"]
    for picture in found.values():
        assert picture.image is None
        assert picture.instances.areas.tolist() == [30, 12]


def test_images_are_joined_by_name(place):
    found = find_sources(place / "outlines", [str(place / "images")])
    assert [picture.image.shape for picture in pictures(found).values()] == [(12, 16, 1)] * 3
    assert found.notes == ()


def test_outlines_without_image_are_kept_and_reported_as_are_images_without_outlines(place):
    (place / "images/b.png").rename(place / "images/z.png")
    found = find_sources(place / "outlines", [str(place / "images")])
    assert {name: picture.image is None for name, picture in pictures(found).items()} == {
        "a": False,
        "b": True,
        "c": False,
    }
    assert "1 outline file (b): measured without intensities" in found.notes[0]
    assert "not measured, having no outlines: 1 image (z)" in found.notes[1]


def test_one_file_and_one_image_belong_together_whatever_their_names(place):
    (place / "images/a.png").rename(place / "images/other.png")
    found = find_sources(place / "outlines/a.geojson", [str(place / "images/other.png")])
    assert pictures(found)["other"].image is not None


def test_a_training_folder_brings_images_and_metadata(place):
    found = find_sources(place / "training")
    assert [source.metadata for source in found.images] == [
        {"state": "live", "dose": "1"},
        {"state": "dead", "dose": "2.5"},
    ]
    assert pictures(found)["b"].image.shape == (12, 16, 1)


def test_metadata_beside_the_images_or_named_is_joined(place):
    text = (place / "training/metadata.csv").read_text()
    (place / "metadata.csv").write_text(text)  # beside the folder of images
    found = find_sources(place / "outlines", [str(place / "images")])
    assert found.images[0].metadata["state"] == "live"
    assert "no row for 1 image (c)" in found.notes[-1]
    (place / "other.csv").write_text("image,plate\na.png,7\nb.png,7\nc.png,8\n")
    found = find_sources(place / "outlines", metadata=place / "other.csv")
    assert [source.metadata for source in found.images][2] == {"plate": "8"}


def test_a_table_of_many_images_is_many_sources(place):
    from kontur.formats.image_annotation import ImageAnnotation

    found = Instances.from_label_image(LABELS)
    entries = [ImageAnnotation(f"{name}.png", found.size, found) for name in "ab"]
    formats.write_images(place / "all.csv", entries)
    read = find_sources(place / "all.csv", [str(place / "images")])
    assert [source.name for source in read.images] == ["a", "b"]


@pytest.mark.parametrize(
    ("outlines", "images", "sentence"),
    [
        ("nowhere", [], "there are no outlines"),
        ("images/a.png", ["nowhere"], "there is no image or folder"),
        ("outlines", ["training/labels/none*.png"], "fits the pattern"),
    ],
)
def test_what_is_not_there_is_one_sentence(place, outlines, images, sentence):
    with pytest.raises(InputError, match=sentence):
        find_sources(place / outlines, [str(place / each) for each in images])


def test_names_that_never_meet_are_one_sentence(place):
    for name in "abc":
        (place / "images" / f"{name}.png").rename(place / "images" / f"x{name}.png")
    with pytest.raises(InputError, match="belong together"):
        find_sources(place / "outlines", [str(place / "images")])


def test_a_table_of_metadata_that_is_not_there_is_reported(place):
    with pytest.raises(InputError, match="there is no table"):
        find_sources(place / "outlines", metadata=place / "none.csv")


@pytest.mark.parametrize("images", [[], ["images"]])
def test_a_task_where_no_masks_are_read_by_it_is_refused(place, images):
    images = [str(place / each) for each in images]
    (place / "outlines/c.labels.tif").unlink()
    with pytest.raises(InputError, match=r"--task components is for mask files, and .* holds none"):
        find_sources(place / "outlines", images, task="components")
    assert len(find_sources(place / "training", task="components").images) == 2


@pytest.mark.parametrize("images", [[], ["images"]])
def test_a_mask_given_as_outlines_is_reported_and_read_by_its_task(place, images):
    mask = np.zeros((12, 16), np.uint8)
    mask[1:4, 1:4] = mask[6:9, 1:4] = mask[6:9, 8:12] = 255
    Image.fromarray(mask).save(place / "c_mask.png")
    images = [str(place / each) for each in images]
    found = find_sources(place / "c_mask.png", images)
    assert "ONE object" in found.notes[0]
    assert "--task components makes 3 objects" in found.notes[0]
    found = find_sources(place / "c_mask.png", images, task="components")
    assert len(pictures(found)["c"].instances) == 3
    assert not [note for note in found.notes if "ONE object" in note]


def test_tables_that_lie_among_the_outlines_are_no_outlines(place):
    (place / "outlines/metadata.csv").write_text("id,state\na,live\n")
    (place / "outlines/classes.csv").write_text("id,class\n1,nucleus\n")
    for images in ([], [str(place / "images")]):
        found = find_sources(place / "outlines", images)
        states = {source.name: dict(source.metadata) for source in found.images}
        assert states == {"a": {"state": "live"}, "b": {}, "c": {}}


def test_the_page_of_a_stack_picks_its_image_and_its_outlines(tmp_path):
    planes = np.stack([LABELS * 0, LABELS, LABELS % 5])
    tifffile.imwrite(tmp_path / "a.tif", planes * 7, imagej=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(tmp_path / "a_masks.tif", planes, imagej=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(tmp_path / "a_mask.tif", planes[1])  # of the one plane that is measured
    features = [
        {"type": "Feature", "geometry": {**mapping(box(x, 2, x + 5, 6)), "plane": {"z": z}}}
        for z, x in [(0, 1), (1, 2), (1, 9), (2, 4)]
    ]
    (tmp_path / "a.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features})
    )
    for file, areas in [
        ("a_masks.tif", [30, 12]),
        ("a_mask.tif", [30, 12]),
        ("a.geojson", [20, 20]),
    ]:
        (picture,) = pictures(
            find_sources(tmp_path / file, [str(tmp_path / "a.tif")], page=1)
        ).values()
        assert picture.instances.areas.tolist() == areas
        assert picture.image[:, :, 0].tolist() == (planes[1] * 7).tolist()
        if file == "a_mask.tif":  # of one page, and no image says that there is another
            continue
        alone = pictures(find_sources(tmp_path / file, page=1))["a"]
        assert alone.instances.areas.tolist() == areas


def test_photographs_whose_annotations_were_not_understood_are_not_measured_as_label_images(place):
    (place / "images" / "annotations.json").write_text('{"somebody": 1}')
    with pytest.raises(InputError, match=r"holds 3 images .* but no annotation was found"):
        find_sources(place / "images")
    (place / "images" / "annotations.json").write_text('{"images": [], "annotations": [{"id": 1}]}')
    with pytest.raises(InputError, match="annotation 1 has no 'image_id'"):
        find_sources(place / "images")
    labels = find_sources(place / "training" / "labels")
    assert [len(source.read().instances) for source in labels.images] == [2, 2]


def test_images_of_one_name_are_told_apart_by_their_folders_or_not_at_all(place):
    (place / "more").mkdir()
    for name in ("more/a.png", "images/a.tif"):
        tifffile.imwrite(place / name, LABELS)
        images = [str(place / "images/a.png"), str(place / name)]
        with pytest.raises(
            InputError, match=r"2 images have the name 'a' .*, and the outlines 'a'"
        ):
            find_sources(place / "outlines/a.geojson", images)
    assert find_sources(place / "outlines/b.coco.json", [str(place / "images/b.png"), *images])


@pytest.mark.parametrize(
    ("place", "image"),
    [(".", "a.png"), ("all.json", "a.png"), ("all.json", "other.png"), ("all.json", None)],
)
@pytest.mark.parametrize("find", [find_sources, plane_sources])
def test_outlines_are_read_once_with_their_images_and_without(
    tmp_path, monkeypatch, find, place, image
):
    if image is not None:
        Image.fromarray(np.zeros((12, 16), np.uint8)).save(tmp_path / image)
    (tmp_path / "annotations").mkdir()
    file = tmp_path / (place if place != "." else "annotations/instances.json")
    entry = formats.ImageAnnotation("a.png", (12, 16), Instances.from_label_image(LABELS))
    formats.write_images(file, [entry], format="coco")
    read, opened = formats.read_images, []

    def counted(path, **how):
        opened.append(path)
        return read(path, **how)

    monkeypatch.setattr(formats, "read_images", counted)
    assert [len(one.instances) for one in pictures(find(tmp_path / place)).values()] == [2]
    assert len(opened) == 1


@pytest.mark.parametrize("find", [find_sources, plane_sources])
def test_a_training_folder_with_its_own_images_named_is_the_folder_alone(place, find):
    folder = place / "training"
    masks = place / "cases"
    (masks / "masks/a").mkdir(parents=True)
    shutil.copytree(folder / "images", masks / "images")
    for index in (1, 5):  # one mask an object
        mask = Image.fromarray((index == LABELS).astype(np.uint8) * 255)
        mask.save(masks / f"masks/a/{index}.png")
    (place / "linked").symlink_to(folder)
    for outlines, images in [
        (folder, [folder]),
        (folder, [folder / "images"]),
        (folder, [place / "linked"]),
        (place / "linked", [f"{folder}/images/*.png"]),
        (masks, [masks]),
    ]:
        alone, named = find(outlines), find(outlines, [str(image) for image in images])
        assert [one.name for one in named.images] == [one.name for one in alone.images]
        for one, other in zip(named.images, alone.images, strict=True):
            np.testing.assert_array_equal(one.read().image, other.read().image)
            assert one.read().instances.areas.tolist() == other.read().instances.areas.tolist()
            assert one.metadata == other.metadata
        assert (named.notes, named.training) == (alone.notes, True)


@pytest.mark.parametrize("find", [find_sources, plane_sources])
def test_some_images_of_a_training_folder_are_measured_and_others_reported(place, find):
    names = [str(place / "training/images/a.png"), str(place / "images/c.png")]
    found = find(place / "training", names)
    assert [one.name for one in found.images] == ["a"]
    assert found.notes[-2:] == (
        "not measured, not being named: 1 image (b)",
        "not measured, having no outlines: 1 image (c)",
    )
    with pytest.raises(InputError, match=r"training folder, which brings its own images, and .*c"):
        find(place / "training", names[1:])


@pytest.mark.parametrize("find", [find_sources, plane_sources])
def test_images_are_not_measured_as_label_images_of_themselves_or_of_others(place, find):
    noise = np.random.default_rng(0).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    for name in "abc":
        Image.fromarray(noise).save(place / f"images/{name}.png")
    for images in ("images", "training/labels"):  # twice the same, and in the wrong order
        with pytest.raises(
            InputError, match=r"holds 3 images .* but no annotation .*; what is measured"
        ):
            find(place / "images", [str(place / images)])
    labels = str(place / "training/labels")
    with pytest.raises(InputError, match=r"a\.png is given as outlines and as their image"):
        find(place / "training/labels", [labels])
    with pytest.raises(InputError, match=r"a\.png is given as outlines and as their image"):
        find(place / "training/labels/a.png", [f"{labels}/a.png"])


def test_outlines_beside_their_images_are_read_as_outlines_of_the_folder_named_twice(place):
    shutil.copy(place / "outlines/a.geojson", place / "images")
    kontur.write(place / "images/z.geojson", Instances.from_label_image(LABELS))
    (place / "images/b.png").unlink()
    (place / "images/c.png").unlink()
    found = find_sources(place / "images", [str(place / "images")])
    assert [one.name for one in found.images] == ["a", "z"]  # z has no image
    assert not found.training
    shutil.copy(place / "training/images/b.png", place / "images")  # no outlines are its own
    found = find_sources(place / "images", [str(place / "images")])
    assert [one.name for one in found.images] == ["a"]
    assert any("1 image (b) without annotation" in note for note in found.notes)


@pytest.mark.parametrize("find", [find_sources, plane_sources])
def test_masks_of_a_training_folder_beside_its_images_point_to_the_folder(place, find):
    training = place / "training"
    found = find(training / "labels", [str(training / "images")])
    assert f"belongs to the training folder {training}: give that alone" in found.notes[0]
    for name in "ab":
        (training / "masks" / name).mkdir(parents=True)
        Image.fromarray(np.minimum(LABELS, 1)).save(training / "masks" / name / "01.png")
    shutil.rmtree(training / "labels")
    assert "give that alone" in find(training / "masks").notes[0]
    with pytest.raises(InputError, match=r"training folder .* give that alone"):
        find(training / "masks", [str(training / "images")])
    (place / "labels").mkdir()
    shutil.copy(place / "outlines/c.labels.tif", place / "labels/z.tif")
    assert not find_sources(place / "labels").notes
