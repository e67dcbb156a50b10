"""The last convolutions in integers: the sums of float32, of integers that are given."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from kontur.train.integer_products import multiply_last_in_integers

STEP, ZERO = 0.05, 7


def convolving(weight, bias=None, **settings):
    """uint8 (b, c, h, w) → its numbers → a convolution, and the numbers where `also`."""
    values = {
        "step": np.float32(STEP),
        "zero": np.uint8(ZERO),
        "weight": weight,
        **({} if bias is None else {"bias": bias}),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "step", "zero"], ["numbers"]),
        helper.make_node(
            "Conv", ["numbers", "weight", *(["bias"] if bias is not None else [])], ["y"],
            kernel_shape=weight.shape[2:], **settings,
        ),
    ]  # fmt: skip
    given = helper.make_tensor_value_info("x", TensorProto.UINT8, ["b", weight.shape[1], "h", "w"])
    last = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * 4)
    stored = [numpy_helper.from_array(np.asarray(v), name) for name, v in values.items()]
    graph = helper.make_graph(nodes, "graph", [given], [last], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)])


def random(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def both(model, x):
    """What the graph gives before and after, and the kinds of its nodes."""
    expected = ReferenceEvaluator(model).run(None, {"x": x})[0]
    multiply_last_in_integers(model.graph)
    onnx.checker.check_model(model, full_check=True)
    (got,) = ReferenceEvaluator(model).run(None, {"x": x})
    return expected, got, [node.op_type for node in model.graph.node]


@pytest.mark.parametrize(("inputs", "outputs"), [(4, 1), (48, 5), (16, 4)])
@pytest.mark.parametrize("size", [(1, 1), (9, 31)])
def test_sums_are_those_of_floats_to_a_part_in_ten_thousand(inputs, outputs, size):
    weight = random(outputs, inputs, 1, 1) * np.geomspace(1e-3, 1e3, outputs)[:, None, None, None]
    model = convolving(weight.astype(np.float32), 100 * random(outputs))
    x = np.random.default_rng(1).integers(0, 256, (2, inputs, *size), dtype=np.uint8)
    expected, got, kinds = both(model, x)
    assert "MatMulInteger" in kinds
    assert "DequantizeLinear" not in kinds  # the many inputs are never floats
    assert got.dtype == np.float32
    largest = np.abs(weight).max(axis=(1, 2, 3)) * 255 * STEP * inputs
    assert (np.abs(got - expected) <= 1e-4 * largest[None, :, None, None]).all()


def test_an_output_that_is_always_its_bias_stays_so():
    weight = random(2, 8, 1, 1)
    weight[1] = 0
    x = np.random.default_rng(1).integers(0, 256, (1, 8, 3, 3), dtype=np.uint8)
    _, got, kinds = both(convolving(weight, np.array([1, 2.5], np.float32)), x)
    assert "MatMulInteger" in kinds
    assert (got[:, 1] == 2.5).all()


@pytest.mark.parametrize(
    ("weight", "settings"),
    [
        pytest.param(random(2, 8, 3, 3), {}, id="of neighbours too"),
        pytest.param(random(2, 8, 1, 1), {"strides": [2, 2]}, id="of every second pixel"),
        pytest.param(random(2, 8, 1, 1), {"pads": [1, 1, 1, 1]}, id="beyond the border"),
        pytest.param(random(4, 8, 1, 1), {}, id="of many outputs"),
    ],
)
def test_other_convolutions_stay(weight, settings):
    model = convolving(weight, random(len(weight)), **settings)
    x = np.random.default_rng(1).integers(0, 256, (1, 8, 6, 6), dtype=np.uint8)
    _, _, kinds = both(model, x)
    assert kinds == ["DequantizeLinear", "Conv"]
