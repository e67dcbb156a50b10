"""The backbone that suits the images: of few colour ones, one that knows ImageNet's photographs.

From random weights a few colour images are learned by their colours and by what happened to lie
beside the objects; features of a million photographs know shapes and textures. What was measured
is in docs/results.md ("Few photographs in six minutes").
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from kontur import extra
from kontur.data.checks.dataset_statistics import DatasetStatistics
from kontur.models.backbone import Backbone
from kontur.nn.efficientnet import is_installed
from kontur.train.config import RunConfig

FEW = 40  # training images
MOST = 1 / 2  # of the images that have colours: photographs without are among those with
KINDS = ("snake",)  # for which it was measured
IMAGENET: Backbone = "efficientnet-lite0"  # the backbone that there are weights of
ABOUT = {"backbone", "pretrained", "stem", "widths", "depths"}  # settings of backbones


class BackboneChoice(NamedTuple):
    """A backbone, None for that of the preset, and why it was chosen; "" where there is no why."""

    backbone: Backbone | None
    reason: str


def choose_backbone(config: RunConfig, statistics: DatasetStatistics) -> BackboneChoice:
    """The backbone of a run that begins.

    ImageNet's is chosen for few images, most of them in colour, where the settings name neither a
    preset nor anything of a backbone nor weights to start from.
    """
    named = "preset" in config.model_fields_set or ABOUT & config.model.keys()
    if config.start or named or config.kind not in KINDS or not _few_in_colour(statistics):
        return BackboneChoice(None, "")
    few = "few colour images are learned best by a network that knows photographs (ImageNet)"
    if not is_installed():
        return BackboneChoice(None, f"! {few}: {extra.install('train')}")
    return BackboneChoice(IMAGENET, f"{few}; --set model.backbone=residual begins without")


def is_pretrained(kind: str, model: Mapping[str, Any]) -> bool:
    """Whether a network of these settings has features of photographs, also a trained one."""
    pretrained = model.get("backbone") == IMAGENET and model.get("pretrained", True)
    return kind in KINDS and bool(pretrained)


def _few_in_colour(statistics: DatasetStatistics) -> bool:
    return statistics.coloured > MOST * statistics.images and statistics.images <= FEW
