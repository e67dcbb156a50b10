"""The options of a prediction: values of another kind are refused where they are given."""

import numpy as np
import pytest

from kontur.errors import InputError
from kontur.infer.options import PredictOptions, check_kind


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("diameter", "a", "diameter is a number or 'auto', got 'a'"),
        ("diameter", [1], "got .1."),
        ("contrast", "x", "contrast is a number or 'auto'"),
        ("pixel_size", True, "pixel_size is a number or 'auto'"),
        ("min_size", -1, "min_size is a number of square pixels, 0 or more, got -1"),
        ("min_size", "a", "min_size is"),
        ("min_size", float("nan"), "min_size is"),
        ("min_size", None, "min_size is"),
        ("tile", 1.5, "tile is a whole number"),
        ("page", "x", "page is a whole number from 0, or 'all'"),
        ("channel", 1.5, "channel is a number or a name"),
        ("region", 5, "region is x,y,width,height"),
        ("link", "names", "link is 'overlap'"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_what_was_wanted(option, value, wanted):
    with pytest.raises(InputError, match=wanted):
        check_kind(option, value)


def test_an_option_out_of_range_is_refused_in_python_as_on_the_command_line():
    with pytest.raises(InputError, match="0 or more, got -1"):
        PredictOptions(min_size=-1.0)


def test_numbers_of_numpy_are_numbers():
    given = PredictOptions(diameter=float(np.float64(20)), min_size=0.0, tile=512, page="all")
    assert given.replace(diameter=np.float64(30)).diameter == 30
