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
from kontur.instances.immutable import made_read_only


def object_array(polygons: Sequence[Any] | np.ndarray) -> Shaped[np.ndarray, " k"]:
    """A copy as an object array of shape (K,); K may be 0."""
    shapes = np.empty(len(polygons), dtype=object)
    shapes[:] = polygons
    return shapes


def column(
    name: str, values: ArrayLike | None, k: int, dtype: DTypeLike, default: Any
) -> Shaped[np.ndarray, " k"]:
    """One value per object, as a read-only array of `dtype`; the default where none are given."""
    if values is None:
        return made_read_only(np.full(k, default, dtype=dtype))
    array = values if isinstance(values, np.ndarray) else np.array(values)
    if array.shape != (k,):
        raise InputError(f"{name} needs one value for each of {k} objects, got shape {array.shape}")
    if k and np.dtype(dtype) == np.int64:
        if not np.issubdtype(array.dtype, np.integer):
            raise InputError(f"{name} must be integers, got {array.dtype}")
        if int(array.max()) > np.iinfo(np.int64).max:
            raise InputError(f"{name} must fit into 63 bits, got {array.max()}")
    if not array.flags.writeable and array.dtype == np.dtype(dtype):
        return array  # of other Instances: no need of a copy
    return made_read_only(array.astype(dtype))


def class_names(classes: Sequence[str]) -> tuple[str, ...]:
    """The names, which must be several texts (or one), none twice."""
    if isinstance(classes, str):
        raise InputError(
            f"classes needs a sequence of names, got the text {classes!r};"
            f" a single class is written ({classes!r},)"
        )
    names = tuple(classes)
    if len(names) == 0:
        raise InputError("classes needs at least one name, got none")
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
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(repeated):
        raise InputError(f"ids must be unique in an image, got {repeated[0]} more than once")


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

    Those that are the same objects in `known` are not checked again. `first` is the index of the
    first one, for the message.
    """
    indices = np.arange(len(polygons))
    if known is not None and len(known) == len(polygons):
        indices = np.flatnonzero([a is not b for a, b in zip(polygons, known, strict=True)])
        polygons = polygons[indices]
    kind = shapely.get_type_id(polygons)  # -1 for None; TypeError for what is no geometry
    wrong = ~np.isin(kind, areal.AREAL)
    if wrong.any():
        i = int(wrong.argmax())
        name = "nothing" if polygons[i] is None else polygons[i].geom_type
        number = first + int(indices[i]) + 1
        raise InputError(f"objects are Polygons or MultiPolygons; number {number} is {name}")
    wrong = shapely.is_empty(polygons) | ~shapely.is_valid(polygons)
    if wrong.any():
        i = int(wrong.argmax())
        reason = "it is empty" if polygons[i].is_empty else shapely.is_valid_reason(polygons[i])
        raise InputError(
            f"objects must be valid polygons with area; number {first + int(indices[i]) + 1} is not"
            f" ({reason}); repair it with kontur.geometry.polygons.repair"
        )
    farthest = np.abs(shapely.bounds(polygons)).reshape(-1, 4).max(axis=1, initial=0)
    if (farthest > raster.FARTHEST).any():
        i = int(farthest.argmax())
        raise InputError(
            f"coordinates are pixels, at most {raster.FARTHEST:g}; number"
            f" {first + int(indices[i]) + 1} reaches {farthest[i]:g}; is it in another unit?"
        )


def check_indices(indices: Int64[np.ndarray, " n"], k: int) -> None:
    """Each of k objects at most once, for its id must stay unique."""
    counts = np.bincount(indices, minlength=k)
    if (counts > 1).any():
        index = int(counts.argmax())
        raise InputError(
            f"an object can be chosen once, the one at index {index} is chosen"
            f" {counts[index]} times; Instances.concat makes copies with ids of their own"
        )


def check_index(index: int, k: int) -> int:
    """The index of one of k objects, from 0; negative ones count from the end."""
    if not -k <= index < k:
        raise InputError(f"there are {k} objects, with indices from 0; got index {index}")
    return int(index) % k


def with_unique_ids(ids: Int64[np.ndarray, " k"]) -> Int64[np.ndarray, " k"]:
    """The later of two equal ids becomes the next free number above all."""
    repeated: Bool[np.ndarray, " k"] = np.ones(len(ids), dtype=bool)
    repeated[np.unique(ids, return_index=True)[1]] = False
    unique = ids.copy()
    unique[repeated] = max(ids.max(initial=0), 0) + 1 + np.arange(repeated.sum())
    return unique
