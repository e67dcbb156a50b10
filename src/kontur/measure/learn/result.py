"""The results of a study: every family on rows that were held out, the best one, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from kontur.measure.learn.evaluation.importance import ColumnCluster
from kontur.measure.learn.evaluation.intervals import Interval
from kontur.measure.learn.evaluation.lasso import LassoPath
from kontur.measure.learn.evaluation.learning_curve import LearningCurve
from kontur.measure.learn.evaluation.majority import MajorityVote
from kontur.measure.learn.families.baselines import BASELINES
from kontur.measure.learn.families.fitting import Evaluation, FittedModel
from kontur.measure.learn.task import LearningTask
from kontur.measure.learn.trained.copies import copied_images
from kontur.measure.learn.trained.table_model import TableModel, export_model
from kontur.measure.learn.trained.training_rows import row_digests, sketch_of
from kontur.select import Split, Verdict


@dataclass(frozen=True)
class FamilyResult:
    """The scores and predictions of one family, or baseline, for rows that were held out."""

    name: str
    setting: str  # the one for a refit on all rows
    chosen: tuple[str, ...]  # the setting that was evaluated, by fold
    outputs: Float[np.ndarray, "n k"]  # prediction for each row while it was held out
    by_fold: tuple[Mapping[str, float], ...]
    overall: Mapping[str, float]  # of all rows together
    intervals: Mapping[str, Interval]
    beyond_single: Interval  # by how much better than the best single measurement
    majority: MajorityVote | None


@dataclass(frozen=True)
class Study:
    """The result of `learn`; `fitted` is the best family, fitted on all rows."""

    task: LearningTask
    splits: Sequence[Split]
    nested: bool
    ranking: str  # name of the score by which families are ranked
    results: Mapping[str, FamilyResult]  # baselines first, then families
    verdict: Verdict
    fitted: FittedModel
    single: FittedModel  # the best single measurement, on all rows
    evaluations: Sequence[Evaluation]
    curve: LearningCurve
    importance: Sequence[ColumnCluster]
    lasso: LassoPath
    notes: tuple[str, ...]

    @property
    def best(self) -> FamilyResult:
        """The family that was best over the folds."""
        return self.results[self.verdict.best]

    @property
    def families(self) -> list[str]:
        """The families, without baselines."""
        return [name for name in self.results if name not in BASELINES[self.task.kind]]

    @property
    def table_model(self) -> TableModel:
        """The best family, fitted on all rows, as it is saved, with its scores on held-out rows."""
        task, best = self.task, self.best
        groups = len(np.unique(task.groups))
        model = export_model(
            self.fitted.preparation,
            self.fitted.model,
            target=task.target,
            family=best.name,
            units=task.table.attrs.get("units", {}),
            images=groups if task.images is None else task.images,
            objects=len(task.truth),
            settings={"setting": best.setting},
            scores={name: _finite(value) for name, value in best.overall.items()},
            about={
                "group": task.group,
                "groups": groups,
                "folds": len(self.splits),
                "nested": self.nested,
                "intervals": {
                    name: [_finite(end) for end in ends] for name, ends in best.intervals.items()
                },
                "notes": self.notes,
            },
        )
        card = model.card.replace(classes=task.classes)  # it was fitted on their indices
        digests = row_digests(card.recipe, task.table)
        values = row_digests(card.recipe, task.table, identity=())
        identify = copied_images(values, task.image_names) is not None
        return replace(
            model,
            card=card,
            training_rows=sketch_of(digests),
            training_values=sketch_of(values) if identify else None,
        )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
