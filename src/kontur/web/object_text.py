"""Objects as text: in the history exactly, and on the wire as lists of numbers."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import shapely

from kontur.formats.rounding import rounded
from kontur.geometry.polygons import rings_of
from kontur.instances import Instances


class StoredObject(NamedTuple):
    """One object of the history."""

    polygon: Any
    label: int
    score: float
    ignore: bool
    extras: Mapping[str, Any]
    by: str


def to_text(instances: Instances, index: int, by: str) -> str:
    """The object at an index as text; `of_text` is its reverse, to the last bit."""
    score = float(instances.scores[index])
    extras = _plain(instances.extras[index])
    values: dict[str, Any] = {
        "wkb": shapely.to_wkb(instances.polygon(index), hex=True),
        "label": int(instances.labels[index]),
        "score": None if np.isnan(score) else score,
        "by": by,
    }
    if instances.ignore[index]:
        values["ignore"] = True
    if extras:
        values["extras"] = extras
    return json.dumps(values, separators=(",", ":"))


def of_text(text: str) -> StoredObject:
    """The object of a text."""
    values = json.loads(text)
    score = values["score"]
    return StoredObject(
        shapely.from_wkb(values["wkb"]),
        values["label"],
        float("nan") if score is None else score,
        values.get("ignore", False),
        values.get("extras", {}),
        values["by"],
    )


def instances_of(
    objects: Mapping[int, StoredObject], *, size: tuple[int, int], classes: tuple[str, ...]
) -> Instances:
    """Stored objects by their ids as `Instances`, in the order of the ids."""
    if not objects:
        return Instances.empty(size, classes)
    polygons = np.empty(len(objects), dtype=object)
    ids = sorted(objects)
    ordered = [objects[number] for number in ids]
    polygons[:] = [one.polygon for one in ordered]
    return Instances.of_valid(
        polygons,
        [one.label for one in ordered],
        scores=[one.score for one in ordered],
        ids=ids,
        ignore=[one.ignore for one in ordered],
        extras=[one.extras for one in ordered],
        size=size,
        classes=classes,
    )


def with_rounded_changes(before: Instances, after: Instances) -> tuple[Instances, list[int]]:
    """The objects after an edit, changed outlines rounded as files have them; the indices changed.

    What is kept is then what the file beside the image has.
    """
    places = {int(number): i for i, number in enumerate(before.ids)}
    changed: list[int] = []
    outlines = after.outlines
    for i, number in enumerate(after.ids):
        j = places.get(int(number))
        if j is None or after.outlines[i] is not before.outlines[j]:
            single = np.empty(1, dtype=object)
            single[0] = after.outlines[i]
            outlines = outlines.with_value(i, rounded(single)[0])
            changed.append(i)
        elif not _same_attributes(before, j, after, i):
            changed.append(i)
    if outlines is not after.outlines:
        after = after.replace(polygons=outlines.array)
    return after, changed


def _same_attributes(a: Instances, i: int, b: Instances, j: int) -> bool:
    return bool(
        a.labels[i] == b.labels[j]
        and np.array_equal(a.scores[i], b.scores[j], equal_nan=True)
        and a.ignore[i] == b.ignore[j]
    )


def is_same_object(stored: StoredObject, instances: Instances, index: int) -> bool:
    """Whether a stored object is the one at an index, whoever drew it."""
    return bool(
        stored.label == instances.labels[index]
        and np.array_equal(stored.score, instances.scores[index], equal_nan=True)
        and stored.ignore == instances.ignore[index]
        and shapely.equals_exact(stored.polygon, instances.polygon(index), 1e-9, normalize=True)
    )


def on_the_wire(number: int, stored: StoredObject) -> dict[str, Any]:
    """An object for a page: of every part the rings, each a flat list x, y, x, y …, open."""
    return {
        "id": number,
        "label": stored.label,
        "score": None if np.isnan(stored.score) else round(stored.score, 4),
        "ignore": stored.ignore,
        "by": stored.by,
        "parts": [
            [ring[:-1].ravel().round(3).tolist() for ring in part]
            for part in rings_of(stored.polygon)
        ],
    }


def _plain(value: Any) -> Any:
    """Frozen dicts and tuples as those that JSON knows."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
