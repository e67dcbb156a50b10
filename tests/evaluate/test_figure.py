"""The picture of curves: size, colours where they belong, odd values."""

import numpy as np
import pytest
from PIL import Image, ImageColor

from kontur.errors import InputError
from kontur.evaluate import draw_ap, draw_lines, evaluate_all
from kontur.evaluate.figure import COLOURS, _line_styles, stacked
from kontur.instances import Instances

SHAPE = Instances.from_masks(np.ones((1, 6, 6), dtype=bool))


def of_colour(image, number):
    """Pixels close to the colour of a curve."""
    away = np.asarray(image, dtype=int) - ImageColor.getrgb(COLOURS[number])
    return np.argwhere(np.abs(away).sum(axis=-1) < 30)


def test_a_perfect_result_is_a_line_along_the_top_and_none_along_the_bottom():
    perfect = evaluate_all([(SHAPE, SHAPE)])
    nothing = evaluate_all([(SHAPE, Instances.empty((6, 6)))])
    image = draw_ap({"perfect": perfect, "nothing": nothing})
    assert image.size == (800, 480)
    plot = image.crop((0, 0, 500, 480))  # without the legend
    top, bottom = of_colour(plot, 0), of_colour(plot, 1)
    assert np.ptp(top[:, 0]) < 12
    assert np.ptp(bottom[:, 0]) < 12
    assert top[:, 0].mean() < 60
    assert bottom[:, 0].mean() > 400


def test_values_that_are_not_known_interrupt_a_line():
    x = list(range(40))
    whole = draw_lines({"a": (x, [1.0, 2.0] * 20)}, title="t", x_label="x")
    gap = [float("nan") if 10 <= i < 30 else 1.0 + i % 2 for i in x]
    holed = draw_lines({"a": (x, gap)}, title="t", x_label="x")
    assert len(of_colour(holed, 0)) < 0.7 * len(of_colour(whole, 0))


@pytest.mark.parametrize(
    "curve",
    [([], []), ([0.5], [0.3]), ([1, 2], [float("nan")] * 2), ([1, 2], [0, 0]), ([0, 1e9], [1, 2])],
)
def test_few_unknown_or_equal_values_are_drawn(curve):
    image = draw_lines({"a": curve, "another": ([0, 1], [0, 1])}, title="t", x_label="x")
    assert len(of_colour(image, 0)) > 0  # at least its line in the legend
    draw_lines({"alone": curve}, title="t", x_label="x", size=(240, 400))


def test_no_curves_and_unequal_lengths_are_refused():
    with pytest.raises(InputError, match="at least one curve"):
        draw_lines({}, title="t", x_label="x")
    with pytest.raises(InputError, match="as many x as y"):
        draw_lines({"a": ([1, 2], [1])}, title="t", x_label="x")


def test_long_names_leave_half_of_the_picture_to_the_plot():
    image = draw_lines({"name " * 60: ([0, 1], [0, 1])}, title="t", x_label="x")
    assert np.ptp(of_colour(image.crop((0, 0, 400, 480)), 0)[:, 1]) > 300


def test_names_can_stand_below_the_axis_in_place_of_numbers():
    curve = {"a": ([0, 1], [0.0, 1.0])}
    numbers = np.asarray(draw_lines(curve, title="t", x_label="x"), dtype=int)
    named = np.asarray(draw_lines(curve, title="t", x_label="x", x_names=["0", "1e-4"]), dtype=int)
    different = np.argwhere(np.abs(numbers - named).sum(axis=-1) > 100)
    assert different[:, 0].min() > 40  # below the title: grid lines and labels
    assert (different[:, 0] > 430).any()


def test_every_one_of_twenty_curves_has_a_look_of_its_own():
    names = [f"curve {i}" for i in range(18)] + ["total", "total, validation"]
    looks = _line_styles(names, ["total", "total, validation"])
    assert len(set(looks.values())) == len(names)
    assert [name for name, look in looks.items() if look.colour == COLOURS[-1]] == names[-2:]
    assert len(set(_line_styles(names, []).values())) == len(names)


def test_the_eighth_curve_has_the_first_colour_and_gaps():
    drawn = {}
    for count in (1, 8):
        curves = {str(i): ([], []) for i in range(count - 1)} | {"last": ([0.0, 1.0], [0.2, 0.8])}
        image = draw_lines(curves, title="t", x_label="x", y_range=(0, 1))
        drawn[count] = len(of_colour(image.crop((70, 0, 600, 480)), 0))
    assert 0.4 * drawn[1] < drawn[8] < 0.8 * drawn[1]


def test_pictures_are_stacked_in_order():
    top, below = Image.new("RGB", (4, 2), "red"), Image.new("RGB", (4, 3), "blue")
    whole = stacked([top, below])
    assert whole.size == (4, 5)
    assert whole.getpixel((0, 1)) == (255, 0, 0)
    assert whole.getpixel((3, 2)) == (0, 0, 255)
    with pytest.raises(InputError, match="at least one"):
        stacked([])


def test_error_bars_reach_as_far_as_they_are_long():
    curve = ([10.0], [0.5])
    options = {"title": "t", "x_label": "x", "x_range": (0, 20), "y_range": (0, 1)}
    without = of_colour(draw_lines({"a": curve}, **options).crop((0, 0, 650, 480)), 0)
    spreads = {"a": ([5.0], [0.25])}
    barred = of_colour(draw_lines({"a": curve}, spreads=spreads, **options), 0)
    barred = barred[barred[:, 1] < 650]  # without the legend
    plot_height, plot_width = 480 - 54 - 46, 800 - 58  # some of the width is the legend's
    assert np.ptp(without[:, 0]) < 12
    assert np.ptp(barred[:, 0]) == pytest.approx(0.5 / 1.06 * plot_height, abs=8)
    assert 0.3 * plot_width < np.ptp(barred[:, 1]) < 0.55 * plot_width


def test_an_error_bar_that_is_not_known_is_not_drawn():
    nan = float("nan")
    options = {"title": "t", "x_label": "x", "x_range": (0, 20), "y_range": (0, 1)}
    plain = draw_lines({"a": ([10.0], [0.5])}, **options)
    barred = draw_lines({"a": ([10.0], [0.5])}, spreads={"a": ([nan], [nan])}, **options)
    assert np.array_equal(np.asarray(plain), np.asarray(barred))


def test_on_a_log_scale_equal_ratios_are_equally_far():
    points = {"a": ([1.0], [0.5]), "b": ([10.0], [0.5]), "c": ([100.0], [0.5])}
    image = draw_lines(points, title="t", x_label="x", x_scale="log")
    places = [of_colour(image.crop((0, 150, 800, 480)), i)[:, 1] for i in range(3)]  # no legend
    a, b, c = map(np.median, places)
    assert b - a == pytest.approx(c - b, abs=3)
    with pytest.raises(InputError, match="above 0 only"):
        draw_lines({"a": ([0.0], [1.0])}, title="t", x_label="x", x_scale="log")
