"""How cells become numbers and words, and how a recipe tells and fills what is not there."""

import json

import numpy as np
import pandas as pd
import pytest

from kontur.errors import InputError
from kontur.measure.learn.prepare import Preparation, apply_recipe, gaps
from kontur.measure.tables.recipe import as_numbers, as_text, type_of

NAN = float("nan")


def cells(values, dtype=None):
    return pd.Series(values, dtype=dtype, name="c")


@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        (cells([1, 2]), [1, 2]),
        (cells([1, None], "Int64"), [1, NAN]),
        (cells([1.5, None], "Float64"), [1.5, NAN]),
        (cells([True, False]), [1, 0]),
        (cells([True, None, False], "boolean"), [1, NAN, 0]),
        (cells([True, None, False], object), [1, NAN, 0]),
        (cells(["1.5", "invalid", " 2 ", None], "str"), [1.5, NAN, 2, NAN]),
        (cells(["1e+3", "INVALID", "n/a", ""], object), [1000, NAN, NAN, NAN]),
        (cells([1, "2", None, "Invalid"], object), [1, 2, NAN, NAN]),
        (cells(["1", pd.NA], "string"), [1, NAN]),
        (cells([1.5, 2], "float32"), [1.5, 2]),
        (cells([], "str"), []),
        (cells(["1.046,70", "998", "-"], "str"), [1046.7, 998, NAN]),
        (cells(["TRUE", "FALSE", None], "str"), [1, 0, NAN]),
        (cells(["WAHR", "FALSCH"], "str"), [1, 0]),
    ],
    ids=lambda value: str(value.dtype) if isinstance(value, pd.Series) else "",
)
def test_cells_of_every_type_become_numbers(column, numbers):
    assert type_of(column).kind in ("number", "boolean")
    np.testing.assert_array_equal(as_numbers(column), numbers)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (cells(["HE", " HE", None, "#DIV/0!", ""], "str"), ["HE", "HE", None, None, None]),
        (
            cells(["NA", "None", "null", "nan", "+", "-"], "str"),
            ["NA", "None", "null", "nan", "+", "-"],
        ),
        (cells(["E01", "E5", "1E1", "2E2"], "str"), ["E01", "E5", "1E1", "2E2"]),
        (cells(["a", 1, 2.0, None], object), ["a", "1", "2", None]),
        (cells([1, 2, None], "category"), ["1", "2", None]),
        (cells(["007", "008"], "str"), ["007", "008"]),  # names, not numbers
        (cells(["1", "2", "A"], "str"), ["1", "2", "A"]),
        (cells(["1_000", "2_000"], "str"), ["1_000", "2_000"]),
    ],
)
def test_cells_of_every_type_become_words(column, words):
    assert type_of(column).kind == "text"
    assert as_text(column).tolist() == words


def test_a_word_among_many_numbers_is_reported_and_may_be_made_invalid():
    column = cells([*map(str, range(20)), "oops"], "str")
    with pytest.raises(InputError, match="is one of numbers but holds 'oops', first in row 21"):
        type_of(column)
    assert type_of(column, invalid=["OOPS"]).kind == "number"
    assert type_of(column.astype("category")).kind == "text"


def test_a_measurement_of_words_is_refused_however_few_there_are():
    with pytest.raises(InputError, match="'area' is a measurement but holds 'oops'"):
        type_of(pd.Series(["1", "oops"], name="area"))


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        (cells(pd.to_datetime(["2026-01-01"])), "'c' holds dates or times"),
        (cells([[1], [2]], object), "'c' holds values that are neither numbers nor text"),
    ],
)
def test_what_is_neither_number_nor_word_is_one_sentence(column, sentence):
    with pytest.raises(InputError, match=sentence):
        type_of(column)


def test_a_recipe_is_json_and_keeps_every_digit():
    table = pd.DataFrame({"a": [0.1, 0.2, 1 / 3], "s": ["细胞", "b", None]})
    recipe = Preparation().fit(table).recipe()
    assert json.loads(json.dumps(recipe, allow_nan=False)) == recipe


def test_what_is_missing_or_unseen_is_counted():
    table = pd.DataFrame({"a": [1.0, 2, 3], "s": ["x", "y", "x"], "b": [1, 2, 4]})
    recipe = Preparation().fit(table).recipe()
    new = pd.DataFrame({"a": ["1", "invalid", None], "s": ["z", None, "x"], "b": [1, 1, 1]})
    found = gaps(recipe, new)
    assert found == ({"a": 2, "s": 1}, {"s": 1})
    assert found.text() == "values missing: a 2, s 1; values never seen in training: s 1"
    assert gaps(recipe, table).text() == ""


def test_columns_are_found_by_name_in_any_order_beside_others():
    table = pd.DataFrame({"a": [1.0, 2, 3], "b": [3.0, 1, 1]})
    recipe = Preparation().fit(table).recipe()
    other = pd.DataFrame({"b": [2.0], "more": ["?"], "a": [4.0]})
    by_hand = [[2 / np.sqrt(2 / 3), (2 - 5 / 3) / np.sqrt(8 / 9)]]
    np.testing.assert_allclose(apply_recipe(recipe, other), by_hand)


def test_whole_numbers_read_beside_a_gap_are_the_same_words():
    recipe = Preparation().fit(pd.DataFrame({"s": ["1", "2", "A"]})).recipe()
    made = apply_recipe(recipe, pd.DataFrame({"s": [1.0, NAN, 3.0]}))
    np.testing.assert_array_equal(made, [[1, 0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]])
