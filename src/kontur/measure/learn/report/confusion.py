"""Confusion of classes: the confusion matrix of objects, and majority votes of images."""

import numpy as np

from kontur.measure.learn.report.section import SHOWN, Section
from kontur.measure.learn.result import FamilyResult, Study
from kontur.measure.learn.task import LearningTask


def confusion(result: FamilyResult, task: LearningTask) -> np.ndarray:
    """The number of rows by true and predicted class while held out, (k, k)."""
    number = len(task.classes)
    table = np.zeros((number, number), dtype=int)
    np.add.at(table, (task.truth, result.outputs.argmax(axis=1)), 1)
    return table


def confusion_section(study: Study) -> Section:
    """The confusion matrix of the best family and the majority votes."""
    names = list(map(str, study.task.classes))
    counts = confusion(study.best, study.task)
    rows = [[f"true {study.task.target}", *(f"predicted {name}" for name in names), "correct"]]
    for index, (name, line) in enumerate(zip(names, counts, strict=True)):
        rows.append([name, *(f"{count:,}" for count in line), f"{line[index] / line.sum():.3f}"])
    title = f"Confusion matrix of {study.best.name}: true and predicted {study.task.target}"
    terms = {
        "confusion matrix": "objects counted by true class (rows) and predicted class (columns)",
        "correct": "the share of the objects of a true class that are predicted correctly (recall)",
    }
    return Section(title, rows, _majority(study), "confusion.png", terms)


def _majority(study: Study) -> list[str]:
    vote = study.best.majority
    if vote is None:
        return []
    wrong = [str(name) for name in vote.names[vote.predicted != vote.truth]]
    names = f"; wrong: {', '.join(wrong[:SHOWN])}{' …' * (len(wrong) > SHOWN)}" if wrong else ""
    return [
        f"By majority vote of its objects, {vote} {study.task.group}s are predicted correctly "
        f"(95 % interval {vote.interval}, Wilson's){names}."
    ]
