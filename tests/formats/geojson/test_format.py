import json
import uuid

import hypothesis
import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.geojson import format as geojson
from kontur.instances import Instances
from kontur.instances.plane import Plane
from tests.formats import scenes
from tests.formats.geojson.features import SQUARE, feature


@hypothesis.settings(deadline=None, max_examples=40)
@hypothesis.given(scenes.drawings)
def test_objects_come_back_to_a_thousandth_of_a_pixel_and_a_second_export_is_the_same(drawing):
    found = scenes.objects(drawing, on_grid=False)
    first = geojson.to_document(found, image_name="a.png")
    again = geojson.from_document(json.loads(json.dumps(first)))
    scenes.assert_close(found, again)
    assert (again.size, again.classes) == (found.size, found.classes)
    assert geojson.to_document(again, image_name="b.png") == first


def test_an_image_without_objects_keeps_its_size_and_classes(tmp_path):
    formats.write(tmp_path / "a.geojson", Instances.empty((5, 7), ("cell", "dirt")))
    found = formats.read(tmp_path / "a.geojson")
    assert (len(found), found.size, found.classes) == (0, (5, 7), ("cell", "dirt"))


def test_the_file_is_as_qupath_wants_it(tmp_path):
    formats.write(tmp_path / "a.geojson", scenes.ring_with_island())
    written = json.loads((tmp_path / "a.geojson").read_text())
    assert written["type"] == "FeatureCollection"
    ring, parts, _ = written["features"]
    assert uuid.UUID(ring["id"]).version == 8
    assert ring["properties"]["objectType"] == "annotation"
    assert ring["properties"]["classification"]["name"] == "ring"
    assert all(0 <= c <= 255 for c in ring["properties"]["classification"]["color"])
    assert ring["properties"]["measurements"] == {"score": 0.5}
    assert "measurements" not in parts["properties"]
    outer, hole = ring["geometry"]["coordinates"]
    assert outer[0] == outer[-1]
    assert len(hole) == 5
    assert parts["geometry"]["type"] == "MultiPolygon"
    assert len({one["id"] for one in written["features"]}) == 3


def test_the_same_objects_give_the_same_ids_and_another_image_gives_others():
    found = scenes.ring_with_island()
    one, same, other = (geojson.to_document(found, image_name=name) for name in "aab")
    ids = [[feature["id"] for feature in doc["features"]] for doc in (one, same, other)]
    assert ids[0] == ids[1]
    assert not set(ids[0]) & set(ids[2])


def test_copies_of_an_object_get_ids_of_their_own():
    read = geojson.from_document(geojson.to_document(scenes.ring_with_island()))
    both = Instances.concat([read, read])
    written = geojson.to_document(both)
    assert len({one["id"] for one in written["features"]}) == 6
    assert geojson.to_document(geojson.from_document(written)) == written


@pytest.mark.parametrize(
    "content",
    [
        {"type": "FeatureCollection", "features": [feature()]},
        {"features": [feature()]},
        [feature()],
        feature(),
        {"type": "Polygon", "coordinates": SQUARE},
        {"type": "Polygon", "coordinates": [SQUARE[0][:-1]]},  # not closed
        {"type": "Polygon", "coordinates": [[[x, y, 5] for x, y in SQUARE[0]]]},  # with heights
    ],
)
def test_collections_lists_features_and_geometries_are_read(content):
    found = geojson.from_document(content)
    assert shapely.equals(found.polygons[0], shapely.box(1, 1, 4, 4))


def test_the_outline_of_an_ellipse_is_no_longer_called_one():
    ellipse = {"type": "Polygon", "coordinates": SQUARE, "isEllipse": True}
    found = geojson.from_document([feature(ellipse)])
    assert "isEllipse" not in geojson.to_document(found)["features"][0]["geometry"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"shapes": []}, "neither GeoJSON"),
        ({"type": "Point", "coordinates": [1, 2]}, "its type is 'Point'"),
        (7, "no GeoJSON"),
        ([feature(), 7], "feature 2 is no GeoJSON feature"),
        ([{"image_id": 1, "segmentation": []}], "feature 1 is no GeoJSON feature"),
        ([feature({"type": "Polygon", "coordinates": [[["a", 1], [2, 3], [4, 5]]]})], "feature 1"),
        ([feature({"type": "Polygon", "coordinates": [[1, 2, 3]]})], "no rings of numbers"),
        ([feature({"type": "Polygon"})], "no rings of numbers"),
        ([{**feature(), "properties": [1]}], "properties"),
        ({"features": [], "kontur": {"size": "big"}}, "wanted \\[height, width\\]"),
    ],
)
def test_what_is_no_geojson_is_refused_in_one_sentence(content, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        geojson.from_document(content, where="a.geojson")
    assert "a.geojson" in str(caught.value)


def test_detections_are_written_where_they_are_asked_for():
    written = geojson.to_document(scenes.ring_with_island(), kind="detection")
    assert {one["properties"]["objectType"] for one in written["features"]} == {"detection"}


def test_points_are_where_the_pixels_are():
    image = np.zeros((6, 8), dtype=np.uint8)
    image[2:4, 5:8] = 1  # rows 2 and 3, columns 5 to 7
    written = geojson.to_document(Instances.from_label_image(image))
    points = np.array(written["features"][0]["geometry"]["coordinates"][0])
    assert np.ptp(points, axis=0).tolist() == [3, 2]
    assert points.min(axis=0).tolist() == [5, 2]


def test_ids_survive_qupath_which_keeps_uuids_and_nothing_else_of_ours():
    objects = [shapely.box(n, 0, n + 1, 1) for n in range(5)]
    ids = np.array([700, 3, 2**47, -5, 2**60])
    found = Instances.of(objects, size=(9, 9)).replace(ids=ids)
    written = geojson.to_document(found, image_name="a.png")
    features = written["features"][::-1]
    new = {**features[0], "id": "8e1f9b0c-5a3d-4a53-9a51-0f6f3d1c2b7e"}  # drawn in QuPath
    back = geojson.from_document([*features, new, features[4]])  # and one copied with its UUID
    assert back.ids[2:5].tolist() == [2**47, 3, 700]
    assert len({*back.ids.tolist()}) == 7
    again = geojson.to_document(back, image_name="b.png")["features"]
    kept = [one["id"] for one in features]
    assert [one["id"] for one in again[:5]] == kept


def test_an_object_that_was_numbered_anew_gets_another_uuid():
    found = Instances.of([shapely.box(0, 0, 3, 3)], size=(9, 9))
    before = geojson.to_document(found.replace(ids=np.array([7])), image_name="a")["features"]
    changed = geojson.from_document(before).replace(ids=np.array([8]))
    after = geojson.to_document(changed, image_name="a")["features"]
    assert geojson.from_document(before).ids.tolist() == [7]
    assert geojson.from_document(after).ids.tolist() == [8]


def test_one_object_on_two_planes_is_one_after_qupath(tmp_path):
    found = Instances.of([shapely.box(0, 0, 3, 3)], size=(9, 9)).replace(ids=np.array([7]))
    planes = [ImageAnnotation("a", (9, 9), found.replace(plane=Plane(t=t))) for t in (1, 2)]
    formats.write_images(tmp_path / "a.geojson", planes)
    content = json.loads((tmp_path / "a.geojson").read_text())
    del content["kontur"]
    (tmp_path / "a.geojson").write_text(json.dumps(content))
    back = formats.read_images(tmp_path / "a.geojson")
    assert [one.instances.ids.tolist() for one in back] == [[7], [7]]
