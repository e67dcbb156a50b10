"""What the texts of a column are, drawn by hand as spreadsheets and programs write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontur.measure.tables.cells import LARGEST, MISSING, boolean_of, parse_column, unit_in


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["12", "-3", "+4"], [12, -3, 4]),
        (["0.5", ".5", "1e-05", "1e+16", "-3e2"], [0.5, 0.5, 1e-5, 1e16, -300]),
        (["1.046,70", "998,10"], [1046.7, 998.1]),
        (["1,046.70", "998.10"], [1046.7, 998.1]),
        (["1 046,7", "1\u00a0046,7", "1\u202f046,7"], [1046.7, 1046.7, 1046.7]),
        (["1'046.7", "1’046.7"], [1046.7, 1046.7]),
        (["1.234.567", "12"], [1234567, 12]),
        (["−5", "１２．５"], [-5, 12.5]),
        (["5", "NA", "#DIV/0!", "#NV", "null", "-"], [5, None, None, None, None, None]),
        (["inf", "2.5", "-Infinity"], [float("inf"), 2.5, float("-inf")]),
        (["1E1", "2.5"], [10, 2.5]),  # beside a number it is one
        (["TRUE", "FALSE"], [True, False]),
        (["WAHR", "FALSCH"], [True, False]),
        (["ИСТИНА", "ЛОЖЬ"], [True, False]),
    ],
)
def test_numbers_and_truth_values_are_read_as_they_are_written(texts, values):
    column = parse_column(texts)
    assert column.kind == ("boolean" if isinstance(values[0], bool) else "number")
    assert column.values == values
    assert column.non_numeric == ()


@pytest.mark.parametrize(
    "texts",
    [
        ["E01", "E5", "F12"],
        ["1E1", "2E2"],
        ["E01"],
        ["007", "8"],
        ["1_000", "2_000"],
        ["9e107d9d", "12345678", "00e41234"],
        [str(LARGEST + 1), "3"],
        ["9" * 5000],
        ["NA", "None", "null", "nan"],
        ["+", "-"],
        ["inf", "sup"],
        ["VERO"],  # cells, not truth in Italian
        ["True", "maybe"],
        ["01.05.2024", "12.05.2024"],
        ["1.5.24", "2.5.24"],
        ["2024-05-01", "2024-05-02"],
        ["5/1/2024"],
        ["12:30", "13:00"],
        ["2D", "3D"],
        ["10x", "20x"],
        ["1A", "2A"],
        ["1.2.3"],
        ["٣", "٤"],  # digits of other scripts
    ],
)
def test_what_is_a_number_by_accident_only_stays_a_name(texts):
    column = parse_column(texts)
    assert (column.kind, column.values, column.non_numeric) == ("text", texts, ())


@pytest.mark.parametrize(
    ("texts", "elsewhere", "values"),
    [
        (["1.046", "12.5"], None, [1.046, 12.5]),
        (["1.046", "0.987"], None, [1.046, 0.987]),
        (["1.046", "1200"], None, [1.046, 1200]),  # thousands are not parted here
        (["1.046", "12,5"], None, [1046, 12.5]),
        (["1,046", "12,5"], None, [1.046, 12.5]),
        (["1.200", "998"], None, [1200, 998]),  # decimals would end in no 0, or all would
        ([*(f"1.{k}" for k in range(101, 131)), "7"], None, [*range(1101, 1131), 7]),
        (["1.046"], ",", [1046]),
        (["1,046"], ".", [1046]),
        (["1.046"], ".", [1.046]),
        (["1,046", "1.046"], ",", [1.046, 1046]),
    ],
)
def test_a_mark_is_that_of_decimals_or_thousands_by_the_column_then_by_the_file(
    texts, elsewhere, values
):
    assert parse_column(texts, decimal=elsewhere).values == values


@pytest.mark.parametrize(("text", "value"), [("1.046", 1.046), ("1,046", 1.046)])
def test_a_column_that_leaves_its_mark_open_says_so(text, value):
    column = parse_column([text])
    assert column.ambiguous
    assert column.values == [value]
    assert not parse_column([text, "0.5" if "." in text else "0,5"]).ambiguous


def test_a_few_other_cells_among_numbers_are_named_and_nothing_is_a_number():
    column = parse_column(["1.5", "2.5", "oops", "<0.1"], [10, 10, 1, 1])
    assert (column.kind, column.non_numeric) == ("text", ("oops", "<0.1"))
    assert column.values == ["1.5", "2.5", "oops", "<0.1"]
    assert parse_column(["1", "a", "b"]).non_numeric == ()
    assert parse_column(["1", "a", "b"], [9, 1, 1]).non_numeric == ("a", "b")
    assert parse_column(["a", "b", "1.5"], kind="number").non_numeric == ("a", "b")


def test_a_unit_beside_all_numbers_is_read_off_and_one_beside_some_is_odd():
    assert parse_column(["12 %", "13.5%"])[:5] == ("number", [12, 13.5], ".", "", "%")
    assert parse_column(["5 um^2", "6,5 µm²"]).unit == "µm²"
    assert parse_column(["€ 1.000,50", "€ 5,00"]).values == [1000.5, 5]
    assert parse_column(["24 h", "48 h"]).values == [24, 48]
    assert parse_column(["5%", "7", "8"]).non_numeric == ("5%",)
    assert parse_column(["5 µm", "7 µm", "8 nm"]).non_numeric == ("8 nm",)


def test_what_is_known_of_a_column_holds():
    assert parse_column(["1", "2.5"], kind="text").values == ["1", "2.5"]
    assert parse_column(["#N/A", "NA"], kind="text").values == [None, "NA"]
    assert parse_column(["1E1", "TRUE"], kind="number").values == [10, 1]
    assert parse_column(["NA"], kind="number").values == [None]


def test_truth_and_units_in_headings():
    assert [boolean_of(text) for text in ("VRAI", "0", "true", "x")] == [True, False, True, None]
    units = [unit_in(text) for text in ("Area [px]", "Length (um)", "mean", "time (h)", "dose h")]
    assert units == ["px", "µm", "", "h", ""]


@given(
    st.lists(
        st.text(max_size=12).map(str.strip).filter(lambda text: text != ""), unique=True, max_size=8
    )
)
def test_any_texts_are_a_column(texts):
    column = parse_column(texts)
    assert len(column.values) == len(texts)
    if column.kind == "text":
        kept = [v for v in column.values if v is not None]
        assert all(value in texts for value in kept)
    assert not (column.non_numeric and column.kind == "number")


@given(st.lists(st.floats(allow_nan=False), min_size=1), st.sampled_from(".,"))
def test_every_float_comes_back_from_its_shortest_text(numbers, mark):
    texts = list(dict.fromkeys(repr(number).replace(".", mark) for number in numbers))
    column = parse_column(texts, decimal=mark)
    if column.kind == "text":  # infinite ones alone
        assert {text.lstrip("-") for text in texts} == {"inf"}
        return
    assert column.values == [float(text.replace(",", ".")) for text in texts]


def test_the_words_for_missing_are_in_small_letters():
    assert all(word == word.casefold() for word in MISSING)
