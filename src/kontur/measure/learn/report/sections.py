"""The sections of a report in their order, the same on a terminal and on a page."""

from kontur.measure.learn.report.calibration import calibration_section
from kontur.measure.learn.report.columns import importance_section, lasso_section
from kontur.measure.learn.report.confusion import confusion_section
from kontur.measure.learn.report.mistakes import mistakes_section
from kontur.measure.learn.report.performance import (
    curve_section,
    intervals_section,
    scores_section,
    task_section,
)
from kontur.measure.learn.report.section import Section
from kontur.measure.learn.result import Study


def sections(study: Study, *, pictured: bool = False, problem: str | None = None) -> list[Section]:
    """The report from top to bottom; long tables are cut to `SHOWN` rows.

    `pictured` means that there are pictures of wrongly predicted objects, `problem` is why there
    are none although images were given.
    """
    if study.task.classes:
        predictions = [confusion_section(study), calibration_section(study)]
    else:
        predictions = [Section(f"{study.best.name}: true and predicted", [], [], "predicted.png")]
    return [
        task_section(study),
        scores_section(study),
        intervals_section(study),
        *predictions,
        mistakes_section(study, pictured=pictured, problem=problem),
        importance_section(study),
        curve_section(study),
        lasso_section(study),
    ]
