"""Labels layer: outlines as pixels, drawn at once in any number, and back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from jaxtyping import Integer

from kontur.errors import InputError
from kontur.instances import Instances
from kontur.napari.origin import KEY, Index, Origin, origin_of
from kontur.napari.shapes_layer import LayerData


def labels_layer(origin: Origin, **attributes: Any) -> LayerData:
    """The layer of an origin's objects: their ids as pixels, their features by id.

    Without the image's size it reaches as far as the outlines. Of a stack it covers the planes
    from the first to the last that have objects; `start` of its origin is the first. Regions to
    ignore, and where objects overlap, are as in `Instances.label_image`.
    """
    size = origin.size or _reach(origin)
    known = list(origin.planes) or [(0,) * len(origin.axes)]
    indices = np.array(known, dtype=int).reshape(len(known), len(origin.axes))
    start, stop = indices.min(axis=0), indices.max(axis=0) + 1
    painted = {index: _painted(instances, size) for index, instances in origin.planes.items()}
    kind = np.result_type(np.uint16, *(image.dtype for image in painted.values()))
    data = np.zeros((*(stop - start), *size), dtype=kind)
    for index, image in painted.items():
        data[tuple(np.array(index, dtype=int) - start)] = image
    rows = [one for instances in origin.planes.values() for one in instances]
    shown = {
        "features": {
            "index": np.array([one.id for one in rows], np.int64),
            "class": np.array([one.class_name for one in rows], object),
            "score": np.array([one.score for one in rows], float),
        },
        "metadata": {KEY: replace(origin, start=tuple(start.tolist()))},
    }
    scale = np.asarray(attributes.get("scale", np.ones(data.ndim)), float)
    if start.any():
        moved = np.asarray(attributes.get("translate", np.zeros(data.ndim)), float).copy()
        moved[: len(start)] += start * scale[: len(start)]
        attributes = {**attributes, "translate": moved}
    return data, shown | attributes, "labels"


def instances_of_labels(data: Any, attributes: Mapping[str, Any]) -> dict[Index, Instances]:
    """The objects of a layer of labels (planes …, h, w) by plane.

    An object whose pixels nobody changed is the outline that it was made of; of the others the
    exact outline of the pixels is traced. Raises `InputError` for labels that are no whole numbers.
    """
    pixels = np.asarray(data)
    if pixels.dtype.kind not in "iu" or pixels.ndim < 2:
        raise InputError(
            f"labels are whole numbers in rows and columns, got {pixels.dtype} of {pixels.shape}"
        )
    leading = pixels.ndim - 2
    origin = origin_of(attributes, leading)
    start = origin.start if len(origin.start) == leading else (0,) * leading
    classes = _classes(attributes.get("features"))
    found = {}
    for place in np.ndindex(pixels.shape[:-2]):
        index = tuple(int(i + first) for i, first in zip(place, start, strict=True))
        if leading and not pixels[place].any() and index not in origin.planes:
            continue
        found[index] = _instances(pixels[place], origin, index, classes)
    return found


def _instances(
    image: Integer[np.ndarray, "h w"], origin: Origin, index: Index, classes: Mapping[int, str]
) -> Instances:
    before = origin.at(index)
    names = tuple(dict.fromkeys([*origin.classes, *classes.values()]))
    traced = Instances.from_label_image(image, names)
    labels = [names.index(classes[i]) if i in classes else 0 for i in traced.ids.tolist()]
    traced = traced.replace(labels=labels)
    untouched = _untouched(before, image)
    changed = ~np.isin(traced.ids, before.ids[untouched])
    kept = before[untouched].replace(classes=names, size=image.shape)
    known = np.isin(kept.ids, list(classes))
    own = [names.index(classes[i]) for i in kept.ids[known].tolist()]
    columns = kept.labels.copy()
    columns[known] = own
    fresh = _with_score(traced[changed], before)
    joined = Instances.concat([kept.replace(labels=columns), fresh.replace(plane=kept.plane)])
    ordered = joined[np.argsort(joined.ids, kind="stable")]
    return ordered.replace(plane=origin.plane(index))


def _untouched(before: Instances, image: Integer[np.ndarray, "h w"]) -> np.ndarray:
    """Which objects still have the very pixels that they had."""
    if len(before) == 0:
        return np.zeros(0, dtype=bool)
    painted = _painted(before, image.shape)
    differs = painted.astype(np.int64) != image.astype(np.int64)
    touched = np.union1d(painted[differs], image[differs])
    return ~np.isin(before.ids, touched)


def _with_score(traced: Instances, before: Instances) -> Instances:
    scores = dict(zip(before.ids.tolist(), before.scores.tolist(), strict=True))
    return traced.replace(scores=[scores.get(i, np.nan) for i in traced.ids.tolist()])


def _painted(instances: Instances, size: tuple[int, ...]) -> Integer[np.ndarray, "h w"]:
    height, width = size
    return instances.replace(size=(height, width)).label_image()


def _reach(origin: Origin) -> tuple[int, int]:
    shapes = [polygon for one in origin.planes.values() for polygon in one.polygons]
    if not shapes:
        return 1, 1
    x1, y1 = np.ceil(shapely.total_bounds(np.array(shapes, dtype=object))[2:])
    return max(1, int(y1)), max(1, int(x1))


def _classes(features: Any) -> dict[int, str]:
    """The class of each id that the features of a layer name."""
    if features is None or "index" not in features or "class" not in features:
        return {}
    pairs = zip(features["index"], features["class"], strict=True)
    return {int(i): name for i, name in pairs if isinstance(name, str) and name}
