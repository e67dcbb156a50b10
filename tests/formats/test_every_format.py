"""What every format that is written keeps: objects of any kind, the second time as the first."""

import warnings

import hypothesis
import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.formats.rounding import rounded
from kontur.instances import Instances
from tests.formats import scenes

SIZE = (40, 50)
NAMES = list(formats.WRITABLE)

several = hypothesis.settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)


def held(name: str, found: Instances) -> Instances:
    """The objects as a format can hold them: its table says what it loses."""
    one = formats.FORMATS[name]
    if one.relative:
        found = found.clip(SIZE)
    shapes = rounded(found.polygons)
    if one.holes == "never":
        shapes = np.array([*map(without_holes, shapes), None], dtype=object)[:-1]
    if not one.parts:
        shapes = np.array([*map(largest, shapes), None], dtype=object)[:-1]
    found = found.replace(polygons=shapes)
    if not one.ignore:
        found = found[~found.ignore]
    if not one.scores:
        found = found.replace(scores=np.full(len(found), np.nan))
    return found if one.ids else found.replace(ids=np.arange(1, len(found) + 1))


def largest(polygon):
    return max(shapely.get_parts(polygon), key=lambda part: part.area)


def without_holes(polygon):
    filled = [shapely.Polygon(part.exterior) for part in shapely.get_parts(polygon)]
    return filled[0] if len(filled) == 1 else shapely.union_all(filled)


@several
@hypothesis.given(scenes.drawings)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore:.* lacks .*:UserWarning")  # objects that the file cannot hold
def test_objects_come_back_and_a_second_trip_changes_nothing(tmp_path, name, drawing):
    found = scenes.objects(drawing, on_grid=False)
    one = formats.FORMATS[name]
    path, second = tmp_path / f"a{one.ending}", tmp_path / f"b{one.ending}"
    formats.write(path, found, image_name="a.png")
    again = formats.read(path, size=SIZE)
    if not one.raster:
        whole = held(name, found)
        pixels = scenes.with_holes(whole) if one.holes == "pixels" else np.zeros(len(whole), bool)
        pixels |= whole.ignore if name == "coco" else False
        scenes.assert_close(whole[~pixels], again[~pixels])
        scenes.assert_all_but_outlines_same(
            whole[pixels].replace(scores=again[pixels].scores), again[pixels]
        )
    formats.write(second, again, image_name="a.png")
    assert scenes.content(second) == scenes.content(path)


@pytest.mark.parametrize("name", NAMES)
def test_on_the_grid_holes_parts_and_single_pixels_are_exact(tmp_path, name):
    image = np.zeros(SIZE, dtype=np.uint8)
    image[2:9, 3:12], image[4:7, 5:8], image[5, 6] = 1, 0, 2  # a donut around a pixel
    image[12:15, 3:9], image[17:19, 30:33] = 3, 3  # two parts
    image[39, 49] = 4  # a corner
    found = Instances.from_label_image(image, ["red cell", "white, old"])
    found = found.replace(labels=[0, 1, 0, 1])
    one = formats.FORMATS[name]
    path = tmp_path / f"a{one.ending}"
    formats.write(path, found, image_name="a.png")
    again = formats.read(path, size=SIZE)
    kept = held(name, found)
    if not one.ids:
        again, kept = again.replace(ids=range(1, 5)), kept.replace(ids=range(1, 5))
    np.testing.assert_array_equal(
        again.replace(size=SIZE).label_image(), kept.replace(size=SIZE).label_image()
    )
    if one.classes:
        assert scenes.named(again) == ["red cell", "white, old", "red cell", "white, old"]


@pytest.mark.parametrize("name", NAMES)
def test_writing_twice_gives_the_same_bytes_and_no_warning(tmp_path, name):
    found = scenes.ring_with_island()
    files = [tmp_path / folder / f"a{formats.FORMATS[name].ending}" for folder in "xy"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for file in files:
            formats.write(file, found, image_name="a.png")
    assert scenes.content(files[0]) == scenes.content(files[1])
