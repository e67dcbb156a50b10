"""The working scale: chosen by the side and the width of typical objects."""

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose

from kontur.data.working_scale import CLEARLY, LEAST, WIDTH, choose_scale, describe_scale, widths


def test_the_width_of_a_disc_is_its_diameter_and_that_of_a_thin_band_twice_its_own():
    disc = shapely.Point(3, 4).buffer(20, quad_segs=64)
    band = shapely.LineString([(0, 0), (300, 0), (300, 200)]).buffer(2, cap_style="flat")
    assert_allclose(widths(np.array([disc, band])), [40, 8], rtol=0.02)
    assert widths(np.empty(0, dtype=object)).shape == (0,)


@pytest.mark.parametrize(
    ("side", "width"), [(17.0, 16.0), (32.0, 12.6), (31.7, 10.0), (120.0, 20.0), (None, None)]
)
def test_small_objects_thin_ones_and_none_keep_the_images_as_they_are(side, width):
    assert choose_scale(side, width).scale == 1


@pytest.mark.parametrize("side", [70.0, 110.0, 190.0, 5000.0])
def test_large_objects_are_shrunk_and_the_larger_the_more(side):
    chosen = choose_scale(side, side).scale
    assert LEAST <= chosen < CLEARLY
    assert chosen <= choose_scale(side / 2, side / 2).scale


@pytest.mark.parametrize("side", [75.0, 110.0, 190.0])
def test_for_features_of_photographs_large_objects_stay_larger(side):
    usual, larger = choose_scale(side, side), choose_scale(side, side, photographs=True)
    assert usual.scale < larger.scale < 1
    assert larger.scale * side == pytest.approx(50, abs=1)
    assert choose_scale(side, 30.0, photographs=True).scale == choose_scale(side, 30.0).scale


@pytest.mark.parametrize(("side", "scale"), [(4.0, 2), (20.0, 2), (25.0, 2), (26.0, 1), (60.0, 1)])
def test_for_features_of_photographs_small_objects_are_enlarged(side, scale):
    assert choose_scale(side, side, photographs=True).scale == scale
    assert choose_scale(side, side).scale == (1 if side < 40 else 0.5)


def test_an_object_is_not_shrunk_until_it_is_too_thin():
    wide, thin = choose_scale(200.0, 190.0), choose_scale(200.0, 60.0)
    assert wide.scale < thin.scale < CLEARLY
    assert 60.0 * thin.scale >= WIDTH - 1
    assert "too thin" in thin.reason


def test_objects_that_no_network_finds_are_not_called_learned_well():
    assert choose_scale(2.0, 2.0).reason.endswith("too small to be found; enlarge the images")
    assert "too small" not in choose_scale(4.0, 4.0).reason


def test_what_was_chosen_is_one_sentence_with_its_reason():
    assert describe_scale(choose_scale(None, None)).count("no objects") == 1
    assert "0.15" in describe_scale(choose_scale(200.0, 190.0))
    assert "200 pixels" in describe_scale(choose_scale(200.0, 190.0))
