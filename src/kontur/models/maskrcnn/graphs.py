"""The inputs and outputs of Mask R-CNN's three graphs: names, shapes, dynamic axes."""

import numpy as np

from kontur.models.family import GraphExample
from kontur.models.maskrcnn.config import MaskRCNNConfig
from kontur.models.maskrcnn.levels import roi_levels


def graphs(config: MaskRCNNConfig) -> dict[str, GraphExample]:
    """One small input for each graph, for its export; b images, n cells, a anchors, m objects."""
    side = config.multiple * 2
    objects = 3
    cells = sum((side // stride) ** 2 for stride in config.strides)
    corners = np.random.default_rng(0).uniform(0, side / 2, (objects, 2))
    levels = roi_levels(
        np.concatenate([corners, corners + side / 3], axis=1),
        np.zeros(objects, np.int64),
        size=(side, side),
        strides=config.strides,
    )
    inside = {"features": np.zeros((1, cells, config.pyramid), np.float32), **levels._asdict()}
    axes = {"features": {0: "b", 1: "n"}, **{name: {0: "m"} for name in levels._fields}}
    quality = {"quality": {0: "m"}} if config.quality else {}
    return {
        "propose": GraphExample(
            inputs={"images": np.zeros((1, config.channels, side, side), np.float32)},
            outputs=("features", "scores", "deltas"),
            dynamic={
                "images": {0: "b", 2: "H", 3: "W"},
                "features": {0: "b", 1: "n"},
                "scores": {0: "b", 1: "a"},
                "deltas": {0: "b", 1: "a"},
            },
        ),
        "boxes": GraphExample(
            inputs=inside,
            outputs=("probabilities", "deltas"),
            dynamic={**axes, "probabilities": {0: "m"}, "deltas": {0: "m"}},
        ),
        "masks": GraphExample(
            inputs={**inside, "labels": np.zeros(objects, np.int64)},
            outputs=("masks", "quality") if config.quality else ("masks",),
            dynamic={**axes, "labels": {0: "m"}, "masks": {0: "m"}, **quality},
        ),
    }
