"""The interface of every network that detects objects.

`encode` and `propose` convert between `Instances` and tensors; they are functions of the family's
own files, named in its `Family`, because they must run without torch.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kontur.nn.shape import Layer, round_trip_size

REFINEMENT = "refinement"  # the stage of a network that has one


class ClassRows(NamedTuple):
    """Where a weight or bias has the rows of classes, along its first axis.

    Attributes:
        before: rows of no class before them, such as the background's; any number may follow.
        each: rows of a class, one class after the other.
        groups: how often all of it is repeated, such as for each shape of anchors.
        least: where there are fewer classes, none has rows.
    """

    before: int = 0
    each: int = 1
    groups: int = 1
    least: int = 1


class Segmenter(nn.Module, ABC):
    """A network with named losses and named graphs; `config.weights` weighs the losses."""

    config: Any
    features_of: ClassVar[str | None] = None  # the graph whose first outputs the others read
    feature_maps: int = 1  # how many of its outputs these are

    @abstractmethod
    def loss(
        self,
        images: Float[Tensor, "b c h w"],
        targets: Any,
        stages: Collection[str] | None = None,
    ) -> dict[str, Tensor]:
        """Named, unweighted scalars, finite for images without objects; gradients flow.

        Those of `stages` alone are computed, by default of all; a network of one has no others.
        """

    @abstractmethod
    def graphs(self) -> dict[str, nn.Module]:
        """The modules of prediction, which are exported, by name; they share this one's weights."""

    @property
    def class_rows(self) -> Mapping[str, ClassRows]:
        """The layers whose weights and biases have rows of classes, by name."""
        return {}

    def stages(self) -> dict[str, tuple[str, ...]]:
        """The names of the losses by stage, in order, for `training.stages`; {} for one stage.

        The losses of a stage depend on no weights of the later ones. Of the stage `REFINEMENT` is
        what improves and judges outlines that are there, and leaves them as they are before it has
        learned.
        """
        return {}

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        """The weighted sum that training minimises."""
        weights = self.config.weights
        return sum((getattr(weights, name) * loss for name, loss in losses.items()), start=0.0)  # type: ignore[return-value]


@contextmanager
def in_evaluation(*networks: nn.Module) -> Iterator[None]:
    """Networks without dropout, their norms by what they have measured; then as they were before.

    Also where what happens inside fails: a network left so would train no norms from then on.
    """
    training = [network.training for network in networks]
    for network in networks:
        network.eval()
    try:
        yield
    finally:
        for network, before in zip(networks, training, strict=True):
            network.train(before)


def check_images(
    images: Float[Tensor, "b c h w"], config: Any, *, halving: Layer | None = None
) -> None:
    """Raises `ValueError` for a wrong number of channels, or a side that is no multiple.

    With `halving`, the layer by which the network halves a map, the message gives the side that
    would come back. A graph that is being exported takes any side: there the predictor pads.
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
        why = f": {side} pixels would come back as {round_trip_size(side, halving, multiple)}"
    raise ValueError(
        f"image height and width must be multiples of {multiple}, got {height}×{width}{why}; pad "
        f"to {wanted[0]}×{wanted[1]} or use kontur.load(…).predict, which pads"
    )
