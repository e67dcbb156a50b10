"""ROIs of ImageJ: rectangles, curves, rings, integers."""

import numpy as np
import roifile
import shapely

from kontur import formats
from kontur.instances import Instances
from tests.formats import scenes
from tests.formats.imagej.rois import saved


def _path(ring):
    points = np.reshape(ring, (-1, 2))
    return [0, *points[0], *(v for point in points[1:] for v in (1, *point)), 4]


def test_an_outline_along_pixel_edges_is_of_integers(tmp_path):
    formats.write(tmp_path / "a.roi", Instances.of([shapely.box(3, 4, 10, 6)]))
    roi = roifile.roiread(tmp_path / "a.roi")
    assert roi.subpixel_coordinates is None
    assert {tuple(point) for point in roi.coordinates()} == {(3, 4), (10, 4), (10, 6), (3, 6)}


def test_integers_beyond_16_bits_stay_exact(tmp_path):
    found = Instances.of([shapely.box(70000, 61000, 70010, 61007), shapely.box(-9, -6000, 5, 3)])
    formats.write(tmp_path / "a.zip", found)
    scenes.assert_same(found, formats.read(tmp_path / "a.zip"))


def test_rectangles_ellipses_and_curves_are_areas(tmp_path):
    kinds, options = roifile.ROI_TYPE, roifile.ROI_OPTIONS
    box = roifile.ImagejRoi(roitype=kinds.RECT, left=2, top=3, right=12, bottom=9)
    rounded = roifile.ImagejRoi(
        roitype=kinds.RECT, left=0, top=0, right=20, bottom=20, rounded_rect_arc_size=20
    )
    fine = roifile.ImagejRoi(
        roitype=kinds.RECT, options=options.SUB_PIXEL_RESOLUTION, right=9, bottom=9
    )
    fine.xd, fine.yd, fine.widthd, fine.heightd = 0.5, 1.25, 4, 2
    oval = roifile.ImagejRoi(roitype=kinds.OVAL, left=0, top=0, right=20, bottom=10)
    # Two half circles of radius 1 around (5, 5), as Bézier curves.
    k = 4 / 3
    path = [0, 4, 5, 3, 4, 5 - k, 6, 5 - k, 6, 5, 3, 6, 5 + k, 4, 5 + k, 4, 5, 4]
    curve = roifile.ImagejRoi(
        roitype=kinds.RECT, shape_roi_size=len(path), multi_coordinates=np.array(path, np.float32)
    )
    areas = formats.read(saved(tmp_path, box, rounded, fine, oval, curve)).areas
    wanted = [60, np.pi * 100, 8, np.pi * 50, np.pi]
    np.testing.assert_allclose(areas, wanted, rtol=0.02)


def test_rings_that_cross_are_filled_by_even_odd(tmp_path):
    rings = [[0, 0, 10, 0, 10, 10, 0, 10], [5, 0, 15, 0, 15, 10, 5, 10]]
    path = np.concatenate([_path(ring) for ring in rings]).astype(np.float32)
    roi = roifile.ImagejRoi(
        roitype=roifile.ROI_TYPE.RECT, shape_roi_size=len(path), multi_coordinates=path
    )
    (polygon,) = formats.read(saved(tmp_path, roi)).polygons
    assert polygon.equals(shapely.union(shapely.box(0, 0, 5, 10), shapely.box(10, 0, 15, 10)))
