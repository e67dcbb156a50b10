import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from shapely import box

from kontur.errors import InputError
from kontur.geometry import raster
from kontur.instances import Instances
from tests.instances.drawn import assert_same, label_images, several

INTEGERS = [np.uint8, np.uint16, np.uint32, np.uint64, np.int8, np.int16, np.int32, np.int64]


@given(label_images())
@settings(max_examples=40)
def test_a_label_image_survives_with_its_ids(labels):
    found = Instances.from_label_image(labels)
    assert found.size == labels.shape
    assert found.ids.tolist() == sorted(set(labels.ravel().tolist()) - {0})
    assert_array_equal(found.ignore, found.ids < 0)
    assert shapely.is_valid(found.polygons).all()
    assert_array_equal(found.label_image(), labels)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_label_images_of_every_integer_are_read(dtype):
    labels = np.array([[0, 1, 1], [100, 0, 1]]).astype(dtype)
    found = Instances.from_label_image(labels)
    assert found.ids.tolist() == [1, 100]
    assert_array_equal(found.label_image(dtype), labels)


def test_label_images_need_not_lie_in_memory_in_order():
    labels = np.arange(24, dtype=np.uint16).reshape(4, 6)
    for view in (labels.T, labels[::-1, ::2], np.asfortranarray(labels), labels.astype(">u2")):
        assert_array_equal(Instances.from_label_image(view).label_image(), view)


def test_ids_beyond_what_can_be_counted_are_refused():
    with pytest.raises(InputError, match="18446744073709551615"):
        Instances.from_label_image(np.full((2, 2), 2**64 - 1, dtype=np.uint64))


def test_classes_of_a_label_image_come_by_id():
    labels = np.array([[0, 4, 4], [9, 0, -1]])
    found = Instances.from_label_image(labels, ("a", "b"), labels={4: 1, 9: 0, 77: 1})
    assert found.ids.tolist() == [-1, 4, 9]
    assert found.labels.tolist() == [0, 1, 0]
    with pytest.raises(InputError, match="no class is given for the object 9"):
        Instances.from_label_image(labels, ("a", "b"), labels={4: 1})


def test_the_label_image_is_as_narrow_as_its_ids_allow():
    for ids, kind in [
        ([1, 2, 65535], np.uint16),
        ([1, 2, 65536], np.uint32),
        ([1, 2, 2**32], np.int64),
        ([-1, 2, 3], np.int16),
        ([-1, 2, 65535], np.int32),
    ]:
        image = several().replace(ids=ids).label_image()
        assert image.dtype == kind
        assert set(np.unique(image).tolist()) - {0} <= set(ids)


def test_in_the_label_image_later_objects_lie_on_earlier_and_all_on_ignored_ones():
    boxes = [box(0, 0, 3, 1), box(1, 0, 4, 1), box(2, 0, 6, 1)]
    found = Instances.of(boxes, ids=[5, 4, 9], ignore=[False, False, True], size=(1, 6))
    assert found.label_image().tolist() == [[5, 4, 4, 4, 9, 9]]


def test_in_the_label_image_the_surer_object_lies_on_top():
    boxes = [box(0, 0, 3, 1), box(1, 0, 4, 1), box(2, 0, 6, 1)]
    found = Instances.of(boxes, scores=[0.9, 0.4, np.nan], size=(1, 6))
    assert found.label_image().tolist() == [[1, 1, 1, 2, 3, 3]]


def test_label_images_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="needs the image's size"):
        several().replace(size=None).label_image()
    with pytest.raises(InputError, match="id 0 means background"):
        several().replace(ids=[0, 1, 2]).label_image()
    with pytest.raises(InputError, match="ids from 3 to 300 do not fit into uint8"):
        several().replace(ids=[300, 3, 4]).label_image(np.uint8)


@given(arrays.arrays(bool, st.tuples(st.integers(0, 4), st.just(5), st.just(6))))
@settings(max_examples=40)
def test_masks_survive_though_they_overlap(masks):
    found = Instances.from_masks(masks)
    assert found.size == (5, 6)
    assert found.ids.tolist() == [i + 1 for i, mask in enumerate(masks) if mask.any()]
    for i, polygon in zip(found.ids, found.polygons, strict=True):
        assert_array_equal(raster.rasterize(polygon, (5, 6)), masks[i - 1])


def test_masks_may_be_numbers_in_a_list_and_have_labels():
    masks = [np.eye(3, dtype=np.uint8) * 255, np.zeros((3, 3)), np.ones((3, 3))]
    found = Instances.from_masks(masks, ("a", "b"), labels=[1, 0, 0])
    assert found.ids.tolist() == [1, 3]
    assert found.labels.tolist() == [1, 0]
    assert found.areas.tolist() == [3, 9]


def test_masks_of_two_sizes_are_refused():
    with pytest.raises(InputError, match="mask 2 has 3×3, expected 2×2"):
        Instances.from_masks([np.ones((2, 2)), np.ones((3, 3))])


@given(label_images(np.uint16, (0, 0, 1, 2, 5, 300)))
@settings(max_examples=40)
def test_masks_and_label_image_give_the_same_objects(labels):
    ids = sorted(set(labels.ravel().tolist()) - {0})
    found = Instances.from_masks([labels == i for i in ids], size=labels.shape)
    assert_same(found.replace(ids=ids), Instances.from_label_image(labels))
