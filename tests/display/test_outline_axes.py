import numpy as np
import pytest
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kontur.display.outline_axes import LARGEST, draw_lines, paths, show_image
from tests.measure.plots.tables import scene


def test_a_path_has_every_ring_of_an_object():
    _, objects = scene()
    plain, _, hole, parts = paths(objects.polygons)
    assert [each.codes.tolist().count(1) for each in (plain, hole, parts)] == [1, 2, 2]
    rim = shapely.get_coordinates(objects.polygons[2].interiors[0])
    assert {tuple(p) for p in rim} <= {tuple(p) for p in hole.vertices}


def test_an_outline_lies_on_the_pixels_that_it_was_drawn_on():
    axes = Figure(figsize=(2, 2), dpi=200).subplots()
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[5:9, 10:16] = 255
    show_image(axes, picture)
    draw_lines(axes, np.array([shapely.box(10, 5, 16, 9)]), "red", width=1)
    axes.set(xlim=(0, 30), ylim=(20, 0))
    canvas = FigureCanvasAgg(axes.figure)
    canvas.draw()
    seen = np.asarray(canvas.buffer_rgba())[:, :, :3].astype(int)
    red = (seen[:, :, 0] > 200) & (seen[:, :, 1] < 80)
    rows, columns = np.nonzero(red)
    to_data = axes.transData.inverted().transform
    x, y = to_data(np.column_stack([columns + 0.5, len(seen) - rows - 0.5])).T
    assert x.min() == pytest.approx(10, abs=0.3)
    assert x.max() == pytest.approx(16, abs=0.3)
    assert y.min() == pytest.approx(5, abs=0.3)
    assert y.max() == pytest.approx(9, abs=0.3)


def test_huge_images_are_shrunk_and_keep_their_extent():
    axes = Figure(figsize=(2, 2), dpi=200).subplots()
    show_image(axes, np.zeros((10, LARGEST * 3, 3), np.uint8))
    assert axes.images[0].get_array().shape[1] == LARGEST
    assert axes.images[0].get_extent() == [0, LARGEST * 3, 10, 0]
