"""The one interface of every network that finds objects.

`encode` and `propose` are the doors between `Instances` and tensors; they are functions of the
family's own files, named in its `Family`, because they must run without torch.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kontur.nn.shape import Layer, there_and_back


class Segmenter(nn.Module, ABC):
    """A network with named losses and named graphs; `config.weights` weighs the losses."""

    config: Any
    features_of: ClassVar[str | None] = None  # the graph whose first outputs the others read
    feature_maps: int = 1  # how many of its outputs these are

    @abstractmethod
    def loss(self, images: Float[Tensor, "b c h w"], targets: Any) -> dict[str, Tensor]:
        """Named, unweighted scalars, finite for images without objects; gradients flow."""

    @abstractmethod
    def graphs(self) -> dict[str, nn.Module]:
        """What is exported and run at prediction, by name; they share this module's weights."""

    def stages(self) -> dict[str, tuple[str, ...]]:
        """The names of the losses by stage, for `training.stages = "staged"`; one stage is none.

        The losses of the first stage depend on no weights of the later ones.
        """
        return {}

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        """The weighted sum that training minimises."""
        weights = self.config.weights
        return sum((getattr(weights, name) * loss for name, loss in losses.items()), start=0.0)  # type: ignore[return-value]


def check_images(
    images: Float[Tensor, "b c h w"], config: Any, *, halving: Layer | None = None
) -> None:
    """Raises `ValueError` for another number of channels, or a side that cannot be halved so often.

    With the layer that is its `halving` a network says what would become of such a side. A graph
    that is being exported takes any side: there the predictor pads.
    """
    if torch.onnx.is_in_onnx_export():
        return
    _, channels, height, width = images.shape
    if channels != config.channels:
        raise ValueError(f"this network takes images of {config.channels} channels, got {channels}")
    multiple = config.multiple
    wanted = [-(-side // multiple) * multiple for side in (height, width)]
    if wanted == [height, width]:
        return
    side, why = height if height % multiple else width, ""
    if halving is not None:
        why = f": {side} pixels would come back as {there_and_back(side, halving, multiple)}"
    raise ValueError(
        f"image height and width must be multiples of {multiple}, got {height}×{width}{why}; pad "
        f"to {wanted[0]}×{wanted[1]} or use kontur.load(…).predict, which pads"
    )
