"""Enlargements of integer maps by whole factors, as copies of pixels and rows.

An engine looks up the place of every value when it resizes; in maps with channels last, whole
pixels and rows can be copied, which takes less time.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import onnx
from onnx import numpy_helper

from kontur.train.new_nodes import FLOATS, INTEGERS, NewNodes, settings_of
from kontur.train.simplify import set_nodes

MODES = {
    "mode": b"nearest",
    "coordinate_transformation_mode": b"asymmetric",
    "nearest_mode": b"floor",
}


def copy_to_enlarge(graph: onnx.GraphProto) -> None:
    """Rewrite, in place, the nearest enlargements that read integers and give the same ones.

    The graph has pairs of QuantizeLinear and DequantizeLinear; factors are initialisers.
    """
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        found = _enlargement(node, makers, values)
        if found is None:
            nodes.append(node)
        else:
            nodes += _copies(found, node.output[0], graph)
    set_nodes(graph, nodes)


class Enlargement(NamedTuple):
    """The name of integers (b, c, h, w), and how many rows and columns are made of one."""

    integers: str
    rows: int
    columns: int


def _enlargement(
    node: onnx.NodeProto, makers: Mapping[str, onnx.NodeProto], values: Mapping[str, np.ndarray]
) -> Enlargement | None:
    """What a node gives as integers, if that is an enlargement of the same integers."""
    resize = makers.get(node.input[0]) if node.op_type == INTEGERS else None
    before = makers.get(resize.input[0]) if resize is not None else None
    factors = _factors(resize, values) if resize is not None else None
    if before is None or before.op_type != FLOATS or factors is None:
        return None
    steps = zip(before.input[1:], node.input[1:], strict=True)
    if not all(np.array_equal(values[one], values[other]) for one, other in steps):
        return None
    return Enlargement(before.input[0], *factors)


def _factors(node: onnx.NodeProto, values: Mapping[str, np.ndarray]) -> tuple[int, int] | None:
    """By how much a node enlarges (b, c, h, w) along h and w, if it copies the nearest pixel."""
    if node.op_type != "Resize" or len(node.input) != 3:
        return None
    settings = settings_of(node)
    scales = values.get(node.input[2])
    if scales is None or any(settings.get(name) != mode for name, mode in MODES.items()):
        return None
    b, c, rows, columns = scales.tolist()
    if (b, c) != (1, 1) or not (rows >= 1 and columns >= 1) or rows % 1 or columns % 1:
        return None
    return int(rows), int(columns)


def _copies(found: Enlargement, result: str, graph: onnx.GraphProto) -> NewNodes:
    """Nodes from the integers to the enlarged ones."""
    new = NewNodes(graph, result)
    factors = new.constant("factors", [1, found.rows, found.columns, 1])
    pixels = new.node("Transpose", [found.integers], "pixels", perm=[0, 2, 3, 1])
    wider = new.node("Concat", [pixels] * found.columns, "wider", axis=3)
    rows = new.node("Concat", [wider] * found.rows, "rows", axis=2)
    shape = new.node("Shape", [pixels], "shape")
    larger = new.node("Reshape", [rows, new.node("Mul", [shape, factors], "size")], "larger")
    new.last("Transpose", [larger], result, perm=[0, 3, 1, 2])
    return new
