"""Three decimals, or as many as an outline needs."""

import shapely

from kontur import formats
from kontur.instances import Instances


def test_outlines_have_three_decimals_unless_rounding_would_destroy_them(tmp_path):
    slim = shapely.Polygon([(0, 0), (5, 0), (5, 0.0001)])
    plain = shapely.Polygon([(1 / 3, 1), (9, 1), (9, 7.12345678)])
    formats.write(tmp_path / "a.geojson", Instances.of([plain, slim]))
    read = formats.read(tmp_path / "a.geojson").polygons
    assert shapely.get_coordinates(read[0]).max() == 9
    assert 7.123 in shapely.get_coordinates(read[0])
    assert shapely.equals(read[1], slim)
