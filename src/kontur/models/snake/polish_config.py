"""The settings of an agent that corrects contours step by step (`kontur.edit`)."""

from typing import Literal

import pydantic

from kontur.settings import Settings


class PolishConfig(Settings):
    """What a model's agent sees, does, and how large it is.

    Attributes:
        kind: `agent` in a model that has one, `none` in others.
        steps: of an episode at most; it may stop before.
        distances: that a point may go outwards in a step, shares of the contour's unit (the side
            of a square of its area); 0 is the first.
        profile: places along the normal at which a point sees the image, shares of the unit.
        width, dilations, kernel: of its circular convolutions.
    """

    kind: Literal["none", "agent"] = "none"
    steps: int = pydantic.Field(6, ge=1)
    distances: tuple[float, ...] = (0.0, 0.01, -0.01, 0.025, -0.025, 0.06, -0.06)
    profile: tuple[float, ...] = pydantic.Field(
        (-0.3, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.2, 0.3), min_length=1
    )
    width: int = pydantic.Field(40, ge=1)
    dilations: tuple[pydantic.PositiveInt, ...] = pydantic.Field((1, 2, 4, 1), min_length=1)
    kernel: int = pydantic.Field(9, ge=3)

    @pydantic.field_validator("distances")
    @classmethod
    def _check_distances(cls, distances: tuple[float, ...]) -> tuple[float, ...]:
        if distances[:1] != (0.0,):
            raise ValueError(f"the first distance is 0, for points that stay, got {distances}")
        return distances
