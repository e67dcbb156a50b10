"""The last 1×1 convolutions of a graph in integers, as products whose sums alone become floats.

Their results are coordinates and probabilities, which 8 bits would ruin, so they stay floats. Their
inputs are integers already, many to each result: to make those floats, in the order in which floats
are convolved, takes longer than all the products. So each weight becomes the sum of a
coarse and a fine integer, the products are added up in 32 bits, and only the sums are floats.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from kontur.train.simplify import set_nodes

LARGEST = 63  # of the integers: 7 bits, as those of the other weights
FEW = 4  # inputs an output at least: with more outputs, the float ones take less time
FINE = 2 * LARGEST  # fine steps in a coarse one: a rest is at most half a coarse step


def multiply_last_in_integers(graph: onnx.GraphProto) -> None:
    """Rewrite, in place, the 1×1 convolutions with weights in float32 that read integers.

    The graph has pairs of QuantizeLinear and DequantizeLinear. Weights are exact to one part in
    16,000 of the largest of their output.
    """
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        before = makers.get(node.input[0]) if node.op_type == "Conv" else None
        if before is None or before.op_type != "DequantizeLinear" or not _is_product(node, values):
            nodes.append(node)
            continue
        step = np.abs(values[node.input[1]]).max(axis=(1, 2, 3)) / LARGEST
        step = np.maximum(step, np.finfo(np.float32).tiny)
        mix = np.concatenate([np.diag(step), np.diag(step / FINE)]) * values[before.input[1]]
        name = f"{node.output[0]}/integers"
        constants = {
            "step": step,
            "fine": np.array(FINE),
            "mix": mix,
        }
        graph.initializer.extend(
            numpy_helper.from_array(value.astype(np.float32), f"{name}/{key}")
            for key, value in constants.items()
        )
        for key, shape in {"matrix": [0, -1], "aside": [-1, 1, 1]}.items():
            graph.initializer.append(numpy_helper.from_array(np.array(shape), f"{name}/{key}"))
        nodes += _product(node, before, name)
    set_nodes(graph, nodes)


def _is_product(node: onnx.NodeProto, values: dict[str, np.ndarray]) -> bool:
    """Whether a convolution multiplies every pixel by one matrix that is known."""
    weight = values.get(node.input[1])
    settings = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    return (
        weight is not None
        and len(node.input) == 3  # with a bias
        and weight.shape[2:] == (1, 1)
        and weight.shape[1] >= FEW * weight.shape[0]
        and settings.get("group", 1) == 1
        and set(settings.get("strides", [1])) == {1}
        and set(settings.get("pads", [0])) == {0}
    )


def _product(node: onnx.NodeProto, before: onnx.NodeProto, name: str) -> Iterator[onnx.NodeProto]:
    """The nodes in the place of a convolution; those of the weights are evaluated once."""

    def made(operation: str, inputs: list[str], output: str, **settings: Any) -> onnx.NodeProto:
        return helper.make_node(operation, inputs, [output], **settings)

    def own(*keys: str) -> list[str]:
        return [f"{name}/{key}" for key in keys]

    weight, bias = node.input[1:]
    integers, _, zero = before.input
    yield made("Reshape", [weight, *own("matrix")], *own("rows"))
    yield made("Transpose", own("rows"), *own("columns"), perm=[1, 0])  # (inputs, outputs)
    yield made("Div", own("columns", "step"), *own("steps"))
    yield made("Round", own("steps"), *own("coarse"))
    yield made("Sub", own("steps", "coarse"), *own("rest"))
    yield made("Mul", own("rest", "fine"), *own("rests"))
    yield made("Round", own("rests"), *own("finer"))
    yield made("Concat", own("coarse", "finer"), *own("both"), axis=1)
    yield made("Cast", own("both"), *own("weights"), to=onnx.TensorProto.INT8)
    last = [0, 2, 3, 1]  # channels last, as integers are convolved
    yield made("Transpose", [integers], *own("pixels"), perm=last)
    yield made("MatMulInteger", [*own("pixels", "weights"), zero], *own("sums"))
    yield made("Cast", own("sums"), *own("numbers"), to=onnx.TensorProto.FLOAT)
    yield made("MatMul", own("numbers", "mix"), *own("mixed"))
    yield made("Transpose", own("mixed"), *own("maps"), perm=[0, 3, 1, 2])
    yield made("Reshape", [bias, *own("aside")], *own("shift"))
    yield made("Add", own("maps", "shift"), node.output[0])
