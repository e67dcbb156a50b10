"""Curve: statistics of curvature on outlines drawn by hand; nothing changes by motion."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon
from shapely.affinity import rotate, scale, translate

from kontur.geometry import raster
from kontur.measure.outlines.contour import bends_of
from kontur.measure.outlines.curve import COLUMNS, measure_curve
from tests.measure.drawn import blob, disc, worm
from tests.measure.outlines.test_contour import contours


def curve_of(*polygons):
    found = contours(*polygons)
    return measure_curve(found, bends_of(found))


def one(polygon):
    return {name: float(column[0]) for name, column in curve_of(polygon).items()}


def test_a_disc_bends_the_same_everywhere():
    found = one(disc(10))
    assert list(found) == list(COLUMNS)
    for name in ("curvature_min", "curvature_max", "curvature_p10", "curvature_p90"):
        assert found[name] == pytest.approx(0.1, rel=0.01)
    assert found["curvature_std"] < 1e-3
    assert found["concave_fraction"] == 0
    assert found["bending_energy"] == pytest.approx(1, abs=0.01)
    assert found["turning"] == pytest.approx(1, abs=0.01)


def test_a_bent_worm_has_a_dent_and_a_straight_one_none():
    straight, bent = one(worm(100, 8, 0)), one(worm(100, 8, 2.5))
    assert straight["concave_fraction"] < 0.6  # its sides are straight, within rounding
    assert straight["curvature_min"] > -1e-3
    assert bent["curvature_min"] < -0.01
    assert bent["turning"] > straight["turning"] + 0.2
    assert bent["concave_fraction"] > 0.3


def test_a_staircase_is_seen_as_the_curve_that_it_stands_for():
    mask = raster.rasterize(disc(15, (20.3, 19.8)), (40, 40))
    found = one(raster.trace(mask))
    assert found["curvature_min"] > 0
    assert found["curvature_max"] < 2 / 15
    assert found["bending_energy"] == pytest.approx(1, abs=0.15)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), turn=st.floats(0, 360), grow=st.floats(0.1, 30))
def test_nothing_changes_by_moving_turning_and_growing(seed, turn, grow):
    shape = blob(seed)
    before, after = one(shape), one(translate(scale(rotate(shape, turn), grow, grow), 31, -8))
    for name, column in COLUMNS.items():
        factor = 1 / grow if column.kind == "1/length" else 1
        assert after[name] == pytest.approx(before[name] * factor, rel=1e-6, abs=1e-6 * factor), (
            name
        )


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), start=st.integers(0, 199))
def test_the_first_point_does_not_matter(seed, start):
    points = shapely.get_coordinates(blob(seed))[:-1]
    before, after = one(Polygon(points)), one(Polygon(np.roll(points, start, axis=0)))
    for name in COLUMNS:
        assert after[name] == pytest.approx(before[name], rel=1e-6, abs=1e-6), name


def test_of_no_object_there_are_no_values():
    assert {column.shape for column in curve_of().values()} == {(0,)}
