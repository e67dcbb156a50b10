"""The input and output of the U-Nets' one graph: names, shapes, dynamic axes."""

import numpy as np

from kontur.models.family import GraphExample
from kontur.models.unet.config import DenseConfig


def graphs(config: DenseConfig) -> dict[str, GraphExample]:
    """One small image, no square, for the export."""
    height, width = config.multiple * 2, config.multiple * 3  # type: ignore[attr-defined]
    return {
        "segment": GraphExample(
            inputs={"images": np.zeros((1, config.channels, height, width), np.float32)},
            outputs=("probabilities",),
            dynamic={
                "images": {0: "b", 2: "H", 3: "W"},
                "probabilities": {0: "b", 2: "H", 3: "W"},
            },
        )
    }
