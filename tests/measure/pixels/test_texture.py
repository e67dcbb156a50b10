"""Texture: co-occurrence against the libraries on rectangles, and a loop on any shape."""

import numpy as np
import pytest
import shapely
from mahotas.features.texture import haralick_features
from skimage.feature import graycomatrix, graycoprops

from kontur.geometry import raster
from kontur.instances import Instances
from kontur.measure.pixels import object_pixels as blocks
from kontur.measure.pixels.image_part import ImagePart
from kontur.measure.pixels.texture import COLUMNS, LEVELS, PROPERTIES, _levels, measure_texture
from tests.measure.drawn import blob, noise_labels
from tests.measure.outlines.test_object_rings import array
from tests.naive import measure as naive

ANGLES = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]


@pytest.fixture
def image():
    rng = np.random.default_rng(0)
    coarse = rng.normal(size=(20, 24)).repeat(4, axis=0).repeat(4, axis=1)
    return (1000 + 300 * coarse + 80 * rng.normal(size=(80, 96))).astype(np.float32)


def texture_of(polygons, image):
    image = image if image.ndim == 3 else image[..., None]
    return measure_texture(polygons, ImagePart.whole(image, polygons))


def levels_of(image):
    return _levels(image, ImagePart.whole(image[..., None], array()).levels[0])


def matrix_of(levels):
    """The pairs of a rectangle in all directions, as scikit-image counts them."""
    counted = graycomatrix(levels.astype(np.uint8), [1], ANGLES, levels=LEVELS, symmetric=True)
    return counted.sum(axis=(2, 3))


def test_of_a_rectangle_it_is_what_the_libraries_say(image):
    levels = levels_of(image)[10:30, 20:60]
    found = texture_of(array(shapely.box(20, 10, 60, 30)), image)[0]
    matrix = matrix_of(levels)
    assert list(found) == list(COLUMNS)
    for name, word in PROPERTIES.items():
        expected = graycoprops(matrix[:, :, None, None], word)[0, 0]
        assert found[name][0] == pytest.approx(expected, rel=1e-9), name
    other = haralick_features([matrix.astype(np.int32)])[0]  # mahotas
    for name, place in (("asm", 0), ("contrast", 1), ("correlation", 2), ("homogeneity", 4)):
        assert found[f"texture_{name}"][0] == pytest.approx(other[place], rel=1e-6), name
    assert found["texture_entropy"][0] == pytest.approx(other[8] * np.log(2), rel=1e-6)  # in bits


def test_of_any_shape_only_pairs_inside_count(image):
    shape = blob(4, 15, (45, 40))
    matrix = naive.cooccurrence(levels_of(image), raster.rasterize(shape, image.shape), LEVELS)
    found = texture_of(array(shape), image)[0]
    for name, word in PROPERTIES.items():
        expected = graycoprops(matrix[:, :, None, None], word)[0, 0]
        assert found[name][0] == pytest.approx(expected, rel=1e-9), name


def test_objects_that_share_pixels_are_measured_as_if_alone(image):
    shapes = [blob(seed, 14, (40 + 6 * seed, 40)) for seed in range(4)]
    together = texture_of(array(*shapes), image)[0]
    for i, shape in enumerate(shapes):
        alone = texture_of(array(shape), image)[0]
        for name in COLUMNS:
            assert together[name][i] == pytest.approx(alone[name][0], rel=1e-12)


def test_exposure_and_gain_change_nothing(image):
    polygons = array(blob(1, 15, (45, 40)), blob(2, 12, (20, 60)))
    before = texture_of(polygons, image)[0]
    after = texture_of(polygons, (image * 4 + 64).astype(np.float64))[0]
    for name in COLUMNS:
        np.testing.assert_allclose(after[name], before[name], rtol=0.02)


def test_blocks_of_objects_change_nothing(monkeypatch):
    labels = noise_labels(3)
    polygons = Instances.from_label_image(labels).polygons
    image = np.random.default_rng(0).integers(0, 255, (*labels.shape, 2), dtype=np.uint8)
    whole = texture_of(polygons, image)
    monkeypatch.setattr(blocks, "AT_A_TIME", 700)
    for channel, found in enumerate(texture_of(polygons, image)):
        for name, column in found.items():
            np.testing.assert_allclose(column, whole[channel][name], rtol=1e-12)


def test_without_a_pair_there_is_no_texture():
    image = np.zeros((9, 9, 1), np.uint8)
    found = texture_of(array(shapely.box(3, 3, 4, 4), shapely.box(5, 5, 7, 7)), image)[0]
    assert all(np.isnan(column[0]) for column in found.values())
    assert found["texture_contrast"][1] == 0  # one grey level
    assert found["texture_asm"][1] == 1


def test_of_no_object_there_are_no_values():
    found = texture_of(array(), np.zeros((5, 5, 1), np.uint8))
    assert {column.shape for column in found[0].values()} == {(0,)}
