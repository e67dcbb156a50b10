"""Nodes in the place of others: named by what they make, run in their order."""

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from kontur.train.new_nodes import NewNodes


def test_new_nodes_and_constants_make_what_others_made_under_its_name():
    """x + 1 made as (x · 2 + 2) / 2."""
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n"]) for n in "xy")
    graph = helper.make_graph([], "graph", [x], [y])
    new = NewNodes(graph, "y/half")
    two = new.constant("two", np.float32(2))
    twice = new.node("Mul", ["x", two], "twice")
    more = new.node("Add", [twice, two], "more")
    assert new.last("Div", [more, two], "y") == "y"
    assert [node.output[0] for node in new] == ["y/half/twice", "y/half/more", "y"]
    assert len(graph.node) == 0  # their maker puts them into the graph
    graph.node.extend(new)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)])
    onnx.checker.check_model(model, full_check=True)
    given = np.array([-1, 0, 2.5], np.float32)
    (made,) = ReferenceEvaluator(model).run(None, {"x": given})
    np.testing.assert_array_equal(made, given + 1)
