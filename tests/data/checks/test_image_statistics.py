"""The fingerprint of an image: the same turned, another with one pixel."""

import numpy as np
import pytest

from kontur.data.checks.image_statistics import fingerprint
from tests.data import drawn


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_fingerprint_survives_turning_and_sees_one_pixel(dtype):
    image = np.dstack([drawn.picture(k) for k in range(3)]).astype(dtype)
    other = image.copy()
    other[0, 0, 0] += 1
    assert fingerprint(np.rot90(image)) == fingerprint(image[:, ::-1]) == fingerprint(image)
    assert fingerprint(other) != fingerprint(image)
    assert fingerprint(image[:, :, ::-1]) != fingerprint(image)
