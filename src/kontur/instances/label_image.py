"""Label image: an integer image in which every object has a number; to and from objects."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int64, Integer, Shaped
from numpy.typing import DTypeLike

from kontur.errors import InputError
from kontur.geometry import bands, raster
from kontur.instances import checks

AT_ONCE = 4096  # objects that are painted together: their pixels take memory


def objects_of(
    image: Integer[np.ndarray, "h w"], labels: Mapping[int, int] | None
) -> tuple[Shaped[np.ndarray, " k"], Int64[np.ndarray, " k"], Int64[np.ndarray, " k"]]:
    """The exact outlines, the ids (values other than 0) and the class index of each.

    Raises InputError for an id without a class in `labels`, and for ids beyond 63 bits.
    """
    shape(image)
    values, outlines = bands.trace_in_bands(image)
    if len(values) and int(values[-1]) > np.iinfo(np.int64).max:
        raise InputError(
            f"the label image holds the id {values[-1]}, which 63 bits cannot hold; renumber it"
        )
    ids = values.astype(np.int64)
    if labels is None:
        return outlines, ids, np.zeros(len(ids), dtype=np.int64)
    missing = [int(i) for i in ids if i > 0 and int(i) not in labels]
    if missing:
        raise InputError(
            f"no class is given for the object {missing[0]} of the label image"
            f" ({len(missing)} in all); name a class for every id"
        )
    return outlines, ids, np.array([labels.get(int(i), 0) for i in ids], dtype=np.int64)


def objects_of_masks(
    masks: Sequence[np.ndarray] | Shaped[np.ndarray, "k h w"], size: tuple[int, int] | None
) -> tuple[Shaped[np.ndarray, " k"], tuple[int, int] | None]:
    """The exact outline of each mask, empty where the mask is, and the size of all masks.

    Raises InputError for masks of different sizes.
    """
    if isinstance(masks, np.ndarray) and masks.ndim == 3:
        size = (masks.shape[1], masks.shape[2])
    for i, mask in enumerate(masks):
        size = size or shape(mask)
        if mask.shape != size:
            raise InputError(
                f"all masks of an image must have its size; mask {i + 1} has"
                f" {'×'.join(map(str, mask.shape))}, expected {size[0]}×{size[1]}"
            )
    return checks.object_array([raster.trace(mask != 0) for mask in masks]), size


def label_image(
    polygons: Shaped[np.ndarray, " k"],
    ids: Int64[np.ndarray, " k"],
    *,
    scores: Float[np.ndarray, " k"],
    ignore: Bool[np.ndarray, " k"],
    size: tuple[int, int],
    dtype: DTypeLike | None,
) -> Integer[np.ndarray, "h w"]:
    """The ids as pixels; see `Instances.label_image` for what is on top where objects overlap."""
    if (ids == 0).any():
        raise InputError("the id 0 means background in a label image; renumber the objects from 1")
    kind = smallest_type(ids) if dtype is None else np.dtype(dtype)
    if len(ids) and not (np.iinfo(kind).min <= ids.min() and ids.max() <= np.iinfo(kind).max):
        raise InputError(
            f"ids from {ids.min()} to {ids.max()} do not fit into {kind};"
            f" leave dtype out or renumber the objects"
        )
    order = np.lexsort((np.nan_to_num(scores, nan=-1.0), ~ignore))  # stable
    image = np.zeros(size, dtype=kind)
    for first in range(0, len(order), AT_ONCE):
        part = order[first : first + AT_ONCE]
        spans = raster.spans(polygons[part], size)
        owners = np.repeat(spans.owner, spans.stop - spans.start)
        image.ravel()[raster.pixels(spans, size[1])] = ids[part][owners].astype(kind)
    return image


def shape(image: np.ndarray) -> tuple[int, int]:
    """(height, width) of a mask or label image."""
    if image.ndim != 2:
        raise InputError(f"a mask or label image is (height, width), got {image.ndim} dimensions")
    return int(image.shape[0]), int(image.shape[1])


def smallest_type(ids: Int64[np.ndarray, " k"]) -> np.dtype:
    """uint16 where it holds all ids, else the next wider or signed type."""
    low, high = int(ids.min(initial=0)), int(ids.max(initial=0))
    kinds = (np.uint16, np.uint32) if low >= 0 else (np.int16, np.int32)
    fits = [
        np.dtype(kind) for kind in kinds if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max
    ]
    return fits[0] if fits else np.dtype(np.int64)
