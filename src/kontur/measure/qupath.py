"""Outlines with their measurements for QuPath, as GeoJSON.

QuPath lists them under *Show annotation measurements* and colours by them in *Measurement maps*.
Their names are those of the table followed by the unit; measurements that the file had are kept.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kontur import formats
from kontur.data.layouts.work_in_folder import refuse_annotated
from kontur.errors import InputError
from kontur.files.atomic import check_writable, refuse_existing
from kontur.formats import ImageAnnotation
from kontur.formats.output_names import check_can_be_folder
from kontur.instances import Instances
from kontur.measure.sources.source import Source
from kontur.measure.table import IDENTITY, OUTLINE, column_of

if TYPE_CHECKING:
    import pandas as pd

ENDING = formats.FORMATS["geojson"].ending


def check_folder(folder: Path, sources: Sequence[Source], *, overwrite: bool) -> None:
    """Raise `InputError` before any work where the outlines cannot be written to `folder`."""
    check_can_be_folder(folder, "--geojson")
    files = {_file(folder, source.name) for source in sources}
    check_writable(min(files, default=folder))
    refuse_existing(files, overwrite=overwrite)
    refuse_annotated(folder, "measured outlines", option="--geojson", own=files.__contains__)


def write_measured(folder: Path, sources: Sequence[Source], table: "pd.DataFrame") -> None:
    """Write `folder/NAME.geojson` for every image; `table` has the rows of them all, in order."""
    first = 0
    for name, of_image in itertools.groupby(sources, lambda source: source.name):
        planes = [source.open().instances for source in of_image]
        size, classes = planes[0].size, planes[0].classes
        plane = planes[0].plane if len(planes) == 1 else None
        none = Instances.empty(size, classes).replace(plane=plane)
        file = _file(folder, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        with formats.stream_image(file, ImageAnnotation(name, size, none)) as add:
            for objects in planes:
                for part in [objects] if isinstance(objects, Instances) else objects.parts():
                    add(with_measurements(part, table.iloc[first : first + len(part)]))
                    first += len(part)


def with_measurements(instances: Instances, table: "pd.DataFrame") -> Instances:
    """The objects with the measurements of their rows, for `kontur.write` to a `.geojson`.

    Raises `InputError` where the ids of the table's rows are not those of the objects.
    """
    if table["id"].tolist() != instances.ids.tolist():
        raise InputError(
            f"the table has {len(table)} rows of other ids than the {len(instances)} objects; "
            "measure these objects"
        )
    units = table.attrs.get("units", {})
    names = [
        name
        for name in map(str, table.columns)
        if column_of(name) is not None and name not in IDENTITY | OUTLINE
    ]
    labels = [f"{name} {units.get(name, '')}".strip() for name in names]
    numbers = table[names].astype(float).to_numpy()
    extras = []
    for extra, row in zip(instances.extras, numbers, strict=True):
        known = extra.get("geojson", {})
        properties = known.get("properties", {})
        measurements = {
            name: value
            for name, value, is_finite in zip(labels, row.tolist(), np.isfinite(row), strict=True)
            if is_finite
        }
        measured = {**properties.get("measurements", {}), **measurements}
        extras.append(
            {**extra, "geojson": {**known, "properties": {**properties, "measurements": measured}}}
        )
    return instances.replace(extras=extras)


def _file(folder: Path, name: str) -> Path:
    return folder / (name + ENDING)
