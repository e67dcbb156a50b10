"""Films and stacks in folders: which image each plane is of."""

import json

import numpy as np
import pytest
import shapely
import tifffile

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.measure.sources import large_outlines
from kontur.measure.sources.plane_sources import plane_sources
from tests.images import volumes

SIZE = (24, 32)
ENDINGS = [".geojson", ".geojsonl", ".geo.parquet"]


def film(name, left):
    """Two frames of one square, which lies at `left`."""
    square = [shapely.box(left, 2, left + 5, 7)]
    frames = [Instances.of(square, size=SIZE).replace(plane=Plane(t=t)) for t in range(2)]
    return [ImageAnnotation(name, SIZE, one) for one in frames]


def found(place, *images):
    """The left side and the time of every source, and the brightness of its image if any."""
    pictures = [(one, one.read()) for one in plane_sources(place, [*map(str, images)]).images]
    return [
        (one.name, one.plane.t, picture.instances.boxes[0, 0])
        + (() if picture.image is None else (int(picture.image.max()),))
        for one, picture in pictures
    ]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("large", [1 << 40, 0], ids=["in memory", "on disk"])
def test_films_of_one_name_in_two_folders_are_two_films(tmp_path, ending, large, monkeypatch):
    monkeypatch.setattr(large_outlines, "LARGE", large)
    for left, folder in enumerate(("p1", "p2")):
        (tmp_path / "images" / folder).mkdir(parents=True)
        formats.write_images(tmp_path / "outlines" / folder / f"f{ending}", film("f.tif", left))
        pixels = np.full((2, *SIZE), 10 + left, np.uint8)
        where = tmp_path / "images" / folder / "f.tif"
        tifffile.imwrite(where, pixels, imagej=True, metadata={"axes": "TYX"})
    alone = [("p1/f", 0, 0), ("p1/f", 1, 0), ("p2/f", 0, 1), ("p2/f", 1, 1)]
    assert found(tmp_path / "outlines") == alone
    folders = [tmp_path / "images" / folder for folder in ("p1", "p2")]
    bright = [(*one, 10 + one[2]) for one in alone]
    assert found(tmp_path / "outlines", *folders) == bright
    with pytest.raises(InputError, match="could be of 'p1/f' or 'p2/f'; give the images of one"):
        found(tmp_path / "outlines" / "p1" / f"f{ending}", *folders)


def test_a_file_of_several_films_names_them_in_its_folder(tmp_path):
    for left, folder in enumerate(("p1", "p2")):
        films = [*film("a.tif", left), *film("b.tif", left + 2)]
        formats.write_images(tmp_path / folder / "all.geojsonl", films)
    names = ["p1/a", "p1/b", "p2/a", "p2/b"]
    lefts = [0, 2, 1, 3]
    expected = [(name, t, left) for name, left in zip(names, lefts, strict=True) for t in range(2)]
    assert found(tmp_path) == expected
    assert {name for name, _, _ in found(tmp_path / "p1" / "all.geojsonl")} == {"a", "b"}


def test_two_films_of_one_name_are_not_taken_as_one(tmp_path):
    formats.write_images(tmp_path / "all.geojsonl", [*film("a.tif", 0), *film("b.tif", 1)])
    formats.write_images(tmp_path / "a.geojson", film("a.tif", 2))
    with pytest.raises(InputError, match=r"'a' is the name of two images, .*a\.geojson.*all"):
        found(tmp_path)
    twice = [*film("a.tif", 0), *film("a.png", 1)]
    formats.write_images(tmp_path / "one.geojsonl", twice)
    with pytest.raises(InputError, match="'a' is the name of two images"):
        found(tmp_path / "one.geojsonl")


def test_a_film_may_have_another_name_than_its_file(tmp_path):
    formats.write_images(tmp_path / "outlines" / "mine.geojsonl", film("f.tif", 0))
    assert {name for name, _, _ in found(tmp_path / "outlines")} == {"mine"}
    assert {name for name, _, _ in found(tmp_path / "outlines" / "mine.geojsonl")} == {"f"}


def test_images_without_outlines_are_named(tmp_path):
    formats.write_images(tmp_path / "found" / "a.geojson", film("a.tif", 0))
    for name in ("a", "b"):
        pixels = np.zeros((2, *SIZE), np.uint8)
        tifffile.imwrite(tmp_path / f"{name}.tif", pixels, imagej=True, metadata={"axes": "TYX"})
    images = [str(tmp_path / "a.tif"), str(tmp_path / "b.tif")]
    sources = plane_sources(tmp_path / "found", images)
    assert sources.notes == ("not measured, having no outlines: 1 image (b)",)
    assert plane_sources(tmp_path / "found", images[:1]).notes == ()


def test_the_planes_of_a_training_folder_are_those_of_its_annotations(tmp_path):
    """Its images are no label images, whatever their format."""
    classes = np.zeros((3, *SIZE), np.uint8)  # k, j, i
    classes[1:, 2:8, 3:9] = 1
    classes[2, 2:8, 20:29] = classes[2, 12:15, 20:29] = 2
    for name, values in (("a", classes), ("b", np.minimum(classes, 1))):
        for folder, array in (("images", values + np.uint8(10)), ("labels", values)):
            (tmp_path / folder).mkdir(exist_ok=True)
            volumes.write(tmp_path / folder / f"{name}.nii.gz", array.T)
    (tmp_path / "images" / "c.tif").write_bytes(b"")

    def rows(*places, task):
        read = [
            (one.name, one.plane.z, one.read()) for one in plane_sources(*places, task=task).images
        ]
        return [
            (n, z, p.instances.labels.tolist(), p.image.max())
            for n, z, p in read
            if len(p.instances)
        ]

    objects = [("a", 1, [0], 11), ("a", 2, [0, 0], 12), ("b", 1, [0], 11), ("b", 2, [0], 11)]
    regions = [("a", 1, [0], 11), ("a", 2, [0, 1, 1], 12), ("b", 1, [0], 11), ("b", 2, [0] * 3, 11)]
    files = [str(tmp_path / "images" / f"{name}.nii.gz") for name in "ab"]
    for places in ((tmp_path,), (tmp_path / "labels", files)):
        assert rows(*places, task="instances") == objects
        assert rows(*places, task="semantic") == regions
        sources = plane_sources(*places, task="semantic").images
        assert {one.read().instances.classes for one in sources} == {("1", "2")}
    assert any("1 image (c)" in note for note in plane_sources(tmp_path).notes)  # without labels


@pytest.mark.parametrize(
    ("axes", "shape", "planes"),
    [
        ("ZYX", (3,), [Plane(0), Plane(1), Plane(2)]),
        ("TYX", (3,), [Plane(t=0), Plane(t=1), Plane(t=2)]),
        ("TZYX", (2, 2), [Plane(0), Plane(1), Plane(0, 1, 2), Plane(1, 1, 3)]),
        ("ZTYX", (2, 2), [Plane(0), Plane(t=1), Plane(1, 0, 2), Plane(1, 1, 3)]),
    ],
)
def test_an_image_says_at_which_depth_and_time_its_pages_lie(tmp_path, axes, shape, planes):
    """A plain label volume calls every page a time."""
    labels = np.zeros((len(planes), *SIZE), np.uint8)
    labels[:, 2:7, 3:9] = 1
    how = {"photometric": "minisblack"}
    outlines, image = tmp_path / "f.labels.tif", tmp_path / "images" / "f.ome.tif"
    image.parent.mkdir()
    tifffile.imwrite(outlines, labels, **how)
    tifffile.imwrite(image, labels.reshape(*shape, *SIZE), metadata={"axes": axes}, **how)
    sources = plane_sources(outlines, [str(image)]).images
    assert [one.plane for one in sources] == planes


def test_outlines_on_the_times_of_a_stack_of_depths_lie_at_its_depths(tmp_path):
    formats.write_images(tmp_path / "f.geojson", film("f.tif", 0))
    image = tmp_path / "f.ome.tif"
    pixels = np.zeros((2, *SIZE), np.uint8)
    tifffile.imwrite(image, pixels, metadata={"axes": "ZYX"}, photometric="minisblack")
    sources = plane_sources(tmp_path / "f.geojson", [str(image)]).images
    assert [one.plane for one in sources] == [Plane(0), Plane(1)]


@pytest.mark.parametrize("ending", [".geojson", ".coco.json", ".labels.tif", ".geojsonl"])
@pytest.mark.parametrize("large", [1 << 40, 0], ids=["in memory", "on disk"])
def test_outlines_that_name_no_plane_of_a_stack_are_on_none_unless_predict_json_tells_it(
    tmp_path, ending, large, monkeypatch
):
    monkeypatch.setattr(large_outlines, "LARGE", large)
    path, image = tmp_path / "o" / f"f{ending}", tmp_path / "images" / "f.tif"
    path.parent.mkdir()
    image.parent.mkdir()
    formats.write(path, film("f.tif", 0)[0].instances.replace(plane=None))
    pixels = np.stack([np.full(SIZE, value, np.uint8) for value in (10, 11, 12)])
    tifffile.imwrite(image, pixels[:1])
    assert found(path.parent, image) == [("f", 0, 0, 10)]  # the one plane there is
    tifffile.imwrite(image, pixels, imagej=True, metadata={"axes": "TYX"})
    record = path.parent / "predict.json"
    for page in (None, 3):  # of no record, and of one of another image
        if page is not None:
            record.write_text(json.dumps({"made": [{"page": page, "images": {"f": {}}}]}))
        for place in (path, path.parent):
            with pytest.raises(InputError, match=r"does not say on which plane .* has 3 pages"):
                found(place, image)
    record.write_text(json.dumps({"made": [{"page": 1, "images": {"f": {}}}]}))
    assert found(path, image) == found(path.parent, image) == [("f", 1, 0, 11)]
