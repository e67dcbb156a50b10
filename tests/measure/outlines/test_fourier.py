"""Elliptic Fourier descriptors against integrals over many points; rotation, start and size."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon
from shapely.affinity import rotate, scale, translate

from kontur.measure.outlines.fourier import COLUMNS, HARMONICS, elliptic_fourier, measure_fourier
from kontur.measure.outlines.object_rings import rings_of, straightened
from tests.measure.drawn import blob, disc, ellipse
from tests.measure.outlines.test_object_rings import FRAME, PARTS, array
from tests.naive import measure as naive


def edges(*polygons):
    return straightened(rings_of(array(*polygons)))


def one(polygon):
    return elliptic_fourier(edges(polygon))[0]


def test_an_ellipse_has_two_coefficients():
    found = elliptic_fourier(edges(ellipse(20, 12, 0.7, (3, 4), points=4000)))[0]
    assert found[0, :3] == pytest.approx([1, 0, 0], abs=1e-9)
    assert 12 / 20 < found[0, 3] < 0.75  # walked by arc length, not by angle
    assert np.abs(found[1::2]).max() < 1e-3


@pytest.mark.parametrize("seed", range(4))
def test_harmonics_are_those_of_the_sampled_contour(seed):
    shape = blob(seed)
    ours = elliptic_fourier(edges(shape))[0]
    amplitude = np.sqrt((ours**2).sum(axis=1))
    points = shapely.get_coordinates(shape)[:-1]
    np.testing.assert_allclose(amplitude, naive.fourier_amplitudes(points, HARMONICS), rtol=1e-3)


def test_the_series_draws_the_outline_again():
    shape = translate(blob(5), 100, 50)
    found = elliptic_fourier(edges(shape), 60)[0]
    t = np.linspace(0, 2 * np.pi, 400)[:, None]
    n = np.arange(1, 61)
    x = (found[:, 0] * np.cos(n * t) + found[:, 1] * np.sin(n * t)).sum(axis=1)
    y = (found[:, 2] * np.cos(n * t) + found[:, 3] * np.sin(n * t)).sum(axis=1)
    drawn = Polygon(np.column_stack([x, y]))
    assert drawn.length / np.sqrt(drawn.area) == pytest.approx(
        shape.length / np.sqrt(shape.area), rel=0.01
    )


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    turn=st.floats(0, 360),
    grow=st.floats(0.1, 30),
    start=st.integers(0, 199),
)
def test_rotation_size_place_and_start_do_not_matter(seed, turn, grow, start):
    shape = blob(seed)
    points = np.roll(shapely.get_coordinates(shape)[:-1], start, axis=0)
    moved = translate(scale(rotate(Polygon(points), turn), grow, grow), 31, -8)
    before, after = one(shape), one(moved)
    if (
        abs(before[1::2, 0].sum()) > 1e-6 and abs(before[0, 3]) < 0.99
    ):  # neither end nor axis unsure
        np.testing.assert_allclose(after, before, atol=1e-6)
    amplitude = np.sqrt((before**2).sum(axis=1)), np.sqrt((after**2).sum(axis=1))
    np.testing.assert_allclose(*amplitude, atol=1e-7)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_amplitudes_do_not_know_left_from_right(seed):
    shape = blob(seed)
    both = measure_fourier(edges(shape, scale(shape, -1, 1)))
    for n in range(2, HARMONICS + 1):
        first, second = both[f"efd_amplitude_{n}"]
        assert first == pytest.approx(second, abs=1e-9)


def test_the_columns_are_the_coefficients_but_the_trivial_ones():
    found = measure_fourier(edges(blob(0), FRAME, PARTS))
    assert list(found) == list(COLUMNS)
    assert len(COLUMNS) == 4 * HARMONICS - 3 + HARMONICS - 1
    assert found["efd_c3"][0] == one(blob(0))[2, 2]


def test_round_objects_have_steady_amplitudes():
    found = measure_fourier(edges(disc(5), disc(5.001, (3, 1), points=359)))
    for n in range(2, HARMONICS + 1):
        assert np.abs(found[f"efd_amplitude_{n}"]).max() < 1e-3


def test_of_no_object_there_are_no_values():
    assert {column.shape for column in measure_fourier(edges()).values()} == {(0,)}


def test_companions_do_not_choose_the_end_of_a_symmetric_object():
    drop = shapely.union(shapely.box(0, 0, 40, 8), shapely.box(16, 8, 24, 14))  # a mirror image
    places = [(0, 0), (120, 7), (3, 90), (777, 61)]
    found = elliptic_fourier(edges(*(translate(drop, *place) for place in places), blob(3)))
    for coefficients in found[:4]:
        np.testing.assert_allclose(coefficients, one(drop), atol=1e-9)
