"""What QuPath says of an object, in all spellings."""

import uuid

import pytest

from kontur.formats.geojson import format as geojson
from tests.formats import scenes
from tests.formats.geojson.features import SQUARE, feature


def test_what_qupath_says_of_an_object_is_kept():
    known = {
        "type": "Feature",
        "id": "7a3e1c0e-6f3b-4d0e-9d5e-2f6f5a1f0001",
        "geometry": {"type": "Polygon", "coordinates": SQUARE, "plane": {"c": -1, "z": 3, "t": 0}},
        "nucleusGeometry": {"type": "Polygon", "coordinates": SQUARE},
        "properties": {
            "objectType": "cell",
            "name": "the big one",
            "color": [1, 2, 3],
            "classification": {"names": ["Tumor", "Positive"], "color": [200, 0, 0, 128]},
            "isLocked": True,
            "measurements": {"Area": 9.0, "score": 0.25},
            "metadata": {"seen by": "Ana"},
        },
    }
    found = geojson.from_document({"type": "FeatureCollection", "features": [known]})
    assert found.classes == ("Tumor: Positive",)
    assert found.scores.tolist() == [0.25]
    assert geojson.to_document(found)["features"][0] == known


def test_a_file_that_qupath_wrote_again_still_has_its_classes_and_ignored_regions():
    found = scenes.ring_with_island().replace(ignore=[False, True, False])
    written = geojson.to_document(found)
    del written["kontur"]  # QuPath drops what it does not know
    again = geojson.from_document(written)
    assert again.ignore.tolist() == [False, True, False]
    assert scenes.named(again)[0] == "ring"
    assert again.ids.tolist() == found.ids.tolist()


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ({"classification": "Tumor"}, "Tumor"),
        ({"classification": {"name": "Tumor", "colorRGB": -3670016}}, "Tumor"),
        ({"classification": {"names": ["Tumor", "Positive"]}}, "Tumor: Positive"),
        ({"classification": {"name": None}}, "object"),
        ({}, "object"),
    ],
)
def test_classes_are_read_in_all_their_spellings(properties, name):
    assert geojson.from_document([feature(**properties)]).classes == (name,)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ({"id": "PathDetectionObject", **feature()}, "detection"),
        (feature(object_type="detection"), "detection"),
        (feature(type="tile"), "tile"),
        (feature(), "annotation"),
    ],
)
def test_older_spellings_of_the_object_type_become_todays(written, kind):
    again = geojson.to_document(geojson.from_document([written]))["features"][0]
    assert again["properties"]["objectType"] == kind
    assert not {"object_type", "type"} & again["properties"].keys()
    uuid.UUID(again["id"])


def test_older_lists_of_measurements_are_read():
    listed = [{"name": "Area", "value": 9}, {"name": "score", "value": 0.5}]
    found = geojson.from_document([feature(measurements=listed)])
    assert found.scores.tolist() == [0.5]
    measured = geojson.to_document(found)["features"][0]["properties"]["measurements"]
    assert measured == {"Area": 9, "score": 0.5}
