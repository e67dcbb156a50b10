import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from shapely import Polygon, box

from kontur.errors import InputError
from kontur.geometry import ring
from kontur.instances import Instances
from tests.instances.drawn import assert_same, label_images, several

# made and checked


def test_fields_have_defaults():
    found = Instances.of([box(0, 0, 1, 1), box(2, 2, 3, 3)])
    assert found.labels.tolist() == [0, 0]
    assert np.isnan(found.scores).all()
    assert found.ids.tolist() == [1, 2]
    assert not found.ignore.any()
    assert found.extras == ({}, {})
    assert found.size is None
    assert found.classes == ("object",)


def test_nothing_is_a_value_too():
    nothing = Instances.empty((4, 5), ("a", "b"))
    assert len(nothing) == 0
    assert nothing.boxes.shape == (0, 4)
    assert nothing.areas.shape == (0,)
    assert nothing.rings() == []
    assert nothing.label_image().shape == (4, 5)
    for same in (
        nothing.shift(1, 2),
        nothing.clip((4, 5)),
        nothing.scale(1, 1),
        nothing[:],
        nothing[[]],
        nothing[np.zeros(0, dtype=bool)],
        Instances.concat([nothing, nothing]),
        Instances.of([], size=(4, 5), classes=("a", "b")),
        Instances.from_label_image(np.zeros((4, 5), dtype=np.uint8), ("a", "b")),
        Instances.from_masks([], ("a", "b"), size=(4, 5)),
        Instances.from_masks(np.zeros((0, 4, 5)), ("a", "b")),
    ):
        assert_same(same, nothing)


def test_arrays_given_are_copied():
    polygons, labels = np.array([box(0, 0, 1, 1), box(2, 2, 3, 3)]), np.array([0, 0])
    found = Instances.of(polygons, labels)
    polygons[0] = labels[0] = 1
    assert found.labels[0] == 0
    assert found.polygons[0].equals(box(0, 0, 1, 1))


def test_a_value_does_not_change():
    with pytest.raises(AttributeError):
        several().size = (3, 4)


def test_a_field_that_is_not_there_is_named():
    with pytest.raises(TypeError, match="no field 'label'; they have polygons, labels"):
        several().replace(label=[0, 0, 0])


def test_it_says_what_it_is():
    assert repr(several()) == "Instances(3 of nucleus, debris in 20×30)"


# choosing and joining


@pytest.mark.parametrize(
    ("which", "ids"),
    [
        (slice(1, None), [3, 12]),
        ([2, 0], [12, 7]),
        (np.array([True, False, True]), [7, 12]),
        (-1, [12]),
        ([], []),
        (np.array([], dtype=int), []),
    ],
)
def test_objects_are_chosen_with_everything_that_is_theirs(which, ids):
    chosen = several()[which]
    assert chosen.ids.tolist() == ids
    by_id = dict(zip(several().ids.tolist(), several().extras, strict=True))
    assert [by_id[i] for i in ids] == list(chosen.extras)
    assert len(chosen.polygons) == len(chosen.labels) == len(chosen.scores) == len(chosen.ignore)
    assert (chosen.size, chosen.classes) == (several().size, several().classes)


@pytest.mark.parametrize("places", [[0, 0], [0, -3], np.array([2, 1, 2]), [1, 1, 1]])
def test_an_object_cannot_be_taken_twice_for_its_id_would_not_be_unique(places):
    with pytest.raises(InputError, match="an object can be chosen once, the one at index"):
        several()[places]


def test_choosing_what_is_not_there_fails():
    with pytest.raises(IndexError):
        several()[3]
    with pytest.raises(IndexError):
        several()[np.array([True, False])]


def test_iterating_gives_each_object_with_its_fields_by_name():
    found = several()
    assert [one.id for one in found] == [7, 3, 12]
    for index, one in enumerate(found):
        assert one.polygon is found.polygons[index]
        assert one.class_name == found.classes[one.label]
        assert one.ignore is bool(found.ignore[index])
        assert (one.area, one.box) == (found.areas[index], tuple(found.boxes[index]))
        assert one.extras == found.extras[index]
        assert_array_equal(one.score, found.scores[index])
    assert list(Instances.empty()) == []


def test_what_was_split_can_be_joined():
    whole = several()
    assert_same(Instances.concat([whole[:1], whole[1:]]), whole)


def test_joined_objects_keep_their_ids_unless_taken():
    first, second = several(), several()[[2, 1]].replace(ids=[20, 3])
    assert Instances.concat([first, second]).ids.tolist() == [7, 3, 12, 20, 21]


def test_only_objects_of_one_image_are_joined():
    with pytest.raises(InputError, match="one image and the same classes"):
        Instances.concat([several(), several().replace(size=(1, 1))])
    with pytest.raises(InputError, match="one image and the same classes"):
        Instances.concat([several(), Instances.empty((20, 30))])
    with pytest.raises(InputError, match="at least one"):
        Instances.concat([])
    assert Instances.concat([several().replace(size=None), several()]).size == (20, 30)


# moving


def test_shift_moves_holes_and_parts_and_keeps_the_rest():
    moved = several().shift(2, 1)
    assert moved.polygons[0].equals(box(2, 1, 10, 9) - box(4, 3, 7, 6))
    assert_allclose(moved.boxes, several().boxes + np.array([2, 1, 2, 1]))
    assert_same(moved.shift(-2, -1), several())


def test_scale_resizes_the_image_too():
    scaled = several().scale(2, 0.5)
    assert scaled.size == (10, 60)
    assert_allclose(scaled.areas, several().areas)
    assert_allclose(scaled.boxes, several().boxes * np.array([2, 0.5, 2, 0.5]))
    assert several().replace(size=None).scale(2, 2).size is None
    with pytest.raises(InputError, match="above 0"):
        several().scale(0, 1)


@given(label_images(), st.floats(0.2, 5), st.floats(0.2, 5), st.floats(-9, 9))
@settings(max_examples=40)
def test_moved_objects_stay_valid(labels, sx, sy, dx):
    found = Instances.from_label_image(labels)
    for moved in (found.scale(sx, sy), found.shift(dx, sx)):
        assert shapely.is_valid(moved.polygons).all()
        assert_array_equal(moved.ids, found.ids)
    assert_allclose(found.scale(sx, sy).areas, found.areas * sx * sy)


def test_clip_drops_what_is_outside_and_cuts_the_rest():
    clipped = several().shift(-6, 0).clip((12, 14))
    assert clipped.size == (12, 14)
    assert clipped.ids.tolist() == [7, 3, 12]
    assert clipped.areas.tolist() == [16, 8, 20]
    assert several().clip((3, 3)).ids.tolist() == [7, 3]


@given(label_images(), st.integers(-4, 4), st.integers(-4, 4))
@settings(max_examples=40)
def test_a_crop_of_objects_is_a_crop_of_the_label_image(labels, x, y):
    size = (6, 6)
    cropped = Instances.from_label_image(labels).shift(-x, -y).clip(size)
    canvas = np.zeros((20, 20), dtype=np.int32)
    canvas[4 : 4 + labels.shape[0], 4 : 4 + labels.shape[1]] = labels
    assert_array_equal(cropped.label_image(), canvas[4 + y : 10 + y, 4 + x : 10 + x])


def test_transform_moves_every_point_and_repairs_what_breaks():
    turned = several().transform(lambda points: points[:, ::-1])
    assert turned.polygons[0].equals(box(0, 0, 8, 8) - box(2, 2, 5, 5))
    assert_allclose(turned.boxes, several().boxes[:, [1, 0, 3, 2]])
    folded = several().transform(lambda points: np.abs(points - 3))
    assert shapely.is_valid(folded.polygons).all()
    assert len(several().transform(lambda points: points * np.array([1, 0]))) == 0


# outlines


def test_rings_are_the_largest_outer_ring_open_clockwise_and_from_the_top():
    rings = several().rings()
    assert [len(each) for each in rings] == [5, 5, 5]  # four corners and the middle of the top
    assert rings[0][0].tolist() == [4, 0]
    assert rings[1][0].tolist() == [6, 0]  # of the larger part
    assert all(ring.signed_area(each) > 0 for each in rings)


@given(label_images())
@settings(max_examples=40)
def test_rings_enclose_the_largest_part(labels):
    found = Instances.from_label_image(labels)
    for each, polygon in zip(found.rings(), found.polygons, strict=True):
        areas = [Polygon(part.exterior).area for part in shapely.get_parts(polygon)]
        assert ring.signed_area(each) in areas
        assert each[0, 1] == each[:, 1].min()
