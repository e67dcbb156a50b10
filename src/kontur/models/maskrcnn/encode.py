"""Training targets of Mask R-CNN: sampled anchors, true boxes, and masks to be cropped later.

No torch: it runs in loader workers. What depends on the objects alone is computed here: the
sampled anchors and their targets. The sampling of proposals depends on the network and is done in
the loss (`roi_sampling`), by a generator whose seed is drawn here: so two runs of one seed are
equal, and a resumed run continues as if it had not stopped.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kontur.geometry import raster
from kontur.instances import Instances
from kontur.models.encode_checks import checked_size
from kontur.models.maskrcnn.config import MaskRCNNConfig
from kontur.models.rpn.assign import assign

Array = Any  # np.ndarray as `encode` makes it, a Tensor in the losses
FRAME = 1  # pixels of background around each mask: what lies beyond repeats its edge
SEEDS = 1 << 62


class Targets(NamedTuple):
    """What the losses compare with; b images, s anchors, m objects, k regions to ignore, p pixels.

    Boxes are xyxy in image pixels. The masks of all objects are one row of pixels, each the window
    of its object: `mask_starts` is its first pixel, `mask_sizes` its (height, width), and
    `mask_corners` the image's (x, y) of its corner.
    """

    anchor_index: Array  # (s,), the image of each anchor
    anchors: Array  # (s,), indices in the list of an image's anchors
    anchor_labels: Array  # (s,), -1 is background
    anchor_deltas: Array  # (s, 4)
    image_index: Array  # (m,)
    boxes: Array  # (m, 4)
    labels: Array  # (m,)
    mask_starts: Array  # (m,)
    mask_sizes: Array  # (m, 2)
    mask_corners: Array  # (m, 2)
    mask_pixels: Array  # (p,)
    ignored_index: Array  # (k,)
    ignored: Array  # (k, 4)
    seeds: Array  # (b,)


def encode(
    instances: Instances, config: MaskRCNNConfig, rng: np.random.Generator | None = None
) -> Targets:
    """The targets of one image (b = 1).

    `rng` draws the sample of anchors and the seed of the sample of proposals; without it they are
    always the same. Any number of objects, also none. Raises `ValueError` where the image's size is
    unknown or no multiple of the coarsest stride, or a label has no class in `config`.
    """
    size = checked_size(
        instances, config.classes, multiple=config.multiple, of="coarsest level's stride"
    )
    rng = np.random.default_rng(0) if rng is None else rng
    objects, ignored = instances[~instances.ignore], instances[instances.ignore]
    boxes = objects.boxes
    anchor_targets = assign(
        *(boxes, np.zeros(len(boxes), np.int64), ignored.boxes),
        size=size,
        strides=config.anchor_strides,
        config=config.rpn,
        rng=rng,
    )
    windows = [raster.rasterize_window(polygon) for polygon in objects.polygons]
    masks = [np.pad(mask, FRAME) for mask, _ in windows]
    pixels = np.array([mask.size for mask in masks], np.int64)
    corners = np.array([(col, row) for _, (row, col) in windows], np.float32).reshape(-1, 2)
    return Targets(
        anchor_index=np.zeros(len(anchor_targets.anchors), np.int64),
        anchors=anchor_targets.anchors,
        anchor_labels=anchor_targets.labels,
        anchor_deltas=anchor_targets.deltas,
        image_index=np.zeros(len(objects), np.int64),
        boxes=boxes.astype(np.float32),
        labels=objects.labels,
        mask_starts=np.cumsum(pixels) - pixels,
        mask_sizes=np.array([mask.shape for mask in masks], np.int64).reshape(-1, 2),
        mask_corners=corners - FRAME,
        mask_pixels=np.concatenate([np.zeros(0, bool), *(mask.ravel() for mask in masks)]),
        ignored_index=np.zeros(len(ignored), np.int64),
        ignored=ignored.boxes.astype(np.float32),
        seeds=rng.integers(SEEDS, size=1),
    )


def collate(targets: Sequence[Targets]) -> Targets:
    """The targets of several images (at least one) as one batch; indices give the image of each."""
    joined = {
        name: np.concatenate([getattr(image, name) for image in targets])
        for name in Targets._fields
    }
    for index in ("anchor_index", "image_index", "ignored_index"):
        joined[index] = np.repeat(
            np.arange(len(targets)), [len(getattr(image, index)) for image in targets]
        )
    sizes = np.array([len(image.mask_pixels) for image in targets])
    before = np.repeat(np.cumsum(sizes) - sizes, [len(image.mask_starts) for image in targets])
    joined["mask_starts"] = joined["mask_starts"] + before
    return Targets(**joined)
