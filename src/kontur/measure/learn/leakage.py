"""Warnings where something other than the objects may predict the target.

Objects of an image share its light, focus, stain and background. Where they also share the target,
any of these can predict it, and a high score may say that images are recognised. It cannot be seen
in the score; only that folds hold out whole images, or whole plates, slides or days, limits it.
"""

import pandas as pd

from kontur.measure.column_selection import column_names
from kontur.measure.learn.task import LearningTask
from kontur.measure.table import BRIGHTNESS, column_of
from kontur.wording import listed

MOST = 0.9  # share of images with one value each from which the warning is given
SUGGESTED = 3  # columns for --group that are named


def image_note(task: LearningTask) -> str | None:
    """A warning where the target hardly varies within images; None where it does.

    Without a column image, the groups are taken for images. Images of a single object say nothing.
    """
    word = "image" if "image" in task.table else task.group
    if word is None:
        return None
    units = task.table[word].astype(object).fillna("").astype(str)
    values = pd.Series(task.truth).groupby(units.to_numpy()).agg(["nunique", "size"])
    several = values[values["size"] > 1]
    same = int((several["nunique"] == 1).sum())
    if not len(several) or same < MOST * len(several):
        return None
    number = "all" if same == len(several) else f"{same:,} of"
    start = (
        f"In {number} {len(several):,} {word}s all objects have the same "
        f"{task.target}: brightness, background or anything else that they share may predict the "
        f"{word} and not the object"
    )
    if task.split_images:
        return (
            f"{start}; these folds split images, so that scores are far too high: use --group image"
        )
    advice = f"only folds that hold out whole {word}s, as here, are an honest test"
    coarser = _coarser_groups(task, units)
    if coarser:
        return f"{start}; {advice}, and where {word}s were made together use " + " or ".join(
            f"--group {name}" for name in coarser[:SUGGESTED]
        )
    if task.group not in (None, word):
        return f"{start}; {advice} (by {task.group})"
    return (
        f"{start}; {advice}, and where {word}s come from one plate, slide or day, add such a "
        "column and use it as --group"
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


def _coarser_groups(task: LearningTask, units: pd.Series) -> list[str]:
    """Columns that join whole images to at least two groups of each class: plate, slide, day."""
    table, found = task.table, []
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
        found.append(name)
    return found
