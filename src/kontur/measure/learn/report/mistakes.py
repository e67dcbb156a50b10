"""Wrongly predicted objects: a table of the worst, and their pictures.

Shown are predictions made while an object was held out. Of classes, the most confident mistakes
of each kind (true class, predicted class); of an amount, the largest errors either way.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kontur.evaluate.figure import COLOURS
from kontur.measure.learn.report.section import SHOWN, Section
from kontur.measure.learn.result import Study
from kontur.measure.plots import style
from kontur.measure.plots.crops import crop_objects, draw_crop, window_sides
from kontur.measure.plots.pictures import NEEDED, Pictures
from kontur.measure.plots.scale_bar import draw_bar
from kontur.measure.tables.number_format import format_number

FIGURE = "mistakes.png"
ACROSS = 6  # objects in a line of the figure
LINES = 6  # lines of the figure at most
LINES_A_KIND = 2  # lines of one kind of mistake at most
CELL = 1.3  # inches


class Kind(NamedTuple):
    """A kind of mistake, and the rows of the table with it, the worst first."""

    name: str
    rows: list[int]


def kinds_of_mistakes(study: Study) -> list[Kind]:
    """The kinds of mistakes, the most frequent first; none where every prediction is correct."""
    task, outputs = study.task, study.best.outputs
    if not task.classes:
        error = outputs[:, 0] - task.truth
        order = np.argsort(-np.abs(error), kind="stable")
        sides = (("predicted too large", error > 0), ("predicted too small", error < 0))
        return [Kind(name, order[side[order]].tolist()) for name, side in sides if side.any()]
    predicted = outputs.argmax(axis=1)
    order = np.argsort(-outputs.max(axis=1), kind="stable")
    kinds = []
    for truth, other in np.ndindex(len(task.classes), len(task.classes)):
        own = (task.truth == truth) & (predicted == other)
        if truth != other and own.any():
            name = f"true {task.classes[truth]}, predicted {task.classes[other]}"
            kinds.append(Kind(name, order[own[order]].tolist()))
    return sorted(kinds, key=lambda kind: -len(kind.rows))


def mistakes_section(study: Study, *, pictured: bool, problem: str | None = None) -> Section:
    """The worst mistakes as a table, and how to get their pictures where there are none.

    `pictured` means that the figure of mistakes exists; `problem` is why it could not be drawn.
    """
    task, kinds = study.task, kinds_of_mistakes(study)
    count = sum(len(kind.rows) for kind in kinds)
    identity = [name for name in NEEDED if name in task.table]
    rows = [[*(identity or ["row"]), f"true {task.target}", "predicted"]]
    rows[0] += ["probability"] if task.classes else []
    for row in _worst(study, kinds)[:SHOWN]:
        cells = [str(task.table[name].iloc[row]) for name in identity] or [str(row + 1)]
        rows.append([*cells, *_values(study, row)])
    if task.classes:
        title = "Wrongly predicted objects"
        sentences = [
            f"{count:,} of {len(task.truth):,} objects are predicted wrongly while held out; those "
            "with the highest probability of the wrong class come first."
        ]
    else:
        title = "Objects with the largest errors"
        sentences = ["Predictions while held out; the largest errors come first."]
    if not count:
        return Section(title, [], ["Every object is predicted correctly while held out."])
    if problem is not None:
        sentences.append(f"! They could not be shown: {problem}.")
    elif pictured:
        sentences.append(
            f"Pictures of the worst of each kind: {FIGURE}, above each "
            + ("the probability of the predicted class" if task.classes else "true → predicted")
            + ", below it image and id. Brightness is stretched over the whole image; grey is "
            "beyond its border."
        )
    elif len(identity) < len(NEEDED):
        sentences.append(
            "To see them in their images, the table needs the columns image and id, which kontur "
            "measure writes."
        )
    else:
        outlines = "" if "outline" in task.table else " --outlines FILES"
        sentences.append(
            f"To see them, learn again with --report DIR --images FOLDER{outlines}: the images"
            f"{' and outlines' * bool(outlines)} that were measured."
        )
    return Section(title, rows, sentences, FIGURE if pictured else None, wide=True)


def draw_mistakes(study: Study, pictures: Pictures) -> Any | None:
    """The worst mistakes of each kind cut out of their images; None where there is no mistake.

    Raises `InputError` where images, outlines and table do not belong together.
    """
    kinds = _that_fit(kinds_of_mistakes(study))
    if not kinds:
        return None
    rows = [row for kind in kinds for row in kind.rows]
    (side,) = set(window_sides([np.array(rows)], pictures))
    crops = crop_objects(dict.fromkeys(rows, side), pictures)
    lines = [
        (kind.name if start == 0 else "", kind.rows[start : start + ACROSS])
        for kind in kinds
        for start in range(0, len(kind.rows), ACROSS)
    ]
    across = max(len(line) for _, line in lines)
    drawn = style.figure(1.3 + (CELL + 0.08) * across, (CELL + 0.42) * len(lines) + 0.1)
    grid = drawn.subplots(len(lines), across, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for (name, line), places in zip(lines, grid, strict=True):
        for place, (row, axes) in enumerate(zip(line, places, strict=False)):
            axes.axis("on")
            corner = draw_crop(axes, crops[row], side, COLOURS[1])
            *_, last = _values(study, row)
            title = last if study.task.classes else " → ".join(_values(study, row))
            axes.set_title(title, fontsize=style.SIZE - 1, color=style.INK, pad=2)
            image, number = (pictures.table[name].iloc[row] for name in NEEDED)
            label = style.words(f"{image}\u00a0·\u00a0{number}", 24)
            axes.set_xlabel(label, fontsize=style.SIZE - 2, color=style.GREY, labelpad=2)
            if row == rows[0]:  # one scale for all
                draw_bar(axes, corner, side, pictures.table.attrs.get("pixel_size"))
            if place == 0 and name:
                text = style.words(name, 16)
                axes.set_ylabel(text, rotation=0, ha="right", va="center", fontsize=style.SIZE - 1)
    return drawn


def _values(study: Study, row: int) -> list[str]:
    """True value, predicted value, and of classes the probability of the predicted one."""
    task, output = study.task, study.best.outputs[row]
    if not task.classes:
        return [format_number(float(task.truth[row])), format_number(float(output[0]))]
    classes = task.classes
    return [str(classes[task.truth[row]]), str(classes[output.argmax()]), f"{output.max():.3f}"]


def _worst(study: Study, kinds: Sequence[Kind]) -> list[int]:
    """All mistaken rows, the worst first."""
    outputs = study.best.outputs
    rows = np.array([row for kind in kinds for row in kind.rows], dtype=int)
    size = outputs.max(axis=1) if study.task.classes else np.abs(outputs[:, 0] - study.task.truth)
    return rows[np.argsort(-size[rows], kind="stable")].tolist()


def _that_fit(kinds: Sequence[Kind]) -> list[Kind]:
    """The kinds and rows that fit into the figure."""
    lines = max(1, min(LINES_A_KIND, LINES // max(1, len(kinds))))
    return [Kind(kind.name, kind.rows[: lines * ACROSS]) for kind in kinds[:LINES]]
