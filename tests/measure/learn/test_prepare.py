"""Tables made ready: what is learned, from whom, and that what is held out cannot leak."""

import json
import warnings

import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from kontur.errors import InputError
from kontur.measure.learn.prepare import Preparation, apply_recipe

NAN = float("nan")


@pytest.fixture
def table():
    """Numbers with a gap, words with a gap, numbers as text, booleans."""
    return pd.DataFrame(
        {
            "area": [1.0, 2.0, NAN, 5.0],
            "stain": ["HE", None, "PAS", "HE"],
            "dose": ["1", "invalid", "3", "8"],
            "on_border": [True, False, False, False],
        }
    )


def test_it_is_an_estimator_of_scikit_learn():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of checks that skip themselves
        results = check_estimator(Preparation(), on_fail=None)
    failed = [check["check_name"] for check in results if check["status"] == "failed"]
    assert len(results) > 40
    assert failed == []  # one is skipped: that of arrays that are not numpy's


def test_numbers_are_filled_with_the_median_and_standardised(table):
    made = Preparation(["area"]).fit_transform(table)
    filled = np.array([1, 2, 2, 5])
    np.testing.assert_allclose(made[:, 0], (filled - 2.5) / filled.std())


def test_numbers_are_filled_with_a_constant(table):
    made = Preparation(["area", "dose"], missing=-1, standardise=False).fit_transform(table)
    assert made.tolist() == [[1, 1], [2, -1], [-1, 3], [5, 8]]


def test_filled_numbers_are_flagged_where_there_were_gaps(table):
    preparation = Preparation(missing="flag", standardise=False).fit(table)
    names = preparation.get_feature_names_out().tolist()
    assert names[:5] == ["area", "dose", "on_border", "area (missing)", "dose (missing)"]
    made = preparation.transform(table)
    assert made[:, names.index("area (missing)")].tolist() == [0, 0, 1, 0]
    assert made[:, names.index("area")].tolist() == [1, 2, 2, 5]


def test_words_are_one_hot_as_with_get_dummies_and_a_column_for_unseen(table):
    preparation = Preparation(["stain"], invalid=["invalid"]).fit(table)
    names = ["stain=HE", "stain=PAS", "stain (missing)", "stain (unseen)"]
    assert preparation.get_feature_names_out().tolist() == names
    made = preparation.transform(table)
    dummies = pd.get_dummies(table[["stain"]], dummy_na=True).to_numpy(float)
    np.testing.assert_array_equal(made, np.column_stack([dummies, np.zeros(4)]))
    unseen = preparation.transform(pd.DataFrame({"stain": ["Giemsa", "HE", "invalid"]}))
    assert unseen.tolist() == [[0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0]]


def test_filled_values_and_constant_columns_are_reported():
    table = pd.DataFrame({"a": [1.0, NAN, 2], "b": [NAN] * 3, "c": [7, 7, 7], "d": [7, NAN, 7]})
    preparation = Preparation().fit(table)
    assert preparation.constant_ == ["b", "c", "d"]
    assert preparation.filled_ == {"a": 1, "b": 3, "d": 1}
    assert preparation.notes() == [
        "filled 5 missing values: a 1, b 3, d 1",
        "3 columns without two different values set to 0: b, c, d",
    ]
    later = pd.DataFrame({"a": [1.0], "b": [5.0], "c": [1e9], "d": [NAN]})
    assert preparation.transform(later)[0, 1:].tolist() == [0, 0, 0]


def test_a_gap_filled_with_another_number_is_no_constant_column():
    preparation = Preparation(missing=0.0).fit(pd.DataFrame({"a": [3, NAN, 3]}))
    assert preparation.constant_ == []


def test_one_row_is_all_zeros_and_no_row_keeps_the_columns(table):
    one = Preparation(["area", "stain"]).fit(table.iloc[:1])
    assert one.transform(table.iloc[:1]).tolist() == [[0, 1, 0, 0]]
    assert one.transform(table.iloc[:0]).shape == (0, 4)
    assert apply_recipe(one.recipe(), table.iloc[:0]).shape == (0, 4)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.iloc[:0], "at least 1 row and 1 column, got 0 sample"),
        (lambda t: t[[]], "at least 1 row and 1 column"),
        (lambda t: t.assign(area=[1, np.inf, -np.inf, 2]), r"columns area \(2\)"),
        (lambda t: t.assign(area=1e200), r"numbers beyond 1e\+100, in the columns area \(4\)"),
        (lambda t: t.assign(area=pd.Timestamp("2026-01-01")), "'area' holds dates"),
        (lambda t: t.assign(area=1j), "'area' holds complex numbers"),
        (lambda t: t.assign(**{"stain=HE": 1}), "two features would be called 'stain=HE'"),
    ],
)
def test_a_table_that_cannot_be_learned_from_is_one_sentence(table, change, sentence):
    with pytest.raises(InputError, match=sentence):
        Preparation().fit(change(table))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.drop(columns=["area", "dose"]), "no 2 columns: 'area', 'dose'"),
        (lambda t: t.rename(columns={"area": "aera"}), "'area'; did you mean 'aera'"),
        (lambda t: t.assign(area=-np.inf), r"area \(4\)"),
        (lambda t: t.assign(dose="high"), "'dose' is one of numbers but holds 'high'"),
    ],
)
def test_a_table_unlike_the_learned_one_is_one_sentence(table, change, sentence):
    preparation = Preparation().fit(table)
    with pytest.raises(InputError, match=sentence):
        preparation.transform(change(table))
    with pytest.raises(InputError, match=sentence):
        apply_recipe(preparation.recipe(), change(table))


@pytest.mark.parametrize("missing", ["mean", NAN, np.inf, None, True])
def test_what_fills_is_the_median_a_flag_or_a_number(table, missing):
    with pytest.raises(InputError, match="missing is 'median', 'flag' or a number"):
        Preparation(missing=missing).fit(table)


NUMBERS = st.one_of(
    st.floats(-1e100, 1e100), st.floats(-10, 10), st.integers(-3, 3), st.none(), st.just(NAN)
)
WORDS = st.sampled_from(["a", "b", "细胞", " a", "invalid", "", None, "1", "x=y"])
TEXTS = st.sampled_from(["1", "2.5", "-3e2", "invalid", None, " 4 "])


@st.composite
def tables(draw):
    """Two tables of the same columns, of few or no rows, with gaps and doubled values."""
    n, later = draw(st.integers(1, 6)), draw(st.integers(0, 4))
    columns = {}
    for name in draw(st.lists(st.sampled_from("abcd"), min_size=1, unique=True)):
        kind, dtype = draw(
            st.sampled_from(
                [
                    *((NUMBERS, float), (WORDS, "str"), (WORDS, object), (TEXTS, "str")),
                    (st.booleans(), bool),
                ]
            )
        )
        values = draw(st.lists(kind, min_size=n + later, max_size=n + later))
        columns[name] = pd.Series(values, dtype=dtype)
    table = pd.DataFrame(columns)
    return table.iloc[:n], table.iloc[n:]


def attempt(transform, table):
    """The features, or the sentence that says why there are none."""
    try:
        return transform(table), None
    except InputError as error:
        return None, str(error)


@settings(max_examples=60)
@given(tables(), st.sampled_from(["median", "flag", 0.5]), st.booleans())
def test_a_recipe_read_back_gives_the_same_features_to_the_last_digit(both, missing, standardise):
    table, later = both
    preparation = Preparation(missing=missing, standardise=standardise).fit(table)
    recipe = json.loads(json.dumps(preparation.recipe(), allow_nan=False))
    for part in (table, later):
        made, sentence = attempt(preparation.transform, part)
        again, same = attempt(lambda part: apply_recipe(recipe, part), part)
        assert sentence == same
        if sentence:  # a word where numbers were learned
            continue
        assert np.isfinite(made).all()
        assert made.shape == (len(part), len(preparation.get_feature_names_out()))
        np.testing.assert_array_equal(again, made, strict=True)


@settings(max_examples=30)
@given(arrays.arrays(float, (7, 3), elements=st.floats(-1e6, 1e6)), st.permutations(range(7)))
def test_the_order_of_the_rows_plays_no_part_but_for_rounding(values, order):
    one, other = Preparation().fit(values), Preparation().fit(values[order])
    np.testing.assert_allclose(one.transform(values), other.transform(values), atol=1e-6)


# Leakage: the same trap for the preparation and for one that looks at everything.


def learned_in_folds(preparation, table, groups):
    """What each fold's preparation learned, and which rows it was given."""
    seen = []

    class Spy(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def predict(self, X):
            return np.zeros(len(X), dtype=int)

    pipeline = make_pipeline(preparation, Spy())
    folds = GroupKFold(3)
    y = np.arange(len(table)) % 2
    done = cross_validate(
        pipeline, table, y, groups=groups, cv=folds, return_estimator=True, return_indices=True
    )
    for fitted, train in zip(done["estimator"], done["indices"]["train"], strict=True):
        seen.append((fitted[0], train))
    return seen


def leaks(preparation, table, groups):
    """Whether what a fold learned depends on the rows that it holds out."""
    return any(
        fitted.recipe() != Preparation().fit(table.iloc[train]).recipe()
        for fitted, train in learned_in_folds(preparation, table, groups)
    )


class Peeking(Preparation):
    """One that knows the whole table, as whoever standardises before parting it into folds."""

    def fit(self, X, y=None):
        return super().fit(self.everything)


@pytest.fixture
def wells():
    """Objects of six wells, each with a level, a word and gaps of its own."""
    rng = np.random.default_rng(0)
    well = np.repeat(np.arange(6), 10)
    size = np.where(rng.random(60) < 0.2, NAN, rng.normal(well**2, 1))
    return pd.DataFrame({"size": size, "stain": [f"s{w}" for w in well]}), well


def test_what_is_held_out_leaks_into_no_fold(wells):
    assert not leaks(Preparation(), *wells)


def test_the_trap_catches_a_preparation_that_looks_at_everything(wells, monkeypatch):
    monkeypatch.setattr(Peeking, "everything", wells[0], raising=False)
    assert leaks(Peeking(), *wells)


def test_a_held_out_well_has_unseen_words_and_is_not_centred(wells):
    table, groups = wells
    for fitted, train in learned_in_folds(Preparation(), table, groups):
        held = np.setdiff1d(np.arange(60), train)
        names = fitted.get_feature_names_out().tolist()
        made = fitted.transform(table.iloc[held])
        assert made[:, names.index("stain (unseen)")].all()
        assert abs(made[:, 0].mean()) > 0.01
        assert fitted.transform(table.iloc[train])[:, 0].mean() == pytest.approx(0, abs=1e-12)


@settings(max_examples=20)
@given(st.data())
def test_transforming_learns_nothing(data):
    table, later = data.draw(tables())
    preparation = Preparation().fit(table)
    before = json.dumps(preparation.recipe())
    whole, sentence = attempt(preparation.transform, later)
    if sentence:
        return
    rows = [preparation.transform(later.iloc[[k]]) for k in range(len(later))]
    np.testing.assert_array_equal(np.vstack([*rows, whole[:0]]), whole)  # each row by itself
    assert json.dumps(preparation.recipe()) == before


def test_it_is_searched_over_inside_a_pipeline():
    data = load_breast_cancer(as_frame=True)
    pipeline = make_pipeline(Preparation(), LogisticRegression())
    grid = {"preparation__missing": ["median", 0.0], "preparation__columns": [None, ["mean *"]]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(data.data, data.target)
    assert search.best_score_ > 0.95
    assert search.best_params_["preparation__columns"] is None
    assert clone(search.best_estimator_[0]).get_params() == search.best_estimator_[0].get_params()


def test_features_come_with_their_names_where_a_table_is_asked_for(table):
    made = Preparation(["stain"]).set_output(transform="pandas").fit_transform(table)
    assert made.columns.tolist() == [
        *("stain=HE", "stain=PAS", "stain (missing)", "stain (unseen)"),
    ]
    assert made.index.equals(table.index)
