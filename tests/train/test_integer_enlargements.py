"""Enlargements of integers as copies: what resizing gives, by the standard's own evaluation."""

import numpy as np
import onnx
import pytest
from numpy.testing import assert_array_equal
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from kontur.train.integer_enlargements import copy_to_enlarge


def enlarging(factors, *, step=0.5, mode="nearest", place="asymmetric", nearest="floor"):
    """uint8 (b, c, h, w) → numbers → enlarged → integers of a step → numbers."""
    values = {
        "step": np.float32(0.5),
        "other": np.float32(step),
        "zero": np.uint8(3),
        "factors": np.array([1, 1, *factors], np.float32),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "step", "zero"], ["numbers"]),
        helper.make_node(
            "Resize", ["numbers", "", "factors"], ["larger"], mode=mode, nearest_mode=nearest,
            coordinate_transformation_mode=place,
        ),
        helper.make_node("QuantizeLinear", ["larger", "other", "zero"], ["integers"]),
        helper.make_node("DequantizeLinear", ["integers", "other", "zero"], ["y"]),
    ]  # fmt: skip
    given = helper.make_tensor_value_info("x", TensorProto.UINT8, ["b", "c", "h", "w"])
    last = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * 4)
    stored = [numpy_helper.from_array(np.asarray(v), name) for name, v in values.items()]
    graph = helper.make_graph(nodes, "graph", [given], [last], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)])


@pytest.mark.parametrize("factors", [(2, 2), (1, 3), (4, 1)])
@pytest.mark.parametrize("size", [(1, 2, 1, 1), (2, 3, 5, 7)])
def test_copies_are_what_resizing_gives(factors, size):
    model = enlarging(factors)
    x = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    (expected,) = ReferenceEvaluator(model).run(None, {"x": x})
    by_hand = (x.astype(np.float32) - 3) * 0.5
    assert_array_equal(expected, by_hand.repeat(factors[0], axis=2).repeat(factors[1], axis=3))
    copy_to_enlarge(model.graph)
    onnx.checker.check_model(model, full_check=True)
    kinds = {node.op_type for node in model.graph.node}
    assert not kinds & {"Resize", "QuantizeLinear"}
    assert_array_equal(ReferenceEvaluator(model).run(None, {"x": x})[0], expected)


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(enlarging((2, 2), step=0.25), id="to other integers"),
        pytest.param(enlarging((1.5, 2)), id="by half a pixel"),
        pytest.param(enlarging((0.5, 0.5)), id="made smaller"),
        pytest.param(enlarging((2, 2), mode="linear"), id="blended"),
        pytest.param(enlarging((2, 2), place="align_corners"), id="of other places"),
        pytest.param(enlarging((3, 3), nearest="ceil"), id="of the next pixel"),
    ],
)
def test_other_resizing_stays(model):
    copy_to_enlarge(model.graph)
    assert [node.op_type for node in model.graph.node] == [
        "DequantizeLinear", "Resize", "QuantizeLinear", "DequantizeLinear",
    ]  # fmt: skip
