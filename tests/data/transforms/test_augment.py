import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose, assert_array_equal

from kontur.data.normalisation.normalise import NormaliseConfig, normalise
from kontur.data.sample import Sample
from kontur.data.synthetic import scene
from kontur.data.transforms.augment import AugmentConfig, training_pipeline
from kontur.data.transforms.compose import sample_rng
from kontur.data.transforms.geometric import scale_part, scaled_size
from kontur.errors import InputError
from kontur.instances import Instances

EVERYTHING = AugmentConfig(
    crop=64,
    rotate="any",
    elastic=1,
    intensity=1,
    invert=1,
    desaturate=1,
    shuffle=1,
    shading=1,
    blur=1,
    noise=1,
)
NOTHING = AugmentConfig(
    crop=64,
    scale_probability=0,
    rotate="none",
    flip="none",
    elastic=0,
    intensity=0,
    invert=0,
    desaturate=0,
    shuffle=0,
    shading=0,
    blur=0,
    noise=0,
)
MOMENTS = NormaliseConfig(mode="moments", mean=(0.5, 0.4, 0.3), std=(0.2, 0.2, 0.2))


def example(channels=1, size=(90, 100), seed=0):
    return scene(
        np.random.default_rng(seed), size=size, channels=channels, count=12, radius=(5, 12)
    )


@pytest.mark.parametrize("config", [AugmentConfig(crop=64), EVERYTHING, NOTHING])
@pytest.mark.parametrize("have", [1, 3])
@pytest.mark.parametrize("wanted", [1, 3])
@pytest.mark.parametrize("mode", ["percentile", "moments"])
def test_crops_have_the_wanted_size_channels_and_type(config, have, wanted, mode):
    one = NormaliseConfig(mode="moments", mean=(0.5,) * wanted, std=(0.2,) * wanted)
    normal = one if mode == "moments" else NormaliseConfig(compress=0.1)
    made = training_pipeline(config, wanted, normal)(example(have), sample_rng(0, 0, 0))
    assert made.image.shape == (64, 64, wanted)
    assert made.image.dtype == np.float32
    assert made.image.flags.c_contiguous
    assert np.isfinite(made.image).all()
    assert made.instances.size == (64, 64)
    assert shapely.is_valid(made.instances.polygons).all()
    assert (made.instances.boxes >= 0).all()
    assert (made.instances.boxes <= 64).all()


def test_values_are_those_of_the_whole_image_as_in_prediction():
    sample = example(3)
    made = training_pipeline(NOTHING, 3)(sample, sample_rng(0, 0, 1))
    whole = normalise(sample.image)
    windows = np.lib.stride_tricks.sliding_window_view(whole[..., 0], (64, 64))
    row, column = np.argwhere((windows == made.image[..., 0]).all((2, 3)))[0]
    assert_array_equal(made.image, whole[row : row + 64, column : column + 64])
    moments = training_pipeline(NOTHING, 3, MOMENTS)(sample, sample_rng(0, 0, 1))
    expected = normalise(sample.image, MOMENTS)[row : row + 64, column : column + 64]
    assert_allclose(moments.image, expected, atol=1e-5)


@pytest.mark.parametrize("working", [0.35, 0.5, 2.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_at_a_working_scale_values_are_those_of_the_whole_image_and_outlines_are_scaled(
    working, channels
):
    sample = example(channels)
    prepared = training_pipeline(NOTHING, channels, scale=working).prepare(sample)
    size = scaled_size(sample.size, working)
    scaled = scale_part(normalise(sample.image), (0, 0), working, (0, 0, *size), size)
    assert_array_equal(prepared.image, scaled)
    expected = sample.instances.scale(working, working)
    inner = prepared.instances[np.isin(prepared.instances.ids, expected.ids)]
    kept = expected[np.isin(expected.ids, inner.ids)]
    assert len(kept) > len(expected) / 2
    assert_allclose(inner.areas, kept.clip(prepared.size).areas, rtol=1e-9)
    assert_allclose(inner.boxes, kept.clip(prepared.size).boxes, atol=1e-9)


def test_a_working_scale_of_one_changes_nothing():
    sample = example(3)
    plain, one = training_pipeline(NOTHING, 3), training_pipeline(NOTHING, 3, scale=1.0)
    assert_array_equal(plain.prepare(sample).image, one.prepare(sample).image)
    assert one.prepare(sample).instances is sample.instances


def test_the_generator_decides_everything_and_preparing_first_changes_nothing():
    pipeline, sample = training_pipeline(EVERYTHING, 3), example(3)
    first, second = pipeline(sample, sample_rng(1, 2, 3)), pipeline(sample, sample_rng(1, 2, 3))
    prepared = pipeline.augment(pipeline.prepare(sample), sample_rng(1, 2, 3))
    for other in (second, prepared):
        assert_array_equal(first.image, other.image)
        assert (first.instances.polygons == other.instances.polygons).all()
    assert not np.array_equal(first.image, pipeline(sample, sample_rng(1, 2, 4)).image)


def test_a_grey_image_stays_grey_through_everything():
    sample = example(1)
    pipeline = training_pipeline(EVERYTHING, 3)
    for index in range(5):
        colour = sample.replace(image=sample.image.repeat(3, 2))
        made = pipeline(colour, sample_rng(0, 0, index)).image
        assert_allclose(np.ptp(made, axis=2), 0, atol=1e-6)
        assert_array_equal(made, pipeline(sample, sample_rng(0, 0, index)).image)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, bool])
@pytest.mark.parametrize("size", [(1, 1), (3, 5000), (70, 40)])
def test_images_of_any_type_and_size_pass(dtype, size):
    image = (np.random.default_rng(0).random((*size, 1)) * 200).astype(dtype)
    sample = Sample(image, Instances.empty(size), "odd")
    for index in range(3):
        assert np.isfinite(
            training_pipeline(EVERYTHING, 1)(sample, sample_rng(0, 0, index)).image
        ).all()


def test_constant_images_and_images_with_nan_give_finite_crops():
    for image in (np.full((50, 50, 3), 7, np.uint8), np.full((50, 50, 1), np.nan, np.float32)):
        sample = Sample(image, Instances.empty((50, 50)), "odd")
        made = training_pipeline(AugmentConfig(crop=32), 3)(sample, sample_rng(0, 0, 0))
        assert np.isfinite(made.image).all()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"rotation": "any"}, "did you mean 'rotate'"),
        ({"noise": 1.5}, "noise"),
        ({"scale": [1.5, 0.5]}, "scale is a range"),
        ({"gamma": [0, 1]}, "gamma is a range"),
        ({"crop": 3}, "crop"),
    ],
)
def test_a_wrong_config_is_reported_in_a_sentence(wrong, named):
    with pytest.raises(InputError, match=named):
        AugmentConfig.read(wrong)


def test_a_model_without_the_channels_of_the_image_is_reported():
    sample = Sample(np.zeros((9, 9, 5), np.uint8), Instances.empty((9, 9)), "stains")
    with pytest.raises(InputError, match="choose one"):
        training_pipeline(AugmentConfig(), 3)(sample, sample_rng(0, 0, 0))


@pytest.mark.parametrize(
    ("former", "today"),
    [("focus", "object_crops"), ("fade", "desaturate"), ("shade", "shading")],
)
def test_a_former_name_of_a_setting_is_answered_with_todays(former, today):
    with pytest.raises(InputError, match=f"unknown key '{former}'; it is called '{today}' now"):
        AugmentConfig.read({former: 0.5})
