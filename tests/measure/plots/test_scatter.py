import numpy as np
import pytest
from matplotlib.contour import ContourSet

from kontur.measure.plots import style
from kontur.measure.plots.groups import groups
from kontur.measure.plots.numbers import numbers
from kontur.measure.plots.scatter import MANY, _bins, caption, draw_scatter, drawing_style
from tests.measure.plots.tables import made_up


def parts(table, by=None, x="area", y="circularity"):
    return numbers(table, x), numbers(table, y), groups(table, by)


def test_every_object_with_both_values_is_a_dot_of_its_group():
    table = made_up()
    table.loc[:4, "area"] = np.nan
    x, y, found = parts(table, "state")
    main, above, beside = draw_scatter(x, y, found).axes
    dots = main.collections[0]
    assert len(dots.get_offsets()) == 115
    assert len(np.unique(dots.get_facecolors(), axis=0)) == 2
    assert (main.get_xlabel(), main.get_ylabel()) == ("area (µm²)", "circularity")
    assert len(above.patches) == len(beside.patches) == 4  # an area and a line for each group


@pytest.mark.parametrize("values", [[0.0, 1.0], [3.0, 5e4], [0.1, 0.3], [0.2], [0.0], [-3.0]])
def test_the_bins_of_the_histograms_end_where_the_values_do(values):
    table = made_up(images=1, each=60, some=np.resize(values, 60))
    column = numbers(table, "some")
    edges = _bins(column, np.ones(60, dtype=bool))
    assert np.histogram(column.values, edges)[0].sum() == 60
    assert (np.diff(edges) > 0).all()
    if len(values) > 1:
        assert edges[[0, -1]].tolist() == values
    else:
        assert edges[0] >= 0 or values[0] < 0


def test_the_legend_counts_images_and_objects():
    figure = draw_scatter(*parts(made_up(), "state"))
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["dead (3 images, 60 objects)", "live (3 images, 60 objects)"]


def test_of_many_objects_regions_are_drawn_and_the_objects_outside():
    table = made_up(images=10, each=MANY // 5)
    x, y, found = parts(table, "state")
    assert drawing_style(x, y, found) == "regions"
    assert "50 % and 95 %" in caption(x, y, found)
    figure = draw_scatter(x, y, found)
    dots = [c for c in figure.axes[0].collections if len(c.get_offsets()) > 1]
    outside = sum(len(c.get_offsets()) for c in dots)
    assert 0.03 * len(table) < outside < 0.07 * len(table)


@pytest.mark.parametrize("by", ["state", None])
def test_no_region_or_hexagon_reaches_beyond_the_values(by):
    rng = np.random.default_rng(0)
    size, share = rng.gamma(1.2, 20, 2 * MANY), np.clip(rng.normal(0.9, 0.3, 2 * MANY), 0, 1)
    table = made_up(images=2, each=MANY, area=size, circularity=share)
    figure = draw_scatter(*parts(table if by else table.drop(columns="state"), by))
    main = figure.axes[0]
    if by:
        contours = [drawn for drawn in main.collections if isinstance(drawn, ContourSet)]
        points = np.concatenate([path.vertices for each in contours for path in each.get_paths()])
    else:
        clip = main.collections[0].get_clip_path().get_fully_transformed_path()
        points = main.transData.inverted().transform(clip.vertices)
    assert len(points) >= 4
    assert -1e-9 <= points[:, 1].min() <= points[:, 1].max() <= 1 + 1e-9
    assert size.min() - 1e-9 <= points[:, 0].min() <= points[:, 0].max() <= size.max() + 1e-6


def test_of_many_objects_of_one_group_hexagons_count_all():
    table = made_up(images=10, each=MANY // 5).drop(columns="state")
    x, y, found = parts(table)
    assert drawing_style(x, y, found) == "hexagons"
    hexagons = draw_scatter(x, y, found).axes[0].collections[0]
    assert hexagons.get_array().sum() == len(table)


def test_logarithmic_axes_and_counts_are_drawn_too():
    n = 2 * MANY
    table = made_up(images=2, each=MANY, wide=np.geomspace(1, 1e4, n), some=np.arange(n) % 3)
    for by in ("state", None):
        table = table if by else table.drop(columns="state")
        figure = draw_scatter(*parts(table, by, "wide", "some"))
        assert figure.axes[0].get_xscale() == "log"
        assert style.png(figure)
