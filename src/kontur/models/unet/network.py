"""A U-Net as a segmenter: whatever network gives every pixel logits, trained and run alike."""

from collections.abc import Callable, Collection, Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kontur.models.segmenter import ClassRows, Segmenter, check_images
from kontur.models.unet.config import DenseConfig, UNetConfig
from kontur.models.unet.encode import Targets
from kontur.models.unet.loss import pixel_losses
from kontur.models.unet.swinconfig import SwinUnetConfig
from kontur.models.unet.swinunet import SwinUnet
from kontur.models.unet.transconfig import TransUNetConfig
from kontur.models.unet.transunet import TransUNet
from kontur.models.unet.unet import UNet
from kontur.nn.activation import replace_activations
from kontur.nn.initialise import initialise

BODIES: dict[type[DenseConfig], Callable[..., nn.Module]] = {
    UNetConfig: UNet,
    TransUNetConfig: TransUNet,
    SwinUnetConfig: SwinUnet,
}


class DenseSegmenter(Segmenter):
    """Images to a class for each pixel, by one of the networks in `BODIES`."""

    def __init__(self, config: DenseConfig):
        super().__init__()
        self.config = config
        self.body = BODIES[type(config)](config, config.outputs)
        if config.activation != "own":
            replace_activations(self.body, config.activation)
        if config.initialiser != "own":
            initialise(self.body, config.initialiser)

    @property
    def class_rows(self) -> Mapping[str, ClassRows]:
        if self.config.task == "semantic":
            return {"body.head": ClassRows(before=1)}
        # one class has no rows: every object is of it
        return {"body.head": ClassRows(before=self.config.pixel_classes, least=2)}

    def loss(
        self,
        images: Float[Tensor, "b c h w"],
        targets: Targets,
        stages: Collection[str] | None = None,
    ) -> dict[str, Tensor]:
        check_images(images, self.config, halving=self.config.halving)
        return pixel_losses(self.body(images), targets, self.config)

    def graphs(self) -> dict[str, nn.Module]:
        return {"segment": Segment(self.body, self.config).train(self.training)}


class Segment(nn.Module):
    """images (b, c, H, W) → probabilities (b, k, H, W), of pixel classes and object classes.

    Each of the two adds up to 1 at every pixel.
    """

    def __init__(self, body: nn.Module, config: DenseConfig):
        super().__init__()
        self.body = body
        self.config = config

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h w"]:
        check_images(images, self.config, halving=self.config.halving)
        logits = self.body(images).float()
        sizes = [self.config.pixel_classes, self.config.object_classes]
        parts = logits.split([size for size in sizes if size], dim=1)
        return torch.cat([part.softmax(dim=1) for part in parts], dim=1)
