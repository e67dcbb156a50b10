"""Midlines of worms that were drawn about a known line."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct
from shapely import Polygon
from shapely.affinity import rotate, scale, translate

from kontur.geometry import raster
from kontur.measure.outlines.midline import (
    COLUMNS,
    MODES,
    PIECES,
    _modes,
    fold,
    measure_midline,
    midlines,
)
from tests.measure.drawn import blob, disc, worm
from tests.measure.outlines.test_contour import contours
from tests.naive import measure as naive

BENDS = [0.0, 0.5, 1.5, 3.0]


def midline_of(*polygons):
    found = contours(*polygons)
    return measure_midline(found, shapely.area(np.array(polygons, dtype=object)))


def one(polygon):
    return {name: float(column[0]) for name, column in midline_of(polygon).items()}


@pytest.mark.parametrize("bend", BENDS)
@pytest.mark.parametrize("drawn", ["polygon", "mask"])
def test_a_worm_is_as_long_wide_and_bent_as_it_was_drawn(bend, drawn):
    shape = worm(100, 8, bend, centre=(70.3, 20.6))
    if drawn == "mask":
        shape = raster.trace(raster.rasterize(shape, (120, 140)))
    found = one(shape)
    whole = bend * 1.08  # the tube ends in two half discs of radius 4
    assert found["medial_length"] == pytest.approx(108, rel=0.03)
    assert found["medial_width"] == pytest.approx(8, rel=0.05)
    assert found["straightness"] == pytest.approx(np.sinc(whole / 2 / np.pi), abs=0.03)
    assert found["midline_bend"] == pytest.approx(whole * 14 / 16, abs=0.2)  # without the ends
    assert found["midline_turning"] == pytest.approx(found["midline_bend"], abs=0.25)
    assert found["midline_curvature"] == pytest.approx(bend / 100, abs=0.004)


def test_an_s_turns_both_ways_and_bends_little_in_all():
    along = np.linspace(0, 100, 300)
    s = shapely.LineString(np.column_stack([along, 15 * np.sin(along * 2 * np.pi / 100)])).buffer(4)
    found = one(s)
    assert found["midline_bend"] < 0.6
    assert found["midline_turning"] > 2
    assert found["straightness"] < 0.9


@pytest.mark.parametrize("bend", BENDS)
def test_an_arc_is_the_first_mode_and_an_s_the_second(bend):
    modes = [one(worm(200, 6, bend))[f"midline_mode_{mode}"] for mode in range(1, MODES + 1)]
    # θ = φ(s − 1/2): its cosine series has the odd terms √2·2φ / (mπ)² alone
    whole = bend * 1.03  # with both ends
    assert modes[0] == pytest.approx(np.sqrt(2) * 2 * whole / np.pi**2, rel=0.06, abs=0.02)
    assert modes[2] == pytest.approx(modes[0] / 9, abs=0.03)
    assert max(modes[1], modes[3], modes[5]) < 0.02
    along = np.linspace(0, 200, 300)
    wave = np.column_stack([along, 25 * np.sin(along * 2 * np.pi / 200)])
    s = one(shapely.LineString(wave).buffer(3))
    assert s["midline_mode_2"] > 5 * max(s["midline_mode_1"], s["midline_mode_3"])


def test_the_modes_are_the_cosine_transform_of_the_direction():
    rng = np.random.default_rng(0)
    direction = np.cumsum(rng.normal(0, 0.2, PIECES))
    line = np.concatenate([[0], np.cumsum(np.exp(1j * direction))])[None]
    found = _modes(line, np.abs(np.diff(line, axis=1)))
    expected = np.abs(dct(direction, norm="ortho")[1 : MODES + 1]) / np.sqrt(PIECES)
    assert np.allclose([float(column[0]) for column in found.values()], expected)


def test_the_fold_is_the_best_of_all_and_moving_its_tips_brings_the_sides_closer():
    shapes = [worm(60, 7, 2), blob(2), shapely.box(0, 0, 30, 5), disc(4)]
    points = contours(*shapes).points
    tips, widths = fold(points), midlines(points).widths
    for i in range(len(shapes)):
        costs = naive.fold_costs(points[i])
        assert costs[tips[i]] <= min(costs) + 1e-6
        assert (widths[i] ** 2).mean() <= min(costs) / points.shape[1] * 1.02


def test_a_round_object_has_a_diameter():
    found = one(disc(10))
    assert found["medial_length"] == pytest.approx(20, rel=0.02)
    assert found["straightness"] == pytest.approx(1, abs=0.01)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), turn=st.floats(0, 360), grow=st.floats(0.1, 30))
def test_nothing_changes_by_moving_turning_and_growing(seed, turn, grow):
    shape = scale(blob(seed), 3, 1)
    before, after = one(shape), one(translate(scale(rotate(shape, turn), grow, grow), 31, -8))
    powers = {"length": 1, "1/length": -1}
    for name, column in COLUMNS.items():
        factor = grow ** powers.get(column.kind, 0)
        assert after[name] == pytest.approx(before[name] * factor, rel=1e-5, abs=1e-5 * factor), (
            name
        )


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), start=st.integers(0, 199))
def test_the_first_point_does_not_matter(seed, start):
    points = shapely.get_coordinates(scale(blob(seed), 3, 1))[:-1]
    before, after = one(Polygon(points)), one(Polygon(np.roll(points, start, axis=0)))
    for name in COLUMNS:
        assert after[name] == pytest.approx(before[name], rel=1e-6, abs=1e-6), name


def test_of_no_object_there_are_no_values():
    assert {column.shape for column in midline_of().values()} == {(0,)}


def test_one_pixel_has_finite_values():
    assert all(np.isfinite(value) for value in one(shapely.box(3, 4, 4, 5)).values())
