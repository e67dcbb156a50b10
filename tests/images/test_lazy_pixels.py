"""Lazy pixels that are gone through in bands: no more than a band is held."""

import weakref

import numpy as np
import pytest

from kontur.data.normalisation.normalise import NormaliseConfig
from kontur.data.normalisation.survey import survey
from kontur.images import lazy_pixels
from kontur.images.lazy_pixels import LazyPixels, thinned


class Counted(LazyPixels):
    """Pixels that know how many bands that were read are still held."""

    def __init__(self, channels):
        self.shape, self.dtype, self.levels = (400, 300, channels), np.dtype("u1"), ()
        self.held = self.most = 0

    def read(self, top, left, height, width):
        band = np.full((height, width, self.shape[2]), top % 251, np.uint8)
        self.held += 1
        self.most = max(self.most, self.held)
        weakref.finalize(band, self.freed)
        return band

    def freed(self):
        self.held -= 1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "go_through",
    [
        lambda pixels: thinned(pixels, 500),
        lambda pixels: survey(pixels, 3, NormaliseConfig(), where="a.tif"),
    ],
    ids=["thinned", "survey"],
)
def test_what_is_kept_of_a_band_does_not_keep_the_band(monkeypatch, channels, go_through):
    monkeypatch.setattr(lazy_pixels, "BAND", 300 * channels * 20)
    monkeypatch.setattr("kontur.data.normalisation.survey.SAMPLED", 500)
    pixels = Counted(channels)
    go_through(pixels)
    assert pixels.most <= 2  # of 20: the one that is read, and the one before it
