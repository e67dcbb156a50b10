"""The settings of region proposals."""

from typing import Annotated, Literal, Self

import pydantic

from kontur.settings import Settings

Share = Annotated[float, pydantic.Field(ge=0, le=1)]


class RpnConfig(Settings):
    """The anchors, their sampling in training, and the selection of proposals.

    Attributes:
        logits: "sigmoid" gives an anchor one logit a class; "softmax" one more, for the background:
            the notes' and the paper's two for "object or not". Both are equivalent (only the
            difference of two logits matters), so one is the default and two are the paper's.
        loss: of the scores. "focal" (Lin et al., Focal Loss, 2017) lets what is already right count
            little, so that many anchors may be `sampled`; it needs one logit a class, "sigmoid".
        sizes: sides of a square of an anchor's area, in strides of its level.
        ratios: height over width.
        overlaps: an anchor is background below the first IoU and an object's from the second on.
        sampled: anchors of an image that the losses of a step use.
        share: the largest share of them that may belong to objects.
        lowest: the lowest score of a proposal.
        candidates: the best anchors of each level that are considered, in each 256×256 pixels.
        kept: proposals after suppression, in each 256×256 pixels.
        overlap: of two proposals whose IoU is above this, the one with the lower score is removed.
    """

    logits: Literal["sigmoid", "softmax"] = "sigmoid"
    loss: Literal["cross-entropy", "focal"] = "cross-entropy"
    sizes: tuple[pydantic.PositiveFloat, ...] = pydantic.Field((2.5, 4.0), min_length=1)
    ratios: tuple[pydantic.PositiveFloat, ...] = pydantic.Field((0.5, 1.0, 2.0), min_length=1)
    overlaps: tuple[Share, Share] = (0.3, 0.6)
    sampled: int = pydantic.Field(256, ge=2)
    share: float = pydantic.Field(0.5, gt=0, lt=1)
    lowest: float = pydantic.Field(0.02, ge=0, le=1)
    candidates: int = pydantic.Field(400, ge=1)
    kept: int = pydantic.Field(300, ge=1)
    overlap: float = pydantic.Field(0.7, ge=0, le=1)

    @pydantic.model_validator(mode="after")
    def _check_thresholds(self) -> Self:
        low, high = self.overlaps
        if low > high:
            raise ValueError(
                f"overlaps are the IoU below which an anchor is background and that from which it "
                f"is an object's, so the first is no larger, got {low:g} and {high:g}"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _check_loss(self) -> Self:
        if self.loss == "focal" and self.logits != "sigmoid":
            raise ValueError(
                f'the loss "focal" takes one logit a class, got logits = "{self.logits}"; set '
                'logits = "sigmoid"'
            )
        return self

    @property
    def shapes(self) -> int:
        """Anchors a cell."""
        return len(self.sizes) * len(self.ratios)
