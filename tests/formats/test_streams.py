"""Files that are written part by part: what all parts at once would have written."""

import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.instances import Instances
from kontur.instances.plane import Plane

SIZE = (90, 70)


def objects(count, *, holes=True):
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 60, (count, 2)).astype(float)
    shapes = shapely.box(*corners.T, *(corners + 8).T)
    if holes:
        inner = corners + 2
        shapes = shapely.difference(shapes, shapely.box(*inner.T, *(inner + 3).T))
    return Instances.of(
        shapes,
        rng.integers(0, 2, count),
        scores=rng.random(count).round(4),
        size=SIZE,
        classes=("a", "b"),
    )


def written(path, found, *cuts):
    image = ImageAnnotation("cells.tif", found.size, found[:0], pixel_size=0.5)
    with formats.stream_image(path, image) as add:
        for part in np.split(np.arange(len(found)), cuts):
            add(found[part])
    return path


@pytest.mark.parametrize("name", [*formats.WRITABLE])
def test_parts_are_read_back_as_the_whole(tmp_path, name):
    found = objects(7, holes=name not in ("yolo", "label-studio"))
    ending = formats.WRITABLE[name].ending
    (tmp_path / "whole").mkdir()
    whole = tmp_path / "whole" / f"cells{ending}"
    parts = tmp_path / f"cells{ending}"
    formats.write_images(whole, [ImageAnnotation("cells.tif", SIZE, found, pixel_size=0.5)])
    written(parts, found, 0, 3, 3, 5)
    again, expected = (formats.read(path, size=SIZE) for path in (parts, whole))
    assert shapely.equals_exact(again.polygons, expected.polygons, 1e-9).all()
    for column in ("labels", "scores", "ids"):
        np.testing.assert_array_equal(getattr(again, column), getattr(expected, column))
    assert (again.size, again.classes) == (expected.size, expected.classes)


@pytest.mark.parametrize("name", ["geojson", "geojsonl", "csv"])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_text_is_the_very_same(tmp_path, name, count):
    found = objects(count).replace(plane=Plane(z=3))
    ending = formats.WRITABLE[name].ending
    whole, parts = tmp_path / f"whole{ending}", tmp_path / f"parts{ending}"
    formats.write_images(whole, [ImageAnnotation("cells.tif", SIZE, found)])
    assert written(parts, found, count // 2).read_bytes() == whole.read_bytes()


def test_an_image_without_objects_is_a_table_that_names_it(tmp_path):
    path = written(tmp_path / "none.parquet", objects(0))
    (entry,) = formats.read_images(path)
    assert (entry.file_name, entry.size, len(entry.instances)) == ("cells.tif", SIZE, 0)


def test_rows_have_the_boxes_of_their_outlines(tmp_path):
    geopandas = pytest.importorskip("geopandas")
    found = objects(7)
    path = written(tmp_path / "cells.parquet", found, 3)
    box = tuple(found.boxes[2].tolist())
    frame = geopandas.read_parquet(path, bbox=box)
    near = shapely.intersects(shapely.box(*found.boxes.T), shapely.box(*box))
    assert sorted(frame["id"]) == found.ids[near].tolist()


@pytest.mark.parametrize("ending", [".geojson", ".csv", ".parquet", ".coco.json"])
def test_what_fails_in_the_middle_leaves_what_was_there(tmp_path, ending):
    path = tmp_path / f"cells{ending}"
    path.write_text("before")
    image = ImageAnnotation("cells.tif", SIZE, objects(0))

    def write_a_part():
        with formats.stream_image(path, image) as add:
            add(objects(3))
            raise InputError("stop")

    with pytest.raises(InputError, match="stop"):
        write_a_part()
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
