import numpy as np
import pandas as pd
import pytest

from kontur.errors import InputError
from kontur.measure.plots.numbers import check_varies, label, main_columns, numbers
from tests.measure.plots.tables import made_up


def test_a_column_has_its_unit_and_its_values():
    table = made_up()
    column = numbers(table, "area")
    assert column.label == "area (µm²)"
    assert label(table, "solidity") == "solidity"
    table.attrs["units"]["Area (µm²)"] = "µm²"  # of a heading that has its unit
    assert label(table, "Area (µm²)") == "Area (µm²)"
    np.testing.assert_array_equal(column.values, table["area"])


def test_values_that_span_decades_have_a_logarithmic_axis_unless_told_otherwise():
    table = made_up(wide=np.geomspace(1, 1000, 120), counted=np.arange(120.0))
    assert numbers(table, "wide").log
    assert not numbers(table, "wide", scale="linear").log
    assert numbers(table, "area", scale="log").log
    assert not numbers(table, "area").log
    assert not numbers(table, "counted").log  # begins at 0


def test_zeros_that_rounding_made_are_no_decades():
    values = np.r_[np.full(5, 1e-15), np.linspace(0.1, 0.5, 115)]
    assert not numbers(made_up(round=values), "round").log


def test_missing_values_of_any_kind_of_column_are_nan():
    table = made_up(mixed=pd.array([1, None] * 60, dtype="Int64"))
    column = numbers(table, "mixed")
    assert column.has_value.sum() == 60
    assert np.isnan(column.values[1])


def test_few_whole_numbers_are_counts():
    table = made_up(touching=np.arange(120) % 4, large=np.arange(120) % 4 * 100)
    assert numbers(table, "touching").counts
    assert not numbers(table, "large").counts
    assert not numbers(table, "area").counts


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("aera", None, "no column 'aera'; did you mean 'area'"),
        ("state", None, "holds no numbers to draw.*--by state"),
        ("edge", True, "true or false.*--by edge"),
        ("gone", np.nan, "'gone' has no value in any of 120 rows"),
        ("dirty", [*map(str, range(119)), "oops"], "numbers but holds 'oops', first in row 120"),
        ("endless", [1.0] * 119 + [np.inf], r"infinite in 1 of 120 rows \(w05 20\)"),
    ],
)
def test_a_column_that_is_no_numbers_is_refused_in_a_sentence(name, values, sentence):
    table = made_up() if values is None else made_up(**{name: values})
    with pytest.raises(InputError, match=sentence):
        numbers(table, name)


def test_a_constant_column_and_a_logarithm_of_zero_are_refused():
    table = made_up(same=3.0, zero=np.arange(120.0))
    with pytest.raises(InputError, match="'same' is 3 in all 120 rows"):
        check_varies(numbers(table, "same"))
    with pytest.raises(InputError, match="reaches down to 0; use --scale linear"):
        numbers(table, "zero", scale="log")


def test_the_main_columns_are_drawn_unasked_and_what_is_left_out_is_reported():
    table = made_up(intensity_mean=[1.0] + [np.nan] * 119, medial_length=2.0)
    table["intensity_mean-1"] = np.arange(120.0)
    table["intensity_mean"] = [1.0, 2.0] + [np.nan] * 118
    chosen, notes = main_columns(table)
    assert chosen == ["area", "circularity", "solidity", "intensity_mean-1"]
    assert any("1 column (intensity_mean), most rows" in note for note in notes)
    assert any("'medial_length' is 2 in all" in note for note in notes)


def test_of_a_foreign_table_the_first_numbers_are_drawn():
    table = pd.DataFrame({"name": ["a", "b"], "x": [1.0, 2], "length": [2.0, 3], "mass": [4, 5]})
    assert main_columns(table)[0] == ["length", "mass"]


def test_numbers_as_text_are_numbers():
    table = made_up(dose=["1.046,5", "2,5"] * 59 + ["NA", None])
    assert numbers(table, "dose").values.tolist()[:2] == [1046.5, 2.5]
    assert np.isnan(numbers(table, "dose").values[-2:]).all()
