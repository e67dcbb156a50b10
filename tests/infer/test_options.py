"""The options of a prediction: values of another kind are refused where they are given."""

import numpy as np
import pytest

from kontur.errors import InputError
from kontur.infer.options import PredictOptions, check_kind, contrast_text, parse_contrast


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("diameter", "a", "diameter is a number or 'auto', got 'a'"),
        ("diameter", [1], "got .1."),
        ("contrast", "x", "contrast is a percentile, 'auto', 'folder', or two values"),
        ("contrast", (4000, 100), r"become 0 and 1.*, got \(4000, 100\)"),
        ("contrast", (5, 5), "become 0 and 1"),
        ("contrast", (0, float("nan")), "become 0 and 1"),
        ("contrast", (0, float("inf")), "become 0 and 1"),
        ("contrast", (-1e308, 1e308), "become 0 and 1"),
        ("contrast", (0, 5e-324), "become 0 and 1"),
        ("contrast", (0, 10**400), "become 0 and 1"),
        ("contrast", np.array(3.0), "become 0 and 1"),
        ("contrast", ((1, 2), (4, 3)), "become 0 and 1, also a pair of them for each channel"),
        ("contrast", [], "become 0 and 1"),
        ("contrast", ((1, 2), 3), "become 0 and 1"),
        ("contrast", (1, 2, 3), "become 0 and 1"),
        ("contrast", ("1", "2"), "become 0 and 1"),
        ("contrast", "1,2", "become 0 and 1"),
        ("pixel_size", True, "pixel_size is a number or 'auto'"),
        ("min_size", -1, "min_size is a number of square pixels, 0 or more, got -1"),
        ("min_size", "a", "min_size is"),
        ("min_size", float("nan"), "min_size is"),
        ("min_size", None, "min_size is"),
        ("tile", 1.5, "tile is a whole number"),
        ("page", "x", "page is a whole number from 0, or 'all'"),
        ("channel", 1.5, "channel is a number or a name"),
        ("region", 5, "region is x,y,width,height"),
        ("link", "overlap", "link is True or False"),
        ("polish", "yes", "polish is True or False"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_what_was_wanted(option, value, wanted):
    with pytest.raises(InputError, match=wanted):
        check_kind(option, value)


def test_an_option_out_of_range_is_refused_in_python_as_on_the_command_line():
    with pytest.raises(InputError, match="0 or more, got -1"):
        PredictOptions(min_size=-1.0)


def test_a_range_of_any_kind_of_numbers_is_two_floats():
    options = PredictOptions(contrast=(100, np.float64(4000)))
    for given in ([100, 4000], np.array([100, 4000]), (np.float32(100), 4e3)):
        check_kind("contrast", given)
    assert options == PredictOptions(contrast=(100.0, 4000.0))
    assert [type(each) for each in options.contrast] == [float, float]
    for given in (np.array([[0, 9], [2, 5]]), [(0, 9), [2, np.int64(5)]]):
        check_kind("contrast", given)
    each = PredictOptions(contrast=((0, 9), (np.float64(2), 5)))
    assert each.contrast == ((0.0, 9.0), (2.0, 5.0))
    assert PredictOptions(contrast=((0, 9),)).contrast == (0.0, 9.0)


@pytest.mark.parametrize(
    "word",
    [
        "4000,100",
        "7,7",
        "1,2,3",
        "100,",
        ",100",
        "a,b",
        "",
        "nan",
        "0,nan",
        "0,inf",
        "100-4000",
        "0,9;",
        "0,9;99",
        "98;99",
        "0,9;auto",
        "-3",
    ],
)
def test_what_is_typed_and_is_no_contrast_is_refused_in_a_sentence(word):
    with pytest.raises(
        InputError, match="wanted a percentile such as 99, auto, folder, or LOW,HIGH"
    ):
        parse_contrast(word)


@pytest.mark.parametrize(
    "contrast",
    [(-1000.0, 400.0), (0.1, 1 / 3), (1e-9, 1e20), 99.8, ((0.0, 1.5), (-3.0, 1e9), (0.1, 7.0))],
)
def test_a_contrast_that_is_written_is_read_as_the_same(contrast):
    assert parse_contrast(contrast_text(contrast)) == contrast


def test_numbers_of_numpy_are_numbers():
    given = PredictOptions(diameter=float(np.float64(20)), min_size=0.0, tile=512, page="all")
    assert given.replace(diameter=np.float64(30)).diameter == 30
