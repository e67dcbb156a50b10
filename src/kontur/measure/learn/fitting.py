"""Bench: where settings are fitted on some groups and judged on others.

The preparation (medians, means, words) is fitted with every model, on the same rows. It is the same
for all settings on one part, so it is made once as long as the trials go part by part.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid
from sklearn.utils.validation import has_fit_parameter

from kontur.measure.learn.families import Family
from kontur.measure.learn.scores import scores
from kontur.measure.learn.task import Question
from kontur.measure.prepare import Preparation
from kontur.select import FitFailed, Split, Trial, folds


class Setting(NamedTuple):
    """One family with one choice of its grid."""

    family: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        """`linear C=0.1`."""
        words = [f"{key.rpartition('__')[2]}={value}" for key, value in self.values.items()]
        return " ".join([self.family, *words])


class Fitted(NamedTuple):
    """What was learned: how rows are prepared, and the model on prepared rows."""

    preparation: Preparation
    model: Any


class Bench:
    """Fits settings of a question's families; rows are named by their groups."""

    def __init__(self, question: Question, families: Mapping[str, Family]) -> None:
        self.question = question
        self.families = families
        self.settings = {
            str(setting): setting
            for name, family in families.items()
            for setting in (Setting(name, values) for values in ParameterGrid(family.grid))
        }
        names, member = np.unique(question.groups, return_inverse=True)
        order = np.argsort(member, kind="stable")
        ends = np.cumsum(np.bincount(member))
        self._rows = dict(zip(names.tolist(), np.split(order, ends[:-1]), strict=True))
        self._columns = question.table[list(question.columns)]
        self._columns.attrs = {}  # pandas copies them with every selection
        self._ready: tuple[list[str], Preparation, np.ndarray] | None = None
        self._held: tuple[Preparation, list[str], np.ndarray] | None = None

    def rows(self, names: Sequence[str]) -> Int[np.ndarray, " n"]:
        """The rows of some groups, in the order of the table."""
        if not names:
            return np.empty(0, dtype=int)
        return np.sort(np.concatenate([self._rows[name] for name in names]))

    def label(self, name: str) -> str:
        """The commonest class of a group's rows, the first of several; "" for amounts."""
        if not self.question.classes:
            return ""
        return str(np.bincount(self.question.truth[self._rows[name]]).argmax())

    def splits(self, k: int, seed: int, among: Sequence[str] | None = None) -> list[Split]:
        """K parts of the groups, as even as they allow in rows and in classes."""
        question = self.question
        rows = self.rows(list(self._rows) if among is None else among)
        group = {str(row): str(question.groups[row]) for row in rows}
        names = list(group)
        label = {str(row): str(question.truth[row]) for row in rows} if question.classes else None
        return [
            Split(*(list(dict.fromkeys(group[name] for name in side)) for side in split))
            for split in folds(names, k, seed, groups=group, labels=label)
        ]

    def fit(self, trial: Trial) -> Fitted:
        """A setting fitted on the groups of a trial; `FitFailed` where they have one class only."""
        setting = self.settings[trial.setting]
        rows = self.rows(trial.split.train)
        truth = self.question.truth[rows]
        if self.question.classes and len(np.unique(truth)) < 2:
            raise FitFailed(f"what is learned from holds one class of {self.question.target} only")
        if self._ready is None or self._ready[0] != trial.split.train:
            part = self._columns.iloc[rows]
            preparation = Preparation().fit(part)
            self._ready = trial.split.train, preparation, preparation.transform(part)
        _, preparation, features = self._ready
        model = clone(self.families[setting.family].make()).set_params(**setting.values)
        known = {"groups": self.question.groups[rows]} if has_fit_parameter(model, "groups") else {}
        return Fitted(preparation, model.fit(features, truth, **known))

    def features(self, fitted: Fitted, rows: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n f"]:
        """Rows of the table as the model takes them."""
        return fitted.preparation.transform(self._columns.iloc[rows])

    def outputs(self, model: Any, features: Float[np.ndarray, "n f"]) -> Float[np.ndarray, "n k"]:
        """Probability of every class of the question, 0 for one that was not learned; or values."""
        if not self.question.classes:
            return np.asarray(model.predict(features), dtype=float)[:, None]
        told = np.zeros((len(features), len(self.question.classes)))
        told[:, model.classes_] = model.predict_proba(features)
        return told

    def told(self, fitted: Fitted, trial: Trial) -> Float[np.ndarray, "n k"]:
        """What is said of the held-out rows of a trial."""
        held, preparation = trial.split.held, fitted.preparation
        if self._held is None or self._held[:2] != (preparation, held):
            self._held = preparation, held, self.features(fitted, self.rows(held))
        return self.outputs(fitted.model, self._held[2])

    def score(self, fitted: Fitted, trial: Trial) -> dict[str, float]:
        """The scores on the held-out rows of a trial."""
        rows = self.rows(trial.split.held)
        return scores(self.question.truth[rows], self.told(fitted, trial))
