import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from kontur.data.sample import Sample
from kontur.data.transforms.photometric import (
    Blur,
    Desaturate,
    Intensity,
    Invert,
    Noise,
    Shading,
    ShuffleChannels,
)
from kontur.instances import Instances

CHANGES = [Intensity(), Invert(), ShuffleChannels(), Desaturate(), Blur(), Noise(), Shading()]


def sample_of(image):
    return Sample(image, Instances.empty(image.shape[:2]), "values")


def random_sample(size=(30, 40, 3), seed=0):
    return sample_of(np.random.default_rng(seed).normal(0.4, 0.4, size).astype(np.float32))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_values_change_and_objects_stay(change, channels):
    sample = random_sample((30, 40, channels))
    before = sample.image.copy()
    made = [change(sample, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    for result in made:
        assert result.image.shape == sample.image.shape
        assert result.image.dtype == np.float32
        assert np.isfinite(result.image).all()
        assert result.instances is sample.instances
    assert_array_equal(made[0].image, made[1].image)
    assert_array_equal(sample.image, before)  # never in place


@pytest.mark.parametrize("change", CHANGES)
def test_grey_stored_as_colour_stays_grey(change):
    sample = random_sample((30, 40, 1))
    for seed in range(8):
        colour = change(
            sample.replace(image=sample.image.repeat(3, 2)), np.random.default_rng(seed)
        )
        grey = change(sample, np.random.default_rng(seed))
        assert_allclose(colour.image, grey.image.repeat(3, 2), atol=1e-6)


def test_intensity_is_gain_contrast_and_bias_about_the_mean():
    sample = random_sample((20, 20, 1))
    fixed = Intensity(gain=(2, 2), contrast=(0.5, 0.5), gamma=(1, 1), bias=(0.3, 0.3))
    mean = sample.image.mean()
    expected = 2 * ((sample.image - mean) * 0.5 + mean) + 0.3
    assert_allclose(fixed(sample, np.random.default_rng(0)).image, expected, atol=1e-5)


def test_gamma_keeps_0_and_1_and_what_is_below_0():
    image = np.float32([-0.5, 0, 0.25, 1]).reshape(1, 4, 1)
    one = (1.0, 1.0)
    root = Intensity(gain=one, contrast=one, gamma=(0.5, 0.5), bias=(0, 0))
    changed = root(sample_of(image), np.random.default_rng(0)).image
    assert_allclose(changed.ravel(), [-0.5, 0, 0.5, 1], atol=1e-6)


def test_tint_gives_channels_of_a_colour_image_their_own_gain():
    one = (1.0, 1.0)
    tint = Intensity(gain=one, contrast=one, gamma=one, bias=(0, 0), tint=1.5)
    sample = random_sample()
    ratio = tint(sample, np.random.default_rng(0)).image / sample.image
    assert_allclose(ratio, np.broadcast_to(ratio[:1, :1], ratio.shape), rtol=1e-3)
    assert np.ptp(ratio[0, 0]) > 0.05
    assert (ratio < 1.51).all()


def test_inversion_twice_is_nothing():
    sample = random_sample()
    twice = Invert()(Invert()(sample, np.random.default_rng(0)), np.random.default_rng(0))
    assert_allclose(twice.image, sample.image, atol=1e-6)


def test_a_full_fade_is_grey_and_none_is_nothing():
    sample = random_sample()
    grey = Desaturate((1.0, 1.0))(sample, np.random.default_rng(0)).image
    assert_allclose(np.ptp(grey, axis=2), 0, atol=1e-6)
    assert_array_equal(Desaturate((0.0, 0.0))(sample, np.random.default_rng(0)).image, sample.image)


def test_noise_has_the_sigma_and_the_photons_that_were_asked():
    dark, bright = (
        sample_of(np.zeros((300, 300, 1), np.float32)),
        sample_of(np.ones((300, 300, 1), np.float32)),
    )
    noise = Noise(sigma=(0.05, 0.05), photons=(400, 400))
    rng = np.random.default_rng(0)
    assert noise(dark, rng).image.std() == pytest.approx(0.05, rel=0.02)
    assert noise(bright, rng).image.std() == pytest.approx(np.hypot(0.05, 0.05), rel=0.02)
    assert noise(bright, rng).image.mean() == pytest.approx(1, abs=0.001)


def test_shading_is_a_gradient_about_the_middle():
    ones = sample_of(np.ones((41, 61, 2), np.float32))
    shaded = Shading(0.4)(ones, np.random.default_rng(3)).image
    assert shaded[20, 30] == pytest.approx([1, 1])
    assert 0.6 <= shaded.min() < 1 < shaded.max() <= 1.4
    assert_allclose(shaded + shaded[::-1, ::-1], 2, atol=1e-5)
