"""What objects must be: valid polygons with area, one value each, ids and names that are unique."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int64, Shaped
from numpy.typing import ArrayLike, DTypeLike

from kontur.errors import InputError
from kontur.geometry import polygons as areal
from kontur.geometry import raster
from kontur.instances.immutable import locked


def object_array(polygons: Sequence[Any] | np.ndarray) -> Shaped[np.ndarray, " k"]:
    """A (K,) object array, also of none; a copy."""
    shapes = np.empty(len(polygons), dtype=object)
    shapes[:] = polygons
    return shapes


def column(
    name: str, values: ArrayLike | None, k: int, dtype: DTypeLike, default: Any
) -> Shaped[np.ndarray, " k"]:
    """One value an object, as `dtype`; the default where none are given. Cannot be written to."""
    if values is None:
        return locked(np.full(k, default, dtype=dtype))
    given = values if isinstance(values, np.ndarray) else np.array(values)
    if given.shape != (k,):
        raise InputError(f"{name} wants one value for each of {k} objects, got shape {given.shape}")
    if k and np.dtype(dtype) == np.int64:
        if not np.issubdtype(given.dtype, np.integer):
            raise InputError(f"{name} must be integers, got {given.dtype}")
        if int(given.max()) > np.iinfo(np.int64).max:
            raise InputError(f"{name} must fit into 63 bits, got {given.max()}")
    if not given.flags.writeable and given.dtype == np.dtype(dtype):
        return given  # of other Instances: no need of a copy
    return locked(given.astype(dtype))


def class_names(classes: Sequence[str]) -> tuple[str, ...]:
    """The names, which must be several texts (or one), none twice."""
    if isinstance(classes, str):
        raise InputError(
            f"classes wants a sequence of names, got the text {classes!r};"
            f" a single class is written ({classes!r},)"
        )
    names = tuple(classes)
    if len(names) == 0:
        raise InputError("classes wants at least one name, got none")
    repeated = [name for i, name in enumerate(names) if name in names[:i]]
    if repeated:
        raise InputError(
            f"the names of classes must be unique, got {repeated[0]!r} more than once;"
            f" rename one, or give both the same label"
        )
    return names


def check_columns(
    labels: Int64[np.ndarray, " k"],
    scores: Float[np.ndarray, " k"],
    ids: Int64[np.ndarray, " k"],
    classes: tuple[str, ...],
) -> None:
    """Labels have a class, scores are probabilities or NaN, ids are unique."""
    if len(labels) == 0:
        return
    if labels.min() < 0 or labels.max() >= len(classes):
        raise InputError(
            f"labels index the {len(classes)} classes {', '.join(classes)} from 0,"
            f" got labels from {labels.min()} to {labels.max()}"
        )
    if (scores < 0).any() or (scores > 1).any():
        raise InputError("scores must lie in [0, 1] or be NaN where there is none")
    ordered = np.sort(ids)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(twice):
        raise InputError(f"ids must be unique in an image, got {twice[0]} more than once")


def check_size(size: tuple[int, int] | None) -> tuple[int, int] | None:
    """(height, width) as whole numbers that are not negative."""
    if size is None:
        return None
    if min(size) < 0:
        raise InputError(f"an image's size (height, width) cannot be negative, got {tuple(size)}")
    return int(size[0]), int(size[1])


def check_polygons(
    polygons: Shaped[np.ndarray, " k"],
    *,
    known: Shaped[np.ndarray, " k"] | None = None,
    first: int = 0,
) -> None:
    """Polygons or MultiPolygons, valid and with area.

    Those that stand at the same place in `known` are not looked at again. `first` is the place of
    the first one, for the sentence.
    """
    places = np.arange(len(polygons))
    if known is not None and len(known) == len(polygons):
        places = np.flatnonzero([a is not b for a, b in zip(polygons, known, strict=True)])
        polygons = polygons[places]
    kind = shapely.get_type_id(polygons)  # -1 for None; TypeError for what is no geometry
    wrong = ~np.isin(kind, areal.AREAL)
    if wrong.any():
        i = int(wrong.argmax())
        name = "nothing" if polygons[i] is None else polygons[i].geom_type
        number = first + int(places[i]) + 1
        raise InputError(f"objects are Polygons or MultiPolygons; number {number} is {name}")
    wrong = shapely.is_empty(polygons) | ~shapely.is_valid(polygons)
    if wrong.any():
        i = int(wrong.argmax())
        reason = "it is empty" if polygons[i].is_empty else shapely.is_valid_reason(polygons[i])
        raise InputError(
            f"objects must be valid polygons with area; number {first + int(places[i]) + 1} is not"
            f" ({reason}); repair it with kontur.geometry.polygons.repair"
        )
    farthest = np.abs(shapely.bounds(polygons)).reshape(-1, 4).max(axis=1, initial=0)
    if (farthest > raster.FARTHEST).any():
        i = int(farthest.argmax())
        raise InputError(
            f"coordinates are pixels, at most {raster.FARTHEST:g}; number"
            f" {first + int(places[i]) + 1} reaches {farthest[i]:g}; is it in another unit?"
        )


def check_places(places: Int64[np.ndarray, " n"], k: int) -> None:
    """Each of k objects at most once: an object that is taken twice would have its id twice."""
    taken = np.bincount(places, minlength=k)
    if (taken > 1).any():
        place = int(taken.argmax())
        raise InputError(
            f"an object can be taken once, the one at place {place} is chosen"
            f" {taken[place]} times; Instances.concat makes copies with ids of their own"
        )


def check_place(place: int, k: int) -> int:
    """The place of one of k objects, from 0; negative ones count from the end."""
    if not -k <= place < k:
        raise InputError(f"there are {k} objects, at places from 0 on; got place {place}")
    return int(place) % k


def without_ids_twice(ids: Int64[np.ndarray, " k"]) -> Int64[np.ndarray, " k"]:
    """The later of two equal ids becomes the next free number above all."""
    taken: Bool[np.ndarray, " k"] = np.ones(len(ids), dtype=bool)
    taken[np.unique(ids, return_index=True)[1]] = False
    unique = ids.copy()
    unique[taken] = max(ids.max(initial=0), 0) + 1 + np.arange(taken.sum())
    return unique
