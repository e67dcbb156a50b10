"""Windows of an OME-Zarr: what the whole plane shows there, at every level."""

import numpy as np
import pytest

from kontur.errors import InputError
from kontur.images import image_file
from kontur.images.image_file import open_image, read_image
from kontur.images.lazy_pixels import LazyPixels

zarr = pytest.importorskip("zarr")
PIXELS = np.random.default_rng(0).integers(0, 4000, (2, 3, 90, 70), dtype=np.uint16)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(image_file, "LAZY", 0)
    group = zarr.open_group(tmp_path / "a.ome.zarr", mode="w", zarr_format=2)
    for level, step in enumerate((1, 2)):
        values = PIXELS[..., ::step, ::step]
        array = group.create_array(
            str(level), shape=values.shape, dtype="u2", chunks=(1, 1, 32, 32)
        )
        array[...] = values
    axes = [{"name": name} for name in "czyx"]
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [{"type": "scale", "scale": [1, 1, step, step]}],
        }
        for level, step in enumerate((1, 2))
    ]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
    return tmp_path / "a.ome.zarr"


@pytest.mark.parametrize("channel", [None, 1])
def test_a_window_is_what_the_plane_shows_there(store, channel):
    lazy, whole = (read(store, page=2, channel=channel) for read in (open_image, read_image))
    assert isinstance(lazy.pixels, LazyPixels)
    assert lazy._replace(pixels=None) == (None, *whole[1:])
    assert lazy.pixels.shape == whole.pixels.shape
    np.testing.assert_array_equal(lazy.pixels[30:80, 5:69], whole.pixels[30:80, 5:69])
    (small,) = lazy.pixels.levels
    kept = slice(None) if channel is None else slice(channel, channel + 1)
    expected = PIXELS[kept, 2, ::2, ::2].transpose(1, 2, 0)
    np.testing.assert_array_equal(small[10:45, 0:35], expected[10:45])


def test_a_stack_wants_a_page_and_a_channel_is_there_or_not(store):
    with pytest.raises(InputError, match="choose it with --page"):
        open_image(store)
    with pytest.raises(InputError, match="channel 2 is not among them"):
        open_image(store, page=0, channel=2)
