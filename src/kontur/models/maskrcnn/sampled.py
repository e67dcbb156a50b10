"""Which boxes teach the heads in a step, and what: proposals and the true boxes, balanced.

After Girshick, Fast R-CNN, 2015, section 2.3. Numpy, as prediction's steps between the graphs are:
the proposals of training are those that prediction would see.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from kontur.geometry import boxes as rectangles
from kontur.models.candidates import Boxes
from kontur.models.maskrcnn.config import MaskRCNNConfig
from kontur.models.rpn.assign import is_covered
from kontur.models.rpn.balance import balanced

SPREAD = np.array([0.1, 0.1, 0.2, 0.2])  # a delta of 1: published, so that targets vary by about 1


class Truth(NamedTuple):
    """The objects of a batch and what is to be ignored, as in `encode.Targets`."""

    image_index: Int[np.ndarray, " m"]
    boxes: Float[np.ndarray, "m 4"]
    labels: Int[np.ndarray, " m"]
    ignored_index: Int[np.ndarray, " k"]
    ignored: Float[np.ndarray, "k 4"]
    seeds: Int[np.ndarray, " b"]


class Sampled(NamedTuple):
    """The r boxes that teach: of objects or background."""

    boxes: Float[np.ndarray, "r 4"]
    image_index: Int[np.ndarray, " r"]
    labels: Int[np.ndarray, " r"]  # 0 is background, 1 the first class
    about: Int[np.ndarray, " r"]  # the place of the object in the batch, -1 of background
    deltas: Float[np.ndarray, "r 4"]  # in SPREADs; 0 for background


def sample(proposals: Boxes, truth: Truth, config: MaskRCNNConfig) -> Sampled:
    """`config.rois` boxes of each image at most: proposals, and the objects' own boxes.

    With the objects' own the heads have something to learn from before the proposals are any good.
    """
    parts = [_of_image(i, proposals, truth, config) for i in range(len(truth.seeds))]
    return Sampled(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _of_image(image: int, proposals: Boxes, truth: Truth, config: MaskRCNNConfig) -> Sampled:
    objects = np.flatnonzero(truth.image_index == image)
    own = truth.boxes[objects].astype(float)
    boxes = np.concatenate([own, proposals.boxes[proposals.image_index == image]])
    iou = np.concatenate([rectangles.iou(boxes, own), np.zeros((len(boxes), 1))], axis=1)
    about, fit = iou.argmax(axis=1), iou.max(axis=1)
    positive = fit >= config.fit
    positive[: len(own)] = rectangles.area(own) > 0  # a box without area fits nothing
    about[: len(own)] = np.arange(len(own))
    ignored = truth.ignored[truth.ignored_index == image].astype(float)
    negative = ~positive & ~is_covered(boxes, ignored)
    chosen = balanced(
        np.flatnonzero(positive),
        np.flatnonzero(negative),
        count=config.rois,
        share=config.share,
        rng=np.random.default_rng(int(truth.seeds[image])),
    )
    found = positive[chosen]
    place = np.full(len(chosen), -1)
    place[found] = objects[about[chosen[found]]]
    labels, deltas = np.zeros(len(chosen), np.int64), np.zeros((len(chosen), 4))
    labels[found] = truth.labels[place[found]] + 1
    wanted = rectangles.deltas(boxes[chosen[found]], truth.boxes[place[found]].astype(float))
    deltas[found] = wanted / SPREAD
    index = np.full(len(chosen), image)
    return Sampled(boxes[chosen], index, labels, place, deltas.astype(np.float32))
