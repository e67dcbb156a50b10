from dataclasses import replace

import numpy as np
import pytest
import shapely

from kontur.errors import InputError
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.napari.origin import Origin
from kontur.napari.shapes_layer import instances_of_shapes, shapes_layer
from tests.napari.scenes import SIZE, assert_same, off_grid, on_grid, origin


def in_single_precision(data):
    """As napari holds the vertices."""
    return [points.astype(np.float32) for points in data]


@pytest.mark.parametrize("found", [on_grid(), off_grid(), Instances.empty(SIZE, ("a", "b"))])
def test_what_nobody_touched_comes_back_to_the_last_bit(found):
    data, attributes, kind = shapes_layer(origin(found))
    assert kind == "shapes"
    again = instances_of_shapes(in_single_precision(data), attributes)
    assert list(again) == [()]
    assert_same(again[()], found)


def test_features_say_what_an_outline_is():
    data, attributes, _ = shapes_layer(origin(on_grid()), name="cells")
    features = attributes["features"]
    assert features["id"].tolist() == [1, 2, 3, 4]
    assert features["class"].tolist() == ["red cell", "white, old", "red cell", "white, old"]
    assert features["score"].tolist()[2:] == [1, 0.25]
    assert len(attributes["edge_color"]) == len(data) == 4
    assert attributes["name"] == "cells"


def test_an_outline_that_was_moved_is_where_it_is_now_and_the_others_stay():
    found = off_grid()
    data, attributes, _ = shapes_layer(origin(found))
    data = in_single_precision(data)
    data[0] = data[0] + np.float32(2)
    again = instances_of_shapes(data, attributes)[()]
    assert shapely.equals_exact(
        again.polygon(0), shapely.transform(found.polygon(0), lambda p: p + 2), 1e-4, normalize=True
    )
    assert_same(again[1:], found[1:])
    assert again.ids.tolist() == found.ids.tolist()
    assert again.extras == found.extras


def test_a_point_that_was_dragged_moves_alone():
    found = Instances.of([shapely.box(10, 10, 20, 20)], size=SIZE)
    data, attributes, _ = shapes_layer(origin(found))
    corner = int(np.argmax(data[0].sum(axis=1)))
    data[0][corner] += [5, 3]  # row, column
    moved = instances_of_shapes(data, attributes)[()].polygon(0)
    assert shapely.equals(moved, shapely.Polygon([(10, 10), (20, 10), (23, 25), (10, 20)]))


def test_points_may_be_added_and_removed_also_of_a_donut():
    found = on_grid()[:1]
    data, attributes, _ = shapes_layer(origin(found))
    line = data[0]
    middle = (line[1] + line[2]) / 2 + [0.0, 1.0]
    data[0] = np.insert(line, 2, middle, axis=0)
    bulge = instances_of_shapes(data, attributes)[()].polygon(0)
    assert bulge.is_valid
    assert len(bulge.interiors) == 1
    assert bulge.area != found.areas[0]
    data[0] = np.delete(line, 2, axis=0)
    assert instances_of_shapes(data, attributes)[()].polygon(0).area < found.areas[0]


def rows(attributes, count, **values):
    features = {name: list(column) for name, column in attributes["features"].items()}
    return {name: features[name] + [values[name]] * count for name in features}


def test_new_shapes_and_copies_are_objects_of_their_own():
    found = on_grid()
    data, attributes, _ = shapes_layer(origin(found))
    drawn = np.array([[20.5, 20.5], [20.5, 24.5], [24.5, 24.5], [24.5, 20.5]])
    defaults = attributes["feature_defaults"]
    new = {**attributes, "features": rows(attributes, 2, **defaults)}
    again = instances_of_shapes([*data, drawn, drawn + 9], new)[()]
    assert again.ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert again.polygon(4).bounds == (21, 21, 25, 25)
    assert [one.class_name for one in again][4:] == ["red cell", "red cell"]
    assert np.isnan(again.scores[4:]).all()
    copies = {**attributes, "features": rows(attributes, 1, **{**defaults, "id": 1})}
    again = instances_of_shapes([*data, data[0] + 9], copies)[()]
    assert again.ids.tolist() == [1, 2, 3, 4, 5]
    assert_same(again[:4], found)


def test_what_was_deleted_is_gone_and_no_shape_is_no_object():
    found = on_grid()
    data, attributes, _ = shapes_layer(origin(found))
    left = {name: column[1:] for name, column in attributes["features"].items()}
    assert_same(instances_of_shapes(data[1:], {**attributes, "features": left})[()], found[1:])
    none = {name: column[:0] for name, column in attributes["features"].items()}
    empty = instances_of_shapes([], {**attributes, "features": none})[()]
    assert (len(empty), empty.size) == (0, SIZE)


def test_shapes_that_were_drawn_in_a_new_layer():
    box = np.array([[0.0, 0], [0, 4], [3, 4], [3, 0]]) - 0.5
    data, kinds = [box, box, box[:3]], ["rectangle", "ellipse", "polygon"]
    found = instances_of_shapes(data, {"shape_type": kinds, "ndim": 2, "features": None})[()]
    assert found.areas[[0, 2]].tolist() == [12, 6]
    assert found.areas[1] == pytest.approx(np.pi * 3, rel=0.01)
    assert found.ids.tolist() == [1, 2, 3]
    assert found.classes == ("object",)
    assert found.size is None
    assert len(instances_of_shapes([], {})[()]) == 0


def test_another_class_may_be_typed():
    data, attributes, _ = shapes_layer(origin(on_grid()))
    features = {**attributes["features"], "class": ["new", "", None, "white, old"]}
    again = instances_of_shapes(data, {**attributes, "features": features})[()]
    assert [one.class_name for one in again] == ["new", "red cell", "red cell", "white, old"]


@pytest.mark.parametrize("kind", ["line", "path"])
def test_lines_enclose_nothing_and_are_refused(kind):
    with pytest.raises(InputError, match="1 shape of the layer are lines or paths"):
        instances_of_shapes([np.eye(2)], {"shape_type": [kind]})


def test_a_shape_without_area_is_no_object():
    flat = np.array([[0.0, 0], [0, 4], [0, 8]])
    assert len(instances_of_shapes([flat], {"shape_type": "polygon"})[()]) == 0


def test_a_stack_keeps_the_plane_of_every_outline():
    first, second = (on_grid().replace(plane=Plane(t=t)) for t in (0, 3))
    stack = Origin({(0,): first, (3,): second}, ("t",))
    data, attributes, _ = shapes_layer(stack)
    assert attributes["ndim"] == 3
    assert {points[0, 0] for points in data} == {0, 3}
    again = instances_of_shapes(in_single_precision(data), attributes)
    assert [one.plane for one in again.values()] == [Plane(t=0), Plane(t=3)]
    assert_same(again[3,], second)
    data[0] = data[0] + [1, 0, 0]  # moved to another time
    features = attributes["features"]
    again = instances_of_shapes(data, {**attributes, "features": features})
    assert [len(again[index]) for index in ((0,), (1,), (3,))] == [3, 1, 4]
    assert again[1,].plane == Plane(t=1)


def test_a_shape_across_planes_is_refused():
    data = [np.array([[0, 1.0, 1], [1, 5, 1], [0, 5, 5]])]
    with pytest.raises(InputError, match="lies on several planes"):
        instances_of_shapes(data, {"ndim": 3})


def test_depth_is_depth_where_the_axis_is_called_so():
    data = [np.array([[2, 1.0, 1], [2, 5, 1], [2, 5, 5]])]
    deep = instances_of_shapes(data, {"ndim": 3, "axis_labels": ("z", "y", "x")})
    assert deep[2,].plane == Plane(z=2)
    assert instances_of_shapes(data, {"ndim": 3})[2,].plane == Plane(t=2)


def test_an_origin_of_other_axes_is_not_that_of_the_layer():
    _, attributes, _ = shapes_layer(replace(origin(on_grid()), axes=()))
    data = [np.array([[2, 1.0, 1], [2, 5, 1], [2, 5, 5]])]
    found = instances_of_shapes(data, {**attributes, "ndim": 3, "features": None})
    assert [*found] == [(2,)]
