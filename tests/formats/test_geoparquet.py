import logging
import sys
import time

import geopandas
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import shapely

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from tests.formats import scenes


def frame(**columns):
    boxes = [shapely.box(0, 0, 4, 4), shapely.box(5, 0, 9, 3)]
    return geopandas.GeoDataFrame(columns, geometry=boxes)


def test_geopandas_reads_outlines_classes_and_scores(tmp_path):
    found = scenes.ring_with_island()
    formats.write(tmp_path / "a.parquet", found, image_name="a.png")
    theirs = geopandas.read_parquet(tmp_path / "a.parquet")
    assert theirs.crs is None
    assert theirs.geometry.geom_equals(geopandas.GeoSeries(list(found.polygons))).all()
    assert theirs["class"].tolist() == ["ring", "cell", "cell"]
    assert theirs["id"].tolist() == [3, 4, 9]
    assert theirs["score"].fillna(-1).tolist() == [0.5, -1, 0.3]


def test_what_geopandas_saved_again_is_read_with_its_columns(tmp_path):
    found = scenes.ring_with_island()
    formats.write(tmp_path / "a.parquet", found, image_name="a.png")
    theirs = geopandas.read_parquet(tmp_path / "a.parquet")
    theirs["roundness"] = [0.5, 0.25, np.nan]
    theirs["note"] = ["x", None, "ü"]
    theirs.to_parquet(tmp_path / "b.parquet")
    (entry,) = formats.read_images(tmp_path / "b.parquet")
    scenes.assert_close(found, entry.instances)
    assert (entry.file_name, entry.size) == ("a.png", (10, 12))
    formats.write_images(tmp_path / "c.parquet", [entry])
    again = geopandas.read_parquet(tmp_path / "c.parquet")
    assert again["note"].tolist()[0::2] == ["x", "ü"]
    assert again["roundness"].tolist()[:2] == [0.5, 0.25]


def test_a_plain_frame_is_one_image(tmp_path):
    frame().to_parquet(tmp_path / "slide.parquet")
    (entry,) = formats.read_images(tmp_path / "slide.parquet")
    assert (entry.file_name, entry.instances.classes) == ("slide", ("object",))
    assert entry.instances.areas.tolist() == [16, 12]


def test_images_without_objects_and_classes_that_none_has_are_kept(tmp_path):
    found = scenes.ring_with_island().replace(classes=("cell", "ring", "unused"))
    empty = Instances.empty((5, 6), found.classes)
    entries = [ImageAnnotation(name, one.size, one) for name, one in [("b", empty), ("a", found)]]
    formats.write_images(tmp_path / "a.parquet", entries)
    read = formats.read_images(tmp_path / "a.parquet")
    assert [(e.file_name, e.size, len(e.instances)) for e in read] == [
        ("b", (5, 6), 0),
        ("a", (10, 12), 3),
    ]
    assert read[0].instances.classes == ("cell", "ring", "unused")


def test_rows_without_an_area_are_counted(tmp_path, caplog):
    theirs = geopandas.GeoDataFrame(
        geometry=[shapely.Point(1, 2), None, shapely.box(0, 0, 2, 2), shapely.Polygon()]
    )
    theirs.to_parquet(tmp_path / "a.parquet")
    (entry,) = formats.read_images(tmp_path / "a.parquet")
    assert len(entry.instances) == 1
    assert entry.without_outline == {"Point": 1, "nothing": 1}
    assert "2 of 4 rows have no area" in caplog.text


def test_heights_are_left_out(tmp_path):
    solid = shapely.force_3d(shapely.box(0, 0, 2, 2), 7)
    geopandas.GeoDataFrame(geometry=[solid]).to_parquet(tmp_path / "a.parquet")
    assert not shapely.has_z(formats.read(tmp_path / "a.parquet").polygons).any()


def test_another_encoding_is_refused_with_what_to_do(tmp_path):
    frame().to_parquet(tmp_path / "a.parquet", geometry_encoding="geoarrow")
    with pytest.raises(InputError, match="geometry_encoding='WKB'"):
        formats.read(tmp_path / "a.parquet")


def test_a_table_of_measurements_is_none_of_outlines(tmp_path):
    pyarrow.parquet.write_table(pyarrow.table({"area": [1.5]}), tmp_path / "a.parquet")
    assert formats.find_format(tmp_path / "a.parquet") is None
    with pytest.raises(InputError, match="no column of outlines 'geometry'; it has area"):
        formats.read(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"score": ["high", "low"]}, "the column score holds 'high'"),
        ({"image_height": [4, 5], "image_width": [4, 5]}, "has different sizes"),
        ({"image_height": [-4, -4], "image_width": [4, 4]}, "is -4×4 pixels"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, columns, sentence):
    frame(**columns).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match=sentence):
        formats.read(tmp_path / "a.parquet")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\xff" * 40 + b"PAR1", b"PK\x03\x04"])
def test_what_is_no_parquet_is_one_sentence(tmp_path, content):
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"is no Parquet file|damaged or cut short"):
        formats.read(tmp_path / "a.parquet")


def test_an_outline_that_is_no_binary_is_named_by_its_row(tmp_path):
    table = pyarrow.table({"geometry": [shapely.to_wkb(shapely.box(0, 0, 1, 1)), b"\x01\x03"]})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(InputError, match="row 2: the outline is no WKB"):
        formats.read(tmp_path / "a.parquet")


def test_without_the_package_a_sentence_names_the_extra(tmp_path, monkeypatch):
    formats.write(tmp_path / "a.parquet", scenes.ring_with_island())
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"package pyarrow.*pip install .*\[geoparquet\]'"):
        formats.read(tmp_path / "a.parquet")


def test_a_hundred_thousand_outlines_take_seconds(tmp_path):
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(400.0), np.arange(250.0)))
    found = Instances.of_valid(shapely.box(x, y, x + 0.75, y + 0.5))
    started = time.process_time()
    formats.write(tmp_path / "a.parquet", found)
    assert len(formats.read(tmp_path / "a.parquet")) == 100_000
    assert time.process_time() - started < 20


def test_a_collection_of_areas_is_one_object_and_what_else_it_holds_is_said(tmp_path, caplog):
    square, far = shapely.box(1, 1, 4, 4), shapely.box(11, 1, 14, 4)
    shapes = [
        shapely.GeometryCollection([square, shapely.GeometryCollection([far])]),
        shapely.GeometryCollection([shapely.Point(2, 2), square]),
        shapely.GeometryCollection([shapely.Point(2, 2)]),
    ]
    geopandas.GeoDataFrame(geometry=shapes).to_parquet(tmp_path / "a.parquet")
    with caplog.at_level(logging.WARNING, "kontur.formats"):
        found = formats.read(tmp_path / "a.parquet")
    assert found.areas.tolist() == [18, 9]
    assert "a.parquet, row 2: beside its areas it has Point: left out" in caplog.text
    assert "1 of 3 rows have no area (1 × GeometryCollection): left out" in caplog.text
