import numpy as np
import pytest
from shapely import box

from kontur.instances import Instances
from kontur.measure.plots.gallery import draw_gallery, nearest_rows
from kontur.measure.plots.groups import groups
from kontur.measure.plots.numbers import numbers
from kontur.measure.plots.pictures import Pictures
from kontur.measure.sources.source import Picture
from kontur.measure.table import measure
from tests.measure.plots.tables import measured


def pictures(**options):
    table, image, objects = measured(**options)
    names = table["image"].unique()
    return Pictures(table, {name: lambda: Picture(objects, image) for name in names})


def test_objects_are_those_nearest_to_the_percentile_by_rising_value():
    values = np.random.default_rng(0).permutation(1001).astype(float)
    low, middle, high = nearest_rows(values, [1, 50, 99], most=5)
    assert (low.percentile, middle.percentile, high.percentile) == (1, 50, 99)
    assert values[low.rows].tolist() == [8, 9, 10, 11, 12]
    assert values[middle.rows].tolist() == [498, 499, 500, 501, 502]
    assert values[high.rows].tolist() == [988, 989, 990, 991, 992]


@pytest.mark.parametrize("count", [1, 2, 5, 14, 40])
def test_no_object_is_shown_twice_and_missing_values_never(count):
    values = np.r_[np.arange(count, dtype=float), np.nan, np.nan]
    rows = np.concatenate([each.rows for each in nearest_rows(values, [1, 10, 50, 90, 99])])
    assert len(set(rows.tolist())) == len(rows) <= count
    assert rows.max() < count


def test_nothing_to_show_is_no_row():
    assert nearest_rows(np.full(3, np.nan), [50]) == []


def test_every_crop_has_its_object_in_the_middle_its_value_and_its_name():
    found = pictures()
    column = numbers(found.table, "area")
    figure = draw_gallery(column, groups(found.table), found, [0, 100])
    shown = [axes for axes in figure.axes if axes.get_title()]
    assert len(shown) == 8
    assert shown[0].get_title() == "150"
    assert shown[0].get_xlabel() == "a\u00a0·\u00a07"
    assert shown[0].get_ylabel() == "0th\npercentile"
    x, y = shown[0].get_xlim(), shown[0].get_ylim()
    assert (sum(x) / 2, sum(y) / 2) == pytest.approx((75, 47.5))
    assert figure.get_suptitle() == "area (px²)"


def test_the_pixels_of_a_crop_lie_where_they_lie_in_the_image():
    found = pictures()
    column = numbers(found.table, "area")
    figure = draw_gallery(column, groups(found.table), found, [50])
    for axes in (axes for axes in figure.axes if axes.images):
        left, right, bottom, top = axes.images[0].get_extent()
        pixels = axes.images[0].get_array()
        assert pixels.shape[:2] == (bottom - top, right - left)
        bright = np.arange(left, right) >= 40  # the right half of the image
        assert ((pixels[0, :, 0] > 128) == bright).all()


@pytest.mark.parametrize(("large", "scales"), [(20, 1), (55, 2)])
def test_all_rows_have_one_scale_unless_sizes_differ_too_much(large, scales):
    objects = Instances.of([box(2, 2, 12, 12), box(14, 1, 14 + large, 1 + large)], size=(60, 80))
    table = measure(objects, name="a", outlines=True)
    found = Pictures(table, {"a": lambda: Picture(objects, np.zeros((60, 80, 3), np.uint8))})
    figure = draw_gallery(numbers(table, "area"), groups(table), found, [0, 100])
    widths = {round(np.ptp(axes.get_xlim()), 3) for axes in figure.axes if axes.images}
    assert len(widths) == scales
    assert max(widths) > large


def test_few_objects_stand_side_by_side_and_no_box_is_needed():
    found = pictures(images=("a",))
    bare = found.table.drop(columns=["left", "top", "right", "bottom"])
    for table in (found.table, bare):
        shown = Pictures(table, found.readers)
        figure = draw_gallery(numbers(table, "area"), groups(table), shown, [0, 50, 100])
        titles = [axes.get_title() for axes in figure.axes]
        assert titles == ["0th\npercentile\n150", "50th\npercentile\n200", "100th\npercentile\n336"]
