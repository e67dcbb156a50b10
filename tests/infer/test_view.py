"""Looking: a window shows what the whole image shows there, at any scale."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from kontur.data.normalisation.normalise import NormaliseConfig, normalise
from kontur.data.sample import Sample
from kontur.data.transforms.augment import AugmentConfig, training_pipeline
from kontur.infer.view import PreparedImage, Window, central_part
from kontur.instances import Instances
from kontur.instances.plane import Plane

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 4000, (61, 75, 1), dtype=np.uint16)
COLOUR = RNG.integers(0, 255, (61, 75, 3), dtype=np.uint8)
CONFIGS = [
    NormaliseConfig(),
    NormaliseConfig(over="channel", compress=0.1),
    NormaliseConfig(mode="moments", mean=(0.5,) * 3, std=(0.2,) * 3),
    NormaliseConfig(mode="range", range=(20, 90)),
]


def prepared(pixels, config=CONFIGS[0], *, channels=3, multiple=16):
    return PreparedImage.of(pixels, config, channels=channels, multiple=multiple)


def values(image):
    return image.normalisation.apply(image.pixels)


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("scale", [1.0, 0.37, 1.8])
@given(st.tuples(st.integers(0, 19), st.integers(0, 24), st.integers(1, 3), st.integers(1, 3)))
def test_a_window_shows_what_the_whole_shows_there(config, scale, corner):
    image = prepared(COLOUR, config)
    top, left, height, width = corner[0], corner[1], corner[2], corner[3]
    whole = image.view(scale)
    window = image.view(scale, Window(top, left, height, width))
    seen = window.images[0, :, :height, :width]
    assert_allclose(seen, whole.images[0, :, top : top + height, left : left + width], atol=1e-5)
    assert (window.size, window.origin) == ((height, width), (left, top))


def test_the_values_of_a_part_are_those_of_the_whole_image_not_its_own():
    bright = np.full((40, 40, 1), 100, np.uint8)
    bright[:, 20:] = 200
    part = prepared(bright, channels=1).part(Window(0, 0, 40, 20))
    assert_array_equal(values(part), normalise(bright)[:, :20])
    assert values(part).max() < 0.5


@pytest.mark.parametrize(("pixels", "stored"), [(GREY, 1), (np.repeat(GREY, 3, 2), 1), (COLOUR, 3)])
def test_grey_is_held_once_and_seen_in_every_channel(pixels, stored):
    image = prepared(pixels)
    assert image.pixels.shape[2] == stored
    view = image.view()
    assert view.images.shape == (1, 3, 64, 80)
    assert view.images.dtype == np.float32
    assert view.size == (61, 75)


def test_points_go_to_the_view_and_back():
    view = prepared(COLOUR).view(0.5, Window(4, 10, 8, 8))
    points = np.array([[20.0, 8.0], [36.0, 24.0], [31.3, 9.7]])
    assert_allclose(view.image_to_view(points)[:2], [[0, 0], [8, 8]])
    assert_allclose(view.view_to_image(view.image_to_view(points)), points)


def test_objects_of_a_window_stand_where_they_are_in_the_image_and_end_at_its_border():
    view = prepared(COLOUR).view(0.5, Window(4, 10, 26, 27))
    found = Instances.of([shapely.box(0, 0, 4, 4), shapely.box(20, 20, 60, 60)], size=view.size)
    placed = view.instances_in_image(found)
    assert placed.size == (61, 75)
    assert_allclose(placed.boxes, [[20, 8, 28, 16], [60, 48, 75, 61]])
    assert len(view.instances_in_image(Instances.empty(view.size))) == 0


@pytest.mark.parametrize("pixels", [GREY, COLOUR])
@pytest.mark.parametrize("working", [1.0, 0.35, 2.0])
@pytest.mark.parametrize("config", [CONFIGS[0], CONFIGS[3]])
def test_a_network_sees_in_training_what_it_sees_in_prediction(pixels, working, config):
    sample = Sample(pixels, Instances.empty(pixels.shape[:2]), "any")
    pipeline = training_pipeline(AugmentConfig(), 3, config, scale=working)
    shown = pipeline.prepare(sample).image.transpose(2, 0, 1)
    view = replace(prepared(pixels, config, multiple=1), scale=working).view()
    assert_array_equal(view.images[0], np.broadcast_to(shown, view.images[0].shape))


@pytest.mark.parametrize("pixels", [GREY, np.repeat(GREY, 3, 2), COLOUR, GREY / 7])
def test_a_range_is_the_same_given_by_the_card_or_in_place_of_its_percentiles(pixels):
    fixed = prepared(pixels, NormaliseConfig(mode="range", range=(20.0, 90.0)))
    given = prepared(pixels).with_contrast((20.0, 90.0))
    assert_array_equal(values(given), values(fixed))
    assert given.normalisation.spread == fixed.normalisation.spread
    assert_array_equal(
        values(fixed.with_contrast(98.0)), values(prepared(pixels).with_contrast(98))
    )


@pytest.mark.parametrize("pixels", [GREY, np.repeat(GREY, 3, 2), COLOUR])
def test_a_range_for_each_channel_is_the_same_given_by_the_card_or_in_place_of_it(pixels):
    ranges = ((20.0, 90.0), (0.0, 255.0), (-9.0, 77.5))
    fixed = NormaliseConfig(mode="range", range=ranges, over="channel")
    expected = [
        prepared(pixels[..., [i % pixels.shape[2]]]).with_contrast(one).view(0.6).images[:, 0]
        for i, one in enumerate(ranges)
    ]
    given = prepared(pixels, NormaliseConfig(over="channel")).with_contrast(ranges)
    for seen in (given, prepared(pixels, fixed)):
        assert_array_equal(seen.view(0.6).images, np.stack(expected, axis=1))


def test_a_view_is_at_the_working_scale_and_any_other_scale_is_multiplied_with_it():
    plain, shrunk = prepared(COLOUR), replace(prepared(COLOUR), scale=0.5)
    assert_array_equal(shrunk.view().images, plain.view(0.5).images)
    assert_array_equal(shrunk.view(0.5).images, plain.view(0.25).images)
    assert shrunk.view(2.0).scale == 1
    assert shrunk.part(Window(2, 3, 20, 30)).scale == 0.5


def test_the_middle_has_the_image_s_proportions_and_no_more_pixels_than_asked():
    part = central_part(prepared(COLOUR), 61 * 75 / 4)
    assert part.size == (30, 37)
    assert_array_equal(part.pixels, COLOUR[15:45, 19:56])
    assert central_part(prepared(COLOUR), 1e9).size == (61, 75)


def test_one_pixel_is_an_image_too():
    view = prepared(np.full((1, 1), 7, np.uint8)[..., None]).view()
    assert view.images.shape == (1, 3, 16, 16)
    assert_array_equal(view.images, 0)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_objects_of_a_window_lie_on_the_plane_of_the_image(scale):
    image = PreparedImage.of(GREY, CONFIGS[0], channels=1, multiple=16, plane=Plane(z=4))
    seen = Instances.of([shapely.box(2, 2, 8, 9)])
    for window in (None, Window(4, 10, 8, 8)):
        assert image.part(Window(0, 0, 40, 40)).view(scale, window).instances_in_image(
            seen
        ).plane == Plane(z=4)
