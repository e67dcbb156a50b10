"""A model of grey images and tables of colour images, the reverse, and tables of both."""

import numpy as np
import pandas as pd
import pytest

from kontur.errors import InputError
from kontur.measure.learn.trained.brightness_channels import channels_note, check_channels
from tests.measure.learn.drawn import decision, drawn

GREY = ["area", "intensity_mean", "contrast_to_ring"]
COLOUR = ["area", "intensity_mean-0", "intensity_std-1", "intensity_mean-2"]


def mixed(grey=3, colour=2):
    """Rows of images of one channel, then of three, as they stand in one table."""
    ones, threes = (
        np.r_[np.ones(grey), np.full(colour, np.nan)],
        np.r_[np.full(grey, np.nan), np.ones(colour)],
    )
    bright = {"intensity_mean": ones, **{f"intensity_mean-{k}": threes for k in range(3)}}
    return pd.DataFrame({"area": 1.0, **bright, "intensity_std-1": threes})


def test_a_table_of_other_channels_alone_is_refused_in_one_sentence():
    one, three = r"one channel \(intensity_mean\)", r"3 channels \(intensity_mean-0\)"
    with pytest.raises(InputError, match=rf"of images of {one}, and .* {three}; .*--channel N"):
        check_channels(GREY, COLOUR)
    with pytest.raises(InputError, match=rf"of images of {three}, and .* {one}; give images"):
        check_channels(COLOUR, GREY)
    for table in (["area"], COLOUR, [*GREY, *COLOUR]):
        check_channels(COLOUR, table)
    check_channels(["area", "site-1", "intensity_mean-red"], GREY)  # none of these is brightness


def test_rows_of_other_channels_in_a_mixed_table_are_counted():
    assert channels_note(GREY, mixed()).startswith("2 of 5 rows are of images with other channels")
    assert channels_note(COLOUR, mixed(1, 4)).startswith("1 of 5 rows is of images with other")
    assert channels_note([*GREY, *COLOUR], mixed()) is None  # learned from both
    assert channels_note(["area"], mixed()) is None
    assert channels_note(GREY, mixed(3, 0)) is None
    gap = mixed(3, 0).assign(intensity_mean=np.nan)  # of no image: a gap as any other
    assert channels_note(GREY, gap) is None


def test_a_model_says_it_instead_of_the_gaps():
    model, table = decision(["area", "intensity_mean"]), drawn()
    assert not any("other channels" in note for note in model.notes(table))
    colour = {f"intensity_mean-{k}": table["intensity_mean"] for k in range(3)}
    with pytest.raises(InputError, match="that of images of 3 channels"):
        model.predict(table[["area"]].assign(**colour))
    grey = table.index < len(table) // 2
    both = table.assign(intensity_mean=table["intensity_mean"].where(grey), **colour)
    notes = model.notes(both)
    assert "other channels" in notes[0]
    assert not any("values missing" in note for note in notes)
