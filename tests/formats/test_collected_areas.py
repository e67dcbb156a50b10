"""The area of a collection: of its parts that have one, however they are nested."""

import pytest
import shapely

from kontur.formats.collected_areas import area_of

BOX, OTHER = "POLYGON ((0 0, 2 0, 2 2, 0 0))", "POLYGON ((5 5, 7 5, 7 7, 5 5))"


def collection(*parts):
    return shapely.from_wkt(f"GEOMETRYCOLLECTION ({', '.join(parts)})")


@pytest.mark.parametrize("empty", ["POLYGON EMPTY", "MULTIPOLYGON EMPTY", "POINT EMPTY"])
def test_empty_parts_of_a_collection_are_no_parts_and_nothing_to_report(empty, caplog):
    found = area_of(collection(BOX, empty), "a")
    assert [part.wkt for part in found.geoms] == [BOX]
    assert area_of(collection(empty, empty), "a") is None
    assert not caplog.records


def test_what_has_no_area_is_left_out_and_named_once(caplog):
    inner = f"GEOMETRYCOLLECTION ({OTHER}, POINT (1 1), POLYGON EMPTY)"
    found = area_of(collection(BOX, "LINESTRING (0 0, 1 1)", inner, "POINT (2 2)"), "row 3")
    assert [part.wkt for part in found.geoms] == [BOX, OTHER]
    (record,) = caplog.records
    assert record.getMessage() == "row 3: beside its areas it has LineString, Point: left out"


def test_what_is_no_collection_stays_as_it_is_or_has_no_area():
    for text in (BOX, f"MULTI{BOX.replace('((', '(((').replace('))', ')))')}"):
        shape = shapely.from_wkt(text)
        assert area_of(shape, "a") is shape
    assert area_of(None, "a") is None
    assert area_of(shapely.from_wkt("POINT (1 1)"), "a") is None
