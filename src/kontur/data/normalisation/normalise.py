"""From stored pixels to the input of a network: its channels, then normalised values.

Training and prediction call the same two functions, `to_channels` and `normalise`, on the whole
image, so a model meets the same values in both. `to_float` is the notes' `ToTensor` (levels to
0..1), `mode="moments"` their `Normalize(mean, std)`; the default, percentiles of the image itself,
is what StarDist and Cellpose use, because exposure and bit depth differ from one microscope to
the next and a few very bright objects must not set the scale. `mode="range"` is for images of one
exposure that are to be compared: no empty field is stretched until its noise looks like objects.
"""

import math
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

import numpy as np
import pydantic
from jaxtyping import Float, Num, Shaped

from kontur.data.normalisation.percentiles import percentiles
from kontur.data.normalisation.ranges import Range, Ranges, as_ranges, ranges_of
from kontur.errors import InputError
from kontur.settings import Settings

LUMINANCE = (0.299, 0.587, 0.114)  # weights of red, green, blue; ITU-R BT.601, as Pillow's "L"
FARTHEST = 100.0  # a "no data" value of -3e38 would spoil a network's features far around it
SAMPLED = 100_000  # percentiles of larger images come from a regular grid of about so many values


class NormaliseConfig(Settings):
    """The normalisation of pixel values.

    Attributes:
        mode: `percentile` maps the image's own `low` and `high` percentiles to 0 and 1 (nothing is
            cut off at the ends); `range` maps two given values to 0 and 1, the same for every
            image; `moments` subtracts `mean` and divides by `std`, in units of the stored type's
            full range (8-bit levels / 255).
        low, high: percentiles in percent.
        range: the values that become 0 and 1, as they are stored, for all channels; or such a pair
            for each, where percentiles would be those of each channel alone.
        over: percentiles of all channels together, which keeps colours, or of each channel alone,
            for channels that are separate stains.
        compress: with percentiles, values farther than this from the image's median are
            compressed logarithmically, 0 and 1 staying where they are, so that dim objects beside
            very bright ones get more of the scale, on dark ground and on bright; 0 switches it off,
            0.1 is strong. Not with a range, which leaves nothing to be measured on an image.
        mean, std: one number per channel.
    """

    mode: Literal["percentile", "range", "moments"] = "percentile"
    low: float = pydantic.Field(1.0, ge=0, le=100)
    high: float = pydantic.Field(99.8, ge=0, le=100)
    range: Annotated[Ranges | None, pydantic.BeforeValidator(lambda value: _checked(value))] = None
    over: Literal["image", "channel"] = "image"
    compress: float = pydantic.Field(0.0, ge=0)
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low must be below high, got {self.low} and {self.high}")
        if (self.mode == "range") != (self.range is not None):
            raise ValueError("mode = 'range' and range = [LOW, HIGH] go together; set both")
        if len(self.ranges) > 1 and self.over != "channel":
            raise ValueError("a range for each channel goes with over = 'channel'")
        if self.range is not None and self.compress > 0:
            raise ValueError(
                "compress acts around each image's median, so it must be 0 for a range"
            )
        if self.mode == "moments" and not (self.mean and len(self.mean) == len(self.std)):
            raise ValueError("moments need mean and std, one number per channel in each")
        if any(value <= 0 for value in self.std):
            raise ValueError(f"every std must be positive, got {self.std}")
        return self

    @property
    def ranges(self) -> tuple[Range, ...]:
        """The range of all channels, or one for each; none where there is none."""
        return ranges_of(self.range)


def _checked(value: Any) -> Ranges | None:
    ranges = as_ranges(value)
    if value is not None and ranges is None:
        raise ValueError(
            "a range is [LOW, HIGH], two finite numbers, LOW below HIGH, or such a pair for each "
            "channel"
        )
    return ranges


def to_channels(
    image: Shaped[np.ndarray, "h w c"], channels: int, *, grey: bool | None = None
) -> Shaped[np.ndarray, "h w k"]:
    """The image with `channels` channels, in the same dtype.

    `grey` tells of a window whether all three channels of its image are equal.

    Grey is repeated; RGB becomes its luminance where one channel is wanted. Any other change would
    be a guess about which channel matters: `InputError`. Four channels are four: where
    the image was read, an alpha was dropped.
    """
    have = image.shape[2]
    if have == channels:
        return image
    if have == 1:
        return np.repeat(image, channels, axis=2)
    if have == 3 and channels == 1:
        if is_grey(image) if grey is None else grey:
            return np.ascontiguousarray(image[..., :1])
        luminance: np.ndarray = image @ np.asarray(LUMINANCE, dtype=_working_dtype(image.dtype))
        if image.dtype.kind in "ui":
            luminance = np.rint(luminance)
        return luminance.astype(image.dtype)[..., None]
    raise InputError(
        f"the model takes {channels} channel{'s' * (channels != 1)} and the image has {have}; "
        "choose one, from 0 or by name, with --channel N (in Python channel=N)"
    )


def collapse(image: Shaped[np.ndarray, "h w c"]) -> Shaped[np.ndarray, "h w k"]:
    """One channel where three are equal (grey saved as RGB), else the image as it is."""
    return image[..., :1] if is_grey(image) else image


def in_fewest_channels(
    image: Shaped[np.ndarray, "h w c"], channels: int
) -> Shaped[np.ndarray, "h w k"]:
    """`to_channels`, but grey, of which all would be equal, stays one channel: for speed."""
    return image if image.shape[2] == 1 else collapse(to_channels(image, channels))


def to_float(image: Shaped[np.ndarray, "h w c"]) -> Float[np.ndarray, "h w c"]:
    """float32 with the full range of an integer type mapped to 0..1; floats keep their values."""
    if image.dtype == np.bool_:
        return image.astype(np.float32)
    if image.dtype.kind in "ui":
        top = np.iinfo(image.dtype).max
        if image.dtype.itemsize <= 2:
            return image.astype(np.float32) * np.float32(1 / top)
        return (image / top).astype(np.float32)
    if image.dtype.kind != "f":
        raise InputError(f"pixels must be integers, floats or true/false, got {image.dtype}")
    return image.astype(np.float32, copy=False)


@dataclass(frozen=True, eq=False)
class Normalisation:
    """The normalisation of one image: measured once, applied to any window of it.

    `low` and `high` become 0 and 1, one of each for a channel or for all; `ground` (1, 1, k) is
    the value around which `compress` acts, None where it is off. Pixels that are not finite count
    as `darkest`, plus infinity as `brightest`. `spread` are the percentiles of the image, a pair
    for each channel or one for all, whatever becomes 0 and 1; none for moments.
    """

    config: NormaliseConfig
    low: Float[np.ndarray, " k"]
    high: Float[np.ndarray, " k"]
    ground: Float[np.ndarray, "1 1 k"] | None
    darkest: float
    brightest: float
    spread: tuple[Range, ...] = ()

    @property
    def range(self) -> Ranges | None:
        """The values that become 0 and 1, as they are stored; None for moments."""
        if self.config.mode == "moments":
            return None
        pairs = tuple(zip(self.low.tolist(), self.high.tolist(), strict=True))
        return pairs if len(pairs) > 1 else pairs[0]

    def with_range(self, given: Ranges) -> Self:
        """The same where these values become 0 and 1. For percentiles without `compress`."""
        config = self.config.replace(mode="range", range=given)
        low, high = np.array(ranges_of(given)).T
        return replace(self, config=config, low=low, high=high)

    def apply(self, image: Shaped[np.ndarray, "h w c"]) -> Float[np.ndarray, "h w _"]:
        """Normalised float32 values of the image or of any window of it, also an empty one."""
        image = self._finite(image)
        if self.config.mode == "moments":
            mean = np.array(self.config.mean, np.float32)
            std = np.array(self.config.std, np.float32)
            return (to_float(image) - mean) * (1 / std)
        values = _rescale(image, self.low, self.high)
        if self.ground is not None:
            values = _compress(values, self.ground, np.float32(self.config.compress))
        return values

    def _finite(self, image: Shaped[np.ndarray, "h w c"]) -> Shaped[np.ndarray, "h w c"]:
        if image.dtype.kind != "f" or np.isfinite(image).all():
            return image
        low, high = self.darkest, self.brightest
        return np.nan_to_num(image, nan=low, neginf=low, posinf=high)


def measure_normalisation(
    image: Shaped[np.ndarray, "h w c"],
    config: NormaliseConfig | None = None,
    *,
    extremes: tuple[np.ndarray, np.ndarray] | None = None,
) -> Normalisation:
    """The normalisation of an image, by its percentiles (the default), a range or moments.

    `extremes` are the least and the largest value of each channel where `image` is only a grid of
    the pixels. Where the image is constant, or empty, everything becomes 0. Raises `InputError`
    where `mean` and `std` do not match the number of channels.
    """
    config = config or NormaliseConfig()
    if config.mode == "moments" and len(config.mean) != image.shape[2]:
        raise InputError(
            f"normalisation has {len(config.mean)} means and the image "
            f"{image.shape[2]} channels; give one mean and one std per channel"
        )
    darkest, brightest = _finite_range(image)
    zero = np.zeros(1)
    unmeasured = Normalisation(config, zero, zero, None, darkest, brightest)
    if config.mode == "moments" or image.size == 0:
        return unmeasured
    finite = unmeasured._finite(image)
    sampled = _sampled(finite, config)
    if extremes is None:
        low, high = _limits(finite, sampled, config)
    else:
        low, high = _limits(np.stack(extremes)[:, None], sampled, config)
    spread = tuple(zip(low.tolist(), high.tolist(), strict=True))
    if config.range is not None:
        return replace(unmeasured, spread=spread).with_range(config.range)
    ground = None
    if config.compress > 0:
        median = np.median(sampled, axis=(0, 1), keepdims=True)
        ground = _rescale(median.astype(_working_dtype(image.dtype)), low, high)
    return Normalisation(config, low, high, ground, darkest, brightest, spread)


def normalise(
    image: Shaped[np.ndarray, "h w c"], config: NormaliseConfig | None = None
) -> Float[np.ndarray, "h w _"]:
    """Normalised float32 values of a whole image, see `Normalisation`."""
    return measure_normalisation(image, config).apply(image)


def _finite_range(image: Shaped[np.ndarray, "h w c"]) -> tuple[float, float]:
    """The darkest and brightest finite value of floats that are not all finite; 0 and 0 else."""
    if image.dtype.kind != "f" or np.isfinite(image).all():
        return 0.0, 0.0
    finite = image[np.isfinite(image)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _sampled(
    image: Shaped[np.ndarray, "h w c"], config: NormaliseConfig
) -> Num[np.ndarray, "n 1 k"]:
    """Pixels on a regular grid: a column per channel, or one with all channels.

    Small unsigned integers stay what they are, which can be counted; differences of all others want
    floats.
    """
    pixels = collapse(image) if config.over == "image" else image
    step = max(1, math.isqrt(pixels.size // SAMPLED))
    columns = 1 if config.over == "image" else image.shape[2]
    values = pixels[::step, ::step].reshape(-1, 1, columns)
    small = image.dtype in (np.uint8, np.uint16)
    return values if small else values.astype(_working_dtype(image.dtype))


def _rescale(
    image: Shaped[np.ndarray, "h w c"],
    low: Float[np.ndarray, " k"],
    high: Float[np.ndarray, " k"],
) -> Float[np.ndarray, "h w _"]:
    """Values with `low` at 0 and `high` at 1, at most `FARTHEST`; zeros where the two are equal."""
    span = high - low
    gain = np.divide(1.0, span, out=np.zeros_like(span), where=span > 0)
    working = _working_dtype(image.dtype)
    values: Any = image.astype(working)
    if image.shape[2] == 1 < len(low):  # a grey image, of whose equal channels each has its range
        values = values.repeat(len(low), axis=2)
    with np.errstate(over="ignore"):
        values -= low.astype(working)
        values *= gain.astype(working)
    np.clip(values, -FARTHEST, FARTHEST, out=values)
    return values.astype(np.float32, copy=False)


def _compress(
    values: Float[np.ndarray, "h w c"], ground: Float[np.ndarray, "1 1 k"], knee: np.float32
) -> Float[np.ndarray, "h w c"]:
    """asinh((value - ground) / knee), rescaled so that 0 and 1 stay."""
    zero, one = np.arcsinh(-ground / knee), np.arcsinh((1 - ground) / knee)
    values = np.arcsinh((values - ground) / knee)
    values -= zero
    values *= 1 / (one - zero)
    return values


def _limits(
    image: Shaped[np.ndarray, "h w c"], sampled: Num[np.ndarray, "n 1 k"], config: NormaliseConfig
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """The values that become 0 and 1, per channel or (one of each) for the whole image.

    Where the percentiles coincide (fewer bright pixels than the tail holds, on an even ground) the
    extremes take their place, so that one small object on black is not lost.
    """
    low, high = percentiles(sampled[:, 0], (config.low, config.high)).astype(np.float64)
    flat = high <= low
    if flat.any():
        axes = (0, 1, 2) if config.over == "image" else (0, 1)
        low = np.where(flat, image.min(axes), low)
        high = np.where(flat, image.max(axes), high)
    return low, high


def is_grey(image: Shaped[np.ndarray, "h w c"]) -> bool:
    """Whether three channels are equal everywhere (a coarse grid is looked at first)."""
    if image.shape[2] != 3:
        return False
    for part in (image[::16, ::16], image):
        red, green, blue = part[..., 0], part[..., 1], part[..., 2]
        if not (np.array_equal(red, green) and np.array_equal(green, blue)):
            return False
    return True


def _working_dtype(dtype: np.dtype) -> type[np.float32] | type[np.float64]:
    """float32 is exact for what has at most 16 bits; wider types are subtracted in float64."""
    return np.float32 if dtype.itemsize <= 2 or dtype == np.float32 else np.float64
