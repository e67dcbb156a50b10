"""Classification of the rows of a table, or of the objects of files of outlines, by a model.

A file that can hold classes (GeoJSON, COCO, CSV) is written with only the classes and their
probabilities changed; in QuPath each class has its colour. Outlines of other kinds (label images, a
training folder) become GeoJSON. Regions to ignore are not objects: they keep their class and get no
prediction.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kontur import formats
from kontur.data.file_names import partner_name, stem
from kontur.data.layouts.work_in_folder import refuse_annotated
from kontur.data.pairing.find_predictions import find_predictions
from kontur.data.pairing.pair_names import pair
from kontur.data.pairing.prediction_files import prediction_files
from kontur.errors import InputError
from kontur.files.atomic import check_writable, refuse_existing
from kontur.formats import ClassPrediction
from kontur.formats.output_names import check_can_be_folder
from kontur.instances import Instances
from kontur.measure.extra import package
from kontur.measure.learn.trained.table_model import TableModel
from kontur.measure.sources.source import Source, Sources
from kontur.measure.table import BRIGHTNESS
from kontur.measure.tables.empty_images import EMPTY_IMAGES
from kontur.measure.tables.table_operations import ignored
from kontur.wording import counted, printable

if TYPE_CHECKING:
    import pandas as pd

NEW_ENDING = formats.FORMATS["geojson"].ending
IDENTITY = ("image", "id")
PREDICTED = "predicted"
PROBABILITY = "probability_"  # of a class; its name follows


class Target(NamedTuple):
    """A file to write.

    Attributes:
        file: its path.
        original: the file whose classes are changed; None for a new one.
        images: the images whose objects it holds, in order.
        counts: the number of objects of each image in the original, where other files add to them.
    """

    file: Path
    original: Path | None
    images: tuple[Source, ...]
    counts: tuple[int, ...] = ()


def predictions(model: TableModel, table: "pd.DataFrame") -> "pd.DataFrame":
    """One row for each of the table, in its order: image, id, predicted, and probabilities.

    There is one probability per class, `probability_NAME`, none where the target is a number.
    Regions to ignore have neither. Without image and id there is a column `row`, from 1. Errors as
    in `TableModel.predict`; a table without rows gives one without rows.
    """
    pandas = package("pandas")
    columns: dict[str, Any] = {name: table[name].array for name in IDENTITY if name in table}
    if not columns:
        columns["row"] = np.arange(1, len(table) + 1)
    values, out = model.predict(table), ignored(table)
    column = pandas.Series(values, dtype="str" if values.dtype.kind == "U" else None)
    if out.any():
        column = column.astype(object).where(~out, None).convert_dtypes()
    columns[PREDICTED] = column
    about = {PREDICTED: f"{model.card.target}, by {model.card.family}"}
    if model.card.classes:
        shares = model.probabilities(table)
        shares[out] = np.nan
        for name, column in zip(model.card.classes, shares.T, strict=True):
            columns[f"{PROBABILITY}{name}"] = column
            about[f"{PROBABILITY}{name}"] = f"that {model.card.target} is {name}"
    table_of_predictions = pandas.DataFrame(columns)
    known = {key: table.attrs[key] for key in (EMPTY_IMAGES,) if key in table.attrs}
    units = {PREDICTED: model.card.unit}
    table_of_predictions.attrs = {"units": units, "meanings": about, **known}
    return table_of_predictions


def check_brightness(model: TableModel, table: "pd.DataFrame") -> None:
    """Raise `InputError` where the model needs brightness and the table has none."""
    brightness_columns, measured = (
        [name for name in names if {name, name.rpartition("-")[0]} & set(BRIGHTNESS)]
        for names in (model.card.columns, map(str, table.columns))
    )
    if brightness_columns and not measured:
        raise InputError(
            f"the model reads the brightness of objects ({brightness_columns[0]}), and there are "
            "no images; name them behind the outlines"
        )


def targets(outlines: Path, folder: Path, found: Sources) -> list[Target]:
    """The files that are written for OUTLINES, with their images in order."""
    sources = found.images
    if found.training and outlines.is_file():
        listed = find_predictions(outlines)
        counts = tuple(len(read_outlines()) for read_outlines in listed.values())
        images = _as_listed(outlines, sources, list(listed))
        return [Target(folder / outlines.name, outlines, images, counts)]
    if found.training:
        return [
            Target(folder / f"{source.name}{NEW_ENDING}", None, (source,)) for source in sources
        ]
    if outlines.is_file():
        files = [(outlines, Path(outlines.name))]
    else:
        files_below = prediction_files(outlines).values()
        files = [(file, file.relative_to(outlines)) for file in files_below]
    if len(files) == 1:
        return [_target(*files[0], folder, sources)]
    return [
        _target(file, name, folder, [source])
        for (file, name), source in zip(files, sources, strict=True)
    ]


def check_targets(places: Sequence[Target], folder: Path, *, overwrite: bool) -> None:
    """Raise `InputError` before any work where the files cannot be written."""
    check_can_be_folder(folder)
    files = {target.file for target in places}
    check_writable(min(files, default=folder))
    refuse_existing(files, overwrite=overwrite)
    refuse_annotated(folder, "classified outlines", own=files.__contains__)


def write_classified(
    places: Sequence[Target],
    predicted: "pd.DataFrame",
    classes: Sequence[str],
    *,
    page: int | None = None,
    overwrite: bool = True,
) -> None:
    """Write every target; `predicted` has the rows of all images, as `predictions` gives them.

    `page` is the plane of stacks whose objects they are.
    """
    tables = {str(name): table for name, table in predicted.groupby("image", sort=False)}
    for target in places:
        of_images = [
            tables.get(printable(image.name), predicted.iloc[:0]) for image in target.images
        ]
        original = target.original
        if original is None:
            (image,), (of_image,) = target.images, of_images
            instances, original = image.read().instances, target.file
            _check_rows(instances, of_image)
            formats.write(original, instances, image_name=image.name, overwrite=overwrite)
            overwrite_it = True
        else:
            overwrite_it = overwrite
        rows = [_rows(of_image) for of_image in of_images]
        if target.counts:  # boxes without an outline were measured after the file's own objects
            rows = [row[:count] for row, count in zip(rows, target.counts, strict=True)]
        formats.relabel(original, target.file, rows, classes, page=page, overwrite=overwrite_it)


def _check_rows(instances: Instances, predicted: "pd.DataFrame") -> None:
    """Raise `InputError` where the rows are not those of these objects."""
    if predicted["id"].tolist() != instances.ids.tolist():
        raise InputError(
            f"there are {len(predicted)} rows of other ids than the {len(instances)} objects; "
            "classify these objects"
        )


def _as_listed(file: Path, sources: Sequence[Source], listed: Sequence[str]) -> tuple[Source, ...]:
    """The images in the order of a COCO file that lists them."""
    by_name = {source.name: source for source in sources}
    pairs = {key: by_name[name] for name, key in pair([*by_name], listed).items()}
    missing = [key for key in listed if key not in pairs]
    if missing:
        raise InputError(f"{file} lists {counted(missing, 'image')} that are not there; add them")
    return tuple(pairs[key] for key in listed)


def _target(file: Path, name: Path, folder: Path, sources: Sequence[Source]) -> Target:
    """The target of one file: one that can hold classes keeps its name, others become GeoJSON."""
    if formats.format_of(file).relabel is not None:
        return Target(folder / name, file, tuple(sources))
    new = f"{partner_name(stem(name))}{NEW_ENDING}"
    return Target(folder / name.parent / new, None, tuple(sources))


def _rows(predicted: "pd.DataFrame") -> list[ClassPrediction]:
    """The predicted class of each row, None for regions to ignore, and the probabilities."""
    columns = [name for name in map(str, predicted.columns) if name.startswith(PROBABILITY)]
    names = [name.removeprefix(PROBABILITY) for name in columns]
    shares = predicted[columns].to_numpy(dtype=float)
    known = predicted[PREDICTED].notna()
    return [
        ClassPrediction(str(value), dict(zip(names, row, strict=True)))
        if is_known
        else ClassPrediction(None)
        for value, is_known, row in zip(predicted[PREDICTED], known, shares.tolist(), strict=True)
    ]
