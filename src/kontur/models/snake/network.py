"""Deep Snake, joined from its parts: a detector, an extreme stage, contour stages, an edge stage.

After Peng et al., Deep Snake for Real-Time Instance Segmentation, CVPR 2020, figure 3.
"""

from collections.abc import Collection, Mapping

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from kontur.models.candidates import Boxes, take
from kontur.models.rpn.network import score_rows
from kontur.models.segmenter import (
    REFINEMENT,
    ClassRows,
    Segmenter,
    check_images,
    in_evaluation,
)
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.detector import Detected, Detector, boxes_of_cells, local_maxima
from kontur.models.snake.edge import EdgeStage, FullResolution
from kontur.models.snake.encode import Targets
from kontur.models.snake.loss import (
    contour_losses,
    detector_losses,
    edge_losses,
    extreme_loss,
    quality_loss,
    start_loss,
)
from kontur.models.snake.policy import PolishPolicy
from kontur.models.snake.propose import boxes_of
from kontur.models.snake.quality import OutlineQuality
from kontur.models.snake.rpn import RegionDetector, Regions
from kontur.models.snake.stages import ExtremeStage, build_stages
from kontur.models.snake.start import LearnedStart
from kontur.models.snake.start_shapes import start_diamonds, start_octagons

OUTLINES = "contours"  # the stage of what looks into boxes
LEAST_JUDGED = 0.05  # score of a box whose outline is judged in training
MOST_JUDGED = 3  # boxes of an image and step


class DeepSnake(Segmenter):
    """Images to heatmap, boxes, extremes and contours; b images, m objects, n points."""

    features_of = "detect"

    def __init__(self, config: SnakeConfig):
        super().__init__()
        self.config = config
        self.detector: Detector | RegionDetector
        if config.detector == "centernet":
            self.detector = Detector(config)
        else:
            self.detector = RegionDetector(config)
        self.full_resolution = FullResolution(config) if config.has_edge else None
        self.feature_maps = 1 + config.has_edge
        self.extremes = ExtremeStage(config) if config.initial == "octagon" else None
        self.start = LearnedStart(config) if config.initial == "learned" else None
        self.evolve = build_stages(config)
        self.edge = EdgeStage(config) if config.has_edge else None
        self.quality = OutlineQuality(config) if config.quality else None
        self.polish = PolishPolicy(config) if config.has_agent else None

    @property
    def class_rows(self) -> Mapping[str, ClassRows]:
        if self.config.detector == "centernet":
            return {"detector.heads": ClassRows()}
        return {"detector.proposals.scores": score_rows(self.config.rpn)}

    def loss(
        self,
        images: Float[Tensor, "b c h w"],
        targets: Targets,
        stages: Collection[str] | None = None,
    ) -> dict[str, Tensor]:
        check_images(images, self.config)
        detected = self.detector(images)
        losses = detector_losses(detected, targets, self.config)
        if stages is not None and OUTLINES not in stages:
            return losses
        features = detected.features.float()
        outlines, contours = self._outline_losses(features, targets)
        losses |= outlines
        if stages is not None and REFINEMENT not in stages:
            return losses
        maps = self.maps(features, images)
        return losses | self._refinement_losses(detected, maps, contours, targets)

    def _outline_losses(
        self, features: Float[Tensor, "b h w d"], targets: Targets
    ) -> tuple[dict[str, Tensor], Float[Tensor, "s t n 2"]]:
        """What outlines learn from the true boxes, and where their stages put them."""
        losses: dict[str, Tensor] = {}
        starts = targets.octagons
        if self.start is not None:
            begun = self.start(features, targets.diamonds, targets.traced_index)
            losses |= start_loss(begun, targets, self.config)
            starts = begun[-1].detach()
        if self.extremes is not None:
            extremes = self.extremes(features, targets.diamonds, targets.traced_index)
            losses |= extreme_loss(extremes, targets, self.config)
            if self.config.start == "predicted":
                starts = self.octagons(extremes.detach())
        stages = self.evolve(features, starts, targets.traced_index)
        return losses | contour_losses(starts, stages, targets, self.config), stages.detach()

    def _refinement_losses(
        self,
        detected: Detected | Regions,
        maps: tuple[Tensor, ...],
        stages: Float[Tensor, "s t n 2"],
        targets: Targets,
    ) -> dict[str, Tensor]:
        """Of what comes after the contour stages: the edge stage and the predicted quality."""
        losses: dict[str, Tensor] = {}
        if self.edge is not None:
            starts, detail = any_stage(stages), maps[1]
            moves = self.edge.move(maps[0], detail, starts, targets.traced_index)
            losses |= edge_losses(detail, *moves, starts, targets, self.config)
        if self.quality is not None:
            contours, index = self.proposed(detected, maps)
            logits = self.quality(maps[0], contours, index)
            losses["quality"] = quality_loss(logits, contours, index, targets)
        return losses

    def maps(
        self, features: Float[Tensor, "b h w d"], images: Float[Tensor, "b c H W"]
    ) -> tuple[Tensor, ...]:
        """What contours are moved on: the features, and those of full resolution if there are."""
        if self.full_resolution is None:
            return (features,)
        return features, self.full_resolution(features, images).float()

    def started(
        self, features: Tensor, diamonds: Float[Tensor, "m 40 2"], index: Integer[Tensor, " m"]
    ) -> Float[Tensor, "m n 2"]:
        """Where a prediction starts the contours in boxes."""
        if self.start is not None:
            return self.start(features, diamonds, index)[-1]
        assert self.extremes is not None
        return self.octagons(self.extremes(features, diamonds, index))

    def octagons(self, extremes: Float[Tensor, "m 4 2"]) -> Float[Tensor, "m n 2"]:
        """Where the contour stages start."""
        points = start_octagons(extremes.double().cpu().numpy(), self.config)
        return torch.from_numpy(points).to(extremes)

    @torch.no_grad()
    def proposed(
        self, detected: Detected | Regions, maps: tuple[Tensor, ...]
    ) -> tuple[Float[Tensor, "c n 2"], Integer[Tensor, " c"]]:
        """The contours that a prediction would propose now, of some of its boxes."""
        stages = (self.extremes, self.start, self.evolve, self.edge)
        parts = [stage for stage in stages if stage is not None]
        with in_evaluation(*parts):  # as a prediction would
            boxes = sampled_boxes(detected, self.config)
            index = torch.from_numpy(boxes.image_index).to(maps[0].device)
            diamonds = torch.from_numpy(start_diamonds(boxes.boxes)).to(maps[0])
            starts = self.started(maps[0], diamonds, index)
            contours = self.evolve(maps[0], starts, index)[-1]
            if self.edge is not None:
                contours = self.edge(*maps, contours, index)
        return contours, index

    def stages(self) -> dict[str, tuple[str, ...]]:
        centernet = ("heatmap", "size", "offset")
        found = centernet if self.config.detector == "centernet" else ("rpn_class", "rpn_box")
        start = ("extreme",) if self.config.initial == "octagon" else ("start",)
        shape = ("shape",) if self.config.has_shape_loss else ()
        edge = ("edge", "signed_distance") if self.config.has_edge else ()
        quality = ("quality",) if self.config.quality else ()
        stages = {"detector": found, OUTLINES: (*start, "contour", *shape)}
        return stages | ({REFINEMENT: (*edge, *quality)} if edge or quality else {})

    def graphs(self) -> dict[str, nn.Module]:
        graphs: dict[str, nn.Module] = {"detect": Detect(self)}
        if self.extremes is not None:
            graphs["extremes"] = self.extremes
        if self.start is not None:
            graphs["start"] = self.start
        graphs |= self.evolve.graphs()
        if self.edge is not None:
            graphs["edge"] = self.edge
        if self.quality is not None:
            graphs["quality"] = Quality(self.quality)
        if self.polish is not None:
            graphs["polish"] = self.polish
        return {name: graph.train(self.training) for name, graph in graphs.items()}


class Detect(nn.Module):
    """images (b, c, H, W) → features (b, h, w, d), what its detector found, and full resolution.

    Of CenterNet scores (b, k, h2, w2) and boxes (b, 4, h2, w2); a score is the centre's probability
    at a local maximum and 0 elsewhere. Of an RPN scores (b, a, k) and deltas (b, a, 4). The map of
    full resolution (b, H, W, e) comes second, where there is an edge stage.
    """

    def __init__(self, snake: DeepSnake):
        super().__init__()
        self.detector, self.full_resolution = snake.detector, snake.full_resolution
        self.maps, self.config = snake.maps, snake.config

    def forward(self, images: Float[Tensor, "b c h w"]) -> tuple[Tensor, ...]:
        check_images(images, self.config)
        detected = self.detector(images)
        maps = self.maps(detected.features.float(), images)
        return *maps, *scores_and_boxes(detected, self.config)


class Quality(nn.Module):
    """features, contours (m, n, 2), image_index → the predicted IoU (m,), 0 to 1."""

    def __init__(self, quality: OutlineQuality):
        super().__init__()
        self.quality = quality

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        contours: Float[Tensor, "m n 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, " m"]:
        return torch.sigmoid(self.quality(features, contours, image_index))


def scores_and_boxes(detected: Detected | Regions, config: SnakeConfig) -> tuple[Tensor, Tensor]:
    """What the detector found, as `Detect` has it."""
    if isinstance(detected, Regions):
        return detected.probabilities, detected.deltas
    scores = local_maxima(torch.sigmoid(detected.heatmap))
    return scores, boxes_of_cells(detected, config.detector_stride)


def sampled_boxes(detected: Detected | Regions, config: SnakeConfig) -> Boxes:
    """Boxes that a prediction would look into: at most `MOST_JUDGED` an image, of all scores."""
    scores, where = (each.detach().cpu().numpy() for each in scores_and_boxes(detected, config))
    b, h, w = (detected.features.shape[axis] for axis in (0, 1, 2))
    size = h * config.stride, w * config.stride
    boxes = boxes_of(scores, where, size, [size] * b, config, LEAST_JUDGED)
    counts = np.bincount(boxes.image_index, minlength=b)
    chosen = [np.linspace(0, count, min(count, MOST_JUDGED), endpoint=False) for count in counts]
    starts = np.cumsum(counts) - counts
    places = [start + own.astype(int) for start, own in zip(starts, chosen, strict=True)]
    return take(boxes, np.concatenate(places))


def any_stage(stages: Float[Tensor, "s m n 2"]) -> Float[Tensor, "m n 2"]:
    """A contour of each object, from all stages in turn: where an edge stage starts in training."""
    objects = torch.arange(stages.shape[1], device=stages.device)
    return stages[objects % len(stages), objects]
