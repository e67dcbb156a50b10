"""A backbone by the name in a config: images to feature maps, finest first, with `.widths`."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from torch import nn

from kontur.nn.efficientnet import EfficientNetLite0
from kontur.nn.resnet import ResidualBackbone


@runtime_checkable
class BackboneConfig(Protocol):
    """The settings of a backbone; stem, widths and depths of the residual one."""

    @property
    def backbone(self) -> str: ...
    @property
    def channels(self) -> int: ...
    @property
    def stem(self) -> int: ...
    @property
    def widths(self) -> Sequence[int]: ...
    @property
    def depths(self) -> Sequence[int]: ...


def build_backbone(
    config: BackboneConfig, *, block: str = "basic"
) -> ResidualBackbone | EfficientNetLite0:
    """The backbone that `config.backbone` names, with random weights; `block` of the residual."""
    if config.backbone == "efficientnet-lite0":
        return EfficientNetLite0(config.channels)
    shape = (config.channels, config.stem, config.widths, config.depths)
    return ResidualBackbone(*shape, block=block)


def with_imagenet(network: nn.Module) -> list[EfficientNetLite0]:
    """The backbones inside `network` for which there are weights of ImageNet."""
    return [module for module in network.modules() if isinstance(module, EfficientNetLite0)]
