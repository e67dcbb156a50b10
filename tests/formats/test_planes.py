"""Planes of a stack: what is outlined on one is written there, and read from there alone."""

import json
from zipfile import ZipFile

import numpy as np
import pytest
import shapely
import tifffile
from PIL import Image as Picture
from shapely.geometry import mapping

from kontur import formats
from kontur.errors import InputError
from kontur.formats.image_annotation import ImageAnnotation
from kontur.images.image_file import open_image, read_image
from kontur.instances import Instances
from kontur.instances.plane import Plane

FOUND = Instances.of([shapely.box(2, 3, 9, 8), shapely.box(12, 3, 19, 8)], size=(24, 32))
STACK = np.zeros((6, 24, 32), np.uint8)


def of_axes(axes, *shape, **options):
    return lambda path: tifffile.imwrite(
        path, STACK.reshape(*shape, 24, 32), metadata={"axes": axes}, **options
    )


def of_two_images(path):
    with tifffile.TiffWriter(path) as file:
        file.write(STACK[:2], metadata={"axes": "ZYX"}, photometric="minisblack")
        file.write(STACK[:4, :20], metadata={"axes": "ZYX"}, photometric="minisblack")


def as_animation(path):
    frames = [Picture.fromarray(STACK[0] + 40 * i) for i in range(6)]
    frames[0].save(path, format="GIF", save_all=True, append_images=frames[1:])


def as_array(path):
    with path.open("wb") as file:
        np.save(file, STACK)


STACKS = {  # how six planes are stored, and the depth and time of each
    "depths": (of_axes("ZYX", 6), [(z, 0) for z in range(6)]),
    "times": (of_axes("TYX", 6, imagej=True), [(0, t) for t in range(6)]),
    "pages": (of_axes("QYX", 6), [(0, t) for t in range(6)]),
    "animation": (as_animation, [(0, t) for t in range(6)]),
    "array": (as_array, [(0, t) for t in range(6)]),
    "both": (of_axes("TZYX", 3, 2, ome=True), [(z, t) for t in range(3) for z in range(2)]),
    "images": (of_two_images, [(0, 0), (1, 0), (0, 0), (1, 0), (2, 0), (3, 0)]),
}


@pytest.mark.parametrize("name", STACKS)
def test_outlines_of_a_page_come_back_for_that_page_and_no_other(tmp_path, name, caplog):
    write, places = STACKS[name]
    write(tmp_path / "stack")
    for page, (z, t) in enumerate(places):
        plane = read_image(tmp_path / "stack", page=page).plane
        assert plane[:2] == (z, t)
        formats.write(tmp_path / "a.geojson", FOUND.replace(plane=plane))
        again = formats.read(tmp_path / "a.geojson", page=page)
        assert again.boxes.tolist() == FOUND.boxes.tolist()
        features = json.loads((tmp_path / "a.geojson").read_text())["features"]
        assert [one["geometry"]["plane"] for one in features] == [{"c": -1, "z": z, "t": t}] * 2
        assert again.plane == plane
        others = [formats.read(tmp_path / "a.geojson", page=i) for i in range(6) if i != page]
        assert set(map(len, others)) == {0}
        assert f"they are on {page}" in caplog.text


OUTLINES = [
    name for name, one in formats.WRITABLE.items() if one.planes and not one.raster
]  # what keeps planes; labels of the first one alone are a single image


@pytest.mark.parametrize("name", OUTLINES)
def test_outlines_of_the_first_plane_are_on_no_other_and_those_of_none_on_any(
    tmp_path, name, caplog
):
    path = tmp_path / f"a{formats.WRITABLE[name].ending}"
    for plane, counts in [
        (Plane(), {0: 2, 3: 0}),
        (Plane(t=3), {0: 0, 3: 2}),
        (Plane(page=3), {0: 0, 3: 2}),  # the first of another image of the file
        (Plane(z=2, t=1, page=3), {0: 0, 1: 0, 2: 0, 3: 2}),
        (None, {0: 2, 3: 2}),
    ]:
        found = FOUND.replace(plane=plane)
        formats.write(path, found)
        assert formats.read(path).plane == plane
        assert {page: len(formats.read(path, page=page)) for page in counts} == counts
        written = path.read_bytes()
        formats.write(path, formats.read(path), image_name="a")
        assert path.read_bytes() == written
        image = ImageAnnotation("a", found.size, found[[]])
        with formats.stream_image(path, image) as add:
            add(found[:1])
            add(found[1:])
        assert {page: len(formats.read(path, page=page)) for page in counts} == counts
    assert "no outline is on page 3; they are on 0" in caplog.text


def test_what_others_write_of_the_first_plane_reads_as_before(tmp_path):
    """QuPath names no first plane: alone its outlines are of any, beside others of the first."""
    feature = {"type": "Feature", "geometry": mapping(shapely.box(0, 0, 5, 5))}
    later = {**feature, "geometry": {**feature["geometry"], "plane": {"c": -1, "z": 2, "t": 0}}}
    for ending, joined in [(".geojson", ", "), (".geojsonl", "\n")]:
        for features, counts in [([feature], [1, 1, 1]), ([feature, later], [1, 0, 1])]:
            text = joined.join(map(json.dumps, features))
            path = tmp_path / f"a{ending}"
            path.write_text(f"[{text}]" if ending == ".geojson" else text)
            assert [len(formats.read(path, page=page)) for page in range(3)] == counts


def test_an_image_that_is_no_stack_gains_nothing(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0])
    texts = []
    for page in (None, 0):
        found = FOUND.replace(plane=read_image(tmp_path / "a.tif", page=page).plane)
        formats.write(tmp_path / "a.geojson", found, image_name="a.tif")
        texts.append((tmp_path / "a.geojson").read_text())
    formats.write(tmp_path / "a.geojson", FOUND, image_name="a.tif")
    assert [(tmp_path / "a.geojson").read_text()] * 2 == texts
    assert "plane" not in texts[0]
    assert "page" not in texts[0]


def test_outlines_of_several_pages_are_one_file_of_planes(tmp_path):
    entries = [
        ImageAnnotation("a.tif", FOUND.size, FOUND[[i]].replace(plane=Plane(z=z)))
        for i, z in enumerate((0, 4))
    ]
    formats.write_images(tmp_path / "a.geojson", entries)
    assert [one.instances.plane for one in formats.read_images(tmp_path / "a.geojson")] == [
        Plane(),
        Plane(z=4),
    ]
    assert formats.read(tmp_path / "a.geojson", page=4).boxes[:, 0].tolist() == [12]


def test_what_qupath_says_of_a_plane_stays_and_its_place_is_ours(tmp_path):
    features = [
        {"type": "Feature", "geometry": mapping(shapely.box(0, 0, 5, 5)) | {"plane": plane}}
        for plane in ({"c": 1, "z": 0, "t": 2}, None)
    ]
    (tmp_path / "a.geojson").write_text(json.dumps(features))
    read = formats.read_images(tmp_path / "a.geojson")
    assert [one.instances.plane for one in read] == [Plane(), Plane(t=2)]
    formats.write_images(tmp_path / "b.geojson", read)
    written = json.loads((tmp_path / "b.geojson").read_text())["features"]
    places = [{"c": -1, "z": 0, "t": 0}, {"c": 1, "z": 0, "t": 2}]
    assert [one["geometry"].get("plane") for one in written] == places
    moved = read[1].instances.replace(plane=Plane(z=3))
    formats.write(tmp_path / "b.geojson", moved)
    (feature,) = json.loads((tmp_path / "b.geojson").read_text())["features"]
    assert feature["geometry"]["plane"] == {"c": 1, "z": 3, "t": 0}


def test_masks_of_a_page_are_outlines_of_its_plane(tmp_path):
    masks = STACK.copy()
    masks[3, 2:6, 2:9] = 1
    tifffile.imwrite(tmp_path / "a.tif", masks, metadata={"axes": "ZYX"})
    assert formats.read(tmp_path / "a.tif", page=3).plane == Plane(z=3)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.tif", lambda path: tifffile.imwrite(path, STACK[0])),
        ("a.png", lambda path: Picture.fromarray(STACK[0]).save(path)),
        ("a.npy", lambda path: np.save(path, STACK[0])),
    ],
)
def test_the_only_page_of_a_file_is_no_plane_of_a_stack(tmp_path, name, write):
    write(tmp_path / name)
    for read in (read_image, open_image):
        assert read(tmp_path / name, page=0).plane is None


@pytest.mark.parametrize("name", OUTLINES)
def test_pages_of_a_stack_of_depths_and_times_are_kept_on_every_plane(tmp_path, name):
    """By the place alone a page could not be told: which of both axes counts faster?"""
    path = tmp_path / f"a{formats.WRITABLE[name].ending}"
    planes = [Plane(z, t).numbered(3 * t + z) for t in range(2) for z in range(3)]
    entries = [
        ImageAnnotation(
            "a", FOUND.size, FOUND.replace(plane=plane, ids=np.array([1, 2]) + 2 * page)
        )
        for page, plane in enumerate(planes)
        if page != 1
    ]
    for _ in range(2):
        formats.write_images(path, entries)
        entries = formats.read_images(path)
        assert sorted(one.instances.plane.number for one in entries) == [0, 2, 3, 4, 5]
        assert [len(formats.read(path, page=page)) for page in range(6)] == [2, 0, 2, 2, 2, 2]


@pytest.mark.parametrize("pages", ["3", "[3]", "[[0, 1]]", '[[0, 1, "x"]]'])
def test_pages_that_are_none_are_one_sentence(tmp_path, pages):
    formats.write(tmp_path / "a.geojson", FOUND.replace(plane=Plane(t=1)))
    text = (tmp_path / "a.geojson").read_text()
    (tmp_path / "a.geojson").write_text(text.replace('"kontur":{', f'"kontur":{{"pages":{pages},'))
    with pytest.raises(InputError, match=r"kontur\.pages is .* wanted a list of \[z, t, page\]"):
        formats.read(tmp_path / "a.geojson")


def test_an_object_of_several_planes_has_a_file_of_its_own_for_each_in_a_zip_of_rois(tmp_path):
    planes = [FOUND.replace(plane=Plane(z=z)) for z in range(3)]  # the same ids, as in a volume
    entries = [ImageAnnotation("a", FOUND.size, one) for one in planes]
    formats.write_images(tmp_path / "a.rois.zip", entries)
    with ZipFile(tmp_path / "a.rois.zip") as archive:
        assert archive.namelist() == [
            f"000{number}{suffix}.roi" for suffix in ("", "-2", "-3") for number in (1, 2)
        ]
    assert [len(formats.read(tmp_path / "a.rois.zip", page=page)) for page in range(3)] == [2, 2, 2]
