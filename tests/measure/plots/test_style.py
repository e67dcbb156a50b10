from kontur.measure.plots import style


def test_a_letter_that_no_font_has_is_drawn_without_a_warning():
    figure = style.figure(2, 1)
    figure.subplots().set_xlabel("活虫 \U0001f41b")
    assert style.png(figure).startswith(b"\x89PNG")


def test_logarithmic_ticks_are_plain_numbers():
    axes = style.figure(3, 1).subplots()
    style.scale(axes.xaxis, log=True, low=10.0, high=9000.0)
    axes.set_xlim(10, 9000)
    shown = [axes.xaxis.get_major_formatter()(value) for value in axes.xaxis.get_majorticklocs()]
    assert {"10", "30", "100", "1,000", "3,000"} <= set(shown)
