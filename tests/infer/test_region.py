"""A region: the objects of the whole image whose centres lie in it, and no tile too many."""

import json
from dataclasses import replace

import numpy as np
import pytest
import shapely
import tifffile

from kontur.errors import InputError
from kontur.images import image_file
from kontur.infer.folder import predict_folder
from kontur.infer.inputs import find_inputs
from kontur.infer.options import PredictOptions
from kontur.infer.region import parse_region
from kontur.infer.scale_and_contrast import diameter_of
from kontur.instances.plane import Plane
from tests.infer.tiling.test_tiled import connected, mosaic, predictor, unmatched

TISSUE = [[[40, 30], [300, 60], [280, 200], [60, 220], [40, 30]]]


@pytest.fixture(scope="module")
def image():
    return mosaic(5, 6, (307, 371))


@pytest.fixture
def tissue(tmp_path):
    path = tmp_path / "tissue.geojson"
    feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": TISSUE}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return str(path)


def inside(found, area):
    x0, y0, x1, y1 = found.boxes.T
    return found[shapely.intersects_xy(area, (x0 + x1) / 2, (y0 + y1) / 2)]


def test_a_region_is_known_by_what_was_drawn_not_by_how_it_is_written(tissue, tmp_path):
    other = tmp_path / "turned.json"
    turned = [TISSUE[0][2:] + TISSUE[0][1:3]]
    other.write_text(json.dumps({"type": "Polygon", "coordinates": turned}))
    first, second = parse_region(tissue), parse_region(str(other))
    assert first.digest == second.digest
    moved = [[[x + 1, y] for x, y in TISSUE[0]]]
    other.write_text(json.dumps({"type": "Polygon", "coordinates": moved}))
    assert parse_region(str(other)).digest != first.digest


def feature(area, classification=None, **plane):
    geometry = shapely.geometry.mapping(area) | ({"plane": plane} if plane else {})
    classes = {"classification": {"name": classification}} if classification else {}
    return {"type": "Feature", "geometry": geometry, "properties": classes}


def drawn(path, *features):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


def lines(path, **areas):
    size = {"image_height": 307, "image_width": 371}
    rows = [
        feature(area) | {"properties": {"image": f"{name}.tif", "id": 1, "class": "x", **size}}
        for name, area in areas.items()
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


LEFT, RIGHT = shapely.box(0, 0, 180, 307), shapely.box(180, 0, 371, 307)


def test_what_a_file_marks_as_to_be_ignored_is_cut_out(tmp_path):
    tissue, hole = feature(LEFT, "Tissue"), feature(shapely.box(100, 0, 300, 50), "Ignore*")
    region = parse_region(drawn(tmp_path / "a.geojson", tissue, hole)).of_plane(None)
    assert region.area.equals(LEFT - shapely.box(100, 0, 180, 50))
    with pytest.raises(InputError, match="no outline of a region beside what is to be ignored"):
        parse_region(drawn(tmp_path / "b.geojson", hole))


def test_of_a_file_of_several_images_each_has_its_own(tmp_path, image):
    file = lines(tmp_path / "two.geojsonl", a=LEFT, b=RIGHT)
    model = predictor("baseline")
    whole = model.predict(image)
    for name, area in (("a", LEFT), ("b", RIGHT)):
        tifffile.imwrite(tmp_path / f"{name}.tif", image[..., 0])
        found = model.predict(tmp_path / f"{name}.tif", region=file)
        assert len(found) == len(inside(whole, area)) > 10
    for other, sentence in (
        (tmp_path / "c.tif", r"several images \(a.tif, b.tif\), and c.tif is none of them"),
        (None, "the image has no name"),
    ):
        with pytest.raises(InputError, match=sentence):
            parse_region(file).of_image(other)
    moved = lines(tmp_path / "moved.geojsonl", a=RIGHT, b=LEFT)
    assert parse_region(moved).digest != parse_region(file).digest


@pytest.mark.parametrize("page", [0, "all"])
def test_a_folder_takes_for_each_image_the_region_of_its_name(tmp_path, image, page):
    stack = np.stack([image[..., 0]] * 2) if page == "all" else image[..., 0]
    for name in "abc":
        tifffile.imwrite(tmp_path / f"{name}.tif", stack, photometric="minisblack")
    file = lines(tmp_path / "two.geojsonl", a=LEFT, b=RIGHT)
    model, options = predictor("baseline"), PredictOptions(region=file, page=page)
    inputs = find_inputs([tmp_path / f"{name}.tif" for name in "abc"])
    a, b, c = predict_folder(model, inputs, tmp_path / "out", options=options)
    whole = model.predict(image)
    times = 2 if page == "all" else 1
    assert [one.objects for one in (a, b)] == [
        times * len(inside(whole, area)) for area in (LEFT, RIGHT)
    ]
    assert "c.tif is none of them" in c.failure


def test_outlines_on_several_planes_hold_each_for_its_own(tmp_path):
    file = drawn(tmp_path / "a.geojson", feature(LEFT), feature(RIGHT, z=2))
    regions = parse_region(file)
    assert regions.of_plane(Plane(z=0)).area.equals(LEFT)
    assert regions.of_plane(Plane(z=2, page=5)).area.equals(RIGHT)
    assert regions.of_plane(Plane(z=1)).area.is_empty
    regions.of_plane(Plane(z=1)).check_inside((9, 9))
    with pytest.raises(InputError, match="the image is one plane"):
        regions.of_plane(None)
    one = parse_region(drawn(tmp_path / "b.geojson", feature(RIGHT, z=2)))
    assert one.of_plane(Plane(z=1)).area.equals(one.of_plane(None).area)


def test_a_rectangle_may_reach_beyond_the_image(image):
    model = predictor("baseline")
    found = model.predict(image, region="-100,-100.5,400,400.5")
    assert len(found) == len(inside(model.predict(image), shapely.box(-100, -100.5, 300, 300)))


@pytest.mark.parametrize("tile", [None, 64])
def test_a_rectangle_and_an_outline_hold_the_objects_whose_centres_lie_there(image, tissue, tile):
    model = predictor("baseline")
    whole = model.predict(image)
    areas = {"100,50,120.5,90": shapely.box(100, 50, 220.5, 140), tissue: shapely.Polygon(*TISSUE)}
    for word, area in areas.items():
        expected, found = inside(whole, area), model.predict(image, region=word, tile=tile)
        assert len(expected) == len(found) > 10
        assert unmatched(expected, found) == 0


def test_only_tiles_that_may_hold_its_objects_are_looked_at(image):
    model = predictor("baseline")
    tiles = [
        len(model.plan(image, PredictOptions(tile=64, region=region)).tiled.tiles)
        for region in ("100,50,20,20", None)
    ]
    assert 0 < tiles[0] < tiles[1] / 2


def painted(*boxes):
    """An image of squares in rows, and of an object of boxes xyxy around which there is room."""
    image, full = np.zeros((500, 500), np.uint8), np.zeros((500, 500), bool)
    for x0, y0, x1, y1 in boxes:
        image[y0:y1, x0:x1] = 200
        full[y0 - 6 : y1 + 6, x0 - 6 : x1 + 6] = True
    for y in range(4, 480, 25):
        for x in range(4, 480, 25):
            if not full[y : y + 9, x : x + 9].any():
                image[y : y + 9, x : x + 9] = 200
    return image


STEP = (240, 240, 250, 490), (240, 240, 490, 250), (480, 10, 490, 250)
PATH = (50, 200, 60, 300), (50, 200, 250, 210), (240, 200, 250, 490), (240, 480, 450, 490)


@pytest.mark.parametrize(
    ("boxes", "y"),
    [(STEP, 250), ([*PATH, (440, 10, 450, 490)], 250)],
    ids=["step", "path that falls and rises"],
)
def test_an_object_of_a_region_is_found_wherever_it_begins(boxes, y):
    x = (min(box[0] for box in boxes) + max(box[2] for box in boxes)) / 2
    region = f"{x - 12},{y - 12},24,24"
    model, image = connected(), painted(*boxes)
    whole = model.predict(image, region=region)
    assert whole.areas.max() > 4000
    found = model.predict(image, region=region, tile=64)
    assert sorted(found.areas.tolist()) == sorted(whole.areas.tolist())


def test_small_objects_lead_to_no_further_tiles():
    model, image = connected(), painted()
    plan = model.plan(image, PredictOptions(tile=64, region="420,420,60,60"))
    looked, propose = [], plan.tiled.propose
    tiled = replace(plan.tiled, propose=lambda *how: looked.append(1) or propose(*how))
    parts = model.parts_of(replace(plan, tiled=tiled))
    assert sum(len(part.instances) for part in parts.resolved) > 3
    assert len(looked) == len(tiled.tiles) < len(tiled.tiling) / 4


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("1,2,3", "a region is x,y,width,height in pixels"),
        ("1,2,0,4", "has no area"),
        ("nowhere.geojson", "a region is x,y,width,height"),
        ("1,2,-3,4", "has no area"),
        ("5000,5000,10,10", "lies outside the image, whose x runs from 0 to 371"),
        ("371,0,100,100", "lies outside the image"),  # it only touches
        ("-10,-10,10,100", "lies outside the image"),
    ],
)
def test_what_is_no_region_of_the_image_is_one_sentence(image, word, sentence):
    with pytest.raises(InputError, match=sentence):
        predictor("baseline").predict(image, region=word)
    if "outside" not in sentence:
        with pytest.raises(InputError, match=sentence):
            parse_region(word)


@pytest.fixture
def pyramid(tmp_path, image, monkeypatch):
    """An image four times as large, with levels; its pixels are 0.25 µm."""
    monkeypatch.setattr(image_file, "LAZY", 0)
    monkeypatch.setattr(image_file, "SMALL", 0)
    large = np.kron(image[..., 0], np.ones((4, 4), np.uint8))
    how = {"tile": (64, 64), "photometric": "minisblack"}
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as writer:
        sides = {"PhysicalSizeX": 0.25, "PhysicalSizeY": 0.25}
        writer.write(large, subifds=1, metadata={"axes": "YX", **sides}, **how)
        writer.write(image[..., 0], subfiletype=1, **how)
    return tmp_path / "a.ome.tif"


def test_a_shrunk_image_is_read_from_the_level_of_that_size(pyramid, image, monkeypatch):
    model = predictor("baseline")
    expected = model.predict(image)
    prepared = model.prepare(pyramid)
    monkeypatch.setattr(prepared.pixels, "read", None)  # the full resolution is not looked at
    view = prepared.view(0.25)
    tile = view.images[0, 0, : view.size[0], : view.size[1]]
    np.testing.assert_allclose(tile, model.prepare(image).view().images[0, 0], atol=0.02)
    found = model.predict(pyramid, diameter=44.0)
    assert abs(len(found) - len(expected)) <= 2
    assert found.size == (1228, 1484)


def test_the_size_of_a_pixel_says_the_scale(pyramid, image):
    model = predictor("baseline")
    card = model.card.replace(pixel_size=1.0)
    prepared = model.prepare(pyramid)
    for side in (0.25, "auto"):
        assert diameter_of(prepared.pixel_size, card, PredictOptions(pixel_size=side)) == 44.0
    for options, sentence in (
        (PredictOptions(pixel_size=1.0, diameter=3.0), "both say the scale"),
        (PredictOptions(pixel_size="auto"), "does not say the size of its pixels; give it"),
    ):
        with pytest.raises(InputError, match=sentence):
            diameter_of(model.prepare(image).pixel_size, card, options)
    with pytest.raises(InputError, match="card does not say the size of its pixels"):
        diameter_of(prepared.pixel_size, model.card, PredictOptions(pixel_size=1.0))
