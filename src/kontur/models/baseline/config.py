"""The few settings of a threshold and a watershed; `infer.fit_baseline` tunes them."""

from typing import Any, ClassVar, Literal

import pydantic

from kontur.settings import Settings


class BaselineConfig(Settings):
    """The threshold for the foreground, and the separation of touching objects.

    Attributes:
        channels: channels of the image, of which the mean is used.
        classes: names; all objects are of one of them.
        label: the class of the objects, from 0.
        polarity: whether objects are brighter or darker than what is around them.
        smooth: standard deviation of the Gaussian before the threshold, in pixels.
        level: of Otsu's threshold, a factor: below 1 more is foreground.
        min_distance: maxima of the distance to the background that are closer than so many
            pixels belong to one object; 0 leaves every connected region whole.
        threshold, brightest: measured once for an image that is looked at in tiles: above what
            smoothed value a pixel is foreground, and the largest such value; None measures what is
            shown.
        smallest, largest: square pixels of the smallest and largest object, the latter 0 for any.
    """

    RENAMED: ClassVar[dict[str, str]] = {"apart": "min_distance"}

    channels: int = pydantic.Field(1, ge=1)
    classes: tuple[str, ...] = pydantic.Field(("object",), min_length=1)
    label: int = pydantic.Field(0, ge=0)
    polarity: Literal["bright", "dark"] = "bright"
    smooth: float = pydantic.Field(1.0, ge=0)
    level: float = pydantic.Field(1.0, gt=0)
    min_distance: float = pydantic.Field(0.0, ge=0)
    threshold: float | None = None
    brightest: float | None = None
    smallest: float = pydantic.Field(20.0, ge=0)
    largest: float = pydantic.Field(0.0, ge=0)

    @property
    def multiple(self) -> int:
        """Images need no padding."""
        return 1


PRESETS: dict[str, dict[str, Any]] = {"paper": {}, "fast": {}, "tiny": {}}  # it has one size
