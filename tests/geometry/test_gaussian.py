import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import ndimage

from kontur.geometry.gaussian import blur


def image_of(size):
    return np.random.default_rng(0).normal(0.4, 0.4, size).astype(np.float32)


@pytest.mark.parametrize("sigma", [0.3, 1, 2.7])
@pytest.mark.parametrize("size", [(20, 31, 2), (3, 50, 1), (1, 1, 1)])
def test_blurring_equals_scipy(sigma, size):
    image = image_of(size)
    radius = max(1, int(np.ceil(3 * sigma)))
    expected = ndimage.gaussian_filter(
        image, (sigma, sigma, 0), mode="reflect", radius=(radius, radius, 0)
    )
    assert_allclose(blur(image, sigma), expected, atol=1e-5)


def test_a_blur_of_zero_changes_nothing():
    image = image_of((4, 5, 1))
    assert blur(image, 0) is image
