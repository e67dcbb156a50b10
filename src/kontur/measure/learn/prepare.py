"""Preparation of tables for learning: a transformer whose statistics are of the training part.

Columns are selected, types cast, words such as "invalid" replaced, missing numbers filled, numbers
standardised, and text one-hot encoded, with a column for missing values (as pandas'
`get_dummies(dummy_na=True)` has it) and one for words that the training part did not have. It is
made of scikit-learn's transformers. Only `fit` learns, and only from the rows it is given: within a
`Pipeline`, nothing leaks from held-out rows.
"""

from collections.abc import Sequence
from numbers import Real
from typing import Any, Self

import numpy as np
import pandas as pd
from jaxtyping import Float
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from kontur.errors import InputError
from kontur.measure.tables.column_selection import column_names, learnable, select_columns
from kontur.measure.tables.recipe import (
    INVALID,
    LARGEST,
    Gaps,
    apply_recipe,
    as_text,
    gaps,
    names_of_features,
    read_columns,
    type_of,
    with_counts,
    without_attrs,
)
from kontur.wording import listed, plural

__all__ = [
    "INVALID",
    "Gaps",
    "Preparation",
    "apply_recipe",
    "gaps",
    "learnable",
    "select_columns",
]


class Preparation(TransformerMixin, BaseEstimator):
    """A table as a matrix of numbers, `(n, f)` float64, as learned from the training part.

    Numbers come first, then a flag for each column that had gaps (`missing="flag"`), then text: one
    feature for each known word, one for missing, one for unseen words. Booleans are the numbers 0
    and 1. A column with one different number, or none, carries no information: it becomes zeros
    and is named in `constant_` and `notes()`.

    Args:
        columns: a sequence of names, positions, patterns and kinds as in `select_columns`; None
            takes all. For measured objects, `learnable(table)` leaves out what would leak.
        missing: what fills a missing number: the median of the training part, a number, or "flag",
            the median and a further feature that is 1 where it was missing.
        invalid: words that mean a missing value, in small letters or capitals. By default those
            of `INVALID` in columns of numbers, and none in columns of text, where `NA` and `None`
            may be names and only an empty cell is missing.
        standardise: whether numbers are scaled to mean 0 and standard deviation 1 by the mean and
            deviation of the training part.

    An array is taken as a table with the columns x0, x1, … Raises `InputError` for a table without
    rows, columns that are not there, infinite values, dates, and text among numbers.

    Attributes:
        columns_: for each chosen column its values in the recipe, see `recipe`.
        constant_: names of the columns that become zeros.
        filled_: the number of missing values in the training part, by column.
        transformer_: the fitted `ColumnTransformer`.
    """

    def __init__(
        self,
        columns: Any = None,  # scikit-learn wants no argument checked before `fit`
        *,
        missing: Any = "median",
        invalid: Any = None,
        standardise: Any = True,
    ) -> None:
        self.columns = columns
        self.missing = missing
        self.invalid = invalid
        self.standardise = standardise

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn medians, means, deviations and words from the rows of X; y is not used."""
        table = self._table(X, reset=True)
        invalid = self._invalid()
        fill = self._fill()
        names = column_names(table) if self.columns is None else select_columns(table, self.columns)
        if not names:
            raise InputError("there is no column to learn from")
        labels = dict(zip(column_names(table), table.columns, strict=True))
        columns: list[dict[str, Any]] = []
        for name in names:
            cells = table[labels[name]]
            kind, decimal = type_of(cells, invalid=invalid["invalid"])
            columns.append({"name": name, "kind": "word" if kind == "text" else "number"})
            if kind == "text":
                words = as_text(cells, invalid=invalid["invalid_words"])
                columns[-1]["words"] = sorted(set(words) - {None})
            elif decimal:
                columns[-1]["decimal"] = decimal
        numbers, codes = read_columns(columns, table, **invalid)
        known = [len(column["words"]) for column in columns if column["kind"] == "word"]
        constant = _is_constant(numbers, fill)
        self.transformer_ = _column_transformer(
            numbers.shape[1], known, constant, fill, self.missing, self.standardise
        )
        self.transformer_.fit(np.hstack([numbers, codes]))
        self._store_columns(columns, constant)
        _store_ranges(columns, numbers)
        self.filled_ = gaps(self.recipe(), table).missing
        return self

    def transform(self, X: Any) -> Float[np.ndarray, "n f"]:
        """The features of the rows of X, `(n, f)`; `(0, f)` without rows."""
        check_is_fitted(self)
        table = self._table(X, reset=False)
        numbers, codes = read_columns(self.columns_, table, **self._invalid())
        if len(table) == 0:
            return np.empty((0, len(names_of_features(self.columns_))))
        features = self.transformer_.transform(np.hstack([numbers, codes]))
        return np.asarray(features, dtype=np.float64)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The names of the features, as an array of texts."""
        check_is_fitted(self)
        if input_features is not None:
            known = getattr(self, "feature_names_in_", None)
            if known is not None and list(input_features) != list(known):
                raise InputError("input_features is not equal to feature_names_in_")
            if len(input_features) != self.n_features_in_:
                raise InputError(
                    f"input_features should have length equal to {self.n_features_in_}, "
                    f"got {len(input_features)}"
                )
        return np.array(names_of_features(self.columns_), dtype=object)

    def recipe(self) -> dict[str, Any]:
        """The fitted preparation as values that JSON keeps exactly, for `apply_recipe`."""
        check_is_fitted(self)
        return {**self._invalid(), "columns": self.columns_}

    def notes(self) -> list[str]:
        """Sentences for a user: the number of filled values, and the constant columns."""
        check_is_fitted(self)
        sentences = []
        if self.filled_:
            cells = plural(sum(self.filled_.values()), "missing value")
            sentences.append(f"filled {cells}: {with_counts(self.filled_)}")
        if self.constant_:
            number = plural(len(self.constant_), "column")
            sentences.append(
                f"{number} without two different values set to 0: {listed(self.constant_)}"
            )
        return sentences

    def __sklearn_tags__(self) -> Any:
        """For scikit-learn: missing values and text are accepted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _table(self, X: Any, *, reset: bool) -> pd.DataFrame:
        """X as a table whose columns have names."""
        if isinstance(X, pd.DataFrame):
            if reset:
                if 0 in X.shape:
                    raise InputError(
                        f"a preparation is learned from at least 1 row and 1 column, got "
                        f"{X.shape[0]} sample(s) and {X.shape[1]} feature(s)"
                    )
                self.n_features_in_ = X.shape[1]
                self.feature_names_in_ = np.array(column_names(X), dtype=object)
            if hasattr(self, "feature_names_in_"):
                return without_attrs(X)
            X = X.to_numpy()
        X = validate_data(
            self,
            X,
            dtype=None,
            ensure_all_finite=False,  # `read_columns` names the columns of infinite ones
            ensure_min_samples=1 if reset else 0,
            reset=reset,
        )
        names = getattr(self, "feature_names_in_", [f"x{k}" for k in range(X.shape[1])])
        return pd.DataFrame(X, columns=list(names))

    def _invalid(self) -> dict[str, list[str]]:
        """The words that mean a missing value, in columns of numbers and of text."""
        given = None if self.invalid is None else [str(word) for word in self.invalid]
        return {"invalid": list(INVALID) if given is None else given, "invalid_words": given or []}

    def _fill(self) -> float | None:
        """The number that fills a gap; None for the median."""
        if self.missing in ("median", "flag"):
            return None
        number = isinstance(self.missing, Real) and not isinstance(self.missing, bool)
        if not (number and abs(float(self.missing)) <= LARGEST):
            raise InputError(f"missing is 'median', 'flag' or a number, got {self.missing!r}")
        return float(self.missing)

    def _store_columns(self, columns: list[dict[str, Any]], constant: np.ndarray) -> None:
        """Add the fitted values of each column of numbers to its part of the recipe."""
        parts = self.transformer_.named_transformers_
        of_numbers = [column for column in columns if column["kind"] == "number"]
        flagged = set(parts["flags"].features_.tolist()) if "flags" in parts else set()
        for k, column in enumerate(of_numbers):
            fill, scale = parts["numbers"]["fill"], parts["numbers"]["standardise"]
            column["fill"] = float(fill.statistics_[k])
            column["mean"] = float(scale.mean_[k]) if self.standardise else 0.0
            column["scale"] = float(scale.scale_[k]) if self.standardise else 1.0
            column["flag"] = k in flagged
            column["silent"] = bool(constant[k])
        self.columns_ = columns
        self.constant_ = [column["name"] for column in of_numbers if column["silent"]]
        names = names_of_features(columns)
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"two features would be called {twice!r}; rename a column")


def _column_transformer(
    numbers: int,
    known: Sequence[int],
    constant: np.ndarray,
    fill: float | None,
    missing: str | float,
    standardise: bool,
) -> ColumnTransformer:
    """The transformer of `numbers` columns of numbers, then codes of so many known words."""
    imputer = SimpleImputer(
        strategy="median" if fill is None else "constant",
        fill_value=fill,
        keep_empty_features=True,
    )
    chain = [
        ("fill", imputer),
        ("standardise", StandardScaler() if standardise else "passthrough"),
        ("constant", FunctionTransformer(_with_zeros, kw_args={"constant": constant})),
    ]
    # Missing and unseen are the last two codes.
    codes = OneHotEncoder(categories=[np.arange(n + 2.0) for n in known], sparse_output=False)
    flags = MissingIndicator(features="missing-only", error_on_new=False)
    parts: list[tuple[str, Any, slice]] = []
    if numbers:
        parts.append(("numbers", Pipeline(chain), slice(0, numbers)))
    if numbers and missing == "flag":
        parts.append(("flags", flags, slice(0, numbers)))
    if known:
        parts.append(("words", codes, slice(numbers, numbers + len(known))))
    return ColumnTransformer(parts, sparse_threshold=0)


def _store_ranges(columns: Sequence[dict[str, Any]], numbers: Float[np.ndarray, "n a"]) -> None:
    """Add the smallest and the largest value to each column of numbers that has one."""
    of_numbers = [column for column in columns if column["kind"] == "number"]
    for column, values in zip(of_numbers, numbers.T, strict=True):
        known = values[~np.isnan(values)]
        if len(known):
            column["low"], column["high"] = float(known.min()), float(known.max())


def _is_constant(numbers: Float[np.ndarray, "n a"], fill: float | None) -> np.ndarray:
    """Which columns have a single value, or none, once their gaps are filled."""
    missing = np.isnan(numbers)
    low = np.where(missing, np.inf, numbers).min(axis=0)
    high = np.where(missing, -np.inf, numbers).max(axis=0)
    if fill is not None:  # the median lies between the others, a given number need not
        has_gaps = missing.any(axis=0)
        low = np.where(has_gaps, np.minimum(low, fill), low)
        high = np.where(has_gaps, np.maximum(high, fill), high)
    return low >= high  # none at all: low is +inf


def _with_zeros(
    numbers: Float[np.ndarray, "n a"], constant: np.ndarray
) -> Float[np.ndarray, "n a"]:
    """Constant columns as zeros, whatever their values in later tables."""
    return np.where(constant, 0.0, numbers)
