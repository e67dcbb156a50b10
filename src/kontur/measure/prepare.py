"""Tables made ready for learning: a fit/transform pair whose statistics are of the training part.

As the notes have it with pandas: columns chosen, types cast, strings such as "invalid" replaced,
missing numbers filled, numbers standardised, words one-hot with a column for missing
(`get_dummies(dummy_na=True)`) and one for words that the training part did not have. Made of
scikit-learn's parts. Only `fit` learns, and only from the rows it is given: within a `Pipeline`,
what is held out cannot leak.
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
from kontur.measure.column_selection import column_names, learnable, select_columns
from kontur.measure.recipe import (
    INVALID,
    LARGEST,
    Gaps,
    apply_recipe,
    as_words,
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

    Numbers come first, then a flag for each column that had gaps (`missing="flag"`), then words:
    one column a known word, one for missing, one for unseen. Booleans are the numbers 0 and 1.
    A column that holds one number only, or none, says nothing: it is kept as zeros and told by
    `silent_` and `notes()`.

    Args:
        columns: a sequence of names, positions, patterns and kinds as `chosen` has them; None
            takes all, and what measures objects should be given `learnable(table)`.
        missing: what fills a missing number: the median of the training part, a number, or "flag",
            the median with a further column that says so.
        invalid: words that mean a missing value, in small letters or capitals. By default those
            of `INVALID` do among numbers; among words only an empty cell is missing, for `NA` and
            `None` may be names.
        standardise: whether numbers are brought to mean 0 and standard deviation 1, those of the
            training part.

    A plain array will do for a table; its columns are x0, x1, … Errors are `InputError`: no row,
    columns that are not there, infinite values, dates, words among numbers.

    Attributes:
        columns_: one entry a chosen column, what `recipe` tells.
        silent_: names of the columns that are kept as zeros.
        filled_: how many values were missing in the training part, by column.
        parts_: the fitted `ColumnTransformer`.
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
        """Learn medians, means, deviations and words from the rows of X; y is not looked at."""
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
                words = as_words(cells, invalid=invalid["invalid_words"])
                columns[-1]["words"] = sorted(set(words) - {None})
            elif decimal:
                columns[-1]["decimal"] = decimal
        numbers, codes = read_columns(columns, table, **invalid)
        known = [len(column["words"]) for column in columns if column["kind"] == "word"]
        silent = _constant(numbers, fill)
        self.parts_ = _parts(numbers.shape[1], known, silent, fill, self.missing, self.standardise)
        self.parts_.fit(np.hstack([numbers, codes]))
        self._learned(columns, silent)
        self.filled_ = gaps(self.recipe(), table).missing
        return self

    def transform(self, X: Any) -> Float[np.ndarray, "n f"]:
        """The features of the rows of X, by what was learned; no row gives `(0, f)`."""
        check_is_fitted(self)
        table = self._table(X, reset=False)
        numbers, codes = read_columns(self.columns_, table, **self._invalid())
        if len(table) == 0:
            return np.empty((0, len(names_of_features(self.columns_))))
        return np.asarray(self.parts_.transform(np.hstack([numbers, codes])), dtype=np.float64)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """What the columns of the matrix are called, as an array of texts."""
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
        """What was learned as values that JSON keeps, floats to the last digit; `apply_recipe`."""
        check_is_fitted(self)
        return {**self._invalid(), "columns": self.columns_}

    def notes(self) -> list[str]:
        """Sentences for a caller to print: what was filled, and what says nothing."""
        check_is_fitted(self)
        told = []
        if self.filled_:
            cells = plural(sum(self.filled_.values()), "missing value")
            told.append(f"filled {cells}: {with_counts(self.filled_)}")
        if self.silent_:
            names = f"{plural(len(self.silent_), 'column')}: {listed(self.silent_)}"
            told.append(f"zeros for want of two different values in {names}")
        return told

    def __sklearn_tags__(self) -> Any:
        """Missing values and words are welcome."""
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
            ensure_all_finite=False,  # infinite ones are told by column
            ensure_min_samples=1 if reset else 0,
            reset=reset,
        )
        names = getattr(self, "feature_names_in_", [f"x{k}" for k in range(X.shape[1])])
        return pd.DataFrame(X, columns=list(names))

    def _invalid(self) -> dict[str, list[str]]:
        """The words that mean a missing value, among numbers and among words."""
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

    def _learned(self, columns: list[dict[str, Any]], silent: np.ndarray) -> None:
        """Note what the fitted parts know, one entry a column."""
        parts = self.parts_.named_transformers_
        of_numbers = [column for column in columns if column["kind"] == "number"]
        flagged = set(parts["flags"].features_.tolist()) if "flags" in parts else set()
        for k, column in enumerate(of_numbers):
            fill, scale = parts["numbers"]["fill"], parts["numbers"]["standardise"]
            column["fill"] = float(fill.statistics_[k])
            column["mean"] = float(scale.mean_[k]) if self.standardise else 0.0
            column["scale"] = float(scale.scale_[k]) if self.standardise else 1.0
            column["flag"] = k in flagged
            column["silent"] = bool(silent[k])
        self.columns_ = columns
        self.silent_ = [column["name"] for column in of_numbers if column["silent"]]
        names = names_of_features(columns)
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"two features would be called {twice!r}; rename a column")


def _parts(
    numbers: int,
    known: Sequence[int],
    silent: np.ndarray,
    fill: float | None,
    missing: str | float,
    standardise: bool,
) -> ColumnTransformer:
    """Scikit-learn's parts: `numbers` columns of numbers, then codes of so many known words."""
    imputer = SimpleImputer(
        strategy="median" if fill is None else "constant",
        fill_value=fill,
        keep_empty_features=True,
    )
    chain = [
        ("fill", imputer),
        ("standardise", StandardScaler() if standardise else "passthrough"),
        ("silence", FunctionTransformer(_silenced, kw_args={"silent": silent})),
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


def _constant(numbers: Float[np.ndarray, "n a"], fill: float | None) -> np.ndarray:
    """Which columns hold one value only once their gaps are filled."""
    gone = np.isnan(numbers)
    low = np.where(gone, np.inf, numbers).min(axis=0)
    high = np.where(gone, -np.inf, numbers).max(axis=0)
    if fill is not None:  # the median lies between the others, a given number need not
        some = gone.any(axis=0)
        low = np.where(some, np.minimum(low, fill), low)
        high = np.where(some, np.maximum(high, fill), high)
    return low >= high  # none at all: low is +inf


def _silenced(numbers: Float[np.ndarray, "n a"], silent: np.ndarray) -> Float[np.ndarray, "n a"]:
    """The columns that say nothing as zeros, whatever they hold later."""
    return np.where(silent, 0.0, numbers)
