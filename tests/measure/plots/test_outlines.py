import numpy as np
import pytest

from kontur.errors import InputError
from kontur.measure.plots.groups import groups
from kontur.measure.plots.numbers import numbers
from kontur.measure.plots.outlines import (
    EMPTY,
    caption,
    draw_categories,
    draw_outlines,
    ends,
    named_images,
    typical_images,
)
from kontur.measure.plots.pictures import Pictures
from kontur.measure.sources.source import Picture
from tests.measure.plots.tables import made_up, measured


def pictures(table, image, objects):
    names = table["image"].unique()
    return Pictures(table, {name: lambda: Picture(objects, image) for name in names})


def test_outlines_have_the_colour_of_their_value_and_the_bar_its_unit():
    table, image, objects = measured()
    figure = draw_outlines(numbers(table, "area"), pictures(table, image, objects), "a")
    main, bar = figure.axes
    assert bar.get_ylabel() == "area (px²)"
    assert main.get_title(loc="left") == "a"
    lines = main.collections[-1]
    colours = lines.get_edgecolors()
    assert len(lines.get_paths()) == len(colours) == 4
    np.testing.assert_allclose(lines.get_paths()[1].get_extents().bounds, (70, 40, 10, 15))
    brightness = colours[:, :3].sum(axis=1)
    assert np.argsort(brightness).tolist() == np.argsort(table["area"][:4]).tolist()


def test_objects_without_a_value_are_grey_and_counted():
    from matplotlib.colors import to_rgba

    table, image, objects = measured()
    table.loc[0, "area"] = np.nan
    column = numbers(table, "area")
    assert "no value, in 1 of 8 objects" in caption(column)
    main = draw_outlines(column, pictures(table, image, objects), "a").axes[0]
    lines = [each for each in main.collections if len(each.get_paths()) == 1]
    assert any((each.get_edgecolors() == to_rgba(EMPTY)).all() for each in lines)
    assert len(main.collections[-1].get_paths()) == 3


def test_kinds_have_the_colours_of_groups_and_a_legend_that_counts():
    table, image, objects = measured()
    table["kind"] = ["long", "round", "long", "long"] * 2
    figure = draw_categories(groups(table, "kind"), pictures(table, image, objects), "b")
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["long (3 objects)", "round (1 object)"]
    colours = figure.axes[0].collections[-1].get_edgecolors()
    assert (colours[[0, 2, 3]] == colours[0]).all()
    assert (colours[1] != colours[0]).any()
    assert "coloured by kind" in caption(groups(table, "kind"))


def test_all_images_have_one_scale_and_a_constant_has_room():
    column = numbers(made_up(), "area")
    assert ends(column) == tuple(np.percentile(column.values, [1, 99]))
    assert ends(numbers(made_up(same=4.0), "same")) == (2, 6)


def test_unasked_images_of_the_lowest_middle_and_highest_median_are_drawn():
    values = np.repeat([5.0, 1, 3, 9, 2], 4)
    table = made_up(images=5, each=4, grown=values)
    assert typical_images(values, groups(table).image) == [1, 2, 3]
    one = made_up(images=1, each=4)
    assert typical_images(one["area"].to_numpy(), groups(one).image) == [0]


def test_images_are_chosen_by_name_or_pattern():
    names = ["p1/a", "p1/b", "p2/a", "[x]"]
    assert named_images(names, ["p2/a", "p1/*", "p1/b"]) == [2, 0, 1]
    assert named_images(names, ["[x]"]) == [3]
    with pytest.raises(InputError, match="no image 'p2/b'; did you mean"):
        named_images(names, ["p2/b"])
