"""The one interface of every network that finds objects.

`encode` and `decode` are the doors between `Instances` and tensors; they are functions of the
family's own files, named in `catalog`, because they must run without torch.
"""

from abc import ABC, abstractmethod
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn


class Segmenter(nn.Module, ABC):
    """A network with named losses and named graphs; `config.weights` weighs the losses."""

    config: Any

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
