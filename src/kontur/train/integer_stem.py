"""A first convolution in integers that reads several pixels of a row as one.

Before an engine multiplies, it copies what lies below a kernel, pixel by pixel: of an image's few
channels that takes longer than all the products. With channels last, pixels of a row that follow
one another are one pixel of more channels, and what is convolved from them are outputs that follow
one another: nothing is moved. The kernel is filled up with zeros, so the sums are the same.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import onnx
from onnx import numpy_helper

from kontur.train.new_nodes import FLOATS, INTEGERS, NewNodes, settings_of
from kontur.train.simplify import set_nodes

PIXELS = 4  # of a row that are read as one; with two or eight it takes longer
FEW = 4  # channels of an image, at most
FIRST, LAST = [0, 3, 1, 2], [0, 2, 3, 1]  # channels, of what has them elsewhere


class Row(NamedTuple):
    """How a kernel reads a row: for every `step` pixels `width`, from `before` them on."""

    width: int
    before: int
    step: int

    @property
    def together(self) -> int:
        """How many outputs are made at the pixels that are read as one."""
        return PIXELS // self.step

    @property
    def around(self) -> tuple[int, int]:
        """How many such pixels these outputs read to the left and to the right of their own."""
        last = self.step * (self.together - 1) - self.before + self.width - 1
        return -(-self.before // PIXELS), max(last, 0) // PIXELS

    @property
    def blocks(self) -> int:
        """How many such pixels lie below the larger kernel."""
        left, right = self.around
        return left + 1 + right


def read_pixels_together(graph: onnx.GraphProto, multiple: int) -> None:
    """Rewrite, in place, the convolutions of the graph's inputs that read and give integers.

    Inputs are images of few channels, (b, c, h, w), their width a multiple of `multiple`; where
    that is none of `PIXELS`, nothing is changed. The graph has pairs of QuantizeLinear and
    DequantizeLinear.
    """
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        convolution = makers.get(node.input[0]) if node.op_type == INTEGERS else None
        row = _row(convolution, graph, makers, values) if convolution else None
        if convolution is None or row is None or multiple % PIXELS:
            nodes.append(node)
        else:
            nodes += _together(convolution, node, row, graph, makers, values)
    set_nodes(graph, nodes)


def _row(
    node: onnx.NodeProto,
    graph: onnx.GraphProto,
    makers: Mapping[str, onnx.NodeProto],
    values: Mapping[str, np.ndarray],
) -> Row | None:
    """How a convolution reads a row, if it is of an image in integers and of few channels."""
    before = [makers.get(name) for name in node.input]
    if node.op_type != "Conv" or [each and each.op_type for each in before] != [FLOATS] * 3:
        return None
    image = makers[node.input[0]].input[0]
    if image in makers and makers[image].op_type == INTEGERS:
        image = makers[image].input[0]
    if image not in {value.name for value in graph.input}:  # nothing is known of other widths
        return None
    if sum(node.output[0] in each.input for each in graph.node) > 1:
        return None
    weight = _weight(node, makers, values)
    given = settings_of(node)
    step, pads = given.get("strides", [1, 1])[1], given.get("pads", [0] * 4)
    missing = weight.shape[3] - pads[1] - pads[3]  # of a row's outputs, were the step 1
    fits = PIXELS % step == 0 and 0 < missing <= step  # W / step outputs of W pixels
    steps = values[makers[node.input[1]].input[1]].shape  # of the integers: of each output
    plain = given.get("group", 1) == 1 and set(given.get("dilations", [1])) == {1} and steps
    if not (fits and plain and weight.shape[1] <= FEW):
        return None
    return Row(weight.shape[3], pads[1], step)


def _weight(
    node: onnx.NodeProto, makers: Mapping[str, onnx.NodeProto], values: Mapping[str, np.ndarray]
) -> np.ndarray:
    """A convolution's weight before it became integers."""
    integers = makers[makers[node.input[1]].input[0]]
    return values[integers.input[0]]


def _together(
    node: onnx.NodeProto,
    result: onnx.NodeProto,
    row: Row,
    graph: onnx.GraphProto,
    makers: Mapping[str, onnx.NodeProto],
    values: Mapping[str, np.ndarray],
) -> NewNodes:
    """The nodes in the place of a convolution and of what makes its result integers."""
    new = NewNodes(graph, f"{result.output[0]}/together")
    image, weight, bias = (makers[each] for each in node.input)
    kernels = _weight(node, makers, values).shape
    outputs, inputs, height, _ = kernels

    def for_each(key: str, value: str) -> str:
        return new.constant(key, np.tile(values[value], row.together))

    integers = _wide_kernels(new, weight.input[0], kernels, row)
    steps = map(for_each, ("scales", "zeros"), weight.input[1:])
    weights = new.node(FLOATS, [integers, *steps], "weight", axis=0)
    added = map(for_each, ("bias", "bias scales", "bias zeros"), bias.input)
    biases = new.node(FLOATS, [*added], "biases", axis=0)
    numbers = _joined_pixels(new, image.input[0], inputs)
    numbers = new.node(FLOATS, [numbers, *image.input[1:]], "numbers")
    settings = _wide_settings(node, height, row)
    sums = new.node("Conv", [numbers, weights, biases], "sums", **settings)
    results = new.node(INTEGERS, [sums, *result.input[1:]], "results")
    _part_pixels(new, results, outputs, result.output[0])
    return new


def _wide_kernels(new: NewNodes, kernel: str, shape: Sequence[int], row: Row) -> str:
    """Kernels (outputs, inputs, height, width) of pixels read as one, filled up with zeros.

    One for each output that is made there, (together · outputs, PIXELS · inputs, height, blocks).
    """
    outputs, inputs, height, width = shape
    left, _ = row.around
    kernels = []
    for number in range(row.together):
        begin = PIXELS * left + row.step * number - row.before
        end = PIXELS * row.blocks - begin - width
        pads = new.constant(f"pads{number}", [0, 0, 0, begin, 0, 0, 0, end])
        kernels.append(new.node("Pad", [kernel, pads], f"kernel{number}"))
    filled = new.node("Concat", kernels, "kernels", axis=0)
    count = row.together * outputs
    apart = new.constant("pixels", [count, inputs, height, row.blocks, PIXELS])
    parted = new.node("Reshape", [filled, apart], "parted")
    joined = new.node("Transpose", [parted], "joined", perm=[0, 4, 1, 2, 3])
    wide = new.constant("shape", [count, PIXELS * inputs, height, row.blocks])
    return new.node("Reshape", [joined, wide], "integers")


def _joined_pixels(new: NewNodes, image: str, inputs: int) -> str:
    """An image (b, inputs, h, w) as (b, PIXELS · inputs, h, w / PIXELS)."""
    rows = new.node("Transpose", [image], "rows", perm=LAST)
    wide = new.constant("wide", [0, 0, -1, PIXELS * inputs])
    wider = new.node("Reshape", [rows, wide], "wider")
    return new.node("Transpose", [wider], "image", perm=FIRST)


def _wide_settings(node: onnx.NodeProto, height: int, row: Row) -> dict[str, list[int]]:
    """The settings of the convolution of pixels read as one: a row's step is one of them."""
    given = settings_of(node)
    up, _, down, _ = given.get("pads", [0] * 4)
    left, right = row.around
    return {
        "kernel_shape": [height, row.blocks],
        "strides": [given.get("strides", [1, 1])[0], 1],
        "pads": [up, left, down, right],
    }


def _part_pixels(new: NewNodes, results: str, outputs: int, name: str) -> None:
    """Results that are made together, (b, together · outputs, h, w), as (b, outputs, h, _)."""
    lines = new.node("Transpose", [results], "lines", perm=LAST)
    narrow = new.constant("narrow", [0, 0, -1, outputs])
    longer = new.node("Reshape", [lines, narrow], "longer")
    new.last("Transpose", [longer], name, perm=FIRST)
