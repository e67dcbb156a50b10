"""Training in stages: what finds objects first, then, with it, what looks into them.

Our notes and Faster R-CNN train the proposals first, so that the heads learn from boxes that are
some good. A stage adds its losses to those before: features that only ever served the first stage
would serve the later ones badly, which is why the published recipe too goes back to them.
"""

from typing import Literal

from torch import Tensor

from kontur.errors import InputError
from kontur.models.segmenter import Segmenter

Order = Literal["joint", "staged"]


class Stages:
    """Which losses count, by how far the training has come; each stage begins at an equal share.

    A stage that has begun does not end, also where a finished run goes on for longer: `begun` goes
    into checkpoints.
    """

    def __init__(self, segmenter: Segmenter, order: Order):
        self.names = list(segmenter.stages().values()) if order == "staged" else []
        self.begun = 1
        if order == "staged" and len(self.names) < 2:
            raise InputError(
                "this kind of model is trained as one; leave training.stages out or set it to joint"
            )

    @property
    def is_last(self) -> bool:
        """Whether all losses count: no stage is still to begin."""
        return self.begun >= len(self.names)

    def counted(self, losses: dict[str, Tensor], progress: float) -> dict[str, Tensor]:
        """Those of the losses that count at `progress` (0 to 1)."""
        if not self.names:
            return losses
        reached = 1 + int(progress * len(self.names))
        self.begun = min(max(self.begun, reached), len(self.names))
        active = {name for stage in self.names[: self.begun] for name in stage}
        return {name: loss for name, loss in losses.items() if name in active}
