"""Mask R-CNN, joined from its parts: backbone, pyramid, proposals, and two heads side by side.

After He et al., Mask R-CNN, ICCV 2017, figure 1, on Lin et al., Feature Pyramid Networks, 2017.
We differ in four things: the backbone's stem is one 3×3 convolution (`nn.resnet`) and not 7×7 with
max-pooling after it, the smoothing of the pyramid normalises and has a ReLU (`nn.pyramid`), a part
of a box is the maximum of its four samples (`reduce = "mean"` restores the mean, `nn.roi`), and the
box losses are means over four numbers (`config.LossWeights`).
"""

from collections.abc import Collection, Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from kontur.models.maskrcnn.config import MaskRCNNConfig
from kontur.models.maskrcnn.encode import Targets
from kontur.models.maskrcnn.heads import BoxHead, MaskHead, masks_of_classes, roi_features
from kontur.models.maskrcnn.levels import roi_levels
from kontur.models.maskrcnn.loss import box_losses, cut_masks, mask_loss
from kontur.models.maskrcnn.quality import MaskQuality, mask_iou, object_areas
from kontur.models.maskrcnn.roi_sampling import RoiTruth, SampledRois, sample_rois
from kontur.models.rpn.loss import region_losses
from kontur.models.rpn.network import RegionProposals
from kontur.models.rpn.propose import propose
from kontur.models.segmenter import ClassRows, Segmenter, check_images
from kontur.nn.backbone import build_backbone
from kontur.nn.losses import binary_cross_entropy
from kontur.nn.pyramid import FeaturePyramid
from kontur.nn.roi import Rois

HEADS = "heads"  # the stage of what looks into boxes


class MaskRCNN(Segmenter):
    """Images to features and proposals, proposals to classes and boxes, boxes to masks."""

    features_of = "propose"

    def __init__(self, config: MaskRCNNConfig):
        super().__init__()
        self.config = config
        self.trunk = Trunk(config)
        self.rpn = RegionProposals(config.pyramid, config.rpn)
        self.boxes = BoxHead(config)
        self.masks = MaskHead(config)
        self.quality = MaskQuality(config) if config.quality else None

    @property
    def class_rows(self) -> Mapping[str, ClassRows]:
        last = len(self.masks.layers) - 1
        return {
            "boxes.labels": ClassRows(before=1),
            "boxes.deltas": ClassRows(each=4),
            f"masks.layers.{last}": ClassRows(),
        }

    def loss(
        self,
        images: Float[Tensor, "b c h w"],
        targets: Targets,
        stages: Collection[str] | None = None,
    ) -> dict[str, Tensor]:
        check_images(images, self.config)
        maps = self.trunk(images)
        logits, deltas = self.rpn(maps)
        losses = region_losses(
            *(logits, deltas),
            image_index=targets.anchor_index,
            anchors=targets.anchors,
            labels=targets.anchor_labels,
            targets=targets.anchor_deltas,
            config=self.config.rpn,
        )
        if stages is not None and HEADS not in stages:
            return losses
        features = as_table(maps, self.config)
        sampled = self._sample(logits, deltas, images, targets)
        boxes, labels = self._tensor(sampled.boxes), self._tensor(sampled.labels)
        object_index = self._tensor(sampled.object_index)
        rois = self._rois(sampled, images)
        scores, moved = self.boxes(features, rois)
        objects = torch.nonzero(object_index >= 0)[:, 0]
        positive = Rois(*(field[objects] for field in rois))
        pooled = roi_features(features, positive, self.config.mask_cells, self.config)
        masks = masks_of_classes(self.masks(pooled), labels[objects] - 1)
        wanted = cut_masks(boxes[objects], object_index[objects], targets, masks.shape[-1])
        losses |= box_losses(scores, moved, labels=labels, targets=self._tensor(sampled.deltas))
        losses |= mask_loss(masks, wanted)
        if self.quality is not None:
            drawn = torch.sigmoid(masks.detach())
            areas = object_areas(targets, object_index[objects])
            reached = mask_iou(drawn, wanted, boxes[objects], areas)
            logits = self.quality(pooled, drawn)
            losses["quality"] = binary_cross_entropy(logits, reached, torch.ones_like(reached))
        return losses

    def stages(self) -> dict[str, tuple[str, ...]]:
        quality = ("quality",) if self.config.quality else ()
        heads = ("roi_class", "roi_box", "mask", *quality)
        return {"rpn": ("rpn_class", "rpn_box"), HEADS: heads}

    def graphs(self) -> dict[str, nn.Module]:
        graphs = {"propose": Propose(self), "boxes": Boxes(self), "masks": Masks(self)}
        return {name: graph.train(self.training) for name, graph in graphs.items()}

    def _sample(
        self, logits: Tensor, deltas: Tensor, images: Tensor, targets: Targets
    ) -> SampledRois:
        """The boxes on which the heads are trained; no gradient flows through their positions."""
        size = (images.shape[2], images.shape[3])
        proposals = propose(
            _array(self.rpn.probabilities(logits)),
            _array(deltas),
            size=size,
            sizes=[size] * len(images),
            strides=self.config.anchor_strides,
            config=self.config.rpn,
            lowest=self.config.rpn.lowest,
        )
        truth = RoiTruth(*(_array(getattr(targets, name)) for name in RoiTruth._fields))
        return sample_rois(proposals, truth, self.config)

    def _rois(self, sampled: SampledRois, images: Tensor) -> Rois:
        size = (images.shape[2], images.shape[3])
        strides = self.config.strides
        levels = roi_levels(sampled.boxes, sampled.image_index, size=size, strides=strides)
        return Rois(*(self._tensor(field) for field in levels))

    def _tensor(self, array: Any) -> Tensor:
        """On the network's device; floats in single precision."""
        tensor = torch.from_numpy(array).to(self.boxes.labels.weight.device)
        return tensor.float() if tensor.is_floating_point() else tensor


class Trunk(nn.Module):
    """Images to maps of one width, finest first; the pooled ones, for large anchors, last."""

    def __init__(self, config: MaskRCNNConfig):
        super().__init__()
        self.backbone = build_backbone(config, block=config.block)
        self.skipped, self.pooled = config.skipped, config.pooled
        inputs = self.backbone.widths[self.skipped :]
        widths = [config.pyramid] * len(inputs)
        self.pyramid = FeaturePyramid(inputs, widths, smoothed=len(inputs))

    def forward(self, images: Float[Tensor, "b c h w"]) -> list[Tensor]:
        maps = self.pyramid(self.backbone(images)[self.skipped :])
        for _ in range(self.pooled):
            maps.append(functional.max_pool2d(maps[-1], kernel_size=1, stride=2))
        return maps


class Propose(nn.Module):
    """images (b, c, H, W) → features (b, n, d), scores (b, a, 1), deltas (b, a, 4).

    Features are the maps that boxes read, level by level and row by row; a anchors.
    """

    def __init__(self, network: MaskRCNN):
        super().__init__()
        self.trunk, self.rpn, self.config = network.trunk, network.rpn, network.config

    def forward(self, images: Float[Tensor, "b c h w"]) -> tuple[Tensor, Tensor, Tensor]:
        check_images(images, self.config)
        maps = self.trunk(images)
        logits, deltas = self.rpn(maps)
        return as_table(maps, self.config), self.rpn.probabilities(logits), deltas


class Boxes(nn.Module):
    """features, and for m boxes what they read → probabilities (m, k + 1), deltas (m, k, 4)."""

    def __init__(self, network: MaskRCNN):
        super().__init__()
        self.head = network.boxes

    def forward(
        self, features: Tensor, boxes: Tensor, starts: Tensor, sizes: Tensor, strides: Tensor
    ) -> tuple[Tensor, Tensor]:
        logits, deltas = self.head(features, Rois(boxes, starts, sizes, strides))
        return torch.softmax(logits, dim=-1), deltas


class Masks(nn.Module):
    """The same and the class of each box → the mask of that class (m, h, h), in probabilities.

    Where it is learned, also the IoU (m,) that each mask is expected to have, 0 to 1.
    """

    def __init__(self, network: MaskRCNN):
        super().__init__()
        self.head, self.quality, self.config = network.masks, network.quality, network.config

    def forward(
        self,
        features: Tensor,
        boxes: Tensor,
        starts: Tensor,
        sizes: Tensor,
        strides: Tensor,
        labels: Tensor,
    ) -> tuple[Tensor, ...]:
        rois = Rois(boxes, starts, sizes, strides)
        pooled = roi_features(features, rois, self.config.mask_cells, self.config)
        masks = torch.sigmoid(masks_of_classes(self.head(pooled), labels))
        if self.quality is None:
            return (masks,)
        return masks, torch.sigmoid(self.quality(pooled, masks))


def as_table(maps: list[Tensor], config: MaskRCNNConfig) -> Float[Tensor, "b n d"]:
    """The cells of all levels that boxes read, channels last."""
    return torch.cat(
        [level.permute(0, 2, 3, 1).flatten(1, 2) for level in maps[: len(config.strides)]], dim=1
    ).float()


def _array(tensor: Tensor) -> Any:
    return tensor.detach().cpu().numpy()
