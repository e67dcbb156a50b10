import numpy as np
import pytest

from kontur.measure.plots import style
from kontur.measure.plots.distributions import centre, draw_distribution, summary_rows
from kontur.measure.plots.groups import groups
from kontur.measure.plots.numbers import numbers
from tests.measure.plots.tables import made_up


def points(figure):
    """How many points of images a figure has, row by row."""
    lying = [c for c in figure.axes[0].collections if c.get_label() == "images"]
    return [len(each.get_offsets()) for each in lying]


def drawn(table, name, by=None):
    return draw_distribution(numbers(table, name), groups(table, by))


def test_every_image_is_a_point_at_the_median_of_its_objects():
    table = made_up(images=7)
    figure = drawn(table, "area", "state")
    assert points(figure) == [3, 4]
    shown = [c for c in figure.axes[0].collections if c.get_label() == "images"]
    x = np.sort(shown[1].get_offsets()[:, 0])
    live = table[table["state"] == "live"].groupby("image")["area"].median()
    np.testing.assert_allclose(x, np.sort(live))


def test_labels_say_the_unit_and_how_many_images_and_objects():
    axes = drawn(made_up(), "area", "state").axes[0]
    assert axes.get_xlabel() == "area (µm²)"
    assert axes.get_ylabel() == "state"
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "dead\n3 images\n60 objects",
        "live\n3 images\n60 objects",
    ]


def test_the_interval_rests_on_images_not_on_objects():
    table = made_up(images=6, each=500)
    found = centre(numbers(table, "area"), groups(table, "state"), 0)
    medians = table[table["state"] == "dead"].groupby("image")["area"].median()
    assert found.mean == pytest.approx(medians.mean())
    assert found.points.min() <= found.low < found.mean < found.high <= found.points.max()
    two = made_up(images=4)
    assert np.isnan(centre(numbers(two, "area"), groups(two, "state"), 0).low)


def test_on_a_logarithmic_axis_the_mean_is_geometric_and_of_counts_the_points_are_means():
    table = made_up(images=2, each=2, wide=[1.0, 1.0, 100.0, 100.0])
    wide = numbers(table, "wide", scale="log")
    assert centre(wide, groups(table[["image"]]), 0).mean == pytest.approx(10)
    table = made_up(images=2, each=4, touching=[0, 0, 0, 1, 0, 0, 1, 1])
    counts = numbers(table, "touching")
    assert centre(counts, groups(table[["image"]]), 0).points.tolist() == [0.25, 0.5]


def test_objects_without_a_value_are_not_counted_and_an_empty_group_is_still_named():
    table = made_up()
    table.loc[table["state"] == "dead", "area"] = np.nan
    figure = drawn(table, "area", "state")
    assert figure.axes[0].get_yticklabels()[0].get_text() == "dead\n0 objects"
    assert points(figure) == [3]
    assert summary_rows(numbers(table, "area"), groups(table, "state"))[0][2:] == ["0", "0", *"–––"]


def test_few_objects_are_ticks_and_tables_without_images_have_no_points():
    table = made_up(images=2, each=4)
    assert points(drawn(table, "area")) == [1, 1]
    assert points(drawn(table.drop(columns="image"), "area")) == []


def test_long_names_are_whole_and_a_dollar_is_a_dollar():
    name = "a very long name of a state that nobody would ever have wanted to cut $_a $_b"
    table = made_up(state=["x", name] * 60)
    figure = drawn(table, "area", "state")
    label = figure.axes[0].get_yticklabels()[0].get_text()
    assert label.replace("\n", " ").replace(r"\$", "$").startswith(name)
    png = style.png(figure)
    assert png.startswith(b"\x89PNG")


def test_nothing_is_set_for_all_figures():
    import matplotlib

    before = dict(matplotlib.rcParams)
    style.png(drawn(made_up(), "area"))
    assert dict(matplotlib.rcParams) == before
