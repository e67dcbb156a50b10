import numpy as np
import pytest
import shapely

from kontur.errors import InputError
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.napari.labels_layer import instances_of_labels, labels_layer
from kontur.napari.origin import Origin
from tests.napari.scenes import SIZE, assert_same, off_grid, on_grid, origin


def overlapping() -> Instances:
    boxes = [
        shapely.box(2.25, 2, 20, 20),
        shapely.box(10, 10, 30.5, 30),
        shapely.box(11, 11, 12, 12),
    ]
    return Instances.of(boxes, scores=[0.1, 0.9, 0.5], ignore=[False, False, True], size=SIZE)


@pytest.mark.parametrize(
    "found", [on_grid(), off_grid(), overlapping(), Instances.empty(SIZE, ("a", "b"))]
)
def test_what_nobody_painted_over_comes_back_to_the_last_bit(found):
    data, attributes, kind = labels_layer(origin(found))
    assert kind == "labels"
    assert_same(instances_of_labels(data, attributes)[()], found)


def test_ids_are_pixels_and_features_are_by_id():
    data, attributes, _ = labels_layer(origin(on_grid()), name="cells")
    np.testing.assert_array_equal(data, on_grid().label_image())
    assert data.dtype == np.uint16
    features = attributes["features"]
    assert features["index"].tolist() == [1, 2, 3, 4]
    assert features["class"][1] == "white, old"
    assert attributes["name"] == "cells"


def test_what_was_painted_is_traced_and_the_others_keep_their_outlines():
    found = off_grid()
    data, attributes, _ = labels_layer(origin(found))
    data[30:33, 30:33] = 3  # object 3 grows
    data[20:24, 1:4] = 9  # a new one
    data[data == 2] = 0  # one is erased
    again = instances_of_labels(data, attributes)[()]
    assert again.ids.tolist() == [1, 3, 4, 9]
    assert_same(again[[0, 2]], found[[0, 3]])
    np.testing.assert_array_equal(again.label_image(), data)
    assert again.scores[1] == 1
    assert np.isnan(again.scores[3])
    assert again.polygon(3).bounds == (1, 20, 4, 24)


def test_a_class_may_be_typed():
    data, attributes, _ = labels_layer(origin(on_grid()))
    features = {"index": [1, 3, 4], "class": ["new", "", None]}
    again = instances_of_labels(data, {**attributes, "features": features})[()]
    assert [one.class_name for one in again] == ["new", "white, old", "red cell", "white, old"]
    assert shapely.equals(again.polygons, on_grid().polygons).all()


def test_labels_that_were_painted_in_a_new_layer():
    data = np.zeros(SIZE, np.int32)
    data[39, 49], data[0:2, 0:3] = 70_000, -5
    again = instances_of_labels(data, {})[()]
    assert again.ids.tolist() == [-5, 70_000]
    assert again.ignore.tolist() == [True, False]
    assert len(instances_of_labels(np.zeros(SIZE, np.uint8), {})[()]) == 0


def test_labels_that_are_no_whole_numbers_are_refused():
    with pytest.raises(InputError, match="whole numbers in rows and columns, got float64"):
        instances_of_labels(np.zeros(SIZE), {})


def test_without_the_size_of_the_image_the_layer_reaches_as_far_as_outlines():
    data, _, _ = labels_layer(origin(on_grid().replace(size=None)))
    assert data.shape == SIZE
    assert labels_layer(origin(Instances.empty()))[0].shape == (1, 1)


def test_of_a_stack_only_the_planes_between_the_first_and_the_last_are_made():
    planes = {(t,): on_grid().replace(plane=Plane(t=t)) for t in (7, 9)}
    stack = Origin(planes, ("t",))
    data, attributes, _ = labels_layer(stack, scale=(3.0, 0.5, 0.5), translate=(1.0, 0, 0))
    assert data.shape == (3, *SIZE)
    assert attributes["translate"].tolist() == [1 + 7 * 3, 0, 0]
    assert not data[1].any()
    data[1, 5, 5] = 1
    again = instances_of_labels(data, attributes)
    assert [(index, len(one), one.plane) for index, one in again.items()] == [
        ((7,), 4, Plane(t=7)),
        ((8,), 1, Plane(t=8)),
        ((9,), 4, Plane(t=9)),
    ]
    assert_same(again[9,], planes[9,])
