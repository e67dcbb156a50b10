"""Shapes layer: every outline a polygon whose points a hand can move, and back."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from shapely import MultiPolygon, Polygon

from kontur.display.colours import class_colour
from kontur.errors import InputError
from kontur.instances import Instances
from kontur.napari.origin import KEY, Index, Origin, origin_of
from kontur.napari.vertices import polygon_of, vertices_of, with_joints
from kontur.wording import plural

LayerData = tuple[Any, dict[str, Any], str]  # data, attributes and type, as napari takes it

FEATURES = ("id", "class", "score", "ignore")
ELLIPSE = 64  # points of an ellipse that was drawn
LINE = 1 / 500  # width of a line, of the larger side of the image
WITHOUT_AREA = ("line", "path")


def shapes_layer(origin: Origin, **attributes: Any) -> LayerData:
    """The layer of an origin's objects, each a polygon with its features; no objects give none.

    `attributes` are further ones of the layer, such as `name` and `scale`.
    """
    data = [
        _placed(vertices_of(one.polygon), index)
        for index, instances in origin.planes.items()
        for one in instances
    ]
    rows = [one for instances in origin.planes.values() for one in instances]
    several = len(origin.classes) > 1
    colours = [class_colour(origin.classes.index(one.class_name)) for one in rows]
    shown = {
        "shape_type": "polygon",
        "features": {
            "id": np.array([one.id for one in rows], np.int64),
            "class": np.array([one.class_name for one in rows], object),
            "score": np.array([one.score for one in rows], float),
            "ignore": np.array([one.ignore for one in rows], bool),
        },
        # of what is drawn by hand: an object of its own
        "feature_defaults": {"id": 0, "class": origin.classes[0], "score": np.nan, "ignore": False},
        "edge_color": np.array(colours) / 255 if several and rows else "yellow",
        "edge_width": max(0.5, LINE * max(origin.size or (500, 500))),
        "face_color": "transparent",
        "opacity": 1.0,
        "ndim": 2 + len(origin.axes),
        "metadata": {KEY: origin},
    }
    return data, shown | attributes, "shapes"


def instances_of_shapes(
    data: Sequence[np.ndarray], attributes: Mapping[str, Any]
) -> dict[Index, Instances]:
    """The objects of a layer of shapes by plane; there is at least one plane.

    A polygon that nobody moved is the outline that it was made of. What is new or a copy gets an id
    of its own. Raises `InputError` for lines and paths, which enclose nothing.
    """
    leading = int(attributes.get("ndim", data[0].shape[1] if len(data) else 2)) - 2
    origin = origin_of(attributes, leading)
    kinds = attributes.get("shape_type", "polygon")
    kinds = [kinds] * len(data) if isinstance(kinds, str) else list(kinds)
    lines = sum(kind in WITHOUT_AREA for kind in kinds)
    if lines:
        raise InputError(
            f"{plural(lines, 'shape')} of the layer are lines or paths, which enclose nothing; draw"
            " them as polygons, or delete them"
        )
    rows = _rows(attributes.get("features"), len(data))
    planes: dict[Index, list[int]] = {index: [] for index in origin.planes} or {(): []}
    if leading and not origin.planes:
        planes = {}
    for i, points in enumerate(data):
        planes.setdefault(_plane(points), []).append(i)
    fresh = itertools.count(1 + max((0, *(row["id"] for row in rows))))
    return {
        index: _instances(
            [_ring(data[i], kinds[i]) for i in chosen],
            [rows[i] for i in chosen],
            origin,
            index,
            fresh,
        )
        for index, chosen in planes.items()
    }


def _instances(
    lines: list[Float[np.ndarray, "_ 2"]],
    rows: list[dict[str, Any]],
    origin: Origin,
    index: Index,
    fresh: Iterator[int],
) -> Instances:
    """The objects of a plane; `fresh` has ids that are free on all planes."""
    before = origin.at(index)
    known = {int(number): i for i, number in enumerate(before.ids)}
    polygons: list[Polygon | MultiPolygon] = []
    ids: list[int] = []
    taken: set[int] = set()
    kept: list[dict[str, Any]] = []
    for line, row in zip(lines, rows, strict=True):
        place = known.get(row["id"])
        polygon = _outline(line, None if place is None else before.polygon(place))
        if not polygon.is_empty:
            new = (place is None and row["id"] == 0) or row["id"] in taken
            ids.append(next(fresh) if new else row["id"])
            taken.add(ids[-1])
            polygons.append(polygon)
            kept.append(row)
    names = [row["class"] or origin.classes[0] for row in kept]
    classes = tuple(dict.fromkeys([*origin.classes, *names]))
    found = Instances.of(
        polygons,
        [classes.index(name) for name in names],
        scores=[row["score"] for row in kept],
        ids=ids,
        ignore=[row["ignore"] for row in kept],
        extras=[before.extras[known[number]] if number in known else {} for number in ids],
        size=origin.size,
        classes=classes,
    )
    return found.replace(plane=origin.plane(index))


def _outline(
    line: Float[np.ndarray, "n 2"], before: Polygon | MultiPolygon | None
) -> Polygon | MultiPolygon:
    if before is None:
        return polygon_of(line)
    drawn = vertices_of(before).astype(np.float32).astype(float)
    if drawn.shape != line.shape:
        return polygon_of(line)
    return before if np.array_equal(drawn, line) else polygon_of(with_joints(line, drawn))


def _ring(points: np.ndarray, kind: str) -> Float[np.ndarray, "n 2"]:
    """The closed line of a shape; an ellipse is given by the corners around it."""
    line = np.asarray(points, float)[:, -2:]
    if kind != "ellipse":
        return line
    centre, across, down = line.mean(axis=0), (line[1] - line[0]) / 2, (line[3] - line[0]) / 2
    angle = np.linspace(0, 2 * np.pi, ELLIPSE, endpoint=False)[:, None]
    return centre + np.cos(angle) * across + np.sin(angle) * down


def _placed(line: Float[np.ndarray, "n 2"], index: Index) -> Float[np.ndarray, "n d"]:
    return np.hstack([np.tile(np.array(index, float), (len(line), 1)), line])


def _plane(points: np.ndarray) -> Index:
    places = np.rint(np.asarray(points, float)[:, :-2]).astype(int)
    if len(np.unique(places, axis=0)) > 1:
        raise InputError("a shape lies on several planes; outlines lie on one each")
    return tuple(places[0].tolist())


def _rows(features: Any, count: int) -> list[dict[str, Any]]:
    """Id, class, score and ignore of each shape; 0, "", NaN and False where they are missing."""
    columns = {name: list(features[name]) for name in FEATURES if _has(features, name)}
    missing = {"id": 0, "class": "", "score": np.nan, "ignore": False}
    rows = [{**missing, **{name: columns[name][i] for name in columns}} for i in range(count)]
    return [
        {
            "id": int(row["id"]) if _is_number(row["id"]) else 0,
            "class": row["class"] if isinstance(row["class"], str) else "",
            "score": float(row["score"]) if _is_number(row["score"]) else np.nan,
            "ignore": bool(row["ignore"]) if row["ignore"] == row["ignore"] else False,
        }
        for row in rows
    ]


def _has(features: Any, name: str) -> bool:
    return features is not None and name in features


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and bool(np.isfinite(value))
