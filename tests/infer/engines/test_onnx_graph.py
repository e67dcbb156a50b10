"""One graph on ONNX Runtime: maps in integers are read as integers or as floats."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from onnx import TensorProto, helper

from kontur.infer.engines.onnx_graph import IntegerMap, OnnxGraph
from kontur.models.archive import SavedGraph
from kontur.models.graphs import QUANTISED_OUTPUTS


def started(nodes, given, result, about=None):
    """A graph of one input and one output, each a name and the type of its elements."""
    values = [
        helper.make_tensor_value_info(name, kind, [None, None]) for name, kind in (given, result)
    ]
    graph = helper.make_graph(nodes, "graph", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, about or {})
    return OnnxGraph(SavedGraph(model.SerializeToString(), ()), {}, 1)


INTEGERS = np.array([[0, 3], [100, 255]], np.uint8)


@pytest.fixture
def given():
    node = helper.make_node("Identity", ["x"], ["features"])
    about = {QUANTISED_OUTPUTS: json.dumps({"features": [0.1, 3]})}
    types = ("x", TensorProto.UINT8), ("features", TensorProto.UINT8)
    (features,) = started([node], *types, about)(INTEGERS)
    return features


def test_a_map_in_integers_is_read_as_the_floats_that_it_stands_for(given):
    assert isinstance(given, IntegerMap)
    assert (given.shape, given.nbytes) == ((2, 2), 4)
    expected = np.float32(0.1) * np.array([[-3, 0], [97, 252]], np.float32)
    assert_array_equal(np.asarray(given), expected)
    assert np.asarray(given).dtype == np.float32
    assert np.asarray(given, np.float64).dtype == np.float64
    copy = np.array(given)
    copy[:] = 0
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(given)[:] = 0
    assert_array_equal(np.asarray(given), expected)


def test_a_graph_gets_the_numbers_that_it_takes(given):
    integers = helper.make_node("Max", ["features", "features"], ["y"])
    types = ("features", TensorProto.UINT8), ("y", TensorProto.UINT8)
    (got,) = started([integers], *types)(given)
    assert_array_equal(got, INTEGERS)
    floats = helper.make_node("Neg", ["features"], ["y"])
    types = ("features", TensorProto.FLOAT), ("y", TensorProto.FLOAT)
    (got,) = started([floats], *types)(given)
    assert_array_equal(got, -np.asarray(given))


def test_without_a_word_in_its_metadata_integers_are_integers():
    node = helper.make_node("Identity", ["x"], ["y"])
    (got,) = started([node], ("x", TensorProto.UINT8), ("y", TensorProto.UINT8))(INTEGERS)
    assert_array_equal(got, INTEGERS)
