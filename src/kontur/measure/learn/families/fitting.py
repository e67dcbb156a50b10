"""Settings fitted on some groups of rows and evaluated on others.

The preparation (medians, means, words) is fitted with every model, on the same rows. It is the same
for all settings on one part, so it is kept until a trial with another part follows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid
from sklearn.utils.validation import has_fit_parameter

from kontur.measure.learn.families.family import Family
from kontur.measure.learn.prepare import Preparation
from kontur.measure.learn.scores import scores
from kontur.measure.learn.task import LearningTask
from kontur.select import FitFailed, Outcome, Split, Trial, folds


class Setting(NamedTuple):
    """One family with one choice of its grid."""

    family: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        """The name of the setting, such as `logistic C=0.1`."""
        words = [f"{key.rpartition('__')[2]}={value}" for key, value in self.values.items()]
        return " ".join([self.family, *words])


class FittedModel(NamedTuple):
    """A fitted preparation of rows, and the model fitted on prepared rows."""

    preparation: Preparation
    model: Any


class Evaluation(NamedTuple):
    """A trial with its predictions for held-out rows and their scores, or why there are none."""

    trial: Trial
    outputs: Float[np.ndarray, "n k"] | None
    scores: Mapping[str, float] | None
    failure: str | None = None

    @property
    def outcome(self) -> Outcome:
        """The same without the predictions."""
        return Outcome(self.trial, self.scores, self.failure)


class Fitter:
    """Fits and evaluates the settings of a task's families; rows are named by their groups."""

    def __init__(self, task: LearningTask, families: Mapping[str, Family]) -> None:
        self.task = task
        self.families = families
        self.settings = {
            str(setting): setting
            for name, family in families.items()
            for setting in (Setting(name, values) for values in ParameterGrid(family.grid))
        }
        names, member = np.unique(task.groups, return_inverse=True)
        order = np.argsort(member, kind="stable")
        ends = np.cumsum(np.bincount(member))
        self._rows = dict(zip(names.tolist(), np.split(order, ends[:-1]), strict=True))
        self._columns = task.table[list(task.columns)]
        self._columns.attrs = {}  # pandas copies them with every selection
        self._ready: tuple[list[str], Preparation, np.ndarray] | None = None
        self._held: tuple[Preparation, list[str], np.ndarray] | None = None

    def settings_of(self, family: str) -> list[str]:
        """The names of a family's settings."""
        return [name for name, setting in self.settings.items() if setting.family == family]

    @property
    def alternatives(self) -> list[str]:
        """The settings of families that have several, among which one is to be chosen."""
        of_family = {name: self.settings_of(name) for name in self.families}
        return [name for own in of_family.values() if len(own) > 1 for name in own]

    def rows(self, names: Sequence[str]) -> Int[np.ndarray, " n"]:
        """The rows of some groups, in the order of the table."""
        if not names:
            return np.empty(0, dtype=int)
        return np.sort(np.concatenate([self._rows[name] for name in names]))

    def label(self, name: str) -> str:
        """The commonest class of a group's rows, the first of several; "" for amounts."""
        if not self.task.classes:
            return ""
        return str(np.bincount(self.task.truth[self._rows[name]]).argmax())

    def splits(self, k: int, seed: int, among: Sequence[str] | None = None) -> list[Split]:
        """K folds of whole groups, as equal as possible in rows and in classes."""
        task = self.task
        rows = self.rows(list(self._rows) if among is None else among)
        group = {str(row): str(task.groups[row]) for row in rows}
        names = list(group)
        label = {str(row): str(task.truth[row]) for row in rows} if task.classes else None
        return [
            Split(*(list(dict.fromkeys(group[name] for name in side)) for side in split))
            for split in folds(names, k, seed, groups=group, labels=label)
        ]

    def fit(self, trial: Trial) -> FittedModel:
        """A setting fitted on the groups of a trial; `FitFailed` where they have one class only."""
        setting = self.settings[trial.setting]
        rows = self.rows(trial.split.train)
        truth = self.task.truth[rows]
        if self.task.classes and len(np.unique(truth)) < 2:
            raise FitFailed(f"its training part holds a single class of {self.task.target}")
        if self._ready is None or self._ready[0] != trial.split.train:
            part = self._columns.iloc[rows]
            preparation = Preparation().fit(part)
            self._ready = trial.split.train, preparation, preparation.transform(part)
        _, preparation, features = self._ready
        model = clone(self.families[setting.family].make()).set_params(**setting.values)
        known = {"groups": self.task.groups[rows]} if has_fit_parameter(model, "groups") else {}
        return FittedModel(preparation, model.fit(features, truth, **known))

    def features(
        self, fitted: FittedModel, rows: Int[np.ndarray, " n"]
    ) -> Float[np.ndarray, "n f"]:
        """The prepared features of rows of the table."""
        return fitted.preparation.transform(self._columns.iloc[rows])

    def outputs(self, model: Any, features: Float[np.ndarray, "n f"]) -> Float[np.ndarray, "n k"]:
        """The probability of every class of the task, 0 if not in the training part; or values."""
        if not self.task.classes:
            return np.asarray(model.predict(features), dtype=float)[:, None]
        probabilities = np.zeros((len(features), len(self.task.classes)))
        probabilities[:, model.classes_] = model.predict_proba(features)
        return probabilities

    def evaluate(self, trials: Iterable[Trial]) -> Iterator[Evaluation]:
        """Each trial in order, as soon as it is fitted; a failed fit does not stop the others."""
        for trial in trials:
            try:
                fitted = self.fit(trial)
            except FitFailed as failure:
                yield Evaluation(trial, None, None, str(failure))
                continue
            outputs = self._held_out_outputs(fitted, trial)
            truth = self.task.truth[self.rows(trial.split.held)]
            yield Evaluation(trial, outputs, scores(truth, outputs))

    def _held_out_outputs(self, fitted: FittedModel, trial: Trial) -> Float[np.ndarray, "n k"]:
        held, preparation = trial.split.held, fitted.preparation
        if self._held is None or self._held[:2] != (preparation, held):
            self._held = preparation, held, self.features(fitted, self.rows(held))
        return self.outputs(fitted.model, self._held[2])
