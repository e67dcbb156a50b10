import pandas as pd
import pytest

from kontur.errors import InputError
from kontur.measure.table import BRIGHTNESS, FORM, IDENTITY, OUTLINE, POSITION, SURROUNDINGS
from kontur.measure.tables.column_selection import check_columns_exist, learnable, select_columns

ALL = [*IDENTITY, *POSITION, *FORM, *BRIGHTNESS, *SURROUNDINGS, *OUTLINE, "state", "plate-1"]


def empty(names):
    return pd.DataFrame(columns=list(names))


def test_every_measurement_is_learned_from_and_nothing_else():
    found = learnable(empty([*ALL, "intensity_mean-1"]))
    assert found == [*FORM, *BRIGHTNESS, *SURROUNDINGS, "intensity_mean-1"]


def test_neither_the_target_nor_the_group_is_learned_from():
    assert learnable(empty(["area", "parts", "solidity"]), target="area", group="parts") == [
        "solidity"
    ]


def test_a_foreign_table_has_no_measurement():
    assert learnable(empty(["alcohol", "ash"])) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["solidity", "area"], ["solidity", "area"]),
        (["area", "area", "are*"], ["area"]),
        ([0, -1], ["image", "class"]),
        (["1", "2:4"], ["area", "efd_a2", "efd_b2"]),
        ([":2"], ["image", "area"]),
        (["-2:"], ["neighbour_distance", "class"]),
        (["intensity"], ["intensity_mean-0"]),
        (["neighbours"], ["neighbour_distance"]),
        (["form"], ["area", "efd_a2", "efd_b2", "solidity"]),
        (["efd_?2"], ["efd_a2", "efd_b2"]),
        ([], []),
    ],
)
def test_columns_are_named_by_name_place_range_pattern_and_kind(words, found):
    names = ["image", "area", "efd_a2", "efd_b2", "solidity", "intensity_mean-0"]
    assert select_columns(empty([*names, "neighbour_distance", "class"]), words) == found


def test_a_name_goes_before_what_it_could_mean_besides():
    assert select_columns(empty(["area", "form", "0", "a*"]), ["form", "0", "a*"]) == [
        "form",
        "0",
        "a*",
    ]


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("aera", "no column 'aera'; did you mean 'area'?"),
        ("efx_*", "no column of the table is like 'efx_*'; did you mean 'efd_a2'?"),
        ("7", "no column 7; the table has 2, from 0"),
        (-3, "no column -3"),
        ("5:9", "no columns 5:9"),
        ("intensity", "no column of intensity"),
    ],
)
def test_a_word_that_names_nothing_is_one_sentence(word, sentence):
    with pytest.raises(InputError) as error:
        select_columns(empty(["area", "efd_a2"]), [word])
    assert sentence in str(error.value)


def test_all_missing_columns_are_named_at_once():
    with pytest.raises(InputError, match=r"no 2 columns: 'aera', 'oops'; did you mean 'area'"):
        check_columns_exist(["area", "id"], ["aera", "id", "oops"])


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(InputError, match="two columns 'area'"):
        select_columns(empty(["area", "area"]), ["area"])


def test_of_many_columns_only_some_are_printed():
    with pytest.raises(InputError, match=r"known are c0, c1, .* and 92 more"):
        check_columns_exist([f"c{k}" for k in range(100)], ["oops"])
