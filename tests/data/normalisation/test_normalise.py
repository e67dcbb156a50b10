import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from kontur.data.normalisation.normalise import (
    NormaliseConfig,
    collapse,
    in_fewest_channels,
    normalise,
    to_channels,
    to_float,
)
from kontur.errors import InputError


def random_image(size=(40, 50, 1), dtype=np.uint8, top=255, seed=0):
    return (np.random.default_rng(seed).random(size) * top).astype(dtype)


@pytest.mark.parametrize(
    ("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535), (np.uint32, 2**32 - 1)]
)
def test_to_float_maps_the_full_range_of_a_type_to_0_1(dtype, top):
    image = np.array([0, top], dtype=dtype).reshape(1, 2, 1)
    assert_array_equal(to_float(image).ravel(), np.float32([0, 1]))
    assert to_float(image).dtype == np.float32


def test_to_float_keeps_floats_and_reads_booleans():
    assert_array_equal(to_float(np.full((1, 1, 1), 7.5)), np.full((1, 1, 1), 7.5, np.float32))
    assert_array_equal(to_float(np.ones((1, 1, 1), bool)), np.ones((1, 1, 1), np.float32))


def test_to_float_refuses_what_is_no_number():
    with pytest.raises(InputError, match="complex"):
        to_float(np.zeros((1, 1, 1), dtype=complex))


def test_percentiles_become_0_and_1():
    image = random_image((300, 300, 1))
    result = normalise(image, NormaliseConfig(low=10, high=90))
    assert_allclose(np.percentile(result, [10, 90]), [0, 1], atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64])
def test_gain_and_offset_of_the_camera_do_not_matter(dtype):
    image = random_image(top=100)
    brighter = (image.astype(dtype) * 2 + 50).astype(dtype)
    assert_allclose(normalise(image), normalise(brighter), atol=1e-5)


def test_wide_types_with_a_large_offset_keep_their_differences():
    image = random_image(top=100).astype(np.float64)
    assert_allclose(normalise(image + 1e9), normalise(image), atol=1e-5)
    assert_allclose(
        normalise((image.round() + 3e9).astype(np.uint32)), normalise(image.round()), atol=1e-5
    )


def test_a_few_very_bright_pixels_do_not_set_the_scale():
    image = random_image((100, 100, 1), np.uint16, 1000)
    bright = image.copy()
    bright[0, :10] = 60_000
    dim = np.s_[1:]
    assert_allclose(normalise(bright)[dim], normalise(image)[dim], atol=0.02)


def test_one_small_object_on_even_black_is_not_lost():
    image = np.zeros((100, 100, 1), np.uint8)
    image[50, 50:54] = 200  # fewer pixels than the upper tail holds
    assert_array_equal(normalise(image), image / np.float32(200))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("value", [0, 255])
def test_a_constant_image_becomes_zeros(channels, value):
    image = np.full((5, 6, channels), value, np.uint8)
    for over in ("image", "channel"):
        assert_array_equal(normalise(image, NormaliseConfig(over=over)), np.zeros((5, 6, channels)))


def test_images_without_pixels_and_of_one_pixel_pass():
    assert normalise(np.zeros((0, 5, 3), np.uint8)).shape == (0, 5, 3)
    assert_array_equal(normalise(np.full((1, 1, 1), 9, np.uint8)), np.zeros((1, 1, 1)))


def test_nan_counts_as_darkest_and_infinity_as_brightest():
    image = random_image().astype(np.float32)
    clean = normalise(image)
    image[0, 0], image[1, 1], image[2, 2] = np.nan, np.inf, -np.inf
    result = normalise(image)
    assert np.isfinite(result).all()
    assert_allclose(result[3:], clean[3:], atol=0.02)
    assert result[0, 0] == result[2, 2] == result.min()
    assert result[1, 1] == result.max()
    assert_array_equal(normalise(np.full((2, 2, 1), np.nan, np.float32)), np.zeros((2, 2, 1)))


def test_percentiles_over_the_image_keep_colours_and_over_a_channel_even_them_out():
    image = random_image((60, 60, 3)).astype(np.float32) * np.float32([1, 0.5, 0.1])
    together = normalise(image, NormaliseConfig(low=0, high=100))
    apart = normalise(image, NormaliseConfig(low=0, high=100, over="channel"))
    assert_allclose(together.max((0, 1)), image.max((0, 1)) / image.max(), atol=0.01)
    assert_array_equal(apart.max((0, 1)), [1, 1, 1])


def test_grey_saved_as_rgb_gives_the_same_values_as_grey():
    grey = random_image((90, 80, 1))
    config = NormaliseConfig(compress=0.1)
    assert_array_equal(normalise(grey.repeat(3, 2), config), normalise(grey, config).repeat(3, 2))


def test_percentiles_of_a_large_image_come_near_those_of_all_its_pixels():
    image = np.random.default_rng(0).gamma(2, 100, (1500, 1500, 1)).astype(np.uint16)
    low, high = np.percentile(image, (1, 99.8))
    assert_allclose(normalise(image), (image - low) / (high - low), atol=0.03, rtol=0.03)


def test_compression_raises_dim_objects_and_keeps_0_and_1():
    image = np.full((100, 100, 1), 20, np.uint8)
    image[10:20, 10:20], image[40:60, 40:60] = 40, 220  # dim, bright
    plain, compressed = normalise(image), normalise(image, NormaliseConfig(compress=0.1))
    assert_allclose(plain[15, 15], 0.1)
    assert compressed[15, 15] > 0.25
    assert_allclose([compressed[0, 0], compressed[50, 50]], [[0], [1]], atol=1e-6)
    inverted = normalise(255 - image, NormaliseConfig(compress=0.1))  # on bright ground too
    assert_allclose(inverted, 1 - compressed, atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.uint32, np.float32, float])
def test_a_range_of_the_measured_percentiles_gives_the_very_same_values(dtype, channels):
    image = random_image((60, 70, channels), dtype, 255 if dtype is np.uint8 else 4000)
    low, high = np.percentile(image, (1, 99.8))
    fixed = NormaliseConfig(mode="range", range=(low, high))
    assert_array_equal(normalise(image, fixed), normalise(image))
    assert normalise(image, fixed).dtype == np.float32


def test_with_a_range_a_part_has_the_values_that_it_has_in_the_whole_and_noise_stays_dark():
    image = random_image((60, 70, 1), np.uint16, 30)
    image[:20] += 1000
    fixed = NormaliseConfig(mode="range", range=(100, 1100))
    assert_array_equal(normalise(image[20:], fixed), normalise(image, fixed)[20:])
    assert normalise(image[20:], fixed).max() < 0
    assert normalise(image[20:]).max() >= 1
    assert normalise(image[:0], fixed).shape == (0, 70, 1)
    assert_array_equal(
        normalise(np.full((2, 2, 1), 600, np.uint16), fixed), np.full((2, 2, 1), 0.5)
    )


@pytest.mark.parametrize("given", [(-1e30, 1e30), (0, 1e-30), (1e30 - 1e20, 1e30)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_a_range_of_any_width_gives_numbers_that_a_network_can_bear(dtype, given):
    image = random_image(dtype=dtype)
    image[0, 0] = 0 if dtype(0.5) == 0 else -3e38
    values = normalise(image, NormaliseConfig(mode="range", range=given))
    assert np.isfinite(values).all()
    assert np.abs(values).max() <= 100


def test_moments_use_a_mean_and_std_per_channel_in_units_of_the_full_range():
    image = random_image((4, 5, 3))
    config = NormaliseConfig(mode="moments", mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.1))
    expected = (image / 255 - np.array([0.5, 0.4, 0.3])) / np.array([0.2, 0.3, 0.1])
    assert_allclose(normalise(image, config), expected, atol=1e-5)
    with pytest.raises(InputError, match="3 means and the image 1 channel"):
        normalise(image[..., :1], config)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"low": 50, "high": 50}, "low must be below high"),
        ({"mode": "moments"}, "one number per channel"),
        ({"mode": "range"}, "set both"),
        ({"range": [1, 2]}, "set both"),
        ({"mode": "range", "range": [2, 2]}, "LOW below HIGH"),
        ({"mode": "range", "range": [1, 2, 3]}, "range"),
        ({"mode": "range", "range": [0, float("inf")]}, "finite"),
        ({"mode": "range", "range": [[1, 2], [4, 3]], "over": "channel"}, "pair for each channel"),
        ({"mode": "range", "range": [[1, 2], [3, 4]]}, "goes with over = 'channel'"),
        ({"mode": "range", "range": [1, 2], "compress": 0.1}, "must be 0 for a range"),
        ({"mode": "moments", "mean": [0.5], "std": [0.1, 0.2]}, "one number per channel"),
        ({"mode": "moments", "mean": [0.5], "std": [0]}, "positive"),
        ({"higth": 99}, "did you mean 'high'"),
    ],
)
def test_a_wrong_config_is_reported_in_a_sentence(wrong, named):
    with pytest.raises(InputError, match=named):
        NormaliseConfig.read(wrong)


def test_grey_is_repeated():
    image = random_image((4, 5, 1))
    assert_array_equal(to_channels(image, 3), image.repeat(3, 2))


def test_colour_becomes_its_luminance_in_the_same_type():
    image = np.array([[[255, 0, 0], [0, 255, 0], [255, 255, 255]]], np.uint8)
    assert_array_equal(to_channels(image, 1).ravel(), np.uint8([76, 150, 255]))
    assert_allclose(to_channels(image / 255, 1).ravel(), [0.299, 0.587, 1])


@pytest.mark.parametrize(("have", "wanted"), [(2, 1), (5, 3), (3, 2), (2, 3)])
def test_many_channels_need_a_choice(have, wanted):
    with pytest.raises(InputError, match=r"choose one, from 0 or by name, with --channel N"):
        to_channels(random_image((4, 5, have)), wanted)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_four_stains_are_not_taken_for_alpha(dtype):
    for image in (random_image((4, 5, 4), dtype, 200), np.zeros((4, 5, 4), dtype)):
        with pytest.raises(InputError, match="the image has 4"):
            to_channels(image, 3)
        assert to_channels(image, 4) is image


def test_grey_is_not_repeated_in_the_fewest_channels():
    grey, colour = random_image((4, 5, 1)), random_image((4, 5, 3))
    assert in_fewest_channels(grey, 3) is grey
    assert_array_equal(in_fewest_channels(grey.repeat(3, 2), 3), grey)
    assert_array_equal(in_fewest_channels(colour, 3), colour)
    assert_array_equal(in_fewest_channels(colour, 1), to_channels(colour, 1))


def test_collapse_finds_grey_saved_as_colour():
    grey = random_image((40, 40, 1)).repeat(3, 2)
    assert collapse(grey).shape == (40, 40, 1)
    grey[7, 9, 1] ^= 1
    assert collapse(grey).shape == (40, 40, 3)


def test_a_huge_no_data_value_stays_within_what_a_network_can_bear():
    image = np.random.default_rng(0).random((40, 40, 1), dtype=np.float32)
    expected = normalise(image)
    image[0, 0], image[39, 39] = -3e38, 3e38
    values = normalise(image)
    assert (values[0, 0, 0], values[39, 39, 0]) == (-100, 100)
    np.testing.assert_allclose(values[1:39], expected[1:39], atol=0.01)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("over", ["image", "channel"])
def test_small_integers_are_measured_as_the_same_floats_to_the_last_bit(dtype, over):
    config = NormaliseConfig(low=0.7, high=99.83, over=over, compress=0.1)
    for seed in range(20):
        image = random_image((31, 23, 3), dtype, np.iinfo(dtype).max, seed)
        assert_array_equal(normalise(image, config), normalise(image.astype(np.float32), config))


def test_a_range_for_each_channel_is_that_of_each_channel_alone():
    image = random_image((6, 7, 2), np.uint16, 4000)
    ranges = ((100.0, 3000.0), (-50.0, 900.0))
    each = NormaliseConfig(mode="range", range=ranges, over="channel")
    alone = [
        normalise(image[..., i : i + 1], NormaliseConfig(mode="range", range=pair))
        for i, pair in enumerate(ranges)
    ]
    assert_array_equal(normalise(image, each), np.concatenate(alone, axis=2))
    grey = image[..., :1]  # of a network of two channels, which both show it
    assert_array_equal(normalise(grey, each), normalise(np.repeat(grey, 2, 2), each))
    assert normalise(image[:0], each).shape == (0, 7, 2)
