import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from kontur.data.transforms.elastic import DisplacementField, Elastic, bilinear
from kontur.instances import Instances
from tests.data.transforms.drawing import disc, farthest_from_edge, kidney, painted


@pytest.mark.parametrize("bend", [Elastic(), Elastic(3, 16), Elastic(50, 64), Elastic(0, 32)])
@pytest.mark.parametrize("seed", range(4))
def test_contours_stay_on_their_objects(bend, seed):
    sample = painted([kidney(40, 45, 25), disc(90, 90, 18), disc(10, 100, 6)], (120, 110))
    bent = bend(sample, np.random.default_rng(seed))
    assert bent.image.shape == sample.image.shape
    assert shapely.is_valid(bent.instances.polygons).all()
    assert farthest_from_edge(bent) < 0.5
    areas = shapely.area(bent.instances.polygons)
    if bend.amplitude:
        moved = shapely.hausdorff_distance(bent.instances.polygons, sample.instances.polygons)
        assert moved.max() > 1
        assert not np.allclose(areas, sample.instances.areas, rtol=0.01)
    else:
        assert_allclose(areas, sample.instances.areas)


def test_an_object_cut_by_the_border_stays_at_the_border():
    half = disc(0, 50, 30).intersection(shapely.box(0, 0, 100, 100))
    bent = Elastic(8, 32)(painted([half], (100, 100)), np.random.default_rng(1))
    on_border = shapely.get_coordinates(bent.instances.polygons)[:, 0] == 0
    assert on_border.sum() > 10
    assert farthest_from_edge(bent) < 0.5
    assert_array_equal(bent.image[45:55, 0], 1)


def random_field(seed=0, size=(90, 130), amplitude=9.0):
    return DisplacementField.random(np.random.default_rng(seed), size, amplitude, 40)


def test_the_forward_map_undoes_the_backward_map():
    field = random_field()
    points = np.random.default_rng(1).uniform((0, 0), (130, 90), (500, 2))
    moved = field.forward(points)
    assert np.abs(moved - points).max() > 2
    assert_allclose(moved + field.at(moved), points, atol=2e-3)


def test_the_field_has_one_value_whether_asked_on_a_grid_or_at_points():
    field = random_field()
    x, y = np.linspace(0, 130, 27), np.linspace(0, 90, 19)
    across, down = field.on_grid(x, y)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    assert_allclose(np.stack([across, down], axis=-1).reshape(-1, 2), field.at(points), atol=1e-12)


def test_the_field_is_the_cubic_spline_of_its_arrows():
    field = random_field()
    points = np.random.default_rng(2).uniform((50, 40), (80, 50), (40, 2))
    places = points[:, ::-1] / field.cell + 1
    for axis in (0, 1):
        expected = ndimage.map_coordinates(
            field.arrows[..., axis], places.T, order=3, prefilter=False
        )
        assert_allclose(field.at(points)[:, axis], expected, atol=1e-9)


def test_nothing_is_moved_across_the_border():
    field = random_field(amplitude=100)
    along = np.linspace(0, 1, 50)
    for x in (0, 130):
        assert_allclose(
            field.at(np.column_stack([np.full(50, x), along * 90]))[:, 0], 0, atol=1e-12
        )
    for y in (0, 90):
        assert_allclose(
            field.at(np.column_stack([along * 130, np.full(50, y)]))[:, 1], 0, atol=1e-12
        )


def test_the_strongest_bending_does_not_fold_the_plane():
    for seed in range(20):
        across, down = random_field(seed, amplitude=1e9).on_grid(np.arange(130.0), np.arange(90.0))
        x, y = np.arange(130) + across, np.arange(90)[:, None] + down
        jacobian = np.gradient(x, axis=1) * np.gradient(y, axis=0)
        jacobian -= np.gradient(x, axis=0) * np.gradient(y, axis=1)
        assert jacobian.min() > 0


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.uint16])
def test_bilinear_sampling_equals_scipy(dtype):
    rng = np.random.default_rng(0)
    image = (rng.random((12, 15, 2)) * 200).astype(dtype)
    x, y = rng.uniform(-2, 17, (30, 20)), rng.uniform(-2, 14, (30, 20))
    result = bilinear(image, x, y)
    assert result.dtype == dtype
    for channel in range(2):
        expected = ndimage.map_coordinates(
            image[..., channel].astype(float), [y - 0.5, x - 0.5], order=1, mode="nearest"
        )
        assert_allclose(result[..., channel], expected, atol=1e-3 if dtype == np.float32 else 0.51)


def test_an_image_of_one_pixel_and_one_without_objects_can_be_bent():
    tiny = painted([shapely.box(0, 0, 1, 1)], (1, 1))
    assert Elastic()(tiny, np.random.default_rng(0)).instances.areas == pytest.approx([1])
    empty = tiny.replace(instances=Instances.empty((1, 1)))
    assert len(Elastic()(empty, np.random.default_rng(0)).instances) == 0
