"""Photometric transforms, which leave contours alone: intensity, colour, blur, noise, shading.

They work on float32 images whose usual range is 0..1 (after `to_float` or `normalise`); values
outside are allowed and never cut off. Grey saved as colour (red = green = blue) stays grey.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from kontur.data.normalisation.normalise import LUMINANCE, collapse
from kontur.data.sample import Sample
from kontur.geometry.gaussian import blur

Range = tuple[float, float]
Pixels = Float[np.ndarray, "h w c"]


@dataclass(frozen=True)
class Intensity:
    """gain · contrast around the mean · values^gamma + bias, each drawn from its range.

    Attributes:
        gain, contrast, gamma: ranges, drawn uniformly in the logarithm.
        bias: range of what is added.
        tint: colour images only: each channel's own gain, up to this factor either way.
    """

    gain: Range = (0.7, 1.4)
    contrast: Range = (0.8, 1.25)
    gamma: Range = (0.6, 1.6)
    bias: Range = (-0.1, 0.1)
    tint: float = 1.1

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        gain, contrast, gamma = (
            np.float32(np.exp(rng.uniform(*np.log(bounds))))
            for bounds in (self.gain, self.contrast, self.gamma)
        )
        bias = np.float32(rng.uniform(*self.bias))
        tint = np.exp(rng.uniform(-1, 1, sample.image.shape[2]) * np.log(self.tint))
        image = collapse(sample.image)
        if gamma != 1:
            image = np.where(image > 0, np.maximum(image, 0) ** gamma, image)
        mean = image.mean(dtype=np.float32)
        colours = tint.astype(np.float32) if image.shape[2] > 1 else np.float32(1)
        # gain · ((image - mean) · contrast + mean) + bias, as one multiplication and one addition
        image = image * (gain * contrast * colours)
        image += gain * mean * (1 - contrast) * colours + bias
        return _with_image(sample, image)


@dataclass(frozen=True)
class Invert:
    """Bright becomes dark: 1 - value."""

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        return sample.replace(image=1 - sample.image)


@dataclass(frozen=True)
class ShuffleChannels:
    """The channels in a random order."""

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        order = rng.permutation(sample.image.shape[2])
        return sample.replace(image=np.ascontiguousarray(sample.image[..., order]))


@dataclass(frozen=True)
class Desaturate:
    """Colours faded towards grey by a random share; 1 is grey. Only RGB is changed."""

    amount: Range = (0.0, 1.0)

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        share = np.float32(rng.uniform(*self.amount))
        if sample.image.shape[2] != 3:
            return sample
        grey = (sample.image @ np.array(LUMINANCE, np.float32))[..., None]
        return sample.replace(image=sample.image * (1 - share) + grey * share)


@dataclass(frozen=True)
class Blur:
    """A Gaussian blur; sigma in pixels."""

    sigma: Range = (0.3, 1.5)

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        return _with_image(sample, blur(collapse(sample.image), float(rng.uniform(*self.sigma))))


@dataclass(frozen=True)
class Noise:
    """Readout noise (the same everywhere) and shot noise (growing with the root of the value).

    Attributes:
        sigma: range of the readout noise's standard deviation.
        photons: range of the number of photons that a value of 1 stands for; fewer is noisier.
    """

    sigma: Range = (0.0, 0.05)
    photons: Range = (100.0, 10_000.0)

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        sigma = np.float32(rng.uniform(*self.sigma))
        photons = np.exp(rng.uniform(*np.log(self.photons)))
        image = collapse(sample.image)
        spread = np.maximum(image, 0)
        spread *= np.float32(1 / photons)
        spread += sigma * sigma
        np.sqrt(spread, out=spread)
        spread *= rng.standard_normal(image.shape, dtype=np.float32)
        spread += image
        return _with_image(sample, spread)


@dataclass(frozen=True)
class Shading:
    """Uneven illumination: a linear factor, 1 at the image's centre.

    Attributes:
        strength: the largest deviation of the factor from 1, in opposite corners.
    """

    strength: float = 0.3

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        height, width = sample.size
        angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, self.strength)
        across = np.linspace(-1, 1, width, dtype=np.float32) * np.float32(np.cos(angle))
        down = np.linspace(-1, 1, height, dtype=np.float32) * np.float32(np.sin(angle))
        light = 1 + np.float32(strength / np.sqrt(2)) * (down[:, None] + across)
        return sample.replace(image=sample.image * light[..., None])


def _with_image(sample: Sample, image: Pixels) -> Sample:
    """The sample with new pixels; one channel stands for all of them where there was no colour."""
    channels = sample.image.shape[2]
    if image.shape[2] != channels:
        image = np.repeat(image, channels, axis=2)
    return sample.replace(image=image)
