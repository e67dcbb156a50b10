"""Flat rings: what belongs to whom, which way round, and staircases straightened."""

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon
from skimage.measure import perimeter as perimeter_of_pixels

from kontur.geometry import raster
from kontur.measure.outlines.object_rings import along_pixels, rings_of, straightened
from tests.measure.drawn import blob, disc, ellipse

FRAME = Polygon([(0, 0), (6, 0), (6, 6), (0, 6)], [[(2, 2), (2, 4), (4, 4), (4, 2)]])
PARTS = MultiPolygon([shapely.box(10, 0, 11, 2), shapely.box(12, 0, 15, 3)])


def array(*polygons):
    found = np.empty(len(polygons), dtype=object)
    found[:] = polygons
    return found


def test_every_ring_knows_its_object_and_whether_it_is_a_hole():
    rings = rings_of(array(FRAME, PARTS))
    assert rings.owner.tolist() == [0, 0, 1, 1]
    assert rings.hole.tolist() == [False, True, False, False]
    assert rings.main.tolist() == [0, 3]  # the larger part
    assert rings.areas.tolist() == [36, 4, 2, 9]
    assert rings.lengths.tolist() == [24, 8, 6, 12]
    assert rings.of_objects(rings.areas).tolist() == [32, 11]
    assert rings.origin.tolist() == [[3, 3], [12.5, 1.5]]


def test_rings_run_clockwise_whichever_way_they_were_drawn():
    backward = shapely.reverse(FRAME)
    for polygon in (FRAME, backward):
        assert (rings_of(array(polygon)).areas > 0).all()


def test_the_main_rings_are_those_of_instances():
    from kontur.instances import Instances

    polygons = array(FRAME, PARTS, disc(5, (30, 30), points=12))
    mains = rings_of(polygons).mains()
    expected = Instances.of_valid(polygons).rings()
    for i, ring in enumerate(expected):
        part = slice(mains.start[i], mains.start[i] + mains.number[i])
        ours = {tuple(np.round(point, 9)) for point in mains.points[part] + mains.origin[i]}
        assert ours <= {tuple(np.round(point, 9)) for point in ring}  # it may add its top


def test_of_no_object_there_is_no_ring():
    rings = rings_of(array())
    assert len(rings.points) == len(rings.number) == len(rings.areas) == len(rings.lengths) == 0
    assert len(straightened(rings).points) == len(rings.mains().points) == 0


def test_outlines_along_pixels_are_distinguished_from_others():
    tilted = Polygon([(0, 0), (4, 0), (0, 4)])
    halves = shapely.box(0.5, 0, 3, 3)
    assert along_pixels(rings_of(array(FRAME, tilted, halves))).tolist() == [
        True,
        True,
        False,
        False,
    ]


def test_a_straightened_diagonal_staircase_is_straight():
    steps = [(i + di, i + dj) for i in range(10) for di, dj in ((0, 0), (1, 0))]
    stairs = Polygon([*steps, (10, 12), (0, 12)])
    straight = straightened(rings_of(array(stairs)))
    points = straight.points + straight.origin[0]
    inner = points[(points[:, 0] > 2) & (points[:, 0] < 8) & (points[:, 1] < 9)]
    away = np.abs(inner[:, 0] - inner[:, 1] - 0.5)
    assert away.max() <= 0.2  # of a pixel; the stairs themselves are 1/2 off


def test_straightening_keeps_areas():
    rings = rings_of(array(FRAME, PARTS, shapely.box(3, 3, 4, 4)))
    np.testing.assert_allclose(straightened(rings).areas, rings.areas)


def test_other_outlines_are_left_as_they_are():
    rings = rings_of(array(blob(0), FRAME))
    straight = straightened(rings)
    n = rings.number[0]
    assert np.array_equal(straight.points[:n], rings.points[:n])
    assert straight.number.tolist() == [n, 24, 8]


@pytest.mark.parametrize(
    ("long", "short"), [(2, 2), (5, 5), (20, 20), (40, 40), (20, 10), (40, 20)]
)
def test_the_length_of_a_straightened_mask_is_truer_than_that_of_its_pixels(long, short):
    rng = np.random.default_rng(0)
    ours, theirs = [], []
    for _ in range(20):
        shape = ellipse(long, short, rng.uniform(0, np.pi), rng.uniform(45, 46, 2))
        mask = raster.rasterize(shape, (91, 91))
        rings = rings_of(array(raster.trace(mask)))
        ours.append(straightened(rings).lengths[0] / shape.length - 1)
        theirs.append(perimeter_of_pixels(mask) / shape.length - 1)
    assert abs(np.mean(ours)) < 0.025
    assert np.std(ours) < (0.01 if short > 4 else 0.05)
    assert np.sqrt(np.mean(np.square(ours))) < np.sqrt(np.mean(np.square(theirs)))
