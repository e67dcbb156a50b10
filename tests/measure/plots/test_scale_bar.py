import pytest

from kontur.measure.plots import style
from kontur.measure.plots.scale_bar import bar_length, draw_bar


@pytest.mark.parametrize(
    ("pixel_size", "label"), [(None, "20 px"), (0.5, "10 µm"), (0.65, "10 µm")]
)
def test_a_scale_bar_is_as_long_as_it_says(pixel_size, label):
    axes = style.figure(2, 2).subplots()
    draw_bar(axes, (0.0, 100.0), 100.0, pixel_size)
    assert axes.texts[0].get_text() == label
    x = axes.lines[0].get_xdata()
    assert (x[1] - x[0]) * (pixel_size or 1) == pytest.approx(float(label.split()[0]))
    assert bar_length(30.0) == 20
