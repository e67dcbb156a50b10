"""The settings of an episode in which an agent corrects a contour."""

from typing import Literal

import pydantic

from kontur.settings import Settings


class EpisodeConfig(Settings):
    """Where episodes begin, and what is rewarded.

    Attributes:
        perturbed: share of the episodes that begin with a true contour made rough; the others begin
            with the model's own outline, where there is one.
        jitter: standard deviation of the corners of a rough contour, a share of the side of a
            square of the object's area.
        corners: of a rough contour, the fewest and the most.
        reward: the gain in IoU, or in boundary IoU (Cheng et al., CVPR 2021).
        boundary_width: width of the boundary of boundary IoU, a share of that side.
        step_cost: reward that every step costs but one that stops.
        crossing_cost: reward that an action costs by which the contour would cross itself.
    """

    perturbed: float = pydantic.Field(0.5, ge=0, le=1)
    jitter: float = pydantic.Field(0.1, ge=0)
    corners: tuple[int, int] = (6, 16)
    reward: Literal["iou", "boundary-iou"] = "iou"
    boundary_width: float = pydantic.Field(0.1, gt=0)
    step_cost: float = pydantic.Field(0.001, ge=0)
    crossing_cost: float = pydantic.Field(0.01, ge=0)
