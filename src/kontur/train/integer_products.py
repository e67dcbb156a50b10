"""The last 1×1 convolutions of a graph in integers, as products whose sums alone become floats.

Their results are coordinates and probabilities, which 8 bits would ruin, so they stay floats. Their
inputs are integers already, many to each result: to make those floats, in the order in which floats
are convolved, takes longer than all the products. So each weight becomes the sum of a
coarse and a fine integer, the products are added up in 32 bits, and only the sums are floats.
"""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import numpy_helper

from kontur.train.new_nodes import FLOATS, NewNodes, settings_of
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
        if before is None or before.op_type != FLOATS or not _is_product(node, values):
            nodes.append(node)
        else:
            nodes += _product(node, before, graph, values)
    set_nodes(graph, nodes)


def _is_product(node: onnx.NodeProto, values: dict[str, np.ndarray]) -> bool:
    """Whether a convolution multiplies every pixel by one matrix that is known."""
    weight = values.get(node.input[1])
    settings = settings_of(node)
    return (
        weight is not None
        and len(node.input) == 3  # with a bias
        and weight.shape[2:] == (1, 1)
        and weight.shape[1] >= FEW * weight.shape[0]
        and settings.get("group", 1) == 1
        and set(settings.get("strides", [1])) == {1}
        and set(settings.get("pads", [0])) == {0}
    )


def _product(
    node: onnx.NodeProto,
    before: onnx.NodeProto,
    graph: onnx.GraphProto,
    values: Mapping[str, np.ndarray],
) -> NewNodes:
    """The nodes in the place of a convolution; those of the weights are evaluated once."""
    new = NewNodes(graph, f"{node.output[0]}/integers")
    weight, bias = node.input[1:]
    pixels, scale, zero = before.input
    largest = np.abs(values[weight]).max(axis=(1, 2, 3)) / LARGEST
    largest = np.maximum(largest, np.finfo(np.float32).tiny)
    step = new.constant("step", largest.astype(np.float32))
    fine = new.constant("fine", np.float32(FINE))
    both = np.concatenate([np.diag(largest), np.diag(largest / FINE)]) * values[scale]
    mix = new.constant("mix", both.astype(np.float32))
    matrix, aside = new.constant("matrix", [0, -1]), new.constant("aside", [-1, 1, 1])

    rows = new.node("Reshape", [weight, matrix], "rows")
    columns = new.node("Transpose", [rows], "columns", perm=[1, 0])  # (inputs, outputs)
    steps = new.node("Div", [columns, step], "steps")
    coarse = new.node("Round", [steps], "coarse")
    rest = new.node("Sub", [steps, coarse], "rest")
    finer = new.node("Round", [new.node("Mul", [rest, fine], "rests")], "finer")
    joined = new.node("Concat", [coarse, finer], "both", axis=1)
    weights = new.node("Cast", [joined], "weights", to=onnx.TensorProto.INT8)

    # channels last, as integers are convolved
    lasting = new.node("Transpose", [pixels], "pixels", perm=[0, 2, 3, 1])
    sums = new.node("MatMulInteger", [lasting, weights, zero], "sums")
    numbers = new.node("Cast", [sums], "numbers", to=onnx.TensorProto.FLOAT)
    mixed = new.node("MatMul", [numbers, mix], "mixed")
    maps = new.node("Transpose", [mixed], "maps", perm=[0, 3, 1, 2])
    shift = new.node("Reshape", [bias, aside], "shift")
    new.last("Add", [maps, shift], node.output[0])
    return new
