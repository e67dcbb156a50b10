"""Three decimals, or as many as an outline needs."""

import numpy as np
import pytest
import shapely

from kontur import formats
from kontur.formats.rounding import rounded
from kontur.instances import Instances


def test_outlines_have_three_decimals_unless_rounding_would_destroy_them(tmp_path):
    slim = shapely.Polygon([(0, 0), (5, 0), (5, 0.0001)])
    plain = shapely.Polygon([(1 / 3, 1), (9, 1), (9, 7.12345678)])
    formats.write(tmp_path / "a.geojson", Instances.of([plain, slim]))
    read = formats.read(tmp_path / "a.geojson").polygons
    assert shapely.get_coordinates(read[0]).max() == 9
    assert 7.123 in shapely.get_coordinates(read[0])
    assert shapely.equals(read[1], slim)


@pytest.mark.parametrize("side", [1e-5, 2e-4, 4e-4])
@pytest.mark.parametrize("at", [0, 5, 100.25])
def test_a_ring_that_becomes_one_point_keeps_all_digits_of_its_outline(side, at):
    tiny = shapely.box(at, at, at + side, at + side)
    corner = shapely.Polygon([(at, at), (at + side, at), (at, at + side)])
    large = shapely.box(at - 2, at - 2, at + 2 / 3, at + 2)
    pierced = shapely.difference(large, tiny)
    parts = shapely.MultiPolygon([shapely.box(at + 1, at, at + 4 / 3, at + 1), tiny])
    found = np.array([tiny, corner, pierced, parts, large])
    written = rounded(found)
    assert shapely.equals_exact(written[:4], found[:4], 0).all()
    assert written[4].bounds == (at - 2, at - 2, round(at + 2 / 3, 3), at + 2)
