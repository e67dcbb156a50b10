import numpy as np
import pytest
import shapely

from kontur.geometry import raster
from kontur.geometry.bands import trace_in_bands


def blobs(seed, *, size=(40, 23), values=9, dtype=np.int64):
    """Rectangles over one another: values in many parts, with holes, of every height."""
    rng = np.random.default_rng(seed)
    image = np.zeros(size, dtype=dtype)
    for _ in range(30):
        top, left = rng.integers(0, size[0]), rng.integers(0, size[1])
        height, width = rng.integers(1, 14), rng.integers(1, 9)
        image[top : top + height, left : left + width] = rng.integers(0, values)
    return image


def assert_same(labels, pixels):
    values, outlines = trace_in_bands(labels, pixels=pixels)
    expected, whole = raster.trace_labels(labels)
    assert values.tolist() == expected.tolist()
    assert values.dtype == expected.dtype
    assert [one.wkt for one in outlines] == [one.wkt for one in whole]


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("pixels", [1, 23, 70, 300])
def test_outlines_traced_in_bands_are_those_of_the_whole_image_to_the_point(seed, pixels):
    assert_same(blobs(seed), pixels)


def test_noise_snakes_and_objects_as_high_as_the_image_are_traced_in_bands_too():
    noise = np.random.default_rng(0).integers(-2, 3, (31, 17)).astype(np.int16)
    assert_same(noise, 40)
    comb = np.zeros((30, 30), dtype=np.uint16)
    comb[:, ::4], comb[0, :] = 7, 7
    comb[15, 2::4] = 3
    assert_same(comb, 60)
    diagonal = np.eye(20, dtype=np.uint8)
    assert_same(diagonal, 20)
    assert_same(np.pad(np.ones((18, 18), np.uint8), 1), 40)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (1, 1), (50, 1), (1, 50), (13, 7)])
def test_images_without_objects_and_of_a_single_row_or_column(size):
    assert_same(np.zeros(size, dtype=np.uint16), 4)
    assert_same(np.full(size, 9, dtype=np.uint16), 4)


def test_a_band_holds_what_it_needs_and_not_the_image():
    import tracemalloc

    labels = np.zeros((1500, 600), dtype=np.uint16)
    for k in range(1400):
        row, column = divmod(k, 28)
        labels[30 * row + 2 : 30 * row + 26, 21 * column + 2 : 21 * column + 18] = k + 1

    def peak(pixels):
        tracemalloc.start()
        _, outlines = trace_in_bands(labels, pixels=pixels)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert shapely.area(outlines).sum() == (labels > 0).sum()
        return most

    assert peak(60_000) < peak(labels.size) / 4
