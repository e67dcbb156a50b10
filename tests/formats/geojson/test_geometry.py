"""Geometries of GeoJSON: rings, collections, lines that cross."""

import logging

import shapely

from kontur.formats.geojson import format as geojson
from kontur.instances import Instances
from tests.formats.geojson.features import SQUARE, feature


def test_outer_rings_run_as_rfc_7946_has_it_and_holes_the_other_way():
    frame = shapely.Polygon([(1, 1), (1, 7), (7, 7), (7, 1)], [[(3, 3), (5, 3), (5, 5), (3, 5)]])
    (feature,) = geojson.to_document(Instances.of([frame], size=(9, 9)))["features"]
    outer, hole = (shapely.LinearRing(ring) for ring in feature["geometry"]["coordinates"])
    assert outer.is_ccw
    assert not hole.is_ccw


def test_crossing_outlines_are_repaired_and_lines_left_out_and_both_is_said(caplog):
    eight = {"type": "Polygon", "coordinates": [[[0, 0], [4, 4], [4, 0], [0, 4], [0, 0]]]}
    line = {"type": "LineString", "coordinates": [[0, 0], [4, 4]]}
    thin = {"type": "Polygon", "coordinates": [[[0, 0], [4, 4], [0, 0]]]}
    with caplog.at_level(logging.WARNING, "kontur.formats"):
        found = geojson.from_document(
            [feature(eight), feature(line), feature(), feature(thin)], where="a.geojson"
        )
    assert shapely.is_valid(found.polygons).all()
    assert found.areas.tolist() == [8.0, 9.0]
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "a.geojson: 1 of 4 outlines crossed themselves: repaired",
        "a.geojson: 1 of 4 objects have no area: left out",
        "a.geojson: 1 of 4 features have no area (1 × LineString): left out",
    ]


def test_a_collection_of_areas_is_one_object_and_what_else_it_holds_is_said(caplog):
    square, far = ([[[x + at, y] for x, y in SQUARE[0]]] for at in (0, 10))
    areas = [{"type": "Polygon", "coordinates": square}]
    areas.append({"type": "MultiPolygon", "coordinates": [far]})
    collection = {"type": "GeometryCollection", "geometries": areas}
    nested = {"type": "GeometryCollection", "geometries": [collection]}
    mixed = {"type": "GeometryCollection", "geometries": [*areas, {"type": "Point"}]}
    empty = {"type": "GeometryCollection", "geometries": []}
    for content in (collection, [feature(nested)]):
        found = geojson.from_document(content)
        assert found.areas.tolist() == [18]
        written = geojson.to_document(found)["features"][0]["geometry"]
        assert set(written) == {"type", "coordinates"}
    caplog.clear()
    with caplog.at_level(logging.WARNING, "kontur.formats"):
        found = geojson.from_document([feature(mixed), feature(empty)], where="a.geojson")
    assert found.areas.tolist() == [18]
    assert "a.geojson: feature 1: beside its areas it has Point: left out" in caplog.text
    assert "1 of 2 features have no area (1 × GeometryCollection)" in caplog.text
