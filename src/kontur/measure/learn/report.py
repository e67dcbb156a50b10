"""Report: a folder with a page, its figures, every score of every fit, and what was told.

`report.html` holds everything, pictures too: one file to send. `results.csv` has a row a fit,
`held-out.csv` a row an object, with what the best family told of it while it was held out.
"""

import base64
import csv
import html
import io
from collections.abc import Sequence
from pathlib import Path

from kontur.errors import InputError
from kontur.formats.atomic import replacing, write_text
from kontur.measure.learn.figures import figures
from kontur.measure.learn.scores import OF_AMOUNTS, OF_CLASSES
from kontur.measure.learn.study import Learned
from kontur.measure.learn.told import Section, sections

PAGE = "report.html"

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #222 }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; margin: .8rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .9rem .2rem 0; text-align: left; border-bottom: 1px solid #ddd;
  vertical-align: top }
img { max-width: 100%; margin: .5rem 0 } p { margin: .4rem 0 }
footer { color: #777; margin: 3rem 0 }
"""


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Raise `InputError` before any work where the report could not be written there."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"wanted a folder for the report, but {folder} is a file")
    if (folder / PAGE).exists() and not overwrite:
        raise InputError(f"{folder / PAGE} exists already; overwrite it with --force")


def write_report(folder: Path, learned: Learned, *, source: str = "") -> list[Path]:
    """Write the page, the figures and the tables; what was written. `source` names the table."""
    pictures: dict[str, bytes] = {}
    for name, figure in figures(learned).items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        pictures[name] = buffer.getvalue()
        with replacing(folder / name) as beside:
            beside.write_bytes(pictures[name])
    write_text(folder / "results.csv", _results(learned))
    write_text(folder / "held-out.csv", _held_out(learned))
    write_text(folder / PAGE, _page(sections(learned, most=None), pictures, source))
    names = [PAGE, *pictures, "results.csv", "held-out.csv"]
    return [folder / name for name in names]


def _page(parts: Sequence[Section], pictures: dict[str, bytes], source: str) -> str:
    """The whole report as one HTML file."""
    body = [f"<h1>{html.escape(parts[0].title)}</h1>"]
    for number, part in enumerate(parts):
        if number:
            body.append(f"<h2>{html.escape(part.title)}</h2>")
        lead = [f"<p>{html.escape(line)}</p>" for line in part.sentences]
        body += lead if not number else []
        if len(part.rows) > 1:
            body.append(_table(part.rows))
        body += lead if number else []
        if part.figure in pictures:
            data = base64.b64encode(pictures[part.figure]).decode()
            title = html.escape(part.title, quote=True)
            body.append(f'<img alt="{title}" src="data:image/png;base64,{data}">')
    body.append(f"<footer>kontur learn {html.escape(source)}</footer>")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(parts[0].title)}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    lines = ["<tr>" + "".join(f"<th>{html.escape(cell)}</th>" for cell in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in body]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _results(learned: Learned) -> str:
    """Every score of every setting in every fold, and of every share of the learning curve."""
    known = OF_CLASSES if learned.question.classes else OF_AMOUNTS
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["part", "name", "fold", "share", "groups", *known, "failure"])
    judged = [
        ("judged", name, fold, 1.0, len(learned.splits[fold].train), scores, "")
        for name, result in learned.results.items()
        for fold, scores in enumerate(result.by_fold)
    ]
    fitted = [
        (
            part,
            trial.setting,
            trial.fold,
            trial.share,
            len(trial.split.train),
            scores or {},
            failure or "",
        )
        for part, outcomes in (("setting", learned.outcomes), ("curve", learned.curve.outcomes))
        for trial, scores, failure in outcomes
    ]
    for *about, scores, failure in judged + fitted:
        writer.writerow([*about, *(scores.get(name, "") for name in known), failure])
    return text.getvalue()


def _held_out(learned: Learned) -> str:
    """What the best family told of every row while it was held out."""
    question = learned.question
    outputs = learned.best.outputs
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    about = [name for name in ("image", "id", question.group) if name in question.table]
    about = list(dict.fromkeys(about))
    ends = [f"probability {name}" for name in question.classes]
    writer.writerow([*about, "fold", question.target, "predicted", *ends])
    fold_of = {name: fold for fold, split in enumerate(learned.splits) for name in split.held}
    who = question.table[about].itertuples(index=False, name=None)
    for row, cells in enumerate(who):
        truth = question.truth[row]
        if question.classes:
            told = [question.classes[truth], question.classes[outputs[row].argmax()]]
            told += [f"{value:.6g}" for value in outputs[row]]
        else:
            told = [float(truth), f"{outputs[row, 0]:.6g}"]
        writer.writerow([*cells, fold_of[question.groups[row]], *told])
    return text.getvalue()
