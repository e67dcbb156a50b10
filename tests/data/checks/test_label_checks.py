import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import resize

from kontur.data.checks.label_checks import ids_are_clipped, is_interpolated, separate_parts
from kontur.instances import Instances
from tests.data import drawn


def grid(objects: int, columns: int) -> np.ndarray:
    """A label image of squares in rows of so many, with a pixel of background between them."""
    ids = np.arange(-(-objects // columns) * columns).reshape(-1, columns) + 1
    return np.kron(np.where(ids > objects, 0, ids), np.pad(np.ones((3, 3), dtype=int), (0, 1)))


def test_a_label_image_as_drawn_is_not_interpolated():
    assert not is_interpolated(drawn.discs(100))
    assert not is_interpolated(np.zeros((30, 30), dtype=np.int64))
    assert not is_interpolated(np.ones((1, 1), dtype=np.uint8))


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.5, 3])
@pytest.mark.parametrize("order", [1, 3])
def test_resizing_with_interpolation_is_noticed(factor, order):
    labels = drawn.discs(100)
    side = int(labels.shape[0] * factor)
    resized = resize(labels, (side, side), order=order, preserve_range=True, anti_aliasing=False)
    assert is_interpolated(np.round(resized).clip(0).astype(np.int64))


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.5, 3])
def test_resizing_with_nearest_neighbour_is_fine(factor):
    side = int(400 * factor)
    near = resize(drawn.discs(100), (side, side), order=0, preserve_range=True, anti_aliasing=False)
    assert not is_interpolated(near.astype(np.int64))


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_touching_objects_in_any_order_of_ids_are_not_interpolated(seed):
    rng = np.random.default_rng(seed)
    small = rng.permutation(100).reshape(10, 10)
    assert not is_interpolated(np.kron(small, np.ones((3, 4), dtype=np.int64)))


def test_ids_cut_to_eight_bits_are_noticed():
    labels = drawn.discs(400)
    for cut in (labels.clip(0, 255), labels % 256, labels.astype(np.uint8)):
        found = Instances.from_label_image(cut)
        assert ids_are_clipped(found.ids, separate_parts(found.polygons))


@pytest.mark.parametrize(("objects", "columns"), [(260, 16), (268, 100), (400, 256), (600, 255)])
def test_ids_that_wrapped_around_on_a_grid_are_noticed_where_few_or_side_by_side(objects, columns):
    labels = grid(objects, columns)
    for cut, wrapped in ((labels, False), (labels.astype(np.uint8), True)):
        found = Instances.from_label_image(cut)
        assert ids_are_clipped(found.ids, separate_parts(found.polygons)) == wrapped


def test_ids_that_end_at_255_by_themselves_are_not_cut():
    plain = grid(255, 16)
    holed = plain.copy()
    holed[1::4, 1::4] = 0
    corners = plain.copy()
    corners[3, 3:20:4] = 1, 2, 3, 4, 5  # pixels that touch the squares of these ids at a corner
    owners = np.arange(266)
    owners[256:] = 1, 2, 9, 40, 77, 78, 130, 200, 204, 254  # ten objects have a second part
    two, lacking = np.arange(258), np.arange(266)
    two[256:], lacking[256:], lacking[100] = (1, 2), np.arange(10), 0
    parts = (owners[grid(265, 16)], two[grid(257, 16)], lacking[grid(265, 16)])
    for labels in (drawn.discs(255), plain, holed, corners, *parts):
        found = Instances.from_label_image(labels)
        assert not ids_are_clipped(found.ids, separate_parts(found.polygons))


def test_pieces_far_apart_specks_and_corners_are_distinguished():
    body = shapely.box(0, 0, 10, 10)
    objects = {
        "whole": body,
        "far": shapely.union_all([body, shapely.box(40, 0, 50, 10)]),
        "near": shapely.union_all([body, shapely.box(12, 0, 20, 10)]),
        "speck": shapely.union_all([body, shapely.box(12, 0, 13, 1)]),
        "corner": shapely.union_all([body, shapely.box(10, 10, 11, 11)]),
    }
    found = separate_parts(np.array(list(objects.values()), dtype=object))
    assert dict(zip(objects, found.distant.tolist(), strict=True)) == {
        "whole": False,
        "far": True,
        "near": False,
        "speck": False,
        "corner": False,
    }
    assert found.specks.tolist() == [False, False, False, True, False]


def test_no_objects_have_no_pieces():
    assert len(separate_parts(np.empty(0, dtype=object)).distant) == 0
