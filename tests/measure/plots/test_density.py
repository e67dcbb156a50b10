import numpy as np
import pytest

from kontur.measure.plots.density import density, density_2d, level_of_mass


def test_the_area_under_a_density_is_one_also_at_an_end():
    for values in (np.random.default_rng(0).normal(size=500), np.full(20, 3.0), np.zeros(3)):
        places, share = density(values, -4.0, 4.0)
        assert share.sum() * (places[1] - places[0]) == pytest.approx(1)
    assert density(np.empty(0), 0.0, 1.0)[1].sum() == 0


def test_a_density_of_normal_values_is_the_normal_curve():
    values = np.random.default_rng(0).normal(size=100_000)
    places, share = density(values, -5.0, 5.0)
    truth = np.exp(-(places**2) / 2) / np.sqrt(2 * np.pi)
    assert np.abs(share - truth).max() < 0.02


def test_half_of_the_points_lie_where_the_plane_is_densest():
    x, y = np.random.default_rng(0).normal(size=(2, 50_000))
    share = density_2d(x, y, (-6.0, 6.0), (-6.0, 6.0))
    assert share.sum() == pytest.approx(1)
    level = level_of_mass(share, 0.5)
    edges = np.linspace(-6, 6, len(share) + 1)
    cell = np.clip(np.searchsorted(edges, [x, y]) - 1, 0, len(share) - 1)
    assert (share[cell[1], cell[0]] >= level).mean() == pytest.approx(0.5, abs=0.02)


def test_x_runs_along_columns_and_y_along_rows():
    share = density_2d(np.full(9, 9.0), np.full(9, 1.0), (0.0, 10.0), (0.0, 10.0))
    row, column = np.unravel_index(share.argmax(), share.shape)
    assert row < len(share) / 2 < column
