"""Predict options: the settings of a prediction, passed as one value from every interface."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Any, Literal, Self

from kontur.data.normalisation.ranges import Ranges, as_ranges, is_number, ranges_of
from kontur.errors import InputError
from kontur.images.channels import Channel
from kontur.infer.region import Regions
from kontur.wording import nearest

Diameter = float | Literal["auto"]
Augment = Literal["flips", "turns"]
GivenContrast = float | Ranges  # a percentile, or the values that become 0 and 1
Contrast = GivenContrast | Literal["auto", "folder"]


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_number_or_auto(value: object) -> bool:
    return is_number(value) or (isinstance(value, str) and value == "auto")


def _is_contrast(value: object) -> bool:
    if isinstance(value, str):
        return value in ("auto", "folder")
    return is_number(value) or as_ranges(value) is not None


def _is_size(value: object) -> bool:
    return isinstance(value, Real) and is_number(value) and float(value) >= 0  # NaN is not


NUMBER_OR_AUTO = "a number or 'auto'"
YES_OR_NO = "True or False"
WANTED: dict[str, tuple[Callable[[object], bool], str]] = {
    "min_size": (_is_size, "a number of square pixels, 0 or more"),
    "diameter": (_is_number_or_auto, NUMBER_OR_AUTO),
    "pixel_size": (_is_number_or_auto, NUMBER_OR_AUTO),
    "contrast": (
        _is_contrast,
        "a percentile, 'auto', 'folder', or two values (low, high) of the image that become 0 and "
        "1, also a pair of them for each channel",
    ),
    "tile": (_is_whole, "a whole number of pixels"),
    "region": (
        lambda value: isinstance(value, str | Regions),
        "x,y,width,height in pixels, such as '1000,2000,512,512', or the name of a file",
    ),
    "channel": (lambda value: _is_whole(value) or isinstance(value, str), "a number or a name"),
    "page": (
        lambda value: _is_whole(value) or (isinstance(value, str) and value == "all"),
        "a whole number from 0, or 'all'",
    ),
    "link": (lambda value: isinstance(value, bool), YES_OR_NO),
    "polish": (lambda value: isinstance(value, bool), YES_OR_NO),
}


def check_kind(name: str, value: object) -> None:
    """Raise `InputError` where the value of an option is of another kind than the option's."""
    is_wanted, wanted = WANTED[name]
    if not is_wanted(value) and (value is not None or name == "min_size"):  # None: as it is
        raise InputError(f"{name} is {wanted}, got {value!r:.60}")


def parse_contrast(word: str) -> Contrast:
    """A contrast as it is typed; `InputError` for what is none.

    >>> parse_contrast("99"), parse_contrast("auto"), parse_contrast("100, 4000")
    (99.0, 'auto', (100.0, 4000.0))
    >>> parse_contrast("100,4000; 50,900")
    ((100.0, 4000.0), (50.0, 900.0))
    """
    words = [part.split(",") for part in word.strip().split(";")]
    if words == [["auto"]]:
        return "auto"
    if words == [["folder"]]:
        return "folder"
    try:
        numbers = [[float(each) for each in part] for part in words]
    except ValueError:
        numbers = [[]]
    if len(numbers) == len(numbers[0]) == 1 and 0 < numbers[0][0] < math.inf:
        return numbers[0][0]
    given = as_ranges(numbers)
    if given is None:
        raise InputError(
            "wanted a percentile such as 99, auto, folder, or LOW,HIGH (two values of the images, "
            "LOW below HIGH, such as 100,4000; for a model that normalises each channel alone a "
            f"pair for each, as 100,4000;50,900), got {word!r:.60}"
        )
    return given


def contrast_text(contrast: Contrast) -> str:
    """A contrast as it is typed, to the last digit.

    >>> contrast_text((100.0, 0.1 + 0.2)), contrast_text(99.8)
    ('100,0.30000000000000004', '99.8')
    >>> contrast_text(((0.0, 9.0), (2.0, 5.0)))
    '0,9;2,5'
    """
    parts = ranges_of(contrast) if isinstance(contrast, tuple) else ((contrast,),)
    return ";".join(",".join(str(each).removesuffix(".0") for each in part) for part in parts)


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """The options of a prediction; by default an image is taken as it is.

    Attributes:
        score, overlap: thresholds in [0, 1]; by default those of the model's card.
        min_size: objects of fewer square pixels are left out.
        diameter: the size of a typical object in pixels, as the side of a square of equal area;
            the image is scaled so that objects have the size that the model learned. "auto"
            measures it; None takes the image as it is.
        pixel_size: the side of the image's pixels in µm, "auto" takes that of the file; the image
            is scaled to the size of the pixels that the model learned from. In place of diameter.
        contrast: the percentile of the image's values that counts as bright, by default that of
            the card. A lower one, such as 99, brings up dim objects beside very bright ones;
            "auto" searches for it. Or a range (low, high): these values, as they are stored,
            become 0 and 1 in every image and channel, whatever else is in it, so that images of
            one exposure can be compared. Or such a pair for each channel ((low, high), …), where
            the model normalises each channel alone. "folder" measures such a range over all images
            of a prediction (`predict_folder`, `evaluate_model`), and is none of a single image.
        tile: the side in pixels, at the scale of the network, of the tiles in which the image is
            looked at; by default as large as memory allows, where the whole needs too much. The
            objects are the same. Kinds of models in which every pixel decides about all (TransUNet,
            Swin-Unet) have tiles of their own, whatever is given here.
        augment: "flips" also looks at each image flipped, in 4 orientations, "turns" in all 8 of
            flips and quarter turns; what most contours agree on is taken (`infer.augment`), in as
            many times the time.
        region: only the objects whose centres lie in it: "x,y,width,height" in pixels of the image,
            or a file of outlines, such as tissue drawn in QuPath. Of a file of several images those
            of the image's name, see `infer.region`.
        channel: the one channel of the image to look at, its number from 0 or its name in the file;
            by default the one that the model learned from, or all.
        page: which page of a stack, from 0; in folders of images "all"
            predicts every page.
        polish: whether the model's agent corrects the outlines (`kontur reinforce` trains one).
        link: whether the tracks of objects are numbered from page to page, where all pages are
            predicted (`infer.stacks.link`).
    """

    score: float | None = None
    overlap: float | None = None
    min_size: float = 0.0
    diameter: Diameter | None = None
    pixel_size: float | Literal["auto"] | None = None
    contrast: Contrast | None = None
    tile: int | None = None
    augment: Augment | None = None
    region: str | Regions | None = None
    channel: Channel | None = None
    page: int | Literal["all"] | None = None
    link: bool = False
    polish: bool = False

    def __post_init__(self) -> None:
        """Raise `InputError` for a value of another kind; what is in range a model says."""
        for name in WANTED:
            check_kind(name, getattr(self, name))
        given = as_ranges(self.contrast)
        if given is not None:  # a list is one as well, and records compare floats
            object.__setattr__(self, "contrast", given)

    def replace(self, **changes: Any) -> Self:
        """A copy with some options changed; TypeError that names the nearest for an unknown one."""
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise TypeError(f"there is no option {name!r} of predict; {nearest(name, known)}")
        return replace(self, **changes)


DEFAULT_OPTIONS = PredictOptions()
