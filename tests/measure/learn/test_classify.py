"""Predictions as a table, and as the classes of files that otherwise stay as they are."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import kontur
from kontur import formats
from kontur.display.colours import class_colour
from kontur.errors import InputError
from kontur.files import json_document
from kontur.formats import ClassPrediction, ImageAnnotation
from kontur.formats.coco import format as coco
from kontur.formats.geojson import format as geojson
from kontur.measure.learn.classify import (
    check_brightness,
    check_targets,
    predictions,
    targets,
    write_classified,
)
from kontur.measure.measure_many import measure_many
from kontur.measure.sources.find_sources import find_sources
from kontur.measure.table import measure
from tests.measure.learn.drawn import BOXES, KINDS, boxes, decision

CLASSES = ["bar", "square"]


@pytest.fixture(scope="module")
def kinds():
    return decision()


def classified(kinds, outlines, folder):
    """The command without its command line."""
    found = find_sources(outlines)
    places = targets(outlines, folder, found)
    check_targets(places, folder, overwrite=False)
    write_classified(places, predictions(kinds, measure_many(found.images)), CLASSES)
    return places


def test_every_row_gets_its_class_and_probabilities(kinds):
    rows = predictions(kinds, measure(boxes(), name="a"))
    assert list(rows.columns) == [
        *("image", "id", "predicted", "probability_bar", "probability_square")
    ]
    assert rows["image"].tolist() == ["a"] * 3
    assert rows["id"].tolist() == [3, 8, 9]
    assert rows["predicted"].tolist() == KINDS
    shares = rows[["probability_bar", "probability_square"]].to_numpy()
    assert np.allclose(shares.sum(axis=1), 1)
    assert (shares.max(axis=1) > 0.8).all()


def test_predictions_know_the_images_without_objects_as_their_table_does(kinds):
    rows = measure(boxes(), name="a")
    assert "images_without_objects" not in predictions(kinds, rows).attrs
    rows.attrs["images_without_objects"] = ["b"]
    assert predictions(kinds, rows).attrs["images_without_objects"] == ["b"]


def test_regions_to_ignore_and_empty_tables_have_rows_as_they_are(kinds):
    rows = predictions(kinds, measure(boxes(ignore=[8]), name="a"))
    assert rows["predicted"].isna().tolist() == [False, True, False]
    assert rows["probability_bar"].isna().tolist() == [False, True, False]
    empty = predictions(kinds, measure(boxes()[:0]))
    assert len(empty) == 0
    assert list(empty.columns) == list(rows.columns)


def test_a_number_is_predicted_in_its_unit_and_a_foreign_table_by_row():
    table = measure(boxes(), name="a")
    number = decision(["perimeter", "area_convex"], "area", "ridge")
    rows = predictions(number, table.drop(columns=["image", "id"]))
    assert list(rows.columns) == ["row", "predicted"]
    assert rows["row"].tolist() == [1, 2, 3]
    assert rows.attrs["units"] == {"predicted": "px²"}
    assert np.abs(rows["predicted"] / table["area"] - 1).max() < 0.1


def test_geojson_keeps_everything_but_the_classes(kinds, tmp_path):
    content = geojson.to_document(boxes(ignore=[9]), image_name="a")
    content["features"][0]["properties"] |= {"name": "mine", "isLocked": True, "foreign": [1]}
    content["features"][0]["properties"]["classification"] = {"name": "x", "color": [1, 2, 3]}
    content["features"][0]["more"] = {"a": 1}
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}
    content["features"].insert(1, point | {"properties": None})
    content["theirs"] = "kept"
    (tmp_path / "in").mkdir()
    json_document.dump(tmp_path / "in/a.geojson", content)
    classified(kinds, tmp_path / "in", tmp_path / "out")
    new = json.loads((tmp_path / "out/a.geojson").read_text())
    classes = [f["properties"]["classification"] for f in new["features"] if f["properties"]]
    assert classes == [
        {"name": "square", "color": list(class_colour(1))},
        {"name": "bar", "color": list(class_colour(0))},
        content["features"][3]["properties"]["classification"],  # Ignore*
    ]
    for feature in (*new["features"], *content["features"]):
        if feature["properties"]:
            del feature["properties"]["classification"]
    shares = [
        feature["properties"].pop("measurements", None)
        for feature in new["features"]
        if feature["properties"]
    ]
    assert list(shares[0]) == [f"Probability: {name}" for name in CLASSES]
    assert shares[0]["Probability: square"] > 0.5 > shares[1]["Probability: square"]
    assert shares[2] is None
    del new["kontur"]["classes"], content["kontur"]["classes"]
    assert new == content
    back = kontur.read(tmp_path / "out/a.geojson")
    assert [back.classes[label] for label in back.labels] == ["square", "bar", "object"]
    assert back.ignore.tolist() == [False, False, True]


def test_a_geometry_alone_and_a_list_of_features_are_geojson_too():
    square = geojson.to_document(boxes()[:1])["features"][0]
    feature = geojson.with_classes(square["geometry"], [[ClassPrediction("square")]], CLASSES)
    assert feature["properties"]["classification"]["name"] == "square"
    features = geojson.with_classes([square], [[ClassPrediction("bar")]], CLASSES)
    assert features[0]["properties"]["classification"]["color"] == list(class_colour(0))


def test_coco_keeps_everything_but_the_categories(kinds, tmp_path):
    entries = [
        ImageAnnotation("x/a.png", (60, 80), boxes()),
        ImageAnnotation("b.png", (60, 80), boxes([8])[1:]),
    ]
    content = coco.to_document(entries)
    content["info"] = {"year": 2020}
    content["categories"] = [{"id": 7, "name": "object", "supercategory": "cell", "colour": "red"}]
    content["categories"].append({"id": 4, "name": "bar", "supercategory": "old"})
    content["images"][0]["licence"] = 3
    for annotation in content["annotations"]:
        annotation |= {"category_id": 7, "note": "theirs"}
    json_document.dump(tmp_path / "set.json", content)
    places = classified(kinds, tmp_path / "set.json", tmp_path / "out")
    assert [target.file for target in places] == [tmp_path / "out/set.json"]
    new = json.loads((tmp_path / "out/set.json").read_text())
    assert new["categories"][:2] == content["categories"]
    assert new["categories"][2] == {"id": 1, "name": "square", "supercategory": ""}
    assert [each.pop("category_id") for each in new["annotations"]] == [1, 4, 1, 7, 1]
    shares = [each.pop("probabilities", None) for each in new["annotations"]]
    assert [None if each is None else round(sum(each.values()), 4) for each in shares] == [
        *(1, 1, 1, None, 1)
    ]
    for annotation in content["annotations"]:
        del annotation["category_id"]
    assert new["annotations"] == content["annotations"]
    assert {key: new[key] for key in ("info", "images")} == {
        key: content[key] for key in ("info", "images")
    }


def test_a_coco_file_beside_its_images_stays_one(kinds, tmp_path):
    entries = [ImageAnnotation(f"{name}.png", (60, 80), boxes()) for name in "ba"]
    (tmp_path / "images").mkdir()
    for name in "ab":
        Image.fromarray(np.zeros((60, 80), np.uint8)).save(tmp_path / "images" / f"{name}.png")
    formats.write_images(tmp_path / "annotations.json", [entries[0], entries[1]])
    classified(kinds, tmp_path / "annotations.json", tmp_path / "out")
    first, second = formats.read_images(tmp_path / "out/annotations.json")
    assert (first.file_name, second.file_name) == ("b.png", "a.png")
    assert [first.instances.classes[label] for label in first.instances.labels] == KINDS
    (tmp_path / "images/a.png").unlink()
    found = find_sources(tmp_path / "annotations.json")
    with pytest.raises(InputError, match=r"lists 1 image \(a\) that are not there"):
        targets(tmp_path / "annotations.json", tmp_path, found)


def test_coco_without_categories_gets_some():
    content = coco.to_document([ImageAnnotation("a.png", (60, 80), boxes([8]))])
    del content["categories"]
    for annotation in content["annotations"]:
        del annotation["category_id"]
    document = coco.with_classes(content, [[*map(ClassPrediction, ("square", None, "bar"))]])
    (entry,) = coco.from_document(document)
    found = entry.instances
    assert [found.classes[label] for label in found.labels] == ["square", "object", "bar"]


def test_a_csv_and_label_images_are_classified(kinds, tmp_path):
    entries = [
        ImageAnnotation("a.png", (60, 80), boxes()),
        ImageAnnotation("b.png", (60, 80), boxes()[:1]),
    ]
    formats.write_images(tmp_path / "set.csv", entries)
    classified(kinds, tmp_path / "set.csv", tmp_path / "out")
    first, second = formats.read_images(tmp_path / "out/set.csv")
    assert (first.file_name, second.file_name) == ("a.png", "b.png")
    assert [first.instances.classes[label] for label in first.instances.labels] == KINDS
    (tmp_path / "masks").mkdir()
    kontur.write(tmp_path / "masks/a_masks.tif", boxes())
    kontur.write(tmp_path / "masks/b.labels.tif", boxes())
    classified(kinds, tmp_path / "masks", tmp_path / "drawn")
    assert {path.name for path in (tmp_path / "drawn").iterdir()} == {"a.geojson", "b.geojson"}
    back = kontur.read(tmp_path / "drawn/a.geojson")
    assert [back.classes[label] for label in back.labels] == KINDS
    assert (back.label_image() == BOXES).all()


def test_files_without_objects_stay_empty(kinds, tmp_path):
    (tmp_path / "in").mkdir()
    kontur.write(tmp_path / "in/a.geojson", boxes()[:0])
    kontur.write(tmp_path / "in/b.coco.json", boxes()[:0])
    classified(kinds, tmp_path / "in", tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.geojson", "b.coco.json"}
    assert len(kontur.read(tmp_path / "out/b.coco.json")) == 0


def test_rows_of_other_outlines_are_refused(kinds, tmp_path):
    kontur.write(tmp_path / "a.tif", boxes())
    found = find_sources(tmp_path / "a.tif")
    rows = predictions(kinds, measure(boxes(), name="a"))
    (target,) = targets(tmp_path / "a.tif", tmp_path / "out", found)
    with pytest.raises(InputError, match="2 rows of other ids than the 3 objects"):
        write_classified([target], rows[1:], CLASSES)
    with pytest.raises(InputError, match="has 3 objects and there are rows for 1"):
        geojson.with_classes(geojson.to_document(boxes()), [[ClassPrediction("bar")]], CLASSES)
    content = coco.to_document([ImageAnnotation("a.png", (60, 80), boxes())])
    with pytest.raises(InputError, match=r"a\.png has 3 objects and there are rows for 2"):
        coco.with_classes(content, [[ClassPrediction("bar"), ClassPrediction("bar")]])


def test_brightness_without_images_is_refused():
    bright = decision(["intensity_mean", "area"])
    with pytest.raises(InputError, match=r"reads the brightness of objects \(intensity_mean\)"):
        check_brightness(bright, measure(boxes()))
    check_brightness(bright, measure(boxes(), np.zeros((60, 80))))


def test_classes_that_are_no_words_are_predicted_as_they_are(kinds):
    card = kinds.card.replace(classes=(False, True))
    other = type(kinds)(card, kinds.parameters)
    rows = predictions(other, measure(boxes(ignore=[9]), name="a"))
    assert rows["predicted"].tolist()[:2] == [True, False]
    assert pd.isna(rows["predicted"][2])
    assert "probability_True" in rows


def test_an_empty_cell_of_ignore_is_an_object(kinds):
    table = measure(boxes(), name="a").assign(ignore=[True, None, None])
    assert predictions(kinds, table)["predicted"].isna().tolist() == [True, False, False]


def test_boxes_without_an_outline_are_no_rows_of_the_coco_file(kinds, tmp_path):
    square = [[1, 1, 9, 1, 9, 9, 1, 9]]
    rows = [(1, square, [1, 1, 8, 8]), (2, [], [12, 2, 6, 6])]
    content = {
        "images": [{"id": 1, "file_name": "a.png", "height": 20, "width": 30}],
        "categories": [{"id": 1, "name": "cell"}],
        "annotations": [
            {"id": number, "image_id": 1, "category_id": 1, "segmentation": shape, "bbox": box}
            for number, shape, box in rows
        ],
    }
    (tmp_path / "all.json").write_text(json.dumps(content))
    Image.fromarray(np.zeros((20, 30), np.uint8)).save(tmp_path / "a.png")
    found = find_sources(tmp_path / "all.json")
    (target,) = targets(tmp_path / "all.json", tmp_path / "out", found)
    table = measure_many(found.images)
    assert table["ignore"].tolist() == [False, True]
    write_classified([target], predictions(kinds, table), kinds.card.classes)
    written = json.loads((tmp_path / "out" / "all.json").read_text())
    assert [row["id"] for row in written["annotations"]] == [1, 2]
    assert written["annotations"][1]["category_id"] == 1


@pytest.mark.parametrize("ending", ["geojson", "coco.json", "csv"])
@pytest.mark.parametrize("before", ["geojson", "coco.json", "csv"])
def test_a_second_classifier_leaves_nothing_of_the_first(tmp_path, before, ending):
    place, converted, new = (tmp_path / name for name in (f"a.{before}", f"b.{ending}", "c"))
    kontur.write(place, boxes(ignore=[9]))
    first, second = ClassPrediction("bar", {"bar": 0.75, "square": 0.25}), ClassPrediction("big")
    formats.relabel(place, place, [[first] * 3], CLASSES)  # the third was no region to ignore then
    kontur.write(converted, kontur.read(place))
    shares = second._replace(probabilities={"big": 0.9375, "small": 0.0625})
    third = ClassPrediction(None)
    formats.relabel(converted, new.with_suffix(f".{ending}"), [[shares, second, third]], ["big"])
    text = new.with_suffix(f".{ending}").read_text()
    assert not [word for word in ("0.75", "0.25", "bar", "square") if f"y_{word}" in text]
    assert not [number for number in ("0.75", "0.25") if number in text]
    assert text.count("0.9375") == 1


def test_the_colour_of_the_class_before_does_not_stay_with_a_row(tmp_path):
    content = geojson.to_document(boxes())
    for feature in content["features"]:
        feature["properties"]["classification"] = {"name": "x", "color": [1, 2, 3]}
    json_document.dump(tmp_path / "a.geojson", content)
    kontur.write(tmp_path / "a.csv", kontur.read(tmp_path / "a.geojson"))
    assert "class_color" in (tmp_path / "a.csv").read_text()
    predicted = [[ClassPrediction("bar")] * 3]
    formats.relabel(tmp_path / "a.csv", tmp_path / "b.csv", predicted, CLASSES)
    assert "class_color" not in (tmp_path / "b.csv").read_text()
