"""Information loss: what does not come back from another format was said when it was written."""

import datetime
import uuid

import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.data.conversion.convert_file import convert
from kontur.display.colours import class_colour
from kontur.formats import ImageAnnotation
from kontur.formats.attributes import attributes_of, attributes_of_image
from kontur.formats.information_loss import WORDS, information_losses
from kontur.formats.qupath import CLASS_COLOUR
from kontur.instances import Instances
from kontur.instances.plane import Plane

SIZE = (32, 48)
OPEN = ["geojson", "geojsonl", "geoparquet", "csv"]  # formats of any attribute
KEYS = {name: one.extras for name, one in formats.WRITABLE.items()} | {"geoparquet": "columns"}
CLASSES = ("ring", "cell", "mitosis")
NUCLEUS = {"type": "Point", "coordinates": [1, 1]}
QUPATH = {
    "id": str(uuid.UUID("0f0e0d0c-0b0a-4908-8706-050403020100")),
    "properties": {
        "objectType": "detection",
        "name": "left one",
        "color": [1, 2, 3],
        "isLocked": True,
        "classification": {"name": "ring", "color": [9, 8, 7]},
        "measurements": {"track": 7, "parent": 3, "Area µm²": 12.5},
        "metadata": {"stain": "DAPI"},
    },
    "geometry": {},
    "feature": {"nucleusGeometry": NUCLEUS},
}
TEXTS = {"track": "7", "Area": "12.5", "stain": "DAPI", "batch": "007", "touched": "True"}
COLUMNS = {"track": 7, "parent": 3, "Area": 12.5, "stain": "DAPI", "batch": "007", "touched": True}
SHAPE = {"description": "left one", "flags": {"touched": True}, "track": 7, "group_id": None}
SAID = {  # of the first object, by each format
    "geojson": QUPATH,
    "columns": COLUMNS,
    "csv": TEXTS,
    "coco": {"track": 7, "attributes": {"stain": "DAPI"}, "keypoints": [1, 2, 2]},
    "imagej": {"name": "left one", "class": "ring", "stroke_color": [255, 1, 2, 3], "group": 4}
    | {"properties": {"track": "7", "Area": "12.5"}, "stroke_width": 2},
    "labelme": {"shapes": [SHAPE]},
    "cvat": [{"attributes": TEXTS, "rest": {"occluded": "1"}}],
    "via": [TEXTS],
    "ome-zarr": {"track": 7, "Area": 12.5, "stain": "DAPI"},
}
OF_IMAGE = {
    "coco": {
        "image": {"id": 5, "file_name": "a.png", "license": 3},
        "file": {"info": {"year": 2026}},
        "categories": [],
    },
    "labelme": {"flags": {"blurred": True}},
    "via": {"attributes": {"stage": "late"}},
    "cvat": {"task_id": "3"},
}


def image_with_everything(key):
    """Objects of which each has something that some format cannot hold, and what a format says."""
    frame = shapely.Polygon([(1, 1), (9, 1), (9, 9), (1, 9)], [[(3, 3), (3, 6), (6, 6), (6, 3)]])
    parts = shapely.MultiPolygon([shapely.box(12, 0, 15, 5), shapely.box(12, 8, 15, 13)])
    found = Instances.of(
        [frame, parts, shapely.box(20, 2, 25, 9), shapely.box(30, 2, 35, 9)],
        labels=[0, 1, 1, 0],
        scores=[0.5, np.nan, 0.25, np.nan],
        ids=[3, 4, 9, 12],
        ignore=[False, False, False, True],
        extras=[{key: SAID[key]} if key in SAID else {}, {}, {}, {}],
        size=SIZE,
        classes=CLASSES,
    )
    extras = {key: OF_IMAGE[key]} if key in OF_IMAGE else {}
    return ImageAnnotation("a.png", SIZE, found.replace(plane=Plane(t=1)), (), (), extras, 0.5)


def facts_of(entries):
    """What a file says, as pairs of a word that a sentence on its loss has, and what it says."""
    (entry,) = entries
    found, facts = entry.instances, {"a pixel": entry.pixel_size, "plane": entry.instances.plane}
    facts |= {(name, "of the image"): value for name, value in attributes_of_image(entry).items()}
    facts["class name"] = set(found.classes) - {"object"}
    for i in range(len(found)):
        parts, at = shapely.get_parts(found.polygons[i]), int(found.boxes[i, 0])
        facts |= {
            ("to ignore", at): bool(found.ignore[i]),
            ("class name", at): found.classes[found.labels[i]],
            ("score", at): None if np.isnan(found.scores[i]) else found.scores[i],
            (" id", at): int(abs(found.ids[i])),
            ("holes", at): bool(shapely.get_num_interior_rings(parts).any()),
            ("parts", at): len(parts),
        }
        for name, value in attributes_of(found, i).items():
            word = "tracks" if name in ("track", "parent") else WORDS.get(name, name)
            facts[word, at] = value
    return facts


def assert_all_said(before, after, losses):
    left_out = {fact[1] for fact in before.keys() - after.keys() if fact[0] == "to ignore"}
    for fact, value in before.items():
        word, at = fact if isinstance(fact, tuple) else (fact, None)
        said = "to ignore" if at in left_out else word
        same = value is None or after.get(fact) == value
        assert same or any(said in loss for loss in losses), (fact, value, after.get(fact), losses)


def folder_of(root, name):
    """Where a file of a format is written; each has its own, for YOLO's lists of classes."""
    (root / name).mkdir(parents=True)
    return root / name / f"a{formats.FORMATS[name].ending}"


@pytest.mark.parametrize("name", formats.WRITABLE)
def test_whatever_another_format_does_not_hold_is_said(tmp_path, name):
    source = folder_of(tmp_path / "source", name)
    formats.write_images(source, [image_with_everything(KEYS[name])])
    entries = formats.read_images(source, size=SIZE)
    before = facts_of(entries)
    for other, format in formats.WRITABLE.items():
        target = folder_of(tmp_path, other)
        formats.write_images(target, entries)
        after = facts_of(formats.read_images(target, size=SIZE))
        assert_all_said(before, after, information_losses(format, entries))


@pytest.mark.parametrize("name", OPEN)
@pytest.mark.parametrize("other", OPEN)
def test_tracks_measurements_texts_and_colours_come_back(tmp_path, name, other):
    source, there = folder_of(tmp_path / "source", name), folder_of(tmp_path, other)
    back = folder_of(tmp_path / "back", name)
    formats.write_images(source, [image_with_everything(KEYS[name])])
    losses = convert(source, there).losses + convert(there, back).losses
    before, after = (facts_of(formats.read_images(path)) for path in (source, back))
    assert_all_said(before, after, losses)
    lost = {fact for fact in before if after.get(fact) != before[fact]}
    assert lost <= {("nucleusGeometry", 1), "class name"}, losses


def test_a_colour_and_a_name_reach_imagej(tmp_path):
    formats.write_images(tmp_path / "a.geojson", [image_with_everything("geojson")])
    convert(tmp_path / "a.geojson", tmp_path / "a.zip")
    first, second = formats.read(tmp_path / "a.zip").extras[:2]
    assert (first["imagej"]["name"], first["imagej"]["stroke_color"]) == (
        "left one",
        [255, 1, 2, 3],
    )
    assert second["imagej"]["stroke_color"] == [255, *class_colour(1)]


def test_objects_of_a_changed_class_get_its_colour():
    found = image_with_everything("geojson").instances
    assert attributes_of(found, 0)[CLASS_COLOUR] == "#090807"
    assert CLASS_COLOUR not in attributes_of(found.replace(labels=[1, 1, 1, 0]), 0)


def test_names_that_a_format_has_itself_are_said(tmp_path):
    found = Instances.of(
        [shapely.box(0, 0, 3, 3)],
        extras=[{"geojson": {"properties": {"measurements": {"area": 3, "id": 8, "score": 37.5}}}}],
    )
    formats.write(tmp_path / "a.geojson", found)
    losses = convert(tmp_path / "a.geojson", tmp_path / "a.csv").losses
    assert losses == ("CSV table: other values of 1 object lost (area, id, score)",)
    losses = convert(tmp_path / "a.geojson", tmp_path / "b.geojson").losses
    assert losses == ()
    assert "37.5" in (tmp_path / "b.geojson").read_text()


def test_a_column_of_numbers_here_and_texts_there_is_one_of_texts(tmp_path):
    values = [{"a": 1, "b": 1}, {"a": 2.5, "b": "old"}, {"b": True}]
    entries = [
        ImageAnnotation(f"{i}.png", None, Instances.of([shapely.box(0, 0, 3, 3)], extras=[one]))
        for i, one in enumerate({"columns": row} for row in values)
    ]
    formats.write_images(tmp_path / "a.parquet", entries)
    again = [
        one.instances.extras[0]["columns"] for one in formats.read_images(tmp_path / "a.parquet")
    ]
    assert again == [{"a": 1.0, "b": "1"}, {"a": 2.5, "b": "old"}, {"b": "true"}]


def test_columns_that_are_not_kept_are_named(tmp_path, caplog):
    geopandas = pytest.importorskip("geopandas")
    frame = geopandas.GeoDataFrame(
        {"seen": [datetime.date(2026, 1, 2)], "area": [9.0]}, geometry=[shapely.box(0, 0, 3, 3)]
    )
    frame.to_parquet(tmp_path / "a.parquet")
    formats.read(tmp_path / "a.parquet")
    assert "1 column (seen) of neither numbers nor texts: left out" in caplog.text
