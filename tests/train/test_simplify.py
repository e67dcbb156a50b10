"""Graphs without what is done for nothing: fewer nodes, the same names and numbers."""

import numpy as np
import onnx
import pytest
from numpy.testing import assert_array_equal
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from kontur.train.simplify import set_nodes, simplify

SHAPE = [2, 3, 4, 5]


def model(*nodes, results=("y",)):
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)
    last = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * 4) for name in results]
    graph = helper.make_graph([*nodes], "graph", [given], last)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def cast(given, result, to=TensorProto.FLOAT):
    return helper.make_node("Cast", [given], [result], to=to)


def turned(given, result, *order):
    return helper.make_node("Transpose", [given], [result], perm=order)


def absolute(given, result):
    return helper.make_node("Abs", [given], [result])


LAST, FIRST = (0, 2, 3, 1), (0, 3, 1, 2)  # where the channels are


@pytest.mark.parametrize(
    ("nodes", "results", "left"),
    [
        pytest.param([absolute("x", "a"), cast("a", "y")], ["y"], ["Abs"], id="cast at the end"),
        pytest.param([cast("x", "a"), absolute("a", "y")], ["y"], ["Abs"], id="cast at first"),
        pytest.param(
            [absolute("x", "a"), cast("a", "b"), cast("b", "y")], ["y"], ["Abs"], id="two casts"
        ),
        pytest.param(
            [absolute("x", "a"), cast("a", "b"), absolute("b", "y"), absolute("a", "z")],
            ["y", "z"], ["Abs"] * 3, id="read by two",
        ),
        pytest.param(
            [absolute("x", "y"), cast("y", "z")], ["y", "z"], ["Abs", "Cast"], id="two results"
        ),
        pytest.param([cast("x", "y")], ["y"], ["Cast"], id="given and result"),
        pytest.param(
            [cast("x", "a", TensorProto.INT32), cast("a", "y")], ["y"], ["Cast"] * 2, id="rounds"
        ),
        pytest.param(
            [absolute("x", "a"), turned("a", "y", *LAST), turned("y", "b", *FIRST),
             absolute("b", "z")],
            ["y", "z"], ["Abs", "Transpose", "Abs"], id="turned back",
        ),
        pytest.param(
            [turned("x", "a", *LAST), turned("a", "y", *LAST)], ["y"], ["Transpose"] * 2,
            id="turned on",
        ),
    ],
)  # fmt: skip
def test_what_is_done_for_nothing_is_left_out(nodes, results, left):
    before = model(*nodes, results=results)
    after = onnx.ModelProto()
    after.CopyFrom(before)
    simplify(after)
    onnx.checker.check_model(after, full_check=True)
    assert [node.op_type for node in after.graph.node] == left
    x = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32) * 9
    for one, other in zip(
        ReferenceEvaluator(before).run(None, {"x": x}),
        ReferenceEvaluator(after).run(None, {"x": x}),
        strict=True,
    ):
        assert_array_equal(one, other)


def test_nodes_and_constants_that_lead_to_no_result_are_left_out():
    """Also one whose result only another such one reads, in whatever order they stand."""
    graph = model(absolute("x", "y")).graph
    names = ("used", "unused")
    graph.initializer.extend(numpy_helper.from_array(np.ones(1), name) for name in names)
    added = helper.make_node("Add", ["a", "used"], ["y"])
    multiplied = helper.make_node("Mul", ["b", "unused"], ["c"])
    needed = [absolute("x", "b"), absolute("b", "a"), added]
    set_nodes(graph, [absolute("c", "d"), multiplied, *needed])
    assert [node.output[0] for node in graph.node] == ["b", "a", "y"]
    assert [tensor.name for tensor in graph.initializer] == ["used"]
