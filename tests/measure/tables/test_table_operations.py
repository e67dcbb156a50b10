"""Fewer rows, other names, another order, counts and groups; nothing goes in silence."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontur.errors import InputError
from kontur.measure.tables.table_operations import (
    counted,
    grouped,
    ignored,
    ordered,
    renamed,
    where,
    without_ignored,
)

NAN = float("nan")


@pytest.fixture
def table():
    made = pd.DataFrame(
        {
            "image": ["b", "a", "a", "a"],
            "id": [1, 1, 2, 3],
            "class": ["x", "y", "x", "x"],
            "area": [60.0, 40.0, NAN, 80.0],
            "intensity_mean-1": [1.0, 2.0, 3.0, 4.0],
            "intensity_mean": [9.0, 9.0, 9.0, 9.0],
            "on_border": [True, False, False, True],
            "state": ["live", "dead", "dead", "dead"],
            "well": ["W1", None, None, None],
        }
    )
    made.attrs = {"units": {"area": "µm²"}, "pixel_size": 0.5}
    return made


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("state == 'dead' and area > 50", [3]),
        ("(state == 'dead') & (area > 50)", [3]),
        ("class == 'x'", [0, 2, 3]),
        ("class in ['y', 'z'] or on_border", [0, 1, 3]),
        ("class in ('y', 'z')", [1]),
        ("class not in ['x'] and id in [1, 2]", [1]),
        ("class.isin(['y'])", [1]),
        ("not on_border", [1, 2]),
        ("on_border == False and area.notnull()", [1]),
        ("area.isnull()", [2]),
        ("well == 'W1'", [0]),
        ("well != 'W1'", [1, 2, 3]),
        ("50 < area <= 60", [0]),
        ("area / 2 - 1 > 20", [0, 3]),
        ("intensity_mean-1 > 2", [2, 3]),
        ("`intensity_mean-1` > 2 and `area` > 1", [3]),
        ("intensity_mean - 1 > 2", [0, 1, 2, 3]),
        ("state.str.startswith('li')", [0]),
        ("state == 'class'", []),
    ],
)
def test_rows_are_kept_by_a_condition(table, condition, ids):
    kept = where(table, condition)
    assert kept.index.tolist() == ids
    assert kept.attrs == table.attrs
    assert where(table.iloc[:0], condition).shape == (0, table.shape[1])


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("aera > 5", "no column 'aera'; did you mean 'area'"),
        ("state == live", "no column 'live'"),
        ("area = 5", "== compares"),
        ("area >", "one is such as"),
        ("", "one is such as"),
        ("area + 1", "neither true nor false"),
        ("5 > 3", "neither true nor false"),
        ("area > 'x'", "cannot be used"),
        ("'a' in state and id in [1]", "in wants a list"),
        ("@table.area > 5", "one is such as"),
        ("__import__('os').system('true')", "'system' is not known"),
        ("abs(area) > 5", "functions cannot be called"),
        ("area.__class__", "'__class__' is not known"),
        ("area.apply(print)", "'apply' is not known"),
        ("[x for x in area]", "may compare columns"),
        ("9 ** 9 ** 9 > area", "may compare columns"),
    ],
)
def test_a_condition_that_cannot_be_used_is_one_sentence(table, condition, sentence):
    with pytest.raises(InputError) as error:
        where(table, condition)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_strange_names_of_columns_stand_in_backticks():
    table = pd.DataFrame({"0": [1, 2], "and": [0, 1], "ä b": [5, 6], "a`": [1, 2], "": [1, 1]})
    assert where(table, "`0` > 1 and ä b > 0 and `and` > 0").index.tolist() == [1]


def test_rows_to_ignore_are_taken_out_and_counted(table):
    assert without_ignored(table)[1] == 0
    kept, count = without_ignored(table.assign(ignore=[0, 1, 0, 0]))
    assert kept["id"].tolist() == [1, 2, 3]
    assert count == 1


def test_columns_are_renamed_with_their_units(table):
    made = renamed(table, {"area": "size"})
    assert made.attrs["units"] == {"size": "µm²"}
    assert "area" in table
    with pytest.raises(InputError, match="'aera'; did you mean 'area'"):
        renamed(table, {"aera": "size"})
    with pytest.raises(InputError, match="two columns 'state'"):
        renamed(table, {"area": "state"})


def test_rows_are_sorted_missing_values_last(table):
    assert ordered(table, ["-area"])["area"].tolist()[:3] == [80, 60, 40]
    assert ordered(table, ["area"])["area"].isna().tolist() == [False, False, False, True]
    assert ordered(table, ["state", "-id"]).index.tolist() == [3, 2, 1, 0]
    assert ordered(table, []) is table
    with pytest.raises(InputError, match="'aera'"):
        ordered(table, ["-aera"])
    with pytest.raises(InputError, match="words and numbers"):
        ordered(pd.DataFrame({"a": [1, "b"]}), ["a"])


def test_values_are_counted_missing_ones_too(table):
    made = counted(table, "well")
    assert made["count"].tolist() == [3, 1]
    assert made["share"].tolist() == [0.75, 0.25]
    assert pd.isna(made["value"][0])


def test_a_group_is_a_row_of_means_medians_and_deviations(table):
    made = grouped(table, ["image"]).set_index("image")
    assert made.loc["a", "objects"] == 3
    assert made.loc["a", ["area_mean", "area_median"]].tolist() == [60, 60]
    assert made.loc["a", "area_std"] == pytest.approx(np.std([40, 80], ddof=1))
    assert np.isnan(made.loc["b", "area_std"])
    assert made.loc["a", "on_border_mean"] == pytest.approx(1 / 3)
    assert made.loc["a", "state"] == "dead"  # one in every image
    assert made.loc["a", "class_different"] == 2
    assert not {"id_mean", "image_different", "images"} & set(made)
    assert made.attrs["units"]["area_median"] == "µm²"
    assert made.attrs["meanings"]["area_median"] == "median of area"


def test_rows_without_a_group_are_a_group(table):
    made = grouped(table, ["well"], statistics=["count"])
    assert made["objects"].sum() == len(table)
    assert made["well"].isna().sum() == 1
    assert made["images"].tolist() == [1, 1]
    assert made.attrs["units"]["area_count"] == ""


def test_groups_are_of_several_columns_and_of_names_that_are_taken(table):
    made = grouped(table.assign(objects=7), ["state", "class"])
    assert made[["state", "class", "objects"]].to_numpy().tolist() == [
        *(["dead", "x", 2], ["dead", "y", 1], ["live", "x", 1]),
    ]
    assert made["metadata_objects"].tolist() == [7, 7, 7]


def test_two_columns_of_a_summary_of_one_name_are_one_sentence(table):
    with pytest.raises(InputError, match="two columns 'metadata_objects'"):
        grouped(table.assign(objects=7, metadata_objects=8), ["state"])
    with pytest.raises(InputError, match="two columns 'area_mean'"):
        grouped(table.assign(area_mean="a"), ["state"])


def test_no_row_gives_no_group_and_wrong_words_are_one_sentence(table):
    assert len(grouped(table.iloc[:0], ["image"])) == 0
    with pytest.raises(InputError, match="no column 'wall'; did you mean 'well'"):
        grouped(table, ["wall"])
    with pytest.raises(InputError, match="no statistic 'avg'"):
        grouped(table, ["image"], statistics=["avg"])
    with pytest.raises(InputError, match="neither numbers nor text, such as lists"):
        grouped(table.assign(state=[[1]] * 4), ["image"])
    with pytest.raises(InputError, match="needs a column"):
        grouped(table, [])


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(-1e6, 1e6)), min_size=1, max_size=12),
)
def test_a_summary_is_that_of_each_group_by_itself(rows):
    table = pd.DataFrame(rows, columns=["image", "area"])
    made = grouped(table, ["image"])
    assert made["objects"].sum() == len(table)
    for _, row in made.iterrows():
        values = [value for image, value in rows if image == row["image"]]
        assert row["objects"] == len(values)
        np.testing.assert_allclose(row["area_median"], np.median(values))
        np.testing.assert_allclose(row["area_mean"], np.mean(values), atol=1e-9)


@pytest.mark.parametrize(
    "cells",
    [
        [True, False, None, None],
        [1.0, 0.0, np.nan, np.nan],
        ["True", "false", None, ""],
        ["WAHR", "FALSCH", None, " "],
    ],
)
def test_an_empty_cell_of_ignore_leaves_nothing_out(table, cells):
    assert ignored(table.assign(ignore=cells)).tolist() == [True, False, False, False]


def test_words_of_ignore_that_are_neither_true_nor_false_are_reported(table):
    with pytest.raises(InputError, match=r"true or false, 1 or 0, but not in 2 rows, such as 'no'"):
        ignored(table.assign(ignore=["no", "yes", "", 1]))
