"""Intensity: as regionprops has it, and across the edge of objects whose values are known."""

import numpy as np
import pytest
import shapely
from skimage.measure import regionprops

from kontur.geometry import raster
from kontur.instances import Instances
from kontur.measure.outlines.contour import bends_of, contours_of
from kontur.measure.outlines.object_rings import rings_of, straightened
from kontur.measure.pixels import object_pixels as blocks
from kontur.measure.pixels.image_part import ImagePart
from kontur.measure.pixels.intensity import COLUMNS, PERCENTILES, measure_intensity
from tests.measure.drawn import disc, noise_labels
from tests.measure.outlines.test_object_rings import array


def intensity_of(polygons, image):
    rings = rings_of(polygons)
    edges = straightened(rings)
    contours = contours_of(rings, edges)
    depth = shapely.area(polygons) / shapely.length(polygons)
    image = image if image.ndim == 3 else image[:, :, None]
    part = ImagePart.whole(image, polygons)
    return measure_intensity(polygons, part, contours, bends_of(contours), depth)


def painted(polygons, inside, outside, size=(60, 70), dtype=np.float32):
    image = np.full(size, outside, dtype)
    for polygon, value in zip(polygons, inside, strict=True):
        image[raster.rasterize(polygon, size)] = value
    return image


KINDS = [np.uint8, np.uint16, np.int16, np.float32, np.float64]


@pytest.mark.parametrize("dtype", KINDS)
def test_statistics_are_those_of_regionprops(dtype):
    labels = noise_labels(1)
    high = min(np.iinfo(dtype).max, 60_000) if np.issubdtype(dtype, np.integer) else 1e4
    low = -high // 2 if np.issubdtype(dtype, np.signedinteger) else 0
    image = np.random.default_rng(0).uniform(low, high, labels.shape).astype(dtype)
    found = intensity_of(Instances.from_label_image(labels).polygons, image)[0]
    assert list(found) == list(COLUMNS)
    for i, region in enumerate(regionprops(labels, image)):
        values = image[labels == region.label].astype(float)
        for name in ("intensity_mean", "intensity_std", "intensity_min", "intensity_max"):
            assert found[name][i] == pytest.approx(getattr(region, name), rel=1e-5), name
        for word, percent in PERCENTILES.items():
            expected = np.percentile(values, percent)
            assert found[f"intensity_{word}"][i] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_channels_are_measured_apart():
    labels = noise_labels(2)
    image = np.random.default_rng(0).integers(0, 255, (*labels.shape, 3), dtype=np.uint8)
    polygons = Instances.from_label_image(labels).polygons
    together = intensity_of(polygons, image)
    assert len(together) == 3
    for channel in range(3):
        alone = intensity_of(polygons, image[..., channel])[0]
        for name in COLUMNS:
            np.testing.assert_array_equal(together[channel][name], alone[name])


def test_blocks_of_objects_change_nothing(monkeypatch):
    labels = noise_labels(3)
    polygons = Instances.from_label_image(labels).polygons
    image = np.random.default_rng(0).integers(0, 60_000, labels.shape, dtype=np.uint16)
    whole = intensity_of(polygons, image)[0]
    monkeypatch.setattr(blocks, "AT_A_TIME", 700)
    for name, column in intensity_of(polygons, image)[0].items():
        np.testing.assert_array_equal(column, whole[name])


def test_contrast_and_background_of_a_bright_disc():
    polygons = array(disc(10, (30, 30)), disc(6, (55, 12)))
    found = intensity_of(polygons, painted(polygons, [100, 40], 10))[0]
    assert found["intensity_background"].tolist() == [10, 10]
    assert found["edge_contrast"] == pytest.approx([90, 30], rel=0.06)
    assert found["intensity_mean_corrected"] == pytest.approx([90, 30])
    number = [raster.rasterize(polygon, (60, 70)).sum() for polygon in polygons]
    assert found["intensity_sum_corrected"] == pytest.approx([90 * number[0], 30 * number[1]])


def test_a_neighbour_is_no_background():
    polygons = array(shapely.box(20, 20, 30, 40), shapely.box(30, 20, 40, 40))
    found = intensity_of(polygons, painted(polygons, [50, 200], 10))[0]
    assert found["intensity_background"].tolist() == [10, 10]
    assert found["edge_contrast"] == pytest.approx([40, 190], rel=0.1)


def test_what_lies_outside_the_image_does_not_count():
    polygons = array(shapely.box(0, 0, 12, 12))
    found = intensity_of(polygons, painted(polygons, [80], 30))[0]
    assert found["intensity_background"][0] == 30
    assert found["edge_contrast"][0] == pytest.approx(50, rel=0.1)


def test_where_nothing_is_free_the_background_is_the_images_and_the_contrast_unknown():
    squares = [shapely.box(x, y, x + 10, y + 10) for x in (0, 10, 20) for y in (0, 10, 20)]
    polygons = array(*squares)
    image = painted(polygons, range(50, 59), 7, size=(40, 40))
    found = intensity_of(polygons, image)[0]
    assert found["intensity_background"][0] == 7  # the corner has no free neighbourhood
    assert np.isnan(found["edge_contrast"][0])
    full = intensity_of(polygons, image[:30, :30])[0]
    assert np.isnan(full["intensity_background"]).all()
    assert np.isnan(full["intensity_mean_corrected"]).all()
    assert full["intensity_mean"].tolist() == list(range(50, 59))


def test_an_object_between_pixel_centres_has_no_intensity():
    polygons = array(shapely.box(4.6, 4.6, 5.4, 5.4), disc(5, (20, 20)))
    found = intensity_of(polygons, painted(polygons, [1, 9], 3))[0]
    assert all(np.isnan(column[0]) for column in found.values())
    assert found["intensity_mean"][1] == 9


def test_one_pixel_has_its_value():
    polygons = array(shapely.box(4, 5, 5, 6))
    found = intensity_of(polygons, painted(polygons, [70], 20))[0]
    assert found["intensity_mean"][0] == found["intensity_p95"][0] == 70
    assert found["intensity_std"][0] == 0
    assert found["intensity_background"][0] == 20


def test_overlapping_objects_share_their_pixels():
    polygons = array(shapely.box(10, 10, 20, 20), shapely.box(15, 10, 25, 20))
    image = painted(polygons[:1], [100], 0)
    assert intensity_of(polygons, image)[0]["intensity_mean"].tolist() == [100, 50]


def test_of_no_object_there_are_no_values():
    found = intensity_of(array(), np.zeros((5, 5), np.uint8))
    assert {column.shape for column in found[0].values()} == {(0,)}
