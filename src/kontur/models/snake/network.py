"""Deep Snake, joined from its parts: one detector, one extreme stage, three contour stages.

After Peng et al., Deep Snake for Real-Time Instance Segmentation, CVPR 2020, figure 3.
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from kontur.models.segmenter import Segmenter, check_images
from kontur.models.snake.config import DIAMOND_POINTS, SnakeConfig
from kontur.models.snake.detector import Detector, boxes_of_cells, local_maxima
from kontur.models.snake.encode import Targets, start_octagons
from kontur.models.snake.loss import contour_losses, detector_losses
from kontur.models.snake.refine import build_refiner
from kontur.models.snake.rpn import Propose, RegionDetector


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
        self.extremes = ExtremeStage(config)
        self.evolve = ContourStages(config)

    def loss(self, images: Float[Tensor, "b c h w"], targets: Targets) -> dict[str, Tensor]:
        check_images(images, self.config)
        detected = self.detector(images)
        features = detected.features.float()
        extremes = self.extremes(features, targets.diamonds, targets.traced_index)
        octagons = targets.octagons
        if self.config.start == "predicted":
            guess = extremes.detach().double().cpu().numpy()
            octagons = torch.from_numpy(start_octagons(guess, self.config)).to(targets.octagons)
        stages = self.evolve(features, octagons, targets.traced_index)
        return {
            **detector_losses(detected, targets, self.config),
            **contour_losses(extremes, stages, targets, self.config),
        }

    def stages(self) -> dict[str, tuple[str, ...]]:
        centernet = ("heatmap", "size", "offset")
        found = centernet if self.config.detector == "centernet" else ("rpn_class", "rpn_box")
        return {"detector": found, "contours": ("extreme", "contour")}

    def graphs(self) -> dict[str, nn.Module]:
        if isinstance(self.detector, RegionDetector):
            detect: nn.Module = Propose(self.detector, self.config)
        else:
            detect = Detect(self.detector, self.config)
        graphs = {"detect": detect, "extremes": self.extremes, "evolve": self.evolve}
        return {name: graph.train(self.training) for name, graph in graphs.items()}


class Detect(nn.Module):
    """images (b, c, H, W) → features (b, h, w, d), scores (b, k, h2, w2), boxes (b, 4, h2, w2).

    A score is the centre's probability at a local maximum and 0 elsewhere.
    """

    def __init__(self, detector: Detector, config: SnakeConfig):
        super().__init__()
        self.detector = detector
        self.config = config

    def forward(self, images: Float[Tensor, "b c h w"]) -> tuple[Tensor, Tensor, Tensor]:
        check_images(images, self.config)
        detected = self.detector(images)
        scores = local_maxima(torch.sigmoid(detected.heatmap))
        return (
            detected.features.float(),
            scores,
            boxes_of_cells(detected, self.config.detector_stride),
        )


class ExtremeStage(nn.Module):
    """The diamond's four corners moved onto the object; the other points are context."""

    def __init__(self, config: SnakeConfig):
        super().__init__()
        self.refiner = build_refiner(config, centre=True)

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        diamonds: Float[Tensor, "m 40 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, "m 4 2"]:
        return self.refiner(features, diamonds, image_index)[:, :: DIAMOND_POINTS // 4]


class ContourStages(nn.Module):
    """The contours after every stage; each stage starts where the one before ended.

    All stages are trained; at prediction those run that are worth their time (`stages_used`).
    """

    def __init__(self, config: SnakeConfig):
        super().__init__()
        self.refiners = nn.ModuleList(
            build_refiner(config, centre=False) for _ in range(config.stages)
        )
        self.run = config.stages_run

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        contours: Float[Tensor, "m n 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, "stages m n 2"]:
        stages = []
        for refiner in self.refiners if self.training else self.refiners[: self.run]:
            contours = refiner(features, contours, image_index)
            stages.append(contours)
        return torch.stack(stages)
