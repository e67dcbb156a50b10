"""Labels in OME-Zarr: of their own and in the store of their image, judged by zarr itself."""

import json
import shutil

import numpy as np
import pytest
import zarr
from PIL import Image

from kontur import formats
from kontur.data.conversion.convert_file import convert
from kontur.data.folder import open_folder
from kontur.data.pairing.find_predictions import find_planes, find_predictions
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.ome_zarr import format as ome_zarr_labels
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.measure.sources.find_sources import find_sources
from kontur.measure.sources.plane_sources import plane_sources
from tests.formats import scenes
from tests.images import stores

PIXELS = np.arange(2 * 3 * 21 * 24, dtype=np.uint16).reshape(2, 3, 21, 24)


def drawn() -> Instances:
    """A donut around a pixel, two parts, and a corner."""
    image = np.zeros((21, 24), dtype=np.uint8)
    image[2:9, 3:12], image[4:7, 5:8], image[5, 6] = 1, 0, 2
    image[12:15, 3:9], image[17:19, 20:23] = 3, 3
    image[20, 23] = 4
    found = Instances.from_label_image(image, ["red cell", "white, old"])
    return found.replace(labels=[0, 1, 0, 1], scores=[0.5, np.nan, 1.0, 0.25])


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ids_classes_scores_and_the_size_of_a_pixel_come_back(tmp_path, version):
    path, found = tmp_path / "a.labels.ome.zarr", drawn()
    entry = ImageAnnotation("a.tif", found.size, found, pixel_size=0.5)
    ome_zarr_labels.write(path, [entry], version=version)
    (again,) = formats.read_images(path)
    assert (again.file_name, again.size, again.pixel_size) == ("a", (21, 24), 0.5)
    scenes.assert_same(found, again.instances)
    group = zarr.open_group(str(path), mode="r")
    assert group.metadata.zarr_format == (2 if version == "0.4" else 3)
    np.testing.assert_array_equal(group["0"][:], found.label_image())
    before = scenes.content(path)
    ome_zarr_labels.write(path, [again], version=version)
    assert scenes.content(path) == before
    assert [child.name for child in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_labels_in_the_store_of_an_image_are_as_its_levels_and_the_image_stays(tmp_path, version):
    store = stores.save(tmp_path / "a.ome.zarr", PIXELS[0], "cyx", version=version, levels=2)
    before = scenes.content(store)
    formats.write(store / "labels" / "cells", drawn())
    formats.write(store / "labels" / "cells", drawn())  # again, in its place
    after = scenes.content(store)
    assert before.items() <= after.items()
    (again,) = formats.read_images(store)
    scenes.assert_same(drawn(), again.instances)
    assert (again.file_name, again.pixel_size) == ("cells", 0.25)
    group = zarr.open_group(str(store / "labels"), mode="r")
    words = dict(group.attrs)
    words = words if version == "0.4" else words["ome"]
    assert words["labels"] == ["cells"]
    assert [group[f"cells/{i}"].shape for i in range(2)] == [(21, 24), (11, 12)]
    assert group.metadata.zarr_format == (2 if version == "0.4" else 3)
    formats.write(store / "labels" / "nuclei", drawn())
    with pytest.raises(InputError, match="holds the label images cells, nuclei; name the one"):
        formats.read(store)
    assert len(formats.read(store / "labels" / "nuclei")) == 4


def test_consolidated_metadata_of_the_image_name_the_labels_too(tmp_path):
    store = stores.save(tmp_path / "a.ome.zarr", PIXELS[0], "cyx")
    zarr.consolidate_metadata(str(store))
    formats.write(store / "labels" / "cells", drawn())
    group = zarr.open_group(str(store), mode="r", use_consolidated=True)
    np.testing.assert_array_equal(group["labels/cells/0"][:], drawn().label_image())


def test_labels_of_planes_of_a_stack(tmp_path):
    store = stores.save(tmp_path / "a.ome.zarr", PIXELS, "tzyx")
    with pytest.raises(InputError, match="the outlines name no plane"):
        formats.write(store / "labels" / "cells", drawn())
    first, second = drawn().replace(plane=Plane(0, 0)), drawn()[[0, 2]].replace(plane=Plane(2, 1))
    second = second.replace(labels=[1, 0], scores=[0.125, 1.0])  # of one track, another class
    for target in (store / "labels" / "cells", tmp_path / "b.labels.ome.zarr"):
        formats.write_images(target, [ImageAnnotation("a", None, one) for one in (first, second)])
        entries = formats.read_images(target)
        assert [one.instances.plane[:2] for one in entries] == [(0, 0), (2, 1)]
        scenes.assert_same(first, entries[0].instances)
        scenes.assert_same(second, entries[1].instances)
        assert len(formats.read(target, page=5)) == 2
        assert len(formats.read(target, page=3)) == 0
    with pytest.raises(InputError, match="on the plane z 3 and t 0, which is not there"):
        formats.write(store / "labels" / "cells", drawn().replace(plane=Plane(3)))


def test_no_image_is_replaced_and_no_folder_left_behind(tmp_path):
    store = stores.save(tmp_path / "a.ome.zarr", PIXELS[0], "cyx")
    before = scenes.content(tmp_path)
    for wrong, sentence in [
        (store, "holds something else than labels, which is not replaced"),
        (store / "s0", "labels of an image lie in"),
        (tmp_path / "b.ome.zarr" / "labels" / "x", "there is no image"),
    ]:
        with pytest.raises(InputError, match=sentence):
            formats.write(wrong, drawn())
    with pytest.raises(InputError, match=r"are of \(9, 9\) pixels, and the image of \(21, 24\)"):
        formats.write(store / "labels" / "x", drawn().replace(size=(9, 9)))
    with pytest.raises(InputError, match="needs the image's size"):
        formats.write(tmp_path / "c.labels.ome.zarr", drawn().replace(size=None))
    formats.write(store / "labels" / "x", drawn().replace(size=None))  # the image has a size
    with pytest.raises(InputError, match="exists already"):
        formats.write(store / "labels" / "x", drawn(), overwrite=False)
    archive = stores.zipped(store)
    with pytest.raises(InputError, match=r"of the ending .ome.zarr.zip is read and never written"):
        formats.write(archive, drawn())
    assert formats.read(archive).ids.tolist() == drawn().ids.tolist()
    assert before.items() <= scenes.content(tmp_path).items()


def test_no_objects_and_ids_beyond_16_bits_and_regions_to_ignore(tmp_path):
    path = tmp_path / "a.labels.ome.zarr"
    formats.write(path, Instances.empty(size=(4, 5)))
    assert (len(formats.read(path)), formats.read(path).size) == (0, (4, 5))
    wide = drawn().replace(ids=[70_000, 2, 3, -4], ignore=[False, False, False, True])
    formats.write(path, wide)
    scenes.assert_all_but_outlines_same(formats.read(path), wide[[3, 1, 2, 0]])
    assert zarr.open_group(str(path), mode="r")["0"].dtype == np.int32


def test_labels_of_other_programs_keep_their_properties(tmp_path):
    path = tmp_path / "a.labels.ome.zarr"
    formats.write(path, drawn())
    file = path / "zarr.json"
    words = json.loads(file.read_text())
    label = words["attributes"]["ome"]["image-label"]
    del label["kontur"]
    label["properties"] = [{"label-value": 1, "area": 12.5, "class": "late"}, {"no": 1}, 7]
    file.write_text(json.dumps(words))
    found = formats.read(path)
    assert scenes.named(found) == ["late", "object", "object", "object"]
    formats.write(tmp_path / "b.labels.ome.zarr", found)
    assert formats.read(tmp_path / "b.labels.ome.zarr").extras == found.extras
    label["properties"] = [{"label-value": 1, "score": 7}]
    file.write_text(json.dumps(words))
    with pytest.raises(InputError, match="a score is 7; wanted a number from 0 to 1"):
        formats.read(path)


def test_large_labels_have_smaller_levels_that_mix_no_ids(tmp_path):
    image = np.zeros((1500, 40), dtype=np.uint32)
    image[::2], image[1::2] = 100, 300
    found = Instances.from_label_image(image)
    formats.write_images(
        tmp_path / "a.labels.ome.zarr", [ImageAnnotation("a", None, found, pixel_size=0.5)]
    )
    group = zarr.open_group(str(tmp_path / "a.labels.ome.zarr"), mode="r")
    assert group["1"].shape == (750, 20)
    assert set(np.unique(group["1"][:])) <= {100, 300}
    (scales,) = group.attrs["ome"]["multiscales"]
    steps = [one["coordinateTransformations"][0]["scale"] for one in scales["datasets"]]
    assert steps == [[0.5, 0.5], [1.0, 1.0]]


def test_an_image_with_its_labels_is_converted_and_the_image_gives_the_size(tmp_path):
    store = stores.save(tmp_path / "a.ome.zarr", PIXELS[0], "cyx")
    formats.write(tmp_path / "a.geojson", drawn())
    convert(tmp_path / "a.geojson", store / "labels" / "cells")
    made = convert(store, tmp_path / "b.geojson")
    assert (made.objects, made.losses) == (
        4,
        ("GeoJSON for QuPath: the size of a pixel (0.25 µm) is lost",),
    )
    convert(tmp_path / "b.geojson", tmp_path / "c.labels.ome.zarr", image=str(store))
    assert formats.read_images(tmp_path / "c.labels.ome.zarr")[0].pixel_size == 0.25


CLASSES = np.zeros((2, 21, 24), dtype=np.uint8)
CLASSES[0, 2:6, 2:6], CLASSES[0, 10:14, 2:6], CLASSES[1, 4:9, 12:20] = 1, 1, 3


def painted(tmp_path, values, **properties):
    """Labels of another program: the values, and the class of some of them."""
    path = tmp_path / "a.labels.ome.zarr"
    entries = []
    for plane, image in enumerate(values):
        found = Instances.from_label_image(image)
        found = found.replace(plane=Plane(z=plane) if len(values) > 1 else None)
        entries.append(ImageAnnotation("a", found.size, found))
    ome_zarr_labels.write(path, entries)
    file = path / "zarr.json"
    content = json.loads(file.read_text())
    label = content["attributes"]["ome"]["image-label"]
    label["properties"] = [{"label-value": int(k[1:]), "class": c} for k, c in properties.items()]
    file.write_text(json.dumps(content))
    return path


def test_regions_of_a_binary_store_have_the_class_that_it_names_for_its_value(tmp_path):
    path = painted(tmp_path, np.minimum(CLASSES, 1), v1="nucleus", v2="debris")
    entries = formats.read_images(path, task="components")
    assert {entry.instances.classes for entry in entries} == {("nucleus",)}
    other = painted(tmp_path / "other", np.minimum(CLASSES, 1), v2="debris")
    entries = formats.read_images(other, task="components")
    assert {entry.instances.classes for entry in entries} == {("object",)}


def test_regions_of_a_binary_store_are_objects_and_those_of_planes_are_others(tmp_path):
    path = painted(tmp_path, np.minimum(CLASSES, 1))
    assert [len(entry.instances) for entry in formats.read_images(path)] == [1, 1]
    entries = formats.read_images(path, task="components")
    assert [entry.instances.ids.tolist() for entry in entries] == [[1, 2], [3]]
    assert formats.read(path, page=0, task="components").areas.tolist() == [16, 16]
    assert {entry.instances.classes for entry in entries} == {("object",)}
    with pytest.raises(InputError, match="task=components needs binary masks"):
        formats.read(painted(tmp_path / "b", CLASSES.max(axis=0, keepdims=True)), task="components")


def test_values_of_a_store_are_classes_by_the_names_that_it_gives_them(tmp_path):
    path = painted(tmp_path, CLASSES, _1="cell", _9="nerve")  # which it does not have
    entries = formats.read_images(path, task="semantic")
    assert {entry.instances.classes for entry in entries} == {("cell", "3")}
    assert [entry.instances.labels.tolist() for entry in entries] == [[0, 0], [1]]
    assert formats.read(path, page=1, task="semantic").classes == ("cell", "3")
    named = formats.read(path, page=1, task="semantic", class_of_value={1: "a", 3: "b"})
    assert named.classes == ("a", "b")


def test_every_reader_of_masks_reads_stores_by_the_task(tmp_path):
    path = painted(tmp_path, np.minimum(CLASSES[:1], 1))
    (tmp_path / "data" / "images").mkdir(parents=True)
    shutil.copytree(path, tmp_path / "data" / "outlines" / path.name)
    Image.fromarray(CLASSES[0]).save(tmp_path / "data" / "images" / "a.png")

    def counts(task):
        folder = open_folder(tmp_path / "data", task=task)
        return [
            len(find_predictions(path, task=task)["a"]()),
            len(find_planes(path, task=task, page="all")["a"]().on(None)),
            len(find_sources(path, task=task).images[0].read().instances),
            len(plane_sources(path, task=task).images[0].read().instances),
            len(folder.samples[0].instances),
        ]

    assert counts("instances") == [1] * 5
    assert counts("components") == counts("semantic") == [2] * 5
