"""What a table holds, told column by column; oracles are pandas' describe and value_counts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontur.measure.description.describe import BARS, describe, group_of, histogram

NAN = float("nan")


def facts_of(values, dtype=None):
    return describe(pd.DataFrame({"c": pd.Series(values, dtype=dtype)})).columns[0]


@given(st.lists(st.floats(-1e9, 1e9) | st.just(NAN), min_size=2, max_size=40))
def test_statistics_are_those_of_pandas(values):
    facts, known = facts_of(values, float), pd.Series(values).describe()
    assert facts.missing == len(values) - known["count"]
    if facts.kind == "empty":
        assert facts.statistics == {}
        return
    statistics = [facts.statistics[word] for word in ("mean", "std", "min", "median", "max")]
    by_pandas = [known[word] for word in ("mean", "std", "min", "50%", "max")]
    np.testing.assert_allclose(statistics, by_pandas, rtol=1e-6, atol=1e-6)
    assert facts.different == pd.Series(values).nunique()


@given(st.lists(st.floats(-1e12, 1e12) | st.integers(-50, 50).map(float), max_size=60))
def test_a_histogram_counts_every_value_once(values):
    found = histogram(np.sort(np.array(values, dtype=float)))
    if not values:
        assert found is None
        return
    assert found.counts.sum() + found.below + found.above == len(values)
    assert len(found.counts) <= BARS
    assert (np.diff(found.edges) > 0).all()


@pytest.mark.parametrize("values", [[0.0, 5e-324], [0.1, np.nextafter(0.1, 1)], [1e16, 1e16 + 2]])
def test_numbers_too_near_for_bars_share_one(values):
    found = histogram(np.array(values))
    assert found.counts.sum() == 2
    assert (np.diff(found.edges) > 0).all()


def test_whole_numbers_have_bars_of_their_own():
    found = histogram(np.array([0.0, 0, 1, 5]))
    assert found.edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert found.counts.tolist() == [2, 1, 0, 0, 0, 1]


def test_a_value_far_away_does_not_flatten_the_others():
    found = histogram(np.append(np.linspace(0, 5, 999), 1e6))
    assert (found.below, found.above) == (0, 1)
    assert found.edges[-1] < 10


@pytest.mark.parametrize(
    ("values", "dtype", "kind", "missing", "different"),
    [
        ([1, 2, 2], "int64", "number", 0, 2),
        ([1, None, 2], "Int64", "number", 1, 2),
        (["1", "invalid", "3"], "str", "number", 1, 2),
        (["a", "b", "a", None], "str", "text", 1, 2),
        (["a", "b", "a", None], object, "text", 1, 2),
        (["a", "b", "a"], "category", "text", 0, 2),
        ([True, False], bool, "boolean", 0, 2),
        ([None, None], object, "empty", 2, 0),
        (["2026-01-01", None], "datetime64[ns]", "date", 1, 1),
        ([[1], [2]], object, "other", 0, 0),
    ],
)
def test_every_type_of_column_is_described(values, dtype, kind, missing, different):
    facts = facts_of(values, dtype)
    assert (facts.kind, facts.missing, facts.different) == (kind, missing, different)


def test_words_are_counted_the_commonest_first():
    assert facts_of(["b", "a", "b", None], "str").values == {"b": 2, "a": 1}


def test_what_looks_wrong_is_reported():
    table = pd.DataFrame(
        {
            "image": ["a", "a", "b"],
            "id": [1, 1, 1],
            "gone": [NAN] * 3,
            "same": [7, 7, 7],
            "far": [1, np.inf, 2],
        }
    )
    assert describe(table).notes == (
        "1 column without any value: gone",
        "2 columns with the same value in every row: id, same",
        "1 column with infinite values: far (1)",
        "image and id of another row again in 1 row",
    )


def test_a_slip_among_numbers_is_reported():
    facts = facts_of([*map(str, range(20)), "oops"], "str")
    assert facts.kind == "text"
    assert "is one of numbers but holds 'oops'" in facts.note


def test_rows_to_ignore_are_counted_apart_and_groups_are_those_of_the_measurements():
    table = pd.DataFrame({"image": ["a", "b"], "area": [1.0, 100.0], "ignore": [False, True]})
    made = describe(table)
    assert (made.rows, made.ignored, made.images) == (1, 1, 1)
    assert made.columns[1].statistics["max"] == 1
    assert [group_of(name) for name in ("image", "x", "outline", "efd_a2", "edge_contrast-2")] == [
        *("identity", "position", "position", "form", "intensity"),
    ]


def test_no_row_and_no_column_are_described():
    none = describe(pd.DataFrame({"area": pd.Series([], dtype=float)}))
    assert none.notes == ("the table has no row",)
    assert none.table()["kind"].tolist() == ["empty"]
    assert describe(pd.DataFrame(index=range(3))).columns == ()


def test_an_image_under_two_names_is_named():
    rng = np.random.default_rng(0)
    one, other = (
        pd.DataFrame({"id": range(8), "area": rng.random(8), "perimeter": rng.random(8)})
        for _ in range(2)
    )
    again = one[::-1].assign(id=range(8))  # in another order, and found again
    named = [("a", one), ("b", other), ("val/a2", again)]
    table = pd.concat([rows.assign(image=name, well=name) for name, rows in named])
    (note,) = (note for note in describe(table).notes if "another name" in note)
    assert note.startswith("1 image with the same values as another under another name (val/a2 is")
    alone = describe(table[table["image"] != "val/a2"]).notes
    coarse = describe(table.assign(area=1.0, perimeter=table["perimeter"].round())).notes
    plain = describe(table.rename(columns={"area": "x", "perimeter": "y"})).notes
    assert [sum("another name" in n for n in notes) for notes in (alone, coarse, plain)] == [
        0,
        0,
        1,
    ]
