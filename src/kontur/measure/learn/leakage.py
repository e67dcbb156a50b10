"""Warnings of leakage: where something other than the objects may predict the target.

Objects of an image share its light, focus, stain and background. Where they also share the target,
any of these can predict it, and a high score may mean that images are recognised. The score itself
does not reveal that; holding out whole images, or whole plates, slides or days, limits it.
"""

import pandas as pd

from kontur.measure.learn.group_columns import GroupColumn, group_column
from kontur.measure.learn.task import LearningTask
from kontur.measure.learn.trained.copies import copied_images
from kontur.measure.learn.trained.training_rows import Digests
from kontur.measure.table import BRIGHTNESS, column_of
from kontur.measure.tables.column_selection import column_names
from kontur.wording import listed, plural

MOST = 0.9  # share of images with one value each from which the warning is given
SUGGESTED = 3  # columns for --group, or copies, that a warning names


def image_note(task: LearningTask) -> str | None:
    """A warning where the target hardly varies within images; None where it does.

    Without a column image, the groups are taken for images. Images of a single object do not count.
    """
    unit_column = "image" if "image" in task.table else task.group
    if unit_column is None:
        return None
    units = task.table[unit_column].astype(object).fillna("").astype(str)
    values = pd.Series(task.truth).groupby(units.to_numpy()).agg(["nunique", "size"])
    with_several = values[values["size"] > 1]
    constant = int((with_several["nunique"] == 1).sum())
    if not len(with_several) or constant < MOST * len(with_several):
        return None
    number = "all" if constant == len(with_several) else f"{constant:,} of"
    observation = (
        f"In {number} {len(with_several):,} {unit_column}s all objects have the same "
        f"{task.target}: brightness, background or anything else that they share may predict the "
        f"{unit_column} and not the object"
    )
    if task.split_images:
        return (
            f"{observation}; these folds split images, so that scores are far too high: use "
            "--group image"
        )
    advice = f"only folds that hold out whole {unit_column}s, as here, are an honest test"
    coarser = _coarser_groups(task, units)
    if coarser:
        return (
            f"{observation}; {advice}, and where {unit_column}s were made together use "
            + " or ".join(f"--group {name} ({reason})" for name, reason in coarser[:SUGGESTED])
        )
    if task.group not in (None, unit_column):
        return f"{observation}; {advice} (by {task.group})"
    return (
        f"{observation}; {advice}, and where {unit_column}s come from one plate, slide or day, add "
        "such a column and use it as --group"
    )


def copies_note(task: LearningTask, values: Digests) -> str | None:
    """A warning where images that folds may separate are the same under two names.

    `values` are the digests of the rows without image and id, as `row_digests` gives them. None
    also where values are so coarse that they coincide by chance, see `copied_images`.
    """
    names = task.image_names
    groups = pd.Series(task.groups).groupby(names).agg(set)
    separated = {
        copy: original
        for copy, original in (copied_images(values, names) or {}).items()
        if len(groups[copy] | groups[original]) > 1
    }
    if not separated:
        return None
    pairs = [f"{copy} is {original}" for copy, original in separated.items()]
    unit = "image" if "image" in task.table else str(task.group)
    return (
        f"{plural(len(pairs), unit)} with the same values as another under another name "
        f"({listed(pairs, most=SUGGESTED)}): where a fold holds out one and learns from the other, "
        "scores are too high; leave the copies out, or hold both out together by a column for "
        "--group"
    )


def brightness_note(task: LearningTask, columns: tuple[str, ...]) -> str | None:
    """A warning where the most important columns may tell images apart by their brightness."""
    bright = [
        name for name in columns if name.rpartition("-")[0] in BRIGHTNESS or name in BRIGHTNESS
    ]
    if not bright or image_note(task) is None:
        return None
    return (
        f"the most important columns measure brightness ({listed(bright, most=2)}), in which "
        "images differ by light and stain, too: compare with --columns form"
    )


def _coarser_groups(task: LearningTask, units: pd.Series) -> list[GroupColumn]:
    """Columns of groups that join whole images to at least two groups of each class."""
    table, coarser = task.table, []
    groups = pd.Series(task.groups)
    for name in column_names(table):
        if name in (task.target, task.group) or column_of(name) is not None:
            continue
        cells = table[name].astype(object).fillna("").astype(str)
        within = cells.groupby(groups.to_numpy()).nunique().max() == 1
        fewer = 2 <= cells.nunique() < groups.nunique()
        if not (within and fewer and units.nunique() > cells.nunique()):
            continue
        if task.classes and cells.groupby(task.truth).nunique().min() < 2:
            continue
        if (column := group_column(name, table[name], units)) is not None:
            coarser.append(column)
    return coarser
