"""Sampling of the boxes on which the heads are trained: proposals and true boxes, balanced.

After Girshick, Fast R-CNN, 2015, section 2.3. In numpy, as the steps of prediction between
the graphs: the proposals of training are those of prediction.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from kontur.geometry import boxes as rectangles
from kontur.models.candidates import Boxes
from kontur.models.maskrcnn.config import MaskRCNNConfig
from kontur.models.rpn.assign import is_covered
from kontur.models.rpn.balanced_sampling import balanced_sample

SPREAD = np.array([0.1, 0.1, 0.2, 0.2])  # a delta of 1: published, so that targets vary by about 1


class RoiTruth(NamedTuple):
    """The objects and ignored regions of a batch, as in `encode.Targets`."""

    image_index: Int[np.ndarray, " m"]
    boxes: Float[np.ndarray, "m 4"]
    labels: Int[np.ndarray, " m"]
    ignored_index: Int[np.ndarray, " k"]
    ignored: Float[np.ndarray, "k 4"]
    seeds: Int[np.ndarray, " b"]


class SampledRois(NamedTuple):
    """The r sampled boxes, of objects or background, with their targets."""

    boxes: Float[np.ndarray, "r 4"]
    image_index: Int[np.ndarray, " r"]
    labels: Int[np.ndarray, " r"]  # 0 is background, 1 the first class
    object_index: Int[np.ndarray, " r"]  # of the object in the batch, -1 of background
    deltas: Float[np.ndarray, "r 4"]  # in SPREADs; 0 for background


def sample_rois(proposals: Boxes, truth: RoiTruth, config: MaskRCNNConfig) -> SampledRois:
    """At most `config.rois` boxes of each image: proposals, and the true boxes of objects.

    The true boxes give the heads positive examples before the proposals are good.
    """
    parts = [_of_image(i, proposals, truth, config) for i in range(len(truth.seeds))]
    return SampledRois(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _of_image(image: int, proposals: Boxes, truth: RoiTruth, config: MaskRCNNConfig) -> SampledRois:
    objects = np.flatnonzero(truth.image_index == image)
    own = truth.boxes[objects].astype(float)
    boxes = np.concatenate([own, proposals.boxes[proposals.image_index == image]])
    iou = np.concatenate([rectangles.iou(boxes, own), np.zeros((len(boxes), 1))], axis=1)
    object_index, fit = iou.argmax(axis=1), iou.max(axis=1)
    positive = fit >= config.fit
    positive[: len(own)] = rectangles.area(own) > 0  # a box without area fits nothing
    object_index[: len(own)] = np.arange(len(own))
    ignored = truth.ignored[truth.ignored_index == image].astype(float)
    negative = ~positive & ~is_covered(boxes, ignored)
    chosen = balanced_sample(
        np.flatnonzero(positive),
        np.flatnonzero(negative),
        count=config.rois,
        share=config.share,
        rng=np.random.default_rng(int(truth.seeds[image])),
    )
    of_objects = positive[chosen]
    place = np.full(len(chosen), -1)
    place[of_objects] = objects[object_index[chosen[of_objects]]]
    labels, deltas = np.zeros(len(chosen), np.int64), np.zeros((len(chosen), 4))
    labels[of_objects] = truth.labels[place[of_objects]] + 1
    targets = truth.boxes[place[of_objects]].astype(float)
    deltas[of_objects] = rectangles.deltas(boxes[chosen[of_objects]], targets) / SPREAD
    index = np.full(len(chosen), image)
    return SampledRois(boxes[chosen], index, labels, place, deltas.astype(np.float32))
