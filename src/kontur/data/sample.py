"""Sample: one image with its objects; folders yield it and transforms map it to itself."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Shaped

from kontur.instances import Instances


@dataclass(frozen=True, eq=False)
class Sample:
    """One image and its objects.

    Attributes:
        image: `(H, W, C)`, the stored dtype when it comes from a file, float32 once normalised.
        instances: the objects of this image; their `size` is `(H, W)`.
        name: the image's name in its folder, without the ending.
        pixel_size: micrometres per pixel, None if the file does not say.
        stains: names of measured channels that are no red, green and blue; () for grey and colour.
    """

    image: Shaped[np.ndarray, "h w c"]
    instances: Instances
    name: str
    pixel_size: float | None = None
    stains: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """One line: which image, how large, with what."""
        shape = "×".join(map(str, self.image.shape))
        return f"Sample({self.name!r}, {self.image.dtype} {shape}, {self.instances!r})"

    @property
    def size(self) -> tuple[int, int]:
        """`(height, width)` of the image."""
        height, width = self.image.shape[:2]
        return height, width

    def replace(self, **changes: object) -> "Sample":
        """The same sample with some fields exchanged."""
        return replace(self, **changes)  # type: ignore[arg-type]
