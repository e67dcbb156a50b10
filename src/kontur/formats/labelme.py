"""labelme JSON: one file an image, a list of shapes with a label each.

Points count from the corner of the first pixel, as inside. Outlines are exact to a thousandth of a
pixel; the parts of an object are polygons of one `group_id`. labelme's polygons have no holes, so
an object with holes is a shape of the kind `mask`, exact to the pixel. Regions to ignore have the
label `__ignore__`, as in labelme's lists of labels. Flags, descriptions and unknown keys stay with
their shape or image; our id stands beside them, a score in the key `score`. The picture itself
(`imageData`) is left out. What other programs of
this format write is read too. After labelme's `_label_file.py` and `_shape.py`.
"""

import base64
import binascii
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Shaped
from shapely import Polygon

from kontur.errors import InputError
from kontur.files import json_document
from kontur.formats import outline_repair
from kontur.formats.ellipse import ellipse
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation, unique_ids
from kontur.formats.image_size import LARGEST_SIDE, stated_size
from kontur.formats.outline_file import OutlineFile
from kontur.formats.painted import as_pixels, have_hole
from kontur.formats.parts import whole_objects
from kontur.formats.rounding import DECIMALS, rounded, rounded_score
from kontur.formats.windows import Window
from kontur.instances import CLASSES, Instances
from kontur.wording import quoted

VERSION = "5.5.0"  # of the files that we write; labelme warns of another first number than its own
IGNORE = "__ignore__"  # labelme's label of what is neither object nor background
AREAS = (
    *("polygon", "rectangle", "oriented_rectangle", "circle", "mask"),
    *("rotation", "quadrilateral"),  # X-AnyLabeling's turned rectangle, and any four corners
)
LARGEST_MASK = 1 << 28  # pixels of one mask
EXTRAS = "labelme"
OWN = "kontur"
WRITTEN = ("label", "points", "shape_type", "mask", "score", OWN)  # the rest of a shape is kept
TOP = ("version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth")


class _Shape(NamedTuple):
    """A shape as read: its unchecked area, or what it is instead."""

    row: Mapping[str, Any]
    label: str
    area: Polygon | Window | None
    without: str | None = None


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The image of a labelme file with its objects; shapes of one label and group are one object.

    Lines and points have no area: they are counted and left out. Raises `InputError` naming the
    shape that is wrong.
    """
    content, where = file.json, file.path
    if not isinstance(content, Mapping) or not isinstance(content.get("shapes"), list):
        raise InputError(f"{where} has no list 'shapes', which a labelme file wants")
    size = stated_size(content, str(where), names=("imageHeight", "imageWidth"))
    shapes = [
        _shape(row, size, f"{where}: shape {number}")
        for number, row in enumerate(content["shapes"], start=1)
    ]
    without = outline_repair.left_out((shape.without for shape in shapes), where)
    objects, polygons = whole_objects(shapes, _group, where)
    names = [_class(parts[0]) for parts in objects]
    classes = list(dict.fromkeys(name for name in names if name is not None)) or [*CLASSES]
    instances = Instances.of_valid(
        polygons,
        labels=[0 if name is None else classes.index(name) for name in names] or None,
        scores=[_score(parts[0].row) for parts in objects] or None,
        ids=unique_ids([_id(parts[0].row) for parts in objects]) or None,
        ignore=[parts[0].label == IGNORE for parts in objects] or None,
        extras=[{EXTRAS: {"shapes": [_rest(part) for part in parts]}} for parts in objects],
        size=size,
        classes=classes,
    )
    name = content.get("imagePath") or FORMAT.stem(where)
    rest = {key: value for key, value in content.items() if key not in TOP[2:]}
    return [ImageAnnotation(str(name), size, instances, without, extras={EXTRAS: rest})]


def write(path: Path, entries: Sequence[ImageAnnotation], *, overwrite: bool = True) -> None:
    """Write the objects of one image; raises `InputError` for several."""
    if len(entries) != 1:
        raise InputError(
            f"a labelme file is of one image, and there are {len(entries)}; name one of them with "
            "--image NAME (in Python image=NAME)"
        )
    (entry,) = entries
    size = entry.size or entry.instances.size
    rest = dict(entry.extras.get(EXTRAS, {}))
    content = {
        "version": rest.pop("version", VERSION),
        "flags": rest.pop("flags", {}),
        "shapes": list(_written(entry.instances, size)),
        "imagePath": entry.file_name,
        "imageData": None,
        "imageHeight": size[0] if size else None,
        "imageWidth": size[1] if size else None,
        **rest,
    }
    json_document.dump(path, content, overwrite=overwrite)


def _written(instances: Instances, size: tuple[int, int] | None) -> Iterator[dict[str, Any]]:
    """The shapes of all objects; those of one object have a group that no other has."""
    polygons = rounded(instances.polygons)
    drawn_as_mask = np.array([_were_masks(extra) for extra in instances.extras], dtype=bool)
    masked = have_hole(polygons) | (drawn_as_mask & _on_grid(polygons))
    polygons, windows = as_pixels(polygons, masked, size)
    as_mask = have_hole(polygons) | drawn_as_mask
    used: set[tuple[str, int]] = set()
    for i, polygon in enumerate(polygons):
        name = instances.classes[instances.labels[i]]
        label = IGNORE if instances.ignore[i] else name
        own: dict[str, Any] = {"id": int(instances.ids[i])}
        if instances.ignore[i]:
            own["class"] = name
        score = instances.scores[i]
        known = instances.extras[i].get(EXTRAS, {}).get("shapes", ())
        if i in windows and as_mask[i]:
            drawn = [_mask(windows[i])]
        else:
            drawn = [_ring(part) for part in shapely.get_parts(polygon)]
        group = known[0].get("group_id") if known else None
        if group is not None or len(drawn) > 1:
            group = _free(label, group, used)
        for number, shape in enumerate(drawn):
            rest = dict(known[number] if number < len(known) else known[0] if known else {})
            yield {
                "label": label,
                "points": shape.pop("points"),
                **{"description": "", "flags": {}, **rest, "group_id": group},
                **shape,
                **({} if np.isnan(score) else {"score": rounded_score(score)}),
                OWN: own,
            }


def _were_masks(extra: Mapping[str, Any]) -> bool:
    shapes = extra.get(EXTRAS, {}).get("shapes", ())
    return any(shape.get("shape_type") == "mask" for shape in shapes)


def _on_grid(polygons: Shaped[np.ndarray, " k"]) -> Bool[np.ndarray, " k"]:
    """Which of the outlines run along the edges of pixels."""
    parts, of_part = shapely.get_parts(polygons, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    begins = np.diff(ring, prepend=-1) > 0
    slanted = (np.diff(points, axis=0, prepend=points[:1]) != 0).all(axis=1) & ~begins
    off = (points != np.round(points)).any(axis=1) | slanted
    return ~np.isin(np.arange(len(polygons)), of_part[of_ring[ring[off]]])


def _free(label: str, group: Any, used: set[tuple[str, int]]) -> int:
    """The group, or the next number that no other object of the label has."""
    number = json_document.whole_number(group) or 1
    while (label, number) in used:
        number += 1
    used.add((label, number))
    return number


def _ring(part: Polygon) -> dict[str, Any]:
    return {"points": shapely.get_coordinates(part)[:-1].tolist(), "shape_type": "polygon"}


def _mask(window: Window) -> dict[str, Any]:
    """A mask and the corners of its first and last pixel."""
    from PIL import Image

    (top, left), (height, width) = window.corner, window.mask.shape
    content = io.BytesIO()
    Image.fromarray(window.mask).save(content, format="PNG")
    return {
        "points": [[left, top], [left + width - 1, top + height - 1]],
        "shape_type": "mask",
        "mask": base64.b64encode(content.getvalue()).decode("ascii"),
    }


def _shape(row: Any, size: tuple[int, int] | None, which: str) -> _Shape:
    if not isinstance(row, Mapping) or "label" not in row or "points" not in row:
        raise InputError(f"{which} wants a label and points")
    label = row["label"]
    if not isinstance(label, str | int | float) or isinstance(label, bool) or label == "":
        raise InputError(f"{which} has the label {quoted(label)}; wanted a name")
    kind = row.get("shape_type") or "polygon"
    if kind not in AREAS:
        return _Shape(row, str(label), None, str(kind))
    try:
        points = np.asarray(row["points"], dtype=np.float64)
        if points.size and (points.ndim != 2 or points.shape[1] != 2):
            raise ValueError("wanted points [x, y]")
        if kind == "mask":
            return _Shape(row, str(label), _window(row, points, size))
        area = outline_repair.polygon([_outline(kind, points.reshape(-1, 2))])
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{which}: its points are no list of [x, y] of a {kind}") from None
    return _Shape(row, str(label), area)


def _outline(kind: str, points: Shaped[np.ndarray, "m 2"]) -> Shaped[np.ndarray, "n 2"]:
    if kind == "circle" and len(points) != 2:
        raise ValueError("wanted two points")
    if kind == "rectangle" and len(points) != 4:  # X-AnyLabeling has all corners
        if len(points) != 2:
            raise ValueError("wanted two points, or four")
        (x0, y0), (x1, y1) = points
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    if kind == "circle":  # its centre, and a point on it
        radius = np.hypot(*(points[1] - points[0]))
        return np.round(ellipse(points[0], (radius, radius)), DECIMALS)
    return points


def _window(
    row: Mapping[str, Any], points: Shaped[np.ndarray, "n 2"], size: tuple[int, int] | None
) -> Window:
    """The mask of a shape; ValueError where it is none."""
    if len(points) != 2 or not (np.abs(points) < LARGEST_SIDE).all():
        raise ValueError("wanted two points")
    mask = _decoded(row.get("mask"))
    left, top = (int(side) for side in np.floor(points.min(axis=0)))
    return Window(mask, (top, left), size or (top + mask.shape[0], left + mask.shape[1]))


def _decoded(text: Any) -> Bool[np.ndarray, "h w"]:
    from PIL import Image, UnidentifiedImageError

    try:
        picture = Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=["PNG"])
        if picture.width * picture.height > LARGEST_MASK:
            raise ValueError("too large")
        mask = np.asarray(picture)
    except (binascii.Error, UnidentifiedImageError, OSError, SyntaxError, EOFError) as error:
        raise ValueError(str(error)) from None
    if mask.ndim != 2:
        raise ValueError("a picture of colours")
    return mask != 0


def _group(shape: _Shape) -> tuple[str, int] | None:
    number = json_document.whole_number(shape.row.get("group_id"))
    return None if number is None else (shape.label, number)


def _class(shape: _Shape) -> str | None:
    """The class of an object; None of a region to ignore that does not say of which it is."""
    if shape.label != IGNORE:
        return shape.label
    own = shape.row.get(OWN)
    name = own.get("class") if isinstance(own, Mapping) else None
    return name if isinstance(name, str) else None


def _score(row: Mapping[str, Any]) -> float:
    return json_document.score(row.get("score"))


def _id(row: Mapping[str, Any]) -> int | None:
    own = row.get(OWN)
    return json_document.whole_number(own.get("id")) if isinstance(own, Mapping) else None


def _rest(shape: _Shape) -> dict[str, Any]:
    """What we do not read; also a score that is none, and that the shape was a mask."""
    read = set(WRITTEN) - ({"score"} if np.isnan(_score(shape.row)) else set())
    rest = {key: value for key, value in shape.row.items() if key not in read}
    return {**rest, **({"shape_type": "mask"} if isinstance(shape.area, Window) else {})}


def _recognise(file: OutlineFile) -> bool:
    keys = file.json_keys
    return keys.get("shapes") == "[" or ("imagePath" in keys and "imageData" in keys)


def _attributes(content: Mapping[str, Any], *_: Any) -> dict[str, Any]:
    shapes = content.get("shapes", ())
    first = dict(shapes[0]) if shapes else {}
    first.pop("shape_type", None)  # a mask
    if len(shapes) > 1:
        first.pop("group_id", None)  # that joins them
    flags = first.pop("flags", None)
    return {**(flags if isinstance(flags, Mapping) else {"flags": flags}), **first}


def _image_attributes(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "version"}


FORMAT = Format(
    name="labelme",
    title="labelme JSON",
    endings=(".labelme.json",),
    shared_endings=(".json",),
    holes="pixels",
    native_ending=".json",
    names_image=True,
    read=read,
    write=write,
    extras=EXTRAS,
    attributes=_attributes,
    image_attributes=_image_attributes,
    unused_classes=False,
    recognise=_recognise,
)
