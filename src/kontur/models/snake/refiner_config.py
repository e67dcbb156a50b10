"""The settings of what moves the points of contours."""

from typing import Literal, Self

import pydantic

from kontur.settings import Settings


class CircularRefinerConfig(Settings):
    """A refiner of circular convolutions, as published (`nn.circular`).

    Attributes:
        width: channels of every layer.
        fusion: channels of the fused whole-ring state.
        form: `dense` convolutions, as published, or depthwise separable ones.
        kernel, dilations: points that a layer sees, and how far apart, a layer each.
        order: normalisation before the activation, or after it, as published.
        profile, reach: at how many places across the contour a point reads the features, and how
            far the outermost are, a share of the object's side; published, at the point alone.
    """

    kind: Literal["circular"] = "circular"
    width: int = pydantic.Field(64, ge=1)
    fusion: int = pydantic.Field(64, ge=1)
    form: Literal["dense", "separable"] = "separable"
    kernel: int = pydantic.Field(9, ge=3)
    dilations: tuple[pydantic.PositiveInt, ...] = pydantic.Field(
        (1, 1, 1, 1, 2, 2, 4, 4), min_length=1
    )
    order: Literal["norm-first", "paper"] = "norm-first"
    profile: int = pydantic.Field(1, ge=1)
    reach: float = pydantic.Field(0.15, gt=0, le=1)

    @pydantic.model_validator(mode="after")
    def _centred(self) -> Self:
        if self.kernel % 2 == 0:
            raise ValueError(
                f"kernel must be odd, as many points on either side, got {self.kernel}"
            )
        return self


RefinerConfig = CircularRefinerConfig  # of several, a union that `kind` discriminates
