"""GeoJSON lines: a feature a line, as GDAL, databases and other programs read and write them."""

import json

import geopandas
import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.geojson import lines as geojson_lines
from kontur.formats.outline_file import OutlineFile
from kontur.instances import Instances
from kontur.instances.plane import Plane
from tests.formats import scenes

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]]}


def lines(*features):
    return "".join(json.dumps(one) + "\n" for one in features)


def feature(geometry=SQUARE, **properties):
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def test_geopandas_reads_outlines_and_plain_columns(tmp_path):
    found = scenes.ring_with_island()
    formats.write(tmp_path / "a.geojsonl", found, image_name="a.png")
    theirs = geopandas.read_file(tmp_path / "a.geojsonl")
    assert theirs.geometry.geom_equals(geopandas.GeoSeries(list(found.polygons), crs=4326)).all()
    assert theirs["class"].tolist() == ["ring", "cell", "cell"]
    assert theirs["id"].tolist() == [3, 4, 9]
    assert theirs["score"].fillna(-1).tolist() == [0.5, -1, 0.3]
    assert set(theirs["image"]) == {"a.png"}


def test_what_geopandas_saved_again_is_read_with_its_columns(tmp_path):
    found = scenes.ring_with_island()
    formats.write(tmp_path / "a.geojsonl", found, image_name="a.png")
    theirs = geopandas.read_file(tmp_path / "a.geojsonl")
    theirs["note"] = ["x", None, "ü"]
    theirs.to_file(tmp_path / "b.geojsonl", driver="GeoJSONSeq")
    (entry,) = formats.read_images(tmp_path / "b.geojsonl")
    scenes.assert_close(found, entry.instances)
    assert (entry.file_name, entry.size) == ("a.png", (10, 12))
    formats.write_images(tmp_path / "c.parquet", [entry])
    assert geopandas.read_parquet(tmp_path / "c.parquet")["note"].tolist()[::2] == ["x", "ü"]


def test_an_image_without_objects_is_named_and_no_row_of_it_is_an_object(tmp_path, caplog):
    formats.write(tmp_path / "a.geojsonl", Instances.empty((5, 6)), image_name="a.png")
    (entry,) = formats.read_images(tmp_path / "a.geojsonl")
    assert (entry.file_name, entry.size, len(entry.instances)) == ("a.png", (5, 6), 0)
    assert not caplog.records
    (tmp_path / "b.geojsonl").write_text("")
    (entry,) = formats.read_images(tmp_path / "b.geojsonl")
    assert (entry.file_name, len(entry.instances)) == ("b", 0)


def test_features_of_qupath_a_line_each_keep_class_score_and_plane(tmp_path):
    found = Instances.of(
        [shapely.box(0, 0, 4, 4), shapely.box(5, 0, 9, 4)],
        [0, 1],
        scores=[0.5, 0.25],
        classes=("Tumor", "Stroma"),
    ).replace(plane=Plane(z=2))
    formats.write(tmp_path / "a.geojson", found)
    features = json.loads((tmp_path / "a.geojson").read_text())["features"]
    (tmp_path / "a.geojsonl").write_text(lines(*features))
    again = formats.read(tmp_path / "a.geojsonl")
    assert [again.classes[label] for label in again.labels] == ["Tumor", "Stroma"]
    assert again.scores.tolist() == [0.5, 0.25]
    assert again.plane == Plane(z=2)
    geopandas.read_file(tmp_path / "a.geojsonl").to_file(
        tmp_path / "b.geojsonl", driver="GeoJSONSeq"
    )
    by_gdal = formats.read(tmp_path / "b.geojsonl")  # properties inside properties are text there
    assert [by_gdal.classes[label] for label in by_gdal.labels] == ["Tumor", "Stroma"]
    assert by_gdal.scores.tolist() == [0.5, 0.25]


@pytest.mark.parametrize(
    "text",
    [
        lines(feature(), feature()),
        lines(SQUARE, SQUARE),
        lines({"type": "FeatureCollection", "features": [feature(), feature()]}),
        "\ufeff" + lines(feature()).replace("\n", "\r\n") + "\n\n" + json.dumps(feature()),
        "".join(f"\x1e{json.dumps(feature(), indent=1)}\n" for _ in range(2)),
    ],
    ids=["features", "geometries", "a collection", "of Windows", "with separators"],
)
@pytest.mark.parametrize("ending", [".geojsonl", ".geojsons", ".jsonl"])
def test_every_spelling_of_the_sequence_is_read(tmp_path, text, ending):
    (tmp_path / f"a{ending}").write_text(text, encoding="utf-8", newline="")
    found = formats.read(tmp_path / f"a{ending}")
    assert found.areas.tolist() == [16, 16]
    assert found.ids.tolist() == [1, 2]


def test_lines_of_something_else_are_no_outlines(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"step": 1}\n')
    assert formats.find_format(tmp_path / "log.jsonl") is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (lines(feature()) + "{", "line 2 is not JSON or is cut short"),
        (lines(feature(), {"type": "Topology"}), "line 2 is no feature of GeoJSON"),
        (lines(feature({"type": "Polygon", "coordinates": 5})), "line 1 has coordinates that"),
        (lines(feature(score="high")), "the column score holds 'high'"),
        (lines(feature(plane_z=-1)), "wanted whole numbers z and t from 0"),
        (lines({**feature(), "properties": 5}), "line 1 has properties that are no object"),
        ('{"type": "Feature", "geometry": ' + "[" * 90 + "\n", "nested too deeply"),
        ('{"type": "Feature", "geometry": ' + "9" * 500 + "\n", "more than 400 digits"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_its_line(tmp_path, text, sentence):
    (tmp_path / "a.geojsonl").write_text(text)
    with pytest.raises(InputError, match=sentence):
        formats.read(tmp_path / "a.geojsonl")


@pytest.mark.parametrize("ending", [".geojsonl", ".geo.parquet"])
def test_batches_hold_together_what_reading_gives(tmp_path, ending, monkeypatch):
    monkeypatch.setattr(geojson_lines, "GROUP", 2)
    monkeypatch.setattr(formats.geoparquet, "GROUP", 2)
    found = scenes.ring_with_island()
    names = ("b.png", "a.png", "none.png")
    images = [found, found[:2], Instances.empty((5, 6))]
    entries = [ImageAnnotation(n, one.size, one) for n, one in zip(names, images, strict=True)]
    path = tmp_path / f"a{ending}"
    formats.write_images(path, entries)
    together: dict[str, list[Instances]] = {}
    for batch in formats.format_of(path).batches(OutlineFile(path)):
        for entry in batch:
            together.setdefault(entry.file_name, []).append(entry.instances)
    assert {*together} == {*names}
    for entry in formats.read_images(path):
        parts = together[entry.file_name]
        shapes = np.concatenate([part.polygons for part in parts])
        assert shapely.equals_exact(shapes, entry.instances.polygons, 1e-9).all()
        assert [n for part in parts for n in scenes.named(part)] == scenes.named(entry.instances)
        assert [i for part in parts for i in part.ids] == entry.instances.ids.tolist()
    assert max(len(part) for parts in together.values() for part in parts) == 2


@pytest.mark.parametrize("ending", [".geojsonl", ".geo.parquet"])
def test_each_plane_of_a_stack_is_an_entry(tmp_path, ending):
    square = Instances.of([shapely.box(0, 0, 4, 4)], size=(9, 9))
    planes = [square.replace(plane=Plane(t=t), ids=[t + 1]) for t in range(3)]
    entries = [ImageAnnotation("film.tif", one.size, one) for one in planes]
    formats.write_images(tmp_path / f"a{ending}", entries)
    again = formats.read_images(tmp_path / f"a{ending}")
    assert [entry.instances.plane for entry in again] == [Plane(t=t) for t in range(3)]
    assert np.concatenate([entry.instances.ids for entry in again]).tolist() == [1, 2, 3]
    assert formats.read(tmp_path / f"a{ending}", page=2).ids.tolist() == [3]
    with pytest.raises(InputError, match="on 3 planes of a stack"):
        formats.read(tmp_path / f"a{ending}")
