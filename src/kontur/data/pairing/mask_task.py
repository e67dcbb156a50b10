"""The task by which the masks of a place are read, and whether their values fit it."""

from collections.abc import Mapping
from pathlib import Path

from kontur import formats
from kontur.data.annotations.annotation_options import classes_of_values, values_of
from kontur.data.checks.mask_checks import check_mask_files
from kontur.data.file_names import is_mask
from kontur.data.issue import Issue
from kontur.data.pairing.prediction_files import (
    every_mask,
    mask_files,
    pages_of_masks,
    prediction_files,
)
from kontur.data.planes.image_planes import Pages
from kontur.errors import InputError
from kontur.formats.masks import Task, choose_task


def check_task_fits(place: Path, task: str) -> None:
    """Raise `InputError` for a task of masks where there are none."""
    if choose_task(task) != "instances" and not any(
        is_mask(path) or formats.format_of(path).raster for path in prediction_files(place).values()
    ):
        raise InputError(
            f"--task {task} is for mask files, and {place} holds none: its objects are separate "
            "already; leave --task out"
        )


def check_masks(place: Path, *, task: str = "instances", page: Pages = None) -> list[Issue]:
    """The issues of mask files whose values do not seem to fit the task."""
    return check_mask_files(pages_of_masks(mask_files(place), page), choose_task(task))


def classes_of_masks(place: Path, task: str, page: Pages) -> Mapping[int, str] | None:
    """The classes of the values of all semantic masks together; None of other masks, or of none."""
    if task != "semantic" or not mask_files(place):
        return None
    return classes_of_values(every_mask(place, page))


def task_of_predictions(
    truth: str,
    place: Path,
    *,
    class_of_value: Mapping[int, str] | None = None,
    page: Pages = None,
) -> Task:
    """The task by which masks of predictions are read, for truth that is read by the task `truth`.

    That of the truth where the predictions hold no values but those of its classes, or look like
    masks of it, else `instances`: masks may be compared with label images that a network made.
    """
    if class_of_value and mask_files(place):
        values = values_of(every_mask(place, page))
        if values and values <= class_of_value.keys():
            return choose_task(truth)
    doubts = {issue.kind for issue in check_masks(place, page=page)}
    return choose_task(truth) if doubts & {"binary", "semantic"} else "instances"
