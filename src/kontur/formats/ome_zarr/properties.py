"""Label properties: class, score and track of each value of a label image, as OME-Zarr has them.

A list of `{"label-value": 3, "class": "cell", "score": 0.9, "track": 3, "parent": 1}`; keys of
other programs are kept. A value may lie on many planes: where its class, score or track is not the
same on all of them, the others stand in a list of ours, `kontur`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from kontur.display.colours import GREY, class_colour
from kontur.errors import InputError
from kontur.files import json_document
from kontur.formats.attributes import attributes_of
from kontur.formats.rounding import rounded_score
from kontur.formats.tracks import PARENT, TRACK, track_number, with_tracks
from kontur.instances import CLASSES, Instances
from kontur.wording import quoted

VALUE, CLASS, SCORE, OWN, PLANE = "label-value", "class", "score", "kontur", "plane"
VARYING = (SCORE, TRACK, PARENT)  # what an object of one value may lack on one of its planes
EXTRAS = "ome-zarr"
OPAQUE = 255


def image_label(planes: Iterable[Instances]) -> dict[str, Any]:
    """The `image-label` of the objects of all planes, whose ids are the values; none is held.

    Classes have colours where they have names of their own. No objects give the classes alone.
    Colours and properties are iterators, see `json_rows.chunks`: as dicts they would take a
    kilobyte an object.
    """
    classes: list[str] = []
    parts: list[_Columns] = []
    places: list[list[int]] = []
    extras: dict[int, Mapping[str, Any]] = {}  # by the number of the object
    count = 0
    for one in planes:
        classes += [name for name in one.classes if name not in classes]
        index = np.array([classes.index(name) for name in one.classes], np.int64)
        scores = np.array([rounded_score(score) for score in one.scores.tolist()], np.float64)
        own = np.full(len(one), len(places))
        numbers = [
            takes(attributes_of(one, i, but=EXTRAS)) if extra else {}
            for i, extra in enumerate(one.extras)
        ]
        tracks, parents = (
            np.array([each.get(name, np.nan) for each in numbers]) for name in (TRACK, PARENT)
        )
        parts.append(_Columns(one.ids, index[one.labels], scores, one.ignore, own, tracks, parents))
        places.append([one.plane.z, one.plane.t] if one.plane else [0, 0])
        known = ((i, extra.get(EXTRAS)) for i, extra in enumerate(one.extras))
        extras |= {count + i: words for i, words in known if words}
        count += len(one)
    label: dict[str, Any] = {}
    if count:
        objects = _Columns(*map(np.concatenate, zip(*parts, strict=True)))
        if classes != [*CLASSES]:
            label["colors"] = _colours(objects)
        label["properties"] = _properties(objects, classes, places, extras)
    return {**label, OWN: {"classes": classes}}


class _Columns(NamedTuple):
    """Of each object, in the order of planes: its value and the rest that is told of it."""

    values: Int[np.ndarray, " k"]
    labels: Int[np.ndarray, " k"]
    scores: Float[np.ndarray, " k"]
    ignore: Bool[np.ndarray, " k"]
    planes: Int[np.ndarray, " k"]
    tracks: Float[np.ndarray, " k"]
    parents: Float[np.ndarray, " k"]


def _colours(objects: _Columns) -> Iterator[dict[str, Any]]:
    """The colour of each value, that of its last object."""
    _, backwards = np.unique(objects.values[::-1], return_index=True)
    first, _ = _firsts(objects.values)
    last = len(objects.values) - 1 - backwards
    for i in last[np.argsort(first)].tolist():
        colour = GREY if objects.ignore[i] else class_colour(int(objects.labels[i]))
        yield {VALUE: int(objects.values[i]), "rgba": [*colour, OPAQUE]}


def _properties(
    objects: _Columns,
    classes: Sequence[str],
    places: Sequence[list[int]],
    extras: Mapping[int, Mapping[str, Any]],
) -> Iterator[dict[str, Any]]:
    """The words on each value, in the order in which they first come."""

    def known(i: int) -> dict[str, Any]:
        numbers = takes({TRACK: float(objects.tracks[i]), PARENT: float(objects.parents[i])})
        return {CLASS: classes[objects.labels[i]], **_scored(objects.scores[i]), **numbers}

    first, inverse = _firsts(objects.values)
    before = first[inverse]
    same = objects.labels == objects.labels[before]
    for each in (objects.scores, objects.tracks, objects.parents):
        same &= np.isclose(each, each[before], rtol=0, atol=0, equal_nan=True)
    others: dict[int, list[int]] = {}
    for i in np.flatnonzero(~same).tolist():
        others.setdefault(int(before[i]), []).append(i)
    for i in np.sort(first).tolist():
        row = {VALUE: int(objects.values[i]), **extras.get(i, {}), **known(i)}
        if i in others:
            row[OWN] = [{PLANE: places[objects.planes[n]], **known(n)} for n in others[i]]
        yield row


def _firsts(
    values: Int[np.ndarray, " k"],
) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " k"]]:
    """The first object of each of the different values, and of which of these each object is."""
    _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    return first, inverse


def takes(attributes: Mapping[str, Any]) -> dict[str, int]:
    """Of what other formats say of an object: its track, and the one that divided into it."""
    numbers = {name: track_number(attributes.get(name)) for name in (TRACK, PARENT)}
    return {name: int(number) for name, number in numbers.items() if not np.isnan(number)}


def classes_of_values(label: Any) -> dict[int, str]:
    """The class that an `image-label` names for each value, if it names any."""
    known = _by_value(label.get("properties") if isinstance(label, Mapping) else None)
    return {value: str(row[CLASS]) for value, row in known.items() if CLASS in row}


def with_properties(instances: Instances, label: Any, where: str | Path) -> Instances:
    """The objects of one plane with the classes, scores, tracks and whatever else is told of them.

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
    tracks, parents = (
        np.array([track_number(row.get(name)) for row in rows]) for name in (TRACK, PARENT)
    )
    rest = [{k: v for k, v in row.items() if not _is_read(k, v)} for row in rows]
    found = instances.replace(
        classes=classes,
        labels=np.array([index[name] for name in names], dtype=np.int64),
        scores=np.array([_score(row.get(SCORE), where) for row in rows], dtype=np.float64),
        extras=[{EXTRAS: row} if row else {} for row in rest],
    )
    return with_tracks(found, tracks, parents)


def _is_read(name: str, value: Any) -> bool:
    """Whether objects hold a property otherwise than as it is written."""
    is_track = name in (TRACK, PARENT) and not np.isnan(track_number(value))
    return is_track or name in (VALUE, CLASS, SCORE, OWN)


def _scored(score: float) -> dict[str, float]:
    return {} if np.isnan(score) else {SCORE: float(score)}


def _by_value(properties: Any) -> dict[int, Mapping[str, Any]]:
    """The properties of each value; what is no such list, or has no value, is left out."""
    rows: Iterable[Any] = properties if isinstance(properties, list) else ()
    numbered = ((json_document.whole_number(row.get(VALUE)), row) for row in rows if _is_words(row))
    return {number: row for number, row in numbered if number is not None}


def _on_plane(row: Mapping[str, Any], place: list[int]) -> Mapping[str, Any]:
    others = row.get(OWN)
    for other in others if isinstance(others, list) else ():
        if _is_words(other) and other.get("plane") == place:
            same = {key: value for key, value in row.items() if key not in VARYING}
            return {**same, **{key: value for key, value in other.items() if key != PLANE}}
    return row


def _is_words(row: Any) -> bool:
    return isinstance(row, Mapping)


def _score(score: Any, where: str | Path) -> float:
    if score is None:
        return np.nan
    number = json_document.score(score)
    if np.isnan(number):
        raise InputError(f"{where}: a score is {quoted(score)}; wanted a number from 0 to 1")
    return number
