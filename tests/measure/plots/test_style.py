import warnings

from kontur.measure.plots import style


def test_a_letter_that_no_font_has_is_drawn_without_a_warning():
    figure = style.figure(2, 1)
    axes = figure.subplots()
    axes.set_xlabel("a \U0001f41b\a\n$10^2$")
    axes.set_yticks([0, 1], ["b", "b\U0001f41b"], fontsize=5)
    axes.plot([0, 1], label="c\U0001f41b")
    figure.legend()
    filters = list(warnings.filters)  # of all threads: none is changed
    assert style.png(figure).startswith(b"\x89PNG")
    assert warnings.filters == filters
    assert axes.get_xlabel() == "a □□\n$10^2$"
    assert [(one.get_text(), one.get_size()) for one in axes.get_yticklabels()] == [
        ("b", 5),
        ("b□", 5),
    ]


def test_logarithmic_ticks_are_plain_numbers():
    axes = style.figure(3, 1).subplots()
    style.scale(axes.xaxis, log=True, low=10.0, high=9000.0)
    axes.set_xlim(10, 9000)
    shown = [axes.xaxis.get_major_formatter()(value) for value in axes.xaxis.get_majorticklocs()]
    assert {"10", "30", "100", "1,000", "3,000"} <= set(shown)
