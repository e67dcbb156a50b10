"""Label properties: the class and score of each value of a label image, as OME-Zarr has them.

A list of `{"label-value": 3, "class": "cell", "score": 0.9}`; keys of other programs are kept. A
track has one value on many planes: where its class or score is not the same on all of them, the
others stand in a list of ours, `kontur`.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kontur.display.colours import GREY, class_colour
from kontur.errors import InputError
from kontur.formats import document
from kontur.formats.rounding import rounded_score
from kontur.instances import CLASSES, Instances
from kontur.wording import quoted

VALUE, CLASS, SCORE, OWN = "label-value", "class", "score", "kontur"
EXTRAS = "ome-zarr"
OPAQUE = 255


def image_label(planes: Iterable[Instances]) -> dict[str, Any]:
    """The `image-label` of the objects of all planes, whose ids are the values; none is held.

    Classes have colours where they have names of their own. No objects give the classes alone.
    """
    properties: dict[int, dict[str, Any]] = {}
    colours: dict[int, list[int]] = {}
    classes: list[str] = []
    for one in planes:
        classes += [name for name in one.classes if name not in classes]
        for i, value in enumerate(one.ids.tolist()):
            name = one.classes[one.labels[i]]
            known = {CLASS: name, **_scored(one.scores[i])}
            first = properties.setdefault(
                value, {VALUE: value, **one.extras[i].get(EXTRAS, {}), **known}
            )
            if {CLASS: first[CLASS], **_scored(first.get(SCORE, np.nan))} != known:
                place = [one.plane.z, one.plane.t] if one.plane else [0, 0]
                first.setdefault(OWN, []).append({"plane": place, **known})
            colour = GREY if one.ignore[i] else class_colour(classes.index(name))
            colours[value] = [*colour, OPAQUE]
    label: dict[str, Any] = {}
    if colours and classes != [*CLASSES]:
        label["colors"] = [{VALUE: value, "rgba": rgba} for value, rgba in colours.items()]
    if properties:
        label["properties"] = list(properties.values())
    return {**label, OWN: {"classes": classes}}


def with_properties(instances: Instances, label: Any, where: str | Path) -> Instances:
    """The objects of one plane with the classes, scores and other properties of an `image-label`.

    Without properties, and for values that have none, they stay as they are. Raises `InputError`
    for a score that is none.
    """
    words = label if isinstance(label, Mapping) else {}
    known = _by_value(words.get("properties"))
    own = words.get(OWN)
    declared = own.get("classes", []) if isinstance(own, Mapping) else []
    place = [instances.plane.z, instances.plane.t] if instances.plane else [0, 0]
    rows = [_on_plane(known.get(value, {}), place) for value in instances.ids.tolist()]
    names = [str(row.get(CLASS, CLASSES[0])) for row in rows]
    listed = map(str, declared) if isinstance(declared, list) else ()
    every = (str(row[CLASS]) for row in known.values() if CLASS in row)
    classes = list(dict.fromkeys([*listed, *every, *names])) or [*CLASSES]
    index = {name: number for number, name in enumerate(classes)}
    rest = [{k: v for k, v in row.items() if k not in (VALUE, CLASS, SCORE, OWN)} for row in rows]
    return instances.replace(
        classes=classes,
        labels=np.array([index[name] for name in names], dtype=np.int64),
        scores=np.array([_score(row.get(SCORE), where) for row in rows], dtype=np.float64),
        extras=[{EXTRAS: row} if row else {} for row in rest],
    )


def _scored(score: float) -> dict[str, float]:
    return {} if np.isnan(score) else {SCORE: rounded_score(score)}


def _by_value(properties: Any) -> dict[int, Mapping[str, Any]]:
    """The properties of each value; what is no such list, or has no value, is left out."""
    rows: Iterable[Any] = properties if isinstance(properties, list) else ()
    numbered = ((document.whole_number(row.get(VALUE)), row) for row in rows if _is_words(row))
    return {number: row for number, row in numbered if number is not None}


def _on_plane(row: Mapping[str, Any], place: list[int]) -> Mapping[str, Any]:
    others = row.get(OWN)
    for other in others if isinstance(others, list) else ():
        if _is_words(other) and other.get("plane") == place:
            return {**{key: value for key, value in row.items() if key != SCORE}, **other}
    return row


def _is_words(row: Any) -> bool:
    return isinstance(row, Mapping)


def _score(score: Any, where: str | Path) -> float:
    if score is None:
        return np.nan
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise InputError(f"{where}: a score is {quoted(score)}; wanted a number from 0 to 1")
    return float(score)
