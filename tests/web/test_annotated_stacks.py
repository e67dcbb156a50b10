"""Stacks whose annotation has several planes: each keeps its objects, whatever is edited."""

import json
from contextlib import contextmanager

import nibabel
import numpy as np
import pytest
import shapely
import tifffile

from kontur import formats
from kontur.data.file_names import stem
from kontur.edit import moves
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.web.exporting import export
from kontur.web.training import corrected_planes
from kontur.web.workspace import open_workspace
from tests.images import volumes

ZYX = {"metadata": {"axes": "ZYX"}, "photometric": "minisblack"}
SIZE = (20, 30)
SQUARE = shapely.box(2, 2, 12, 12)


def labelled():
    """The ids of four planes of which the first and the third have objects; k, j, i."""
    array = np.zeros((4, *SIZE), np.uint8)
    array[0, 3:9, 4:9] = 5
    array[2, 8:15, 8:19] = 5
    array[2, 2:5, 2:6] = 9
    return array


def nifti(folder):
    for name, array in (("imagesTr/a_0000", np.zeros_like(labelled())), ("labelsTr/a", labelled())):
        (folder / name).parent.mkdir()
        volumes.write(folder / f"{name}.nii.gz", array.T)


def tiff(folder):
    tifffile.imwrite(folder / "a.tif", np.zeros_like(labelled()), **ZYX)
    tifffile.imwrite(folder / "a_masks.tif", labelled(), **ZYX)


def outlines(folder):
    (folder / "images").mkdir()
    (folder / "outlines").mkdir()
    tifffile.imwrite(folder / "images/a.tif", np.zeros_like(labelled()), **ZYX)
    found = [
        Instances.from_label_image(plane).replace(plane=Plane(z))
        for z, plane in enumerate(labelled())
    ]
    entries = [ImageAnnotation("a.tif", SIZE, one) for one in found if len(one)]
    formats.write_images(folder / "outlines/a.geojson", entries)


@contextmanager
def opened(folder):
    here = open_workspace(folder)
    (image,) = here.folder.images.values()
    yield here, image
    here.close()


@pytest.mark.parametrize("make", [nifti, tiff, outlines])
@pytest.mark.parametrize("first", [0, 1, 3])
def test_editing_a_plane_leaves_the_objects_of_all_others(tmp_path, make, first):
    make(tmp_path)
    expected = [1, 0, 2, 0]
    with opened(tmp_path) as (here, image):
        if make is not outlines:
            assert corrected_planes(here) == [(image, page) for page in range(4)]
        here.annotations.edit(
            image, first, "add", lambda found: moves.add(found, SQUARE), known_revision=10**6
        )
        expected[first] += 1
        file = image.path.with_name(f"{stem(image.path)}.geojson")
        features = json.loads(file.read_text())["features"]
        assert len(features) == sum(expected)
    with opened(tmp_path) as (here, image):
        found = [here.annotations.open(image, page).instances for page in range(4)]
        assert [len(one) for one in found] == expected
        assert [one.plane.number for one in found] == [0, 1, 2, 3]


def outlined_by_another_program(folder, depth, time):
    """Two times of three depths, of which a program that counts no pages has outlined one plane."""
    outlines(folder)
    film = np.zeros((2, 3, *SIZE), np.uint8)
    axes = {"metadata": {"axes": "TZYX"}, "photometric": "minisblack"}
    tifffile.imwrite(folder / "images/a.tif", film, **axes)
    file = folder / "outlines/a.geojson"
    formats.write(file, Instances.of(np.array([SQUARE], object), size=SIZE))
    content = json.loads(file.read_text())
    content["features"][0]["geometry"]["plane"] = {"c": -1, "z": depth, "t": time}
    file.write_text(json.dumps({"type": content["type"], "features": content["features"]}))


@pytest.mark.parametrize(("depth", "time", "page"), [(0, 1, 3), (2, 0, 2), (1, 1, 4)])
def test_outlines_of_another_program_are_on_the_page_of_their_depth_and_time(
    tmp_path, depth, time, page
):
    outlined_by_another_program(tmp_path, depth, time)
    with opened(tmp_path) as (here, image):
        counts = [len(here.annotations.open(image, number).instances) for number in range(6)]
    assert counts == [number == page for number in range(6)]


def test_our_file_that_another_program_saved_keeps_its_objects_on_their_page(tmp_path):
    film = np.zeros((2, 3, *SIZE), np.uint8)
    axes = {"metadata": {"axes": "TZYX"}, "photometric": "minisblack"}
    tifffile.imwrite(tmp_path / "a.tif", film, **axes)
    with opened(tmp_path) as (here, image):
        here.annotations.edit(
            image, 3, "add", lambda found: moves.add(found, SQUARE), known_revision=10**6
        )
    (file,) = tmp_path.glob("*.geojson")
    content = json.loads(file.read_text())
    assert content.pop("kontur")["page"] == 3
    file.write_text(json.dumps(content))
    with opened(tmp_path) as (here, image):
        counts = [len(here.annotations.open(image, number).instances) for number in range(6)]
    assert counts == [0, 0, 0, 1, 0, 0]


@pytest.mark.parametrize("make", ["beside", "outlines"])
@pytest.mark.parametrize("axes", ["TZYX", "ZTYX"])
@pytest.mark.parametrize(
    ("planes", "pages"),
    [
        ([(1, 1)], {"TZYX": [4], "ZTYX": [3]}),
        ([(0, 1)], {"TZYX": [3], "ZTYX": [1]}),
        ([(2, 0)], {"TZYX": [2], "ZTYX": [4]}),
        ([(0, 0), (1, 1)], {"TZYX": [0, 4], "ZTYX": [0, 3]}),
    ],
)
def test_the_planes_with_right_outlines_are_the_same_before_and_after_a_film_is_opened(
    tmp_path, make, axes, planes, pages
):
    """A program that counts no pages has saved our file, or outlines beside the training images."""
    folder = tmp_path / "images" if make == "outlines" else tmp_path
    folder.mkdir(exist_ok=True)
    (tmp_path / "outlines").mkdir()
    film = np.zeros((2, 3, *SIZE) if axes == "TZYX" else (3, 2, *SIZE), np.uint8)
    tifffile.imwrite(folder / "a.ome.tif", film, metadata={"axes": axes}, photometric="minisblack")
    file = tmp_path / ("a.geojson" if make == "beside" else "outlines/a.geojson")
    found = Instances.of(np.array([SQUARE] * len(planes), object), size=SIZE)
    formats.write(file, found)
    content = json.loads(file.read_text())
    for feature, (depth, time) in zip(content["features"], planes, strict=True):
        feature["geometry"]["plane"] = {"c": -1, "z": depth, "t": time}
    if make == "outlines":
        del content["kontur"]
    file.write_text(json.dumps(content))
    with opened(tmp_path) as (here, image):
        assert [page for _, page in corrected_planes(here)] == pages[axes]
        assert here.annotations.statuses.outlined_planes(image) == pages[axes]
        here.annotations.open(image, pages[axes][0])
        assert [page for _, page in corrected_planes(here)] == pages[axes]


def test_outlines_where_the_image_has_no_plane_are_not_left_out_in_silence(tmp_path):
    outlined_by_another_program(tmp_path, 1, 7)
    with (
        opened(tmp_path) as (here, image),
        pytest.raises(InputError, match="depth 1 and time 7, and its image has no such page"),
    ):
        here.annotations.open(image, 0)


def test_the_page_exports_label_volumes_in_which_what_has_one_number_is_one_object(tmp_path):
    """Planes count their objects each for itself; a label volume says which are the same."""
    volumes.write(tmp_path / "a.nii.gz", labelled().T, sides=(2, 2, 3))
    with opened(tmp_path) as (here, image):
        for page in (0, 2):
            here.annotations.edit(
                image, page, "add", lambda found: moves.add(found, SQUARE), known_revision=10**6
            )
        made = export(here, [image], "nifti")
    assert made.name == "a.labels.nii.gz"
    (tmp_path / made.name).write_bytes(made.content)
    exported = nibabel.load(tmp_path / made.name)
    assert exported.header.get_zooms() == (2, 2, 3)
    values = np.asarray(exported.dataobj)
    assert values.shape == (30, 20, 4)
    first, third = (set(np.unique(values[:, :, k])) - {0} for k in (0, 2))
    assert len(first) == 1
    assert len(third) == 1
    assert not first & third
    (tmp_path / "b").mkdir()
    nifti(tmp_path / "b")
    with opened(tmp_path / "b") as (here, image):
        (tmp_path / "b.nii.gz").write_bytes(export(here, [image], "nifti").content)
    again = np.asarray(nibabel.load(tmp_path / "b.nii.gz").dataobj)
    np.testing.assert_array_equal(again, labelled().T)


def exported_ids(here, image, folder):
    (folder / "out.nii.gz").write_bytes(export(here, [image], "nifti").content)
    values = np.asarray(nibabel.load(folder / "out.nii.gz").dataobj)
    return [set(np.unique(values[:, :, k]).tolist()) - {0} for k in range(4)]


def test_what_is_drawn_beside_labels_is_no_object_of_another_plane(tmp_path):
    nifti(tmp_path)
    with opened(tmp_path) as (here, image):

        def edit(page, move, *values):
            here.annotations.edit(
                image, page, "edit", lambda found: move(found, *values), known_revision=10**6
            )

        edit(1, moves.add, SQUARE)
        edit(2, moves.delete, [9])
        edit(2, moves.add, shapely.box(20, 16, 28, 19))
        edit(0, moves.delete, [5])
        for _ in range(5):  # numbered 1 to 5: the last is not the 5 of the labels
            edit(0, moves.add, shapely.box(20, 12, 25, 18))
        first, second, third, fourth = exported_ids(here, image, tmp_path)
    assert (len(second), len(third), fourth) == (1, 2, set())
    assert 5 in third
    assert len(first | second | third) == len(first) + 3


@pytest.mark.parametrize("make", [nifti, tiff, outlines])
def test_an_object_on_several_planes_stays_one_beside_the_image_and_what_is_drawn_is_another(
    tmp_path, make
):
    make(tmp_path)
    with opened(tmp_path) as (here, image):
        for page in (2, 1):
            here.annotations.edit(
                image, page, "add", lambda found: moves.add(found, SQUARE), known_revision=10**6
            )
        (tmp_path / "out.csv").write_bytes(export(here, [image], "csv").content)
        beside = image.path.with_name(f"{stem(image.path)}.geojson")
    for path in (beside, tmp_path / "out.csv"):
        read = formats.read_images(path)
        ids = [{*one.instances.ids.tolist()} for one in read if len(one.instances)]
        assert ids == [{5}, {10 + 1}, {5, 9, 10}]


def test_regions_of_classes_on_several_planes_are_exported_as_different_objects(tmp_path):
    nifti(tmp_path)
    classes = {"background": 0, "t": 5, "u": 9}
    (tmp_path / "dataset.json").write_text(
        json.dumps({"channel_names": {"0": "CT"}, "labels": classes})
    )
    with opened(tmp_path) as (here, image):
        assert exported_ids(here, image, tmp_path) == [{1}, set(), {2, 3}, set()]


def test_a_mask_of_one_plane_is_of_the_plane_that_is_opened(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros_like(labelled()), **ZYX)
    tifffile.imwrite(tmp_path / "a_masks.tif", labelled()[2])
    with opened(tmp_path) as (here, image):
        assert corrected_planes(here) == [(image, 0)]
        here.annotations.open(image, 3)
        assert here.annotations.statuses.planes(image) == [3]
