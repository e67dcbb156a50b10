"""Network output to objects: the three graphs in order, and everything between and after them.

Pure numpy and shapely. Anchors become proposals, proposals better boxes with a class, and of boxes
that overlap the best stays; only these get a mask. A mask is a coarse grid of probabilities: its
outline is where their bilinear interpolation is one half, at full resolution, so there are no steps
(`geometry.level`).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from kontur.geometry import boxes as rectangles
from kontur.geometry.level import outlines
from kontur.models.card import Thresholds
from kontur.models.catalog import Graph
from kontur.models.decoded import Decoded, by_image
from kontur.models.found import Found
from kontur.models.maskrcnn.config import MaskRCNNConfig
from kontur.models.maskrcnn.levels import reads
from kontur.models.maskrcnn.sampled import SPREAD
from kontur.models.rpn.propose import propose

CHUNK = 128  # boxes a run of a graph: bounds its memory to some 100 MB at 64 channels
LOWEST_SCORE = 1e-6  # of an object, whatever the threshold: every box has some probability


def decode(
    graphs: Mapping[str, Graph],
    images: Float[np.ndarray, "b c h w"],
    config: MaskRCNNConfig,
    thresholds: Thresholds,
    sizes: Sequence[tuple[int, int]],
) -> list[Decoded]:
    """The objects of each image of a batch whose sides are multiples of `config.multiple`.

    `graphs` are `propose`, `boxes` and `masks` of an engine. `sizes` are the images' own
    (height, width) without their padding. Any number of objects; a batch without any does not run
    the later graphs. No outline needs repair: none can cross itself.
    """
    size = (images.shape[2], images.shape[3])
    features, scores, deltas = graphs["propose"](images)
    proposals = propose(
        *(scores, deltas),
        size=size,
        sizes=sizes,
        strides=config.anchor_strides,
        config=config.rpn,
        lowest=config.rpn.lowest,
    )
    classes, side = len(config.classes), 2 * config.mask_cells
    nothing = [np.zeros((0, classes + 1), np.float32), np.zeros((0, classes, 4), np.float32)]
    read = reads(proposals.boxes, proposals.image_index, size=size, strides=config.strides)
    probabilities, moved = _run(graphs["boxes"], features, *read, nothing=nothing)
    found = boxes_of_classes(proposals, probabilities, moved, sizes, config, thresholds.score)
    read = reads(found.boxes, found.image_index, size=size, strides=config.strides)
    nothing = [np.zeros((0, side, side), np.float32)]
    (masks,) = _run(graphs["masks"], features, *read, found.labels, nothing=nothing)
    polygons = outlines(masks, found.boxes)
    repaired = np.zeros(len(polygons), bool)
    return by_image(polygons, repaired, found, sizes, config.classes, thresholds.overlap)


def boxes_of_classes(
    proposals: Found,
    probabilities: Float[np.ndarray, "m k1"],
    deltas: Float[np.ndarray, "m k 4"],
    sizes: Sequence[tuple[int, int]],
    config: MaskRCNNConfig,
    threshold: float,
) -> Found:
    """A box for every class that a proposal is likely enough, moved; suppressed class by class."""
    rows, labels = np.nonzero(probabilities[:, 1:] >= max(threshold, LOWEST_SCORE))
    scores = np.minimum(probabilities[rows, labels + 1].astype(float), 1)
    image_index = proposals.image_index[rows]
    moved = rectangles.apply_deltas(proposals.boxes[rows], deltas[rows, labels] * SPREAD)
    limits = np.array([(w, h, w, h) for h, w in sizes], float)[image_index].reshape(-1, 4)
    moved = np.clip(np.nan_to_num(moved, nan=0.0), 0, limits)
    some = np.flatnonzero(rectangles.area(moved) > 0)
    groups = image_index[some] * len(config.classes) + labels[some]
    keep = some[rectangles.suppress(moved[some], scores[some], config.overlap, groups)]
    keep = keep[np.argsort(image_index[keep], kind="stable")]
    return Found(moved[keep], scores[keep], labels[keep], image_index[keep])


def _run(
    graph: Graph,
    features: Float[np.ndarray, "b n d"],
    *objects: np.ndarray,
    nothing: list[np.ndarray],
) -> list[np.ndarray]:
    """What a graph of objects says of them, a chunk a run; `nothing` without running where none."""
    parts = [nothing]
    for first in range(0, len(objects[0]), CHUNK):
        parts.append([*graph(features, *(each[first : first + CHUNK] for each in objects))])
    return [np.concatenate(each) for each in zip(*parts, strict=True)]
