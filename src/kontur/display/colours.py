"""Colours of outlines: they show on black and on white, and differ also for colour-blind eyes.

After the set of Okabe and Ito (2008) without black and brightened for thin lines: seen with red,
green or blue cones missing, the nearest two are still 18 apart in CIE Lab.
"""

RGB = tuple[int, int, int]

PALETTE: tuple[RGB, ...] = (
    (255, 176, 0),  # amber
    (76, 195, 255),  # sky
    (255, 109, 182),  # pink
    (0, 158, 115),  # green
    (240, 240, 96),  # yellow
    (213, 94, 0),  # vermilion
    (64, 96, 255),  # blue
)
GREY: RGB = (170, 170, 170)  # regions to ignore


def class_colour(label: int) -> RGB:
    """The colour of a class by its index, the same in every file; colours repeat after seven."""
    return PALETTE[label % len(PALETTE)]


def as_hex(colour: RGB) -> str:
    """As web pages write it.

    >>> as_hex((255, 176, 0))
    '#ffb000'
    """
    return "#{:02x}{:02x}{:02x}".format(*colour)
