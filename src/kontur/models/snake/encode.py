"""Objects to training targets: what the detector, the extreme stage and the contour stages learn.

No torch: it runs in loader workers. Objects are flattened over the batch and carry the index of
their image, so that a crowd of three hundred costs nothing to an image of three.
After CenterNet (heatmap, size, offset) and Deep Snake, section 3.3 (extremes, aligned contours).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from jaxtyping import Float, Int

from kontur.geometry import ragged_rings, raster
from kontur.geometry.band import signed_distance
from kontur.geometry.polygons import largest_part
from kontur.geometry.ragged_rings import RaggedRings
from kontur.instances import Instances
from kontur.models.encode_checks import checked_size
from kontur.models.rpn.assign import AnchorTargets, assign
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.contour_targets import contour_targets
from kontur.models.snake.prompted import prompted_starts
from kontur.models.snake.start_shapes import start_diamonds, start_octagons

MIN_OVERLAP = 0.7  # CornerNet: a centre moved within the radius still gives a box of this IoU
REFERENCE_SIDE = 24.0  # pixels; an object of this side has weight 1 whatever the balance
WEIGHTS = (0.25, 4.0)  # the range of an object's weight
SPACING = 2.0  # pixels between points of rings whose distance is measured: as smooth as they are
LEAST_POINTS = 16  # of such a ring
SMALLEST_SIDE = 1e-3  # pixels; a box of no width or height still has a scale

Array = Any  # np.ndarray as `encode` makes it, a Tensor in the losses


class Targets(NamedTuple):
    """What the losses compare with; b images, m objects (ignored ones are not among them).

    Of the m objects t are traced: the contour stages learn these (`max_contours_per_crop`).

    Points are in image pixels; `centres` are cells of the detector's maps, `(column, row)`; `sizes`
    and `offsets` are in cells, as the heads predict them.
    """

    heatmap: Array  # (b, k, h, w)
    heatmap_weight: Array  # (b, 1, h, w)
    image_index: Array  # (m,)
    centres: Array  # (m, 2)
    sizes: Array  # (m, 2)
    offsets: Array  # (m, 2)
    traced_index: Array  # (t,)
    diamonds: Array  # (t, 40, 2)
    extremes: Array  # (t, 4, 2)
    octagons: Array  # (t, n, 2)
    contours: Array  # (t, n, 2)
    weights: Array  # (t,)
    signed_distance: Array  # (b, h, w) in pixels, inf where nothing is learned; 0×0 without an edge
    rings: Array  # (m, n, 2), the contours of all objects; m is 0 where no quality is learned
    rings_index: Array  # (m,)
    anchor_index: Array  # (s,), the image of each sampled anchor; s is 0 without an RPN
    anchors: Array  # (s,), places in the list of an image's anchors
    anchor_labels: Array  # (s,), -1 is background
    anchor_deltas: Array  # (s, 4)


def encode(
    instances: Instances, config: SnakeConfig, rng: np.random.Generator | None = None
) -> Targets:
    """The targets of one image (b = 1).

    An object in several parts is its largest one: a ring has one part. `rng` draws which objects
    are traced and the jitter of the starting shapes; without it all are, and start from the truth.
    Any number of objects, also none. Raises `ValueError` where the image's size is unknown or no
    multiple of the detector's stride, or a label has no class in `config`.
    """
    stride = config.detector_stride
    size = checked_size(instances, config.classes, multiple=stride)
    height, width = (side // stride for side in size)
    weight = np.ones((1, 1, height, width), np.float32)
    ignored = instances[instances.ignore].scale(1 / stride, 1 / stride)
    for polygon in ignored.polygons:
        weight[0, 0][raster.rasterize(polygon, (height, width))] = 0

    objects = _largest_parts(instances[~instances.ignore])
    boxes = objects.boxes
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], SMALLEST_SIDE)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 / stride
    centres = np.clip(np.floor(middle), 0, [width - 1, height - 1]).astype(np.int64)
    weight[0, 0, centres[:, 1], centres[:, 0]] = 1  # an object wins over a region to ignore
    smooth = ragged_rings.smooth(objects.ragged_rings(), config.smooth)
    judged = smooth if config.quality else smooth.take(np.zeros(0, np.int64))
    chosen = _choose(len(objects), config.max_contours_per_crop, rng)
    taught = _anchors(instances, boxes, objects.labels, config, rng)
    return Targets(
        heatmap=_heatmap(centres, sides / stride, objects.labels, config, (height, width)),
        heatmap_weight=weight,
        image_index=np.zeros(len(objects), np.int64),
        centres=centres,
        sizes=(sides / stride).astype(np.float32),
        offsets=(middle - centres).astype(np.float32),
        traced_index=np.zeros(len(chosen), np.int64),
        **_trace(smooth.take(chosen), config, rng),
        signed_distance=_signed_distance(smooth, instances, config),
        rings=_evenly(judged, config.points),
        rings_index=np.zeros(len(judged), np.int64),
        anchor_index=np.zeros(len(taught.anchors), np.int64),
        anchors=taught.anchors,
        anchor_labels=taught.labels,
        anchor_deltas=taught.deltas,
    )


def _anchors(
    instances: Instances,
    boxes: Float[np.ndarray, "m 4"],
    labels: Int[np.ndarray, " m"],
    config: SnakeConfig,
    rng: np.random.Generator | None,
) -> AnchorTargets:
    """What an RPN's anchors are to say, a sample of them; none for another detector."""
    assert instances.size is not None  # `checked_size` has looked
    return assign(
        *(boxes, labels, instances[instances.ignore].boxes),
        size=instances.size,
        strides=config.anchor_strides if config.detector == "rpn" else (),
        config=config.rpn,
        rng=np.random.default_rng(0) if rng is None else rng,
    )


def _largest_parts(objects: Instances) -> Instances:
    several = shapely.get_type_id(objects.polygons) == shapely.GeometryType.MULTIPOLYGON
    if not several.any():
        return objects
    single = objects.polygons.copy()
    single[several] = [largest_part(polygon) for polygon in single[several]]
    return objects.replace(polygons=single)


def _signed_distance(
    outlines: RaggedRings, instances: Instances, config: SnakeConfig
) -> Float[np.ndarray, "1 h w"]:
    """What the first channel of full resolution is to say, as far as the edge stage looks."""
    assert instances.size is not None  # `size_of` has looked
    if not config.has_edge:
        return np.zeros((1, 0, 0), np.float32)
    counts = np.maximum(LEAST_POINTS, ragged_rings.perimeters(outlines) / SPACING).astype(np.int64)
    evenly = ragged_rings.resample(outlines, counts)
    distance = signed_distance(evenly, instances.size, config.edge.reach)
    for polygon in instances.polygons[instances.ignore]:
        outside = raster.rasterize(polygon, instances.size) & (distance <= 0)
        distance[outside] = np.inf  # an object wins over a region to ignore
    return distance[None]


def _trace(
    outlines: RaggedRings,
    config: SnakeConfig,
    rng: np.random.Generator | None,
) -> dict[str, Float[np.ndarray, "t *rest"]]:
    """Where the stages start and what they are to reach, for t objects, in image pixels."""
    extremes = ragged_rings.extremes(outlines, config.tolerance)
    contours = contour_targets(outlines, extremes, config)
    boxes = np.concatenate([extremes.min(axis=1), extremes.max(axis=1)], axis=-1)  # (t, 4)
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], SMALLEST_SIDE)
    starts, corners = boxes, extremes
    if rng is not None and config.start != "truth":
        starts = _jitter_boxes(boxes, sides, config.jitter, rng)
        corners = extremes + rng.normal(0, config.jitter / 2, extremes.shape) * sides[:, None]
    octagons = start_octagons(corners, config)
    if rng is not None and config.prompted:
        octagons, contours = prompted_starts(outlines, extremes, octagons, contours, config, rng)
    weights = np.clip((REFERENCE_SIDE / np.sqrt(sides.prod(axis=-1))) ** config.balance, *WEIGHTS)
    named = {
        "diamonds": start_diamonds(starts),
        "extremes": extremes,
        "octagons": octagons,
        "contours": contours,
        "weights": weights,
    }
    return {name: array.astype(np.float32) for name, array in named.items()}


def collate(targets: Sequence[Targets]) -> Targets:
    """The targets of several images (at least one) as one batch: the indices tell them apart."""
    joined = {
        name: np.concatenate([getattr(each, name) for each in targets]) for name in Targets._fields
    }
    for index in ("image_index", "traced_index", "rings_index", "anchor_index"):
        joined[index] = np.repeat(
            np.arange(len(targets)), [len(getattr(t, index)) for t in targets]
        )
    return Targets(**joined)


def gaussian_radius(sides: Float[np.ndarray, "m 2"]) -> Float[np.ndarray, " m"]:
    """How far a box's corners may be moved before its IoU with itself falls below MIN_OVERLAP.

    The smallest of CornerNet's three cases (Law and Deng, 2018): both corners moved the same way,
    both inwards, both outwards, by the radius along x and y. In the unit of `sides` (width,
    height); 0 for a box of no area.
    """
    w, h = sides[:, 0], sides[:, 1]
    o = MIN_OVERLAP
    total, area = w + h, w * h
    shifted = (total - np.sqrt(np.maximum(total**2 - 4 * area * (1 - o) / (1 + o), 0))) / 2
    shrunk = (2 * total - np.sqrt(np.maximum(4 * total**2 - 16 * (1 - o) * area, 0))) / 8
    grown = (-2 * o * total + np.sqrt(4 * o**2 * total**2 + 16 * o * (1 - o) * area)) / (8 * o)
    return np.minimum(np.minimum(shifted, shrunk), grown)


def _heatmap(
    centres: Int[np.ndarray, "m 2"],
    sides: Float[np.ndarray, "m 2"],
    labels: Int[np.ndarray, " m"],
    config: SnakeConfig,
    size: tuple[int, int],
) -> Float[np.ndarray, "1 k h w"]:
    """A Gaussian at each centre, exactly 1 there; where several meet, the largest."""
    heat = np.zeros((1, len(config.classes), *size), np.float32)
    for (x, y), radius, label in zip(centres, gaussian_radius(sides), labels, strict=True):
        r = int(radius)
        sigma = (2 * r + 1) / 6  # a sixth of the diameter: CenterNet
        x0, x1 = max(x - r, 0), min(x + r, size[1] - 1)
        y0, y1 = max(y - r, 0), min(y + r, size[0] - 1)
        dx, dy = np.arange(x0, x1 + 1) - x, np.arange(y0, y1 + 1) - y
        bell = np.exp(-(dx[None, :] ** 2 + dy[:, None] ** 2) / (2 * sigma**2))
        patch = heat[0, label, y0 : y1 + 1, x0 : x1 + 1]
        np.maximum(patch, bell, out=patch)
    return heat


def _choose(count: int, limit: int, rng: np.random.Generator | None) -> Int[np.ndarray, " t"]:
    """Which of `count` objects are traced, in their order; all without a limit or a generator."""
    if rng is None or not 0 < limit < count:
        return np.arange(count)
    return np.sort(rng.choice(count, limit, replace=False))


def _evenly(outlines: RaggedRings, points: int) -> Float[np.ndarray, "m n 2"]:
    return ragged_rings.resample(outlines, points).points.reshape(-1, points, 2).astype(np.float32)


def _jitter_boxes(
    boxes: Float[np.ndarray, "m 4"],
    sides: Float[np.ndarray, "m 2"],
    jitter: float,
    rng: np.random.Generator,
) -> Float[np.ndarray, "m 4"]:
    """Every edge of every box moved by a normal step of `jitter` times the box's side."""
    moved = boxes + rng.normal(0, jitter, boxes.shape) * np.tile(sides, 2)
    low, high = moved[:, :2], moved[:, 2:]
    return np.concatenate([np.minimum(low, high), np.maximum(low, high)], axis=-1)
