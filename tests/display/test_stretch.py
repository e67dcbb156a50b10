import numpy as np
import pytest

from kontur.display.stretch import stretch
from kontur.errors import InputError


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_images_of_any_depth_and_channels_are_stretched(dtype, channels):
    ramp = np.linspace(10, 120, 40 * 50 * channels).reshape(40, 50, channels).astype(dtype)
    drawn = stretch(ramp)
    assert (drawn.shape, drawn.dtype) == ((40, 50, 3), np.uint8)
    assert drawn.min() == 0
    assert drawn.max() == 255


def test_a_few_bright_pixels_do_not_darken_the_rest():
    image = np.random.default_rng(0).normal(100, 10, (60, 60, 1)).astype(np.float32)
    image[0, 0] = 60000
    assert stretch(image)[..., 0].std() > 30


def test_constant_empty_and_broken_images_are_black():
    assert not stretch(np.full((4, 5, 1), 9, dtype=np.uint16)).any()
    assert not stretch(np.full((4, 5, 1), np.nan, dtype=np.float32)).any()
    some = np.arange(20, dtype=np.float32).reshape(4, 5, 1)
    some[0, 0], some[0, 1] = np.nan, np.inf
    assert stretch(some)[0, 0].tolist() == [0, 0, 0]


def test_a_lower_percentile_brings_up_what_is_dim():
    image = np.full((40, 50, 1), 100, np.uint16)
    image[:20] = 200
    image[:2] = 60000  # 5 % of the pixels
    plain, dim = stretch(image), stretch(image, contrast=90.0)
    assert plain[10, 10].tolist() == [0, 0, 0]
    assert dim[10, 10].tolist() == [255, 255, 255]
    assert not dim[30, 10].any()


def test_a_given_range_is_black_and_white_whatever_else_is_in_the_image():
    image = np.array([[0, 100, 150, 200, 900]], np.uint16)[..., None]
    shown = np.array([[[0], [0], [127], [255], [255]]]).repeat(3, axis=2)
    for part in (np.s_[:, :], np.s_[:, 1:4]):
        assert np.array_equal(stretch(image[part], contrast=(100.0, 200.0)), shown[part])


def test_channels_are_each_stretched_between_values_of_their_own():
    image = np.random.default_rng(3).integers(0, 1000, (9, 8, 4))
    ranges = ((0.0, 500.0), (100.0, 900.0), (3.0, 70.0), (0.0, 9.0))
    for channels in (2, 3, 4):
        alone = [
            stretch(image[..., [i]], contrast=one)[..., 0]
            for i, one in enumerate(ranges[: min(channels, 3)])
        ]
        planes = alone if channels > 2 else [alone[1], alone[0], alone[1]]
        shown = stretch(image[..., :channels], contrast=ranges[:channels])
        assert np.array_equal(shown, np.stack(planes, axis=2))
    assert np.array_equal(stretch(image[..., :1], contrast=ranges)[..., 0], alone[0])


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_fewer_ranges_than_channels_are_refused_in_a_sentence(channels):
    ranges = ((0.0, 10.0), (0.0, 100.0))[: channels - 1]
    told = f"{len(ranges)} ranges? of intensities were given, .* the image has {channels} channels"
    with pytest.raises(InputError, match=told):
        stretch(np.zeros((4, 5, channels), np.uint8), contrast=ranges)
