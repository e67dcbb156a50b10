"""Outlines of other programs are repaired or refused, and never taken as they are."""

import re

import pytest
import shapely

from kontur.errors import InputError
from kontur.formats import outline_repair


@pytest.mark.parametrize("far", [3e9, -1e300])
def test_a_coordinate_beyond_every_image_is_refused_in_a_hole_too(far):
    hole = [(2, 2), (4, 2), (far, 4)]
    for outline in (shapely.Polygon([(0, 0), (far, 0), (9, 9)]), shapely.box(0, 0, 9, 9)):
        shape = shapely.Polygon(outline.exterior, [hole])
        with pytest.raises(InputError, match=re.escape(f"coordinate {abs(far):g}")):
            outline_repair.repaired([shapely.box(0, 0, 5, 5), None, shape], "a.geojson")
