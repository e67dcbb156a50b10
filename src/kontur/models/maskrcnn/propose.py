"""Candidates of an image: the three graphs in order, and the steps between and after them.

Pure numpy and shapely. Anchors become proposals, and proposals refined boxes with a class,
suppressed by overlap; only what remains gets a mask. A mask is a coarse grid of probabilities: its
outline is where their bilinear interpolation is one half, at full resolution, so there are no steps
(`geometry.marching_squares`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from kontur.geometry import boxes as rectangles
from kontur.geometry.marching_squares import outlines
from kontur.models.candidates import (
    Box,
    Boxes,
    Candidates,
    Features,
    indices_of_image,
    take_within,
)
from kontur.models.graphs import Graphs
from kontur.models.maskrcnn.config import MaskRCNNConfig
from kontur.models.maskrcnn.levels import roi_levels
from kontur.models.maskrcnn.roi_sampling import SPREAD
from kontur.models.rpn.propose import propose as propose_regions

LOWEST_SCORE = 1e-6  # of an object, whatever the threshold: every box has some probability
LEAST_CLASS = 0.04  # probability of a class whose mask may be better than the class is sure


def propose(
    graphs: Graphs,
    images: Float[np.ndarray, "b c h w"],
    config: MaskRCNNConfig,
    lowest: float,
    sizes: Sequence[tuple[int, int]],
    within: Box | None = None,
    corner: tuple[int, int] = (0, 0),
) -> list[Candidates]:
    """The candidates of each image of a batch whose sides are multiples of `config.multiple`.

    `graphs` are `propose`, `boxes` and `masks` of an engine; what cannot reach the score `lowest`
    is not outlined. `sizes` are the images' own (height, width) without their padding; limits are
    those of squares that are counted from a `corner` (x, y). Any number of objects; a batch without
    any does not run the later graphs. No outline needs repair: none can cross itself.
    """
    size = (images.shape[2], images.shape[3])
    maps, scores, deltas = graphs["propose"](images)
    proposals = propose_regions(
        *(scores, deltas),
        size=size,
        sizes=sizes,
        strides=config.anchor_strides,
        config=config.rpn,
        lowest=config.rpn.lowest,
        corner=corner,
    )
    classes, side = len(config.classes), 2 * config.mask_cells
    empty = [np.zeros((0, classes + 1), np.float32), np.zeros((0, classes, 4), np.float32)]
    levels = roi_levels(proposals.boxes, proposals.image_index, size=size, strides=config.strides)
    probabilities, deltas = _run(graphs, "boxes", maps, *levels, empty=empty)
    least = max(lowest**2, LEAST_CLASS) if config.quality else lowest  # of a mean with at most 1
    detected = boxes_of_classes(proposals, probabilities, deltas, sizes, config, least)
    detected = take_within(detected, within)  # masks cost the most
    levels = roi_levels(detected.boxes, detected.image_index, size=size, strides=config.strides)
    empty = [np.zeros((0, side, side), np.float32), *[np.zeros(0, np.float32)] * config.quality]
    masks, *learned = _run(graphs, "masks", maps, *levels, detected.labels, empty=empty)
    quality = learned[0] if learned else None
    if quality is not None:
        detected = detected._replace(scores=np.sqrt(detected.scores * quality))
    polygons = outlines(masks, detected.boxes)
    candidates = []
    for image, own_size in enumerate(sizes):
        own = indices_of_image(detected, image)
        candidates.append(
            Candidates(
                polygons[own],
                np.zeros(len(own), bool),
                detected.scores[own],
                detected.labels[own],
                detected.boxes[own],
                own_size,
                config.classes,
                features=Features(maps, image),
                quality=None if quality is None else quality[own],
            )
        )
    return candidates


def boxes_of_classes(
    proposals: Boxes,
    probabilities: Float[np.ndarray, "m k1"],
    deltas: Float[np.ndarray, "m k 4"],
    sizes: Sequence[tuple[int, int]],
    config: MaskRCNNConfig,
    lowest: float,
) -> Boxes:
    """A box for every class that a proposal is likely enough, moved; suppressed class by class."""
    rows, labels = np.nonzero(probabilities[:, 1:] >= max(lowest, LOWEST_SCORE))
    scores = np.minimum(probabilities[rows, labels + 1].astype(float), 1)
    image_index = proposals.image_index[rows]
    moved = rectangles.apply_deltas(proposals.boxes[rows], deltas[rows, labels] * SPREAD)
    limits = np.array([(w, h, w, h) for h, w in sizes], float)[image_index].reshape(-1, 4)
    moved = np.clip(np.nan_to_num(moved, nan=0.0), 0, limits)
    solid = np.flatnonzero(rectangles.area(moved) > 0)
    groups = image_index[solid] * len(config.classes) + labels[solid]
    keep = solid[rectangles.suppress(moved[solid], scores[solid], config.overlap, groups)]
    keep = keep[np.argsort(image_index[keep], kind="stable")]
    return Boxes(moved[keep], scores[keep], labels[keep], image_index[keep])


def _run(
    graphs: Graphs, name: str, maps: Any, *objects: np.ndarray, empty: list[np.ndarray]
) -> list[np.ndarray]:
    """The outputs of a graph of objects, run in parts; `empty` are those of none."""
    count = len(objects[0])
    outputs = [np.zeros((count, *each.shape[1:]), each.dtype) for each in empty]

    def run(part: slice) -> None:
        given = graphs[name](maps, *(array[part] for array in objects))
        for output, values in zip(outputs, given, strict=True):
            output[part] = values

    graphs.in_parts(run, count)
    return outputs
