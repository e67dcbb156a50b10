"""The rows of a table as written: one for each object of an image."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from kontur.formats.attributes import attributes_of, plain
from kontur.formats.csv import wkt
from kontur.formats.csv.columns import EXTRAS, MEASURED, is_other
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.object_rows import plane_columns
from kontur.formats.rounding import DECIMALS, rounded, rounded_score
from kontur.instances import Instances


def rows_of(entry: ImageAnnotation, *, named: bool = False) -> list[dict[str, Any]]:
    """A row for each object; where an image is to be `named` and has none, one of the image."""
    instances, size = entry.instances, entry.size or entry.instances.size
    of_image = {
        "image": entry.file_name,
        "image_height": "" if size is None else size[0],
        "image_width": "" if size is None else size[1],
        **plane_columns(instances.plane),
    }
    if named and len(instances) == 0:
        return [of_image]
    polygons = rounded(instances.polygons)
    centres = shapely.get_coordinates(shapely.centroid(polygons))
    corners = shapely.bounds(polygons).reshape(-1, 4)
    numbers = np.column_stack([centres, shapely.area(polygons), corners])
    readable = (np.round(numbers, DECIMALS) + 0.0).tolist()
    outlines = wkt.to_texts(polygons)
    rows = []
    for i, score in enumerate(instances.scores):
        row = {
            **of_image,
            "id": int(instances.ids[i]),
            "class": instances.classes[instances.labels[i]],
            "score": "" if np.isnan(score) else rounded_score(score),
            "ignore": int(instances.ignore[i]),
            **dict(zip(MEASURED, readable[i], strict=True)),
            "outline": outlines[i],
        }
        rows.append({**other_columns(instances, i), **row})
    return rows


def other_columns(instances: Instances, i: int) -> Mapping[str, Any]:
    """What stands in other columns than ours: of a table, and what other files said."""
    own = instances.extras[i].get(EXTRAS, {})
    return {**takes(attributes_of(instances, i, but=EXTRAS)), **own}


def takes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What a table holds of the attributes of an object, see `attributes`."""
    return {name: v for name, v in plain(attributes).items() if is_other(name)}
