"""Augmentation: the preparation and random changes of training images; one config, one pipeline.

An image is prepared once (channels, normalisation; as in prediction, on the whole image); each
time it is drawn, a random crop of it is changed at random.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
import pydantic

from kontur.data.normalisation.normalise import (
    NormaliseConfig,
    in_fewest_channels,
    normalise,
    to_channels,
    to_float,
)
from kontur.data.sample import Sample
from kontur.data.transforms.compose import Compose, RandomApply, Transform
from kontur.data.transforms.elastic import Elastic
from kontur.data.transforms.geometric import RandomCrop, scale
from kontur.data.transforms.photometric import (
    Blur,
    Desaturate,
    Intensity,
    Invert,
    Noise,
    Shading,
    ShuffleChannels,
)
from kontur.settings import Settings

Range = tuple[float, float]


SMALLEST, LARGEST, STEP = 128, 256, 64  # pixels: sides of crops that are chosen by the objects
ROOM = 2  # of the objects' extents: how much of its surroundings a crop shows


class AugmentConfig(Settings):
    """The cropping and random changes. A probability of 0 switches a change off.

    Attributes:
        crop: side of the square crop in pixels; where none is given, chosen by the objects' size
            (`crop_size`) when a run begins.
        scale: range of the scale factor, uniform in its logarithm.
        scale_probability: share of crops that are scaled; the rest keep their pixels.
        rotate: `none`, `quarter` turns (pixels stay as they are) or `any` angle.
        flip: `both` axes or `none`.
        object_crops: share of crops that are placed around a random object (for sparse images).
        fill: what a crop larger than its image shows beside it: its mirror image with mirrored
            objects, or its median (`background`).
        min_share, min_area: a cut object still counts where this share of its area or this many
            square pixels remain; otherwise it is a region to ignore.
        elastic, elastic_amplitude, elastic_spacing: probability; pixels; pixels.
        intensity: probability of the four that follow: gain, contrast, gamma (ranges), bias (range,
            added; 1 is the span from dark to bright), and for colour images tint.
        invert: probability of exchanging bright and dark.
        desaturate: probability of fading colours towards grey; shuffle: of permuting channels.
        shading, shading_strength: probability of uneven illumination; its largest deviation.
        blur, blur_sigma: probability; range in pixels.
        noise, noise_sigma, noise_photons: probability; ranges, see `Noise`.
    """

    RENAMED: ClassVar[dict[str, str]] = {
        "focus": "object_crops",
        "fade": "desaturate",
        "shade": "shading",
        "shade_strength": "shading_strength",
    }

    crop: int | None = pydantic.Field(None, ge=16)
    scale: Range = (0.75, 1.35)
    scale_probability: float = pydantic.Field(0.7, ge=0, le=1)
    rotate: Literal["none", "quarter", "any"] = "quarter"
    flip: Literal["none", "both"] = "both"
    object_crops: float = pydantic.Field(0.5, ge=0, le=1)
    fill: Literal["background", "reflect"] = "reflect"
    min_share: float = pydantic.Field(0.25, ge=0, le=1)
    min_area: float = pydantic.Field(100.0, ge=0)

    elastic: float = pydantic.Field(0.2, ge=0, le=1)
    elastic_amplitude: float = pydantic.Field(6.0, ge=0)
    elastic_spacing: float = pydantic.Field(48.0, ge=8)

    intensity: float = pydantic.Field(0.8, ge=0, le=1)
    gain: Range = (0.7, 1.4)
    contrast: Range = (0.8, 1.25)
    gamma: Range = (0.6, 1.6)
    bias: Range = (-0.1, 0.1)
    tint: float = pydantic.Field(1.15, ge=1)
    invert: float = pydantic.Field(0.05, ge=0, le=1)
    desaturate: float = pydantic.Field(0.15, ge=0, le=1)
    shuffle: float = pydantic.Field(0.05, ge=0, le=1)
    shading: float = pydantic.Field(0.2, ge=0, le=1)
    shading_strength: float = pydantic.Field(0.3, ge=0, lt=1)
    blur: float = pydantic.Field(0.15, ge=0, le=1)
    blur_sigma: Range = (0.3, 1.5)
    noise: float = pydantic.Field(0.3, ge=0, le=1)
    noise_sigma: Range = (0.0, 0.05)
    noise_photons: Range = (100.0, 10_000.0)

    @pydantic.model_validator(mode="after")
    def _ranges(self) -> Self:
        for name in ("scale", "gain", "contrast", "gamma", "bias", "blur_sigma", "noise_sigma"):
            low, high = getattr(self, name)
            least = -np.inf if name == "bias" else 0
            if not least <= low <= high or (name in ("scale", "gain", "gamma") and low == 0):
                raise ValueError(
                    f"{name} is a range [low, high] of positive numbers, got {low, high}"
                )
        return self


@dataclass(frozen=True)
class Pipeline:
    """From a stored sample to a training crop: `prepare` once, `augment` every time.

    Calling it does both. `prepare` is the same for the same sample, so its result can be kept.
    `scale` is the working scale: how much larger the network sees an image than it is.
    """

    channels: int
    normalise: NormaliseConfig
    change: Transform
    scale: float = 1.0

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        return self.augment(self.prepare(sample), rng)

    def prepare(self, sample: Sample) -> Sample:
        """float32 in the model's channels, at the working scale.

        Grey stays one channel until the end, for speed.
        """
        image = in_fewest_channels(sample.image, self.channels)
        # moments are taken last, because intensities change what lies in 0..1
        values = (
            to_float(image)
            if self.normalise.mode == "moments"
            else normalise(image, self.normalise)
        )
        sample = sample.replace(image=np.ascontiguousarray(values))
        return sample if self.scale == 1 else scale(sample, self.scale)

    def augment(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """A changed crop of a prepared sample, float32 `(crop, crop, channels)`."""
        sample = self.change(sample, rng)
        image = to_channels(sample.image, self.channels)
        if self.normalise.mode == "moments":
            image = normalise(image, self.normalise)
        return sample.replace(image=image)


def crop_size(extent: float | None) -> int:
    """The side of training crops in pixels, where few objects are longer than `extent` pixels.

    A crop of half the side costs a quarter of the time, so that a short training takes four times
    as many steps; it must show objects with what is around them, though. Without objects: 256.

    >>> crop_size(20.0), crop_size(75.0), crop_size(131.0), crop_size(None)
    (128, 192, 256, 256)
    """
    if extent is None:
        return LARGEST
    return int(np.clip(np.ceil(ROOM * extent / STEP) * STEP, SMALLEST, LARGEST))


def training_pipeline(
    config: AugmentConfig,
    channels: int,
    normalise: NormaliseConfig | None = None,
    *,
    scale: float = 1.0,
) -> Pipeline:
    """The pipeline of a config, for a model of `channels` input channels at a working scale."""
    side = config.crop or LARGEST
    steps: list[Transform] = [
        RandomCrop(
            size=(side, side),
            scale=config.scale,
            scale_probability=config.scale_probability,
            rotate=config.rotate,
            flip=config.flip,
            object_crops=config.object_crops,
            fill=config.fill,
            min_share=config.min_share,
            min_area=config.min_area,
        )
    ]
    sometimes: list[tuple[float, Transform]] = [
        (config.elastic, Elastic(config.elastic_amplitude, config.elastic_spacing)),
        (config.shuffle, ShuffleChannels()),
        (config.desaturate, Desaturate()),
        (config.invert, Invert()),
        (config.shading, Shading(config.shading_strength)),
        (
            config.intensity,
            Intensity(
                gain=config.gain,
                contrast=config.contrast,
                gamma=config.gamma,
                bias=config.bias,
                tint=config.tint,
            ),
        ),
        (config.blur, Blur(config.blur_sigma)),
        (config.noise, Noise(config.noise_sigma, config.noise_photons)),
    ]
    steps += [
        RandomApply(probability, change) for probability, change in sometimes if probability > 0
    ]
    return Pipeline(channels, normalise or NormaliseConfig(), Compose(tuple(steps)), scale)
