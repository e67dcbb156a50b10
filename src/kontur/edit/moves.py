"""Moves: what a hand does to outlines, each a pure function from `Instances` to `Instances`.

The value before is the undo. Objects are named by their ids, places by points (x, y) in pixels of
the image; the vertex or edge nearest to a point is meant. Outlines stay valid and inside the image:
one that crosses itself is repaired, and of one that falls apart by it the largest part stays.
Every move raises `InputError` for an id that is not there, for points that are no finite numbers,
and where nothing of the outline would remain.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import shapely
from jaxtyping import Float, Shaped
from numpy.typing import ArrayLike
from shapely import MultiPolygon, Polygon
from shapely.ops import split

from kontur.errors import InputError
from kontur.geometry import ring
from kontur.geometry.polygons import clip, largest_part, repair, rings_of
from kontur.geometry.raster import FARTHEST
from kontur.instances import Instances
from kontur.instances.chunked_array import ChunkedArray
from kontur.wording import from_zero

FEWEST = 3  # vertices of a ring
SMOOTHED = 0.05  # pixels that a smoothed outline may be off, so that it keeps few vertices

Numbers = ArrayLike | tuple[Any, ...] | list[Any]  # to checks at run time these are no ArrayLike
Rings = list[list[Float[np.ndarray, "_ 2"]]]  # of each part: the outer ring, then its holes; open


class _Vertex(NamedTuple):
    part: int
    ring: int
    point: int


def drag(
    instances: Instances, object_id: int, start: Numbers, end: Numbers, *, radius: float = 0.0
) -> Instances:
    """The vertex nearest to `start` moved by `end` − `start`, its neighbours with it.

    A neighbour at a distance d along the ring, below `radius` pixels, follows by
    ½ (1 + cos(π d / radius)) of the way: the outline stays smooth. A radius of 0 moves one vertex.
    """
    index, polygon = _found(instances, object_id)
    grabbed, way = _point(start), _point(end) - _point(start)
    rings = _rings(polygon)
    at = _nearest_vertex(rings, grabbed)
    points = rings[at.part][at.ring]
    share = falloff(points, at.point, radius)
    rings[at.part][at.ring] = points + share[:, None] * way
    return _reshaped(instances, index, rings)


def falloff(
    points: Float[np.ndarray, "n 2"], grabbed: int, radius: float
) -> Float[np.ndarray, " n"]:
    """How much of a drag each vertex of a ring follows: 1 at `grabbed`, 0 from `radius` on.

    >>> square = np.array([[0.0, 0], [2, 0], [2, 2], [0, 2]])
    >>> falloff(square, 0, 0), falloff(square, 0, 4).round(3)
    (array([1., 0., 0., 0.]), array([1. , 0.5, 0. , 0.5]))
    """
    share = np.zeros(len(points))
    share[grabbed] = 1
    if radius > 0:
        steps = np.hypot(*(np.roll(points, -1, axis=0) - points).T)
        travelled = np.concatenate([[0.0], np.cumsum(np.roll(steps, -grabbed))])
        along = np.roll(np.minimum(travelled[:-1], travelled[-1] - travelled[:-1]), grabbed)
        near = along < radius
        share[near] = (1 + np.cos(np.pi * along[near] / radius)) / 2
    return share


def insert(instances: Instances, object_id: int, at: Numbers) -> Instances:
    """A new vertex on the outline, at its place nearest to `at`; the shape stays the same."""
    index, polygon = _found(instances, object_id)
    rings = _rings(polygon)
    point = _point(at)
    best = None
    for p, part in enumerate(rings):
        for r, points in enumerate(part):
            foot, edge = _nearest_on_ring(points, point)
            distance = float(np.hypot(*(foot - point)))
            if best is None or distance < best[0]:
                best = (distance, p, r, edge, foot)
    assert best is not None  # a polygon has a ring
    _, p, r, edge, foot = best
    rings[p][r] = np.insert(rings[p][r], edge + 1, foot, axis=0)
    return _replaced(instances, index, _polygon(rings))


def delete_vertex(instances: Instances, object_id: int, at: Numbers) -> Instances:
    """The vertex nearest to `at` left out; a hole of three vertices goes with any of them.

    Raises `InputError` for one of the three vertices that a part has left.
    """
    index, polygon = _found(instances, object_id)
    rings = _rings(polygon)
    vertex = _nearest_vertex(rings, _point(at))
    points = rings[vertex.part][vertex.ring]
    if len(points) > FEWEST:
        rings[vertex.part][vertex.ring] = np.delete(points, vertex.point, axis=0)
    elif vertex.ring > 0:
        del rings[vertex.part][vertex.ring]
    else:
        raise InputError("an outline keeps three vertices; delete the object instead")
    return _reshaped(instances, index, rings)


def smooth(instances: Instances, object_ids: Sequence[int], *, window: float) -> Instances:
    """Outlines averaged over `window` pixels of arc length around every point."""
    _check_length(window, "a window to smooth over")

    def smoothed(polygon: Any) -> Any:
        rings = [[ring.smooth(points, window) for points in part] for part in _rings(polygon)]
        return repair(_polygon(rings)).simplify(SMOOTHED)

    return _change_objects(instances, object_ids, smoothed)


def simplify(instances: Instances, object_ids: Sequence[int], *, tolerance: float) -> Instances:
    """Vertices left out, as long as the outline moves by at most `tolerance` pixels."""
    _check_length(tolerance, "a tolerance")
    return _change_objects(instances, object_ids, lambda polygon: polygon.simplify(tolerance))


def shift(instances: Instances, object_ids: Sequence[int], by: Numbers) -> Instances:
    """Whole objects moved by (dx, dy) pixels; what leaves the image is cut off."""
    way = _point(by)
    return _change_objects(
        instances, object_ids, lambda polygon: shapely.transform(polygon, lambda p: p + way)
    )


def cut(instances: Instances, object_id: int, line: Numbers) -> Instances:
    """An object divided along a line (n, 2) that runs right across it.

    The largest piece keeps the id, with the parts that the line leaves alone; the others become
    objects of the same class behind all others.
    """
    index, polygon = _found(instances, object_id)
    points = _points(line, fewest=2)
    knife = shapely.LineString(points)
    pieces = [
        piece
        for part in shapely.get_parts(polygon)
        for piece in (shapely.get_parts(split(part, knife)) if knife.length else [part])
        if piece.area > 0
    ]
    before = shapely.get_num_geometries(polygon)
    if len(pieces) <= before:
        raise InputError("the line does not divide the object; draw it from outside to outside")
    alone = [piece for piece in pieces if not piece.intersects(knife)]  # stay with the object
    largest, *rest = sorted(
        (piece for piece in pieces if piece.intersects(knife)), key=lambda piece: -piece.area
    )
    own = MultiPolygon([largest, *alone]) if alone else largest
    label = int(instances.labels[index])
    made = _replaced(instances, index, own)
    for piece in rest:
        made = add(made, piece, label=label)
    return made


def merge(instances: Instances, object_ids: Sequence[int]) -> Instances:
    """Several objects as one, with the id, class and place of the first that is named.

    Objects that do not touch become its parts. Raises `InputError` for fewer than two.
    """
    named = list(dict.fromkeys(object_ids))
    if len(named) < 2:
        raise InputError(f"merging needs at least two objects, got {len(named)}")
    indices = [_found(instances, object_id)[0] for object_id in named]
    joined = shapely.union_all(instances.polygons[indices])
    return delete(_replaced(instances, indices[0], joined), named[1:])


def carve(instances: Instances, object_id: int, region: Numbers) -> Instances:
    """A region (n, 2) taken out of an object: a hole within it, a bite at its edge."""
    index, polygon = _found(instances, object_id)
    taken = _region(region)
    if not shapely.intersection(polygon, taken).area > 0:
        raise InputError("the region lies outside the object; draw it on the object")
    return _replaced(instances, index, repair(shapely.difference(polygon, taken)))


def extend(instances: Instances, object_id: int, region: Numbers) -> Instances:
    """A region (n, 2) added to an object; one that does not touch it becomes a part."""
    index, polygon = _found(instances, object_id)
    return _replaced(instances, index, shapely.union(polygon, _region(region)))


def fill_holes(instances: Instances, object_ids: Sequence[int]) -> Instances:
    """Objects without their holes."""

    def filled(polygon: Any) -> Any:
        outer = [Polygon(part.exterior) for part in shapely.get_parts(polygon)]
        return shapely.union_all(outer)

    return _change_objects(instances, object_ids, filled)


def refit(
    instances: Instances,
    object_ids: Sequence[int],
    refine: Callable[[Shaped[np.ndarray, " m"]], Shaped[np.ndarray, " m"]],
) -> Instances:
    """Outlines moved onto the edges beneath them by `refine`, such as `Session.refine`.

    The outer ring of the largest part is what is moved. Raises `InputError` where nothing is found
    beneath one of them.
    """
    indices = [_found(instances, object_id)[0] for object_id in object_ids]
    moved = refine(instances.polygons[indices])
    for index, polygon in zip(indices, moved, strict=True):
        if polygon.is_empty:
            number = instances.ids[index]
            raise InputError(f"no edge was found beneath object {number}; draw it closer")
        instances = _replaced(instances, index, polygon)
    return instances


def redraw(instances: Instances, object_id: int, polygon: Any) -> Instances:
    """The object with another outline: a polygon, or a ring (n, 2)."""
    index, _ = _found(instances, object_id)
    return _replaced(instances, index, _shape(polygon))


def add(
    instances: Instances, polygon: Any, *, label: int = 0, score: float = float("nan")
) -> Instances:
    """A new object behind all others: a polygon, or a ring (n, 2). Its id is the next free one."""
    _check_label(instances, label)
    shape = _inside(_shape(polygon), instances.size)
    top = int(instances.ids.max(initial=0))
    one = Instances.of(
        [shape],
        [label],
        scores=[score],
        ids=[max(top, 0) + 1],
        size=instances.size,
        classes=instances.classes,
    )
    return Instances.concat([instances, replace(one, plane=instances.plane)])


def delete(instances: Instances, object_ids: Sequence[int]) -> Instances:
    """Without these objects."""
    indices = [_found(instances, object_id)[0] for object_id in object_ids]
    keep = np.ones(len(instances), dtype=bool)
    keep[indices] = False
    return instances[keep]


def classify(instances: Instances, object_ids: Sequence[int], label: int) -> Instances:
    """Objects with another class, by its index. Raises `InputError` where there is no such."""
    _check_label(instances, label)
    labels = instances.labels.copy()
    labels[[_found(instances, object_id)[0] for object_id in object_ids]] = label
    return instances.replace(labels=labels)


def _change_objects(
    instances: Instances, object_ids: Sequence[int], change: Callable[[Any], Any]
) -> Instances:
    for object_id in dict.fromkeys(object_ids):  # whoever names one twice means it once
        index, polygon = _found(instances, object_id)
        instances = _replaced(instances, index, change(polygon))
    return instances


def _found(instances: Instances, object_id: int) -> tuple[int, Polygon | MultiPolygon]:
    index = instances.index_of(object_id)
    return index, instances.polygon(index)


def _rings(polygon: Polygon | MultiPolygon) -> Rings:
    return [[points[:-1] for points in part] for part in rings_of(polygon)]


def _polygon(rings: Rings) -> Polygon | MultiPolygon:
    parts = [Polygon(part[0], part[1:]) for part in rings]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _reshaped(instances: Instances, index: int, rings: Rings) -> Instances:
    """The object with moved rings: repaired, and in one part where it was in one."""
    shape = repair(_polygon(rings))
    if len(rings) == 1:
        shape = largest_part(shape)
    return _replaced(instances, index, shape)


def _replaced(instances: Instances, index: int, polygon: Any) -> Instances:
    shape = _inside(repair(polygon), instances.size)
    outlines: ChunkedArray = instances.outlines.with_value(index, shape)
    return replace(instances, outlines=outlines)


def _inside(polygon: Any, size: tuple[int, int] | None) -> Any:
    if size is not None and not polygon.is_empty:
        shapes = np.empty(1, dtype=object)
        shapes[0] = polygon
        polygon = clip(shapes, size)[0]
    if not polygon.area > 0:
        raise InputError("nothing of the object would remain in the image; delete it instead")
    return polygon


def _shape(polygon: Any) -> Any:
    if isinstance(polygon, shapely.Geometry):
        return repair(polygon)
    return largest_part(repair(_points(polygon, fewest=FEWEST)))


def _region(region: Numbers) -> Any:
    drawn = repair(_points(region, fewest=FEWEST))
    if not drawn.area > 0:
        raise InputError("a region has an area; draw around it")
    return drawn


def _nearest_vertex(rings: Rings, point: Float[np.ndarray, " 2"]) -> _Vertex:
    distances = [
        (float(d), _Vertex(p, r, i))
        for p, part in enumerate(rings)
        for r, points in enumerate(part)
        for i, d in enumerate(np.hypot(*(points - point).T))
    ]
    return min(distances)[1]


def _nearest_on_ring(
    points: Float[np.ndarray, "n 2"], point: Float[np.ndarray, " 2"]
) -> tuple[Float[np.ndarray, " 2"], int]:
    """The foot of a point on a ring, and the index of the vertex that its edge starts from."""
    steps = np.roll(points, -1, axis=0) - points
    squared = np.maximum((steps**2).sum(axis=1), np.finfo(float).tiny)
    along = np.clip(((point - points) * steps).sum(axis=1) / squared, 0, 1)
    feet = points + along[:, None] * steps
    edge = int(np.hypot(*(feet - point).T).argmin())
    return feet[edge], edge


def _point(value: Numbers) -> Float[np.ndarray, " 2"]:
    points = _points([value], fewest=1)
    return points[0]


def _points(values: Any, *, fewest: int) -> Float[np.ndarray, "n 2"]:
    try:
        points = np.asarray(values, float)
    except (TypeError, ValueError):
        raise InputError(f"points are pairs of numbers (x, y), got {values!r:.60}") from None
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < fewest:
        raise InputError(f"wanted at least {fewest} points (x, y), got an array {points.shape}")
    if not (np.abs(points) <= FARTHEST).all():
        raise InputError(f"points are finite and within {FARTHEST:g} pixels")
    return points


def _check_length(value: float, what: str) -> None:
    if not 0 < value <= FARTHEST:
        raise InputError(f"{what} is above 0 pixels, got {value}")


def _check_label(instances: Instances, label: int) -> None:
    if not 0 <= label < len(instances.classes):
        count = len(instances.classes)
        known = f"{'they are' if count > 1 else 'the only one is'} {from_zero(count)}"
        raise InputError(f"there is no class {label}; {known}")
