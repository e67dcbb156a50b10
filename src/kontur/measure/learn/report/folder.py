"""Report: a folder with a page, its figures, every score of every fit, and what was told.

`report.html` holds what a reader wants, pictures too: one file to send. The tables are whole:
`results.csv` has a row a fit, `held-out.csv` a row an object with what the best family told of it
while it was held out, `importance.csv` a row a column, `lasso.csv` a row a survivor.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from kontur.errors import InputError
from kontur.formats.atomic import write_bytes, write_text
from kontur.measure import page as frame
from kontur.measure.learn.report.figures import figures
from kontur.measure.learn.report.sections import Section, sections
from kontur.measure.learn.scores import ALL, OF_AMOUNTS, OF_CLASSES
from kontur.measure.learn.study import HEAD, Learned
from kontur.measure.plots.look import png

PAGE = "report.html"
DIGITS = "%.8g"
ASKED = "What was asked"
FILES = (
    "Beside this page stand the figures as PNG and the whole tables: results.csv, a row a fit; "
    "held-out.csv, a row an object; importance.csv, a row a column; lasso.csv, a row a survivor."
)


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Raise `InputError` before any work where the report could not be written there."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"wanted a folder for the report, but {folder} is a file")
    if (folder / PAGE).exists() and not overwrite:
        raise InputError(f"{folder / PAGE} exists already; overwrite it with --force")


def write_report(folder: Path, learned: Learned, *, source: str = "") -> None:
    """Write the page, the figures and the tables; `source` names the table learned from."""
    pictures = {name: png(figure) for name, figure in figures(learned).items()}
    for name, picture in pictures.items():
        write_bytes(folder / name, picture)
    tables = {
        "results": _results(learned),
        "held-out": _held_out(learned),
        "importance": _importance(learned),
        "lasso": pd.DataFrame(learned.path.survivors, columns=["name", "coefficient", "folds"]),
    }
    for name, table in tables.items():
        write_text(
            folder / f"{name}.csv",
            table.to_csv(index=False, lineterminator="\n", float_format=DIGITS),
        )
    write_text(folder / PAGE, _page(learned, pictures, source))


def _page(learned: Learned, pictures: dict[str, bytes], source: str) -> str:
    """The whole report as one HTML file; figures stand beside what they show."""
    question, best = learned.question, learned.best
    first, *others = sections(learned)
    head = HEAD[question.task]
    told = {"objects": f"{len(question.truth):,}"}
    if question.group is not None:
        told[f"{question.group}s"] = f"{len(np.unique(question.groups)):,}"
    told |= {
        "columns": f"{len(question.columns):,}",
        f"{ALL[head].name} of held-out rows": f"{best.overall[head]:.3f}",
        "95 % interval": str(best.intervals[head]),
        "best family": best.name,
    }
    return frame.page(
        first.title,
        [
            *(_section(part, pictures) for part in (first._replace(title=ASKED), *others)),
            frame.paragraphs([FILES], style="grey"),
        ],
        command="kontur learn",
        about=source,
        figures=told,
        notes=learned.notes,
    )


def _section(part: Section, pictures: dict[str, bytes]) -> str:
    """The table and the sentences, beside the figure if there is one."""
    told = [frame.table(part.rows) if len(part.rows) > 1 else "", frame.paragraphs(part.sentences)]
    if part.figure in pictures:
        figure = frame.picture(pictures[part.figure], part.figure)
        told = [frame.beside(["".join(told), figure])]
    return frame.section(part.title, told)


def _results(learned: Learned) -> pd.DataFrame:
    """Every score of every setting in every fold, and of every share of the learning curve."""
    known = OF_CLASSES if learned.question.classes else OF_AMOUNTS
    about = ["part", "name", "fold", "share", "groups"]
    groups = [len(split.train) for split in learned.splits]
    rows: list[tuple[object, ...]] = [
        ("judged", name, fold, 1.0, groups[fold], scores, None)
        for name, result in learned.results.items()
        for fold, scores in enumerate(result.by_fold)
    ]
    rows += [
        (part, trial.setting, trial.fold, trial.share, len(trial.split.train), scores, failure)
        for part, outcomes in (("setting", learned.outcomes), ("curve", learned.curve.outcomes))
        for trial, scores, failure in outcomes
    ]
    made = pd.DataFrame(rows, columns=[*about, "scores", "failure"])
    for name in known:
        made.insert(
            made.columns.get_loc("failure"), name, [(x or {}).get(name) for x in made.scores]
        )
    return made.drop(columns="scores")


def _held_out(learned: Learned) -> pd.DataFrame:
    """What the best family told of every row while it was held out."""
    question, outputs = learned.question, learned.best.outputs
    about = [name for name in ("image", "id", question.group) if name in question.table]
    made = question.table[list(dict.fromkeys(about))].copy()
    fold_of = {name: fold for fold, split in enumerate(learned.splits) for name in split.held}
    made["fold"] = [fold_of[name] for name in question.groups]
    if not question.classes:
        return made.assign(**{question.target: question.truth, "predicted": outputs[:, 0]})
    classes = np.array(question.classes, dtype=object)
    made[question.target] = classes[question.truth]
    made["predicted"] = classes[outputs.argmax(axis=1)]
    made[[f"probability {name}" for name in question.classes]] = outputs
    return made


def _importance(learned: Learned) -> pd.DataFrame:
    """By how much the score falls without a column, alone and with those that are alike."""
    rows = [
        (column, alone.mean, alone.deviation, bundle.columns[0], *bundle.drop[:2])
        for bundle in learned.importance
        for column, alone in zip(bundle.columns, bundle.alone, strict=True)
    ]
    names = ["column", "drop alone", "sd alone", "alike", "drop together", "sd together"]
    return pd.DataFrame(rows, columns=names)
