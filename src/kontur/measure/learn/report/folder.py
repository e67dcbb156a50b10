"""The folder of a report: a page, its figures, every score of every fit, and all predictions.

`report.html` is one file with its figures inside. The tables are complete: `results.csv` has one
row per fit, `held-out.csv` one row per object with the prediction of the best family while it was
held out, `importance.csv` one row per column, `lasso.csv` one per column that keeps a coefficient.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from kontur.data.layouts.work_in_folder import refuse_work
from kontur.errors import InputError
from kontur.files.atomic import refuse_existing, write_bytes, write_text
from kontur.formats.output_names import check_can_be_folder
from kontur.measure import page as frame
from kontur.measure.learn.report.figures import NAMES, figures
from kontur.measure.learn.report.mistakes import FIGURE as MISTAKES
from kontur.measure.learn.report.mistakes import draw_mistakes
from kontur.measure.learn.report.section import Section
from kontur.measure.learn.report.sections import sections
from kontur.measure.learn.result import Study
from kontur.measure.learn.scores import ALL, HEADLINE, OF_AMOUNTS, OF_CLASSES
from kontur.measure.plots.pictures import Pictures
from kontur.measure.plots.style import png

PAGE = "report.html"
DIGITS = "%.8g"
WARNING = "! "  # the beginning of a sentence that is a warning
TASK = "Data and folds"
FILES = (
    "The folder of this page also has the figures as PNG and the complete tables: results.csv, one "
    "row per fit; held-out.csv, one row per object; importance.csv, one row per column; lasso.csv, "
    "one row per column that it keeps."
)


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Raise `InputError` before any work where the report cannot be written to `folder`."""
    check_can_be_folder(folder, "--report")
    names = (PAGE, *(f"{name}.csv" for name in TABLES), *NAMES, MISTAKES)
    refuse_existing((folder / name for name in names), overwrite=overwrite)
    refuse_work(folder, "report files", option="--report")


def write_report(
    folder: Path, study: Study, *, source: str = "", pictures: Pictures | None = None
) -> None:
    """Write the page, the figures and the tables.

    Args:
        folder: created if it does not exist.
        study: the results.
        source: name of the table that was learned from.
        pictures: the images of the table's objects, for pictures of wrongly predicted ones.

    Raises `InputError` where images do not belong to the table; everything else is written before.
    """
    drawn, problem = figures(study), None
    try:
        if pictures is not None and (mistakes := draw_mistakes(study, pictures)) is not None:
            drawn[MISTAKES] = mistakes
    except InputError as error:
        problem = error
    pngs = {name: png(figure) for name, figure in drawn.items()}
    for name, content in pngs.items():
        write_bytes(folder / name, content)
    for name, make in TABLES.items():
        table = make(study)
        write_text(
            folder / f"{name}.csv",
            table.to_csv(index=False, lineterminator="\n", float_format=DIGITS),
        )
    parts = sections(
        study, pictured=MISTAKES in drawn, problem=None if problem is None else str(problem)
    )
    write_text(folder / PAGE, _page(study, parts, pngs, source))
    if problem is not None:
        raise problem


def _page(study: Study, parts: Sequence[Section], pngs: dict[str, bytes], source: str) -> str:
    """The whole report as one HTML file, each figure beside its table."""
    task, best = study.task, study.best
    first, *others = parts
    head = HEADLINE[task.kind]
    figures_shown = {"objects": f"{len(task.truth):,}"}
    if task.group is not None:
        figures_shown[f"{task.group}s"] = f"{len(np.unique(task.groups)):,}"
    figures_shown |= {
        "columns": f"{len(task.columns):,}",
        f"{ALL[head].name} of held-out rows": f"{best.overall[head]:.3f}",
        "95 % interval": str(best.intervals[head]),
        "best family": best.name,
    }
    return frame.page(
        first.title,
        [
            *(_section(part, pngs) for part in (first._replace(title=TASK), *others)),
            frame.paragraphs([FILES], style="grey"),
        ],
        command="kontur learn",
        about=source,
        figures=figures_shown,
        notes=study.notes,
    )


def _section(part: Section, pngs: dict[str, bytes]) -> str:
    """The table, the sentences and the explanations, beside the figure if there is one."""
    parts = [frame.table(part.rows) if len(part.rows) > 1 else ""]
    for sentence in part.sentences:
        warning = sentence.startswith(WARNING)
        parts.append(
            frame.paragraphs([sentence.removeprefix(WARNING)], style="warning" if warning else "")
        )
    parts.append(frame.definitions(part.terms))
    if part.figure in pngs:
        figure = frame.picture(pngs[part.figure], part.figure)
        parts = [*parts, figure] if part.wide else [frame.side_by_side(["".join(parts), figure])]
    return frame.section(part.title, parts)


def _results(study: Study) -> pd.DataFrame:
    """Every score of every setting in every fold, and of every share of the learning curve."""
    known = OF_CLASSES if study.task.classes else OF_AMOUNTS
    about = ["part", "name", "fold", "share", "groups"]
    outcomes = [evaluation.outcome for evaluation in study.evaluations]
    groups = [len(split.train) for split in study.splits]
    rows: list[tuple[object, ...]] = [
        ("judged", name, fold, 1.0, groups[fold], scores, None)
        for name, result in study.results.items()
        for fold, scores in enumerate(result.by_fold)
    ]
    rows += [
        (part, trial.setting, trial.fold, trial.share, len(trial.split.train), scores, failure)
        for part, outcomes in (("setting", outcomes), ("curve", study.curve.outcomes))
        for trial, scores, failure in outcomes
    ]
    table = pd.DataFrame(rows, columns=[*about, "scores", "failure"])
    for name in known:
        table.insert(
            table.columns.get_loc("failure"), name, [(x or {}).get(name) for x in table.scores]
        )
    return table.drop(columns="scores")


def _held_out(study: Study) -> pd.DataFrame:
    """The prediction of the best family for every row while it was held out."""
    task, outputs = study.task, study.best.outputs
    about = [name for name in ("image", "id", task.group) if name in task.table]
    table = task.table[list(dict.fromkeys(about))].copy()
    fold_of = {name: fold for fold, split in enumerate(study.splits) for name in split.held}
    table["fold"] = [fold_of[name] for name in task.groups]
    if not task.classes:
        return table.assign(**{task.target: task.truth, "predicted": outputs[:, 0]})
    classes = np.array(task.classes, dtype=object)
    table[task.target] = classes[task.truth]
    table["predicted"] = classes[outputs.argmax(axis=1)]
    table[[f"probability {name}" for name in task.classes]] = outputs
    return table


def _importance(study: Study) -> pd.DataFrame:
    """The drop of the score when a column is shuffled, alone and with those correlated."""
    rows = [
        (column, drop.mean, drop.deviation, cluster.columns[0], *cluster.drop[:2])
        for cluster in study.importance
        for column, drop in zip(cluster.columns, cluster.column_drops, strict=True)
    ]
    names = ["column", "drop alone", "sd alone", "alike", "drop together", "sd together"]
    return pd.DataFrame(rows, columns=names)


def _lasso(study: Study) -> pd.DataFrame:
    return pd.DataFrame(study.lasso.kept, columns=["name", "coefficient", "folds"])


TABLES = {
    "results": _results,
    "held-out": _held_out,
    "importance": _importance,
    "lasso": _lasso,
}
