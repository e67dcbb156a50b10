"""Colours of outlines: vivid and of middle lightness, so they show on black and on white."""

RGB = tuple[int, int, int]

PALETTE: tuple[RGB, ...] = (
    (255, 70, 70),  # red
    (40, 205, 90),  # green
    (70, 150, 255),  # blue
    (255, 180, 0),  # amber
    (225, 80, 255),  # magenta
    (0, 205, 205),  # cyan
    (255, 125, 30),  # orange
    (140, 210, 30),  # lime
    (255, 105, 175),  # pink
    (245, 225, 50),  # yellow
)
GREY: RGB = (170, 170, 170)  # regions to ignore


def class_colour(label: int) -> RGB:
    """The colour of a class by its index, the same in every file; colours repeat after ten."""
    return PALETTE[label % len(PALETTE)]
