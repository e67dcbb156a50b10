"""Measured window by window: the numbers of the whole image, with a part of it in memory."""

import numpy as np
import pandas as pd
import pytest
import shapely
import tifffile
from typer.testing import CliRunner

from kontur import formats
from kontur.cli.app import app
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.images import image_file
from kontur.images.lazy_pixels import LazyPixels
from kontur.instances import Instances
from kontur.measure import in_windows
from kontur.measure.in_windows import measure_in_windows
from kontur.measure.sources import large_outlines
from kontur.measure.table import measure
from tests.measure.drawn import blob, noise_labels

SIZE = (230, 310)
DTYPES = ["u1", "u2", ">i2", "i4", "f4", "f8"]


class Watched(LazyPixels):
    """Pixels that note how large a window was asked for."""

    def __init__(self, pixels):
        self.pixels, self.shape, self.dtype, self.largest = pixels, pixels.shape, pixels.dtype, 0

    def read(self, top, left, height, width):
        self.largest = max(self.largest, height * width)
        return self.pixels[top : top + height, left : left + width]


@pytest.fixture(scope="module")
def objects():
    """Many of every kind: in two parts, with a hole, overlapping, tiny, cut, to be ignored."""
    labels = np.tile(noise_labels(3), (3, 4))[: SIZE[0], : SIZE[1]]
    rows, columns = np.indices(SIZE) // 60
    found = Instances.from_label_image((labels + 1000 * (10 * rows + columns)) * (labels > 0))
    hole = blob(1, 20, (100, 120)).difference(blob(2, 6, (100, 120)))
    parts = shapely.union_all([blob(4, 8, (60, 40)), blob(5, 8, (60, 80))])
    more = [hole, parts, shapely.box(5.2, 5.2, 5.3, 5.3), shapely.box(300, 222, 310, 230)]
    shapes = [*found.polygons, *more, shapely.box(150, 20, 290, 90)]
    ignore = np.arange(len(shapes)) == len(shapes) - 1
    return Instances.of(shapes, ignore=ignore, size=SIZE)


def image_of(dtype, channels=1):
    values = np.random.default_rng(0).normal(100, 25, (*SIZE, channels))
    return values.astype(dtype)


def assert_same(found, expected):
    assert {*found} == {*expected}
    for name, column in expected.items():
        assert found[name].dtype == column.dtype, name
        np.testing.assert_allclose(found[name], column, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("dtype", DTYPES)
def test_windows_give_the_numbers_of_the_whole_image(objects, dtype, tmp_path):
    image = image_of(dtype, 2 if dtype == "u2" else 1)
    whole = measure_in_windows(objects, image, SIZE, side=10_000)
    formats.write(tmp_path / "a.geojsonl", objects, image_name="a.tif")
    (outlines,) = formats.read_to_disk(tmp_path / "a.geojsonl").values()
    kept = Instances.of_valid(
        formats.read(tmp_path / "a.geojsonl").polygons, ignore=objects.ignore, size=SIZE
    )  # to a thousandth of a pixel
    for given, expected in [
        (objects, whole),
        (outlines, measure_in_windows(kept, image, SIZE, side=10_000)),
    ]:
        watched = Watched(image)
        assert_same(measure_in_windows(given, watched, SIZE, side=64), expected)
    assert len(whole["area"]) == len(objects) > 100
    assert np.isfinite(whole["neighbour_distance"][~objects.ignore]).all()


def test_no_more_of_the_image_is_read_than_a_window_and_its_largest_object(objects, monkeypatch):
    monkeypatch.setattr("kontur.images.lazy_pixels.BAND", 20 * SIZE[1])
    watched = Watched(image_of("u1"))
    measure_in_windows(objects[~objects.ignore], watched, SIZE, side=32)
    assert watched.largest < 100 * 100


@pytest.mark.parametrize("image", [None, image_of("u1")], ids=["without image", "with image"])
def test_no_object_one_and_one_that_covers_all(objects, image):
    assert measure_in_windows(Instances.empty(SIZE), image, SIZE) == {}
    for shape in (objects.polygons[7], shapely.box(-5, -5, 400, 400)):
        one = Instances.of([shape], size=SIZE)
        expected = measure_in_windows(one, image, SIZE, side=10_000)
        assert_same(measure_in_windows(one, image, SIZE, side=16), expected)
    assert (
        measure(Instances.empty(SIZE), image).columns.tolist()
        == measure(objects[:1], image).columns.tolist()
    )


def test_values_that_are_no_numbers_are_counted_wherever_they_lie(objects):
    image = image_of("f4")
    image[200, 300] = np.nan
    with pytest.raises(InputError, match="1 of 71300 pixel values are NaN or infinite"):
        measure_in_windows(objects, Watched(image), SIZE, side=64)


@pytest.mark.parametrize("ending", [".geo.parquet", ".geojsonl"])
def test_the_command_measures_large_files_to_the_table_of_small_ones(
    objects, tmp_path, monkeypatch, ending
):
    tifffile.imwrite(tmp_path / "a.tif", image_of("u1")[..., 0], tile=(64, 64))
    image = ImageAnnotation("a.tif", SIZE, objects[:0])
    with formats.stream_image(tmp_path / f"a{ending}", image) as add:
        add(objects[:50])
        add(objects[50:])
    monkeypatch.setattr(in_windows.measure_in_windows, "__kwdefaults__", {"side": 64})
    tables = []
    for large in (1 << 40, 0):
        monkeypatch.setattr(large_outlines, "LARGE", large)
        monkeypatch.setattr(image_file, "LAZY", large)
        monkeypatch.setattr(image_file, "SMALL", 0)
        table = tmp_path / f"{large}.parquet"
        maps = tmp_path / f"{large}"
        words = [str(tmp_path / f"a{ending}"), str(tmp_path / "a.tif"), "--out", str(table)]
        result = CliRunner().invoke(app, ["measure", *words, "--geojson", str(maps)])
        assert result.exit_code == 0, result.output
        tables.append(pd.read_parquet(table))
    assert len(tables[0]) == len(objects)
    pd.testing.assert_frame_equal(*tables, rtol=1e-9)
    both = [formats.read(tmp_path / f"{large}" / "a.geojson") for large in (1 << 40, 0)]
    assert both[0].ids.tolist() == both[1].ids.tolist() == objects.ids.tolist()
