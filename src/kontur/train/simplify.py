"""What a traced graph does for nothing: casts to the same type, transposes that undo one another.

Engines carry them out as copies of whole maps.
"""

from collections.abc import Mapping
from typing import Any

import onnx
from onnx import helper


def simplify(model: onnx.ModelProto) -> None:
    """Leave out, in place, what gives a value that there is already; names of results stay."""
    types = _types(model)  # of a value that takes another one's name, too
    for node in [*model.graph.node]:
        same = _given_already(model.graph, node, types)
        if same is not None:
            _leave_out(model.graph, node, same)


def _given_already(
    graph: onnx.GraphProto, node: onnx.NodeProto, types: Mapping[str, int]
) -> str | None:
    """The name of the value that the node gives again."""
    if node.op_type == "Cast" and types.get(node.input[0]) == _setting(node, "to"):
        return node.input[0]
    if node.op_type == "Transpose":
        before = _maker(graph, node.input[0])
        if before is not None and before.op_type == "Transpose":
            order, turned = _setting(before, "perm"), _setting(node, "perm")
            if [order[axis] for axis in turned] == sorted(order):
                return before.input[0]
    return None


def _leave_out(graph: onnx.GraphProto, node: onnx.NodeProto, same: str) -> None:
    (given,) = node.output
    results = {value.name for value in graph.output}
    old, new = given, same
    if given in results:  # its name has to stay
        if same in results or _maker(graph, same) is None:
            return
        old, new = same, given
    graph.node.remove(node)
    for other in graph.node:
        for names in (other.input, other.output):
            if old in names:
                names[:] = [new if name == old else name for name in names]


def _maker(graph: onnx.GraphProto, name: str) -> onnx.NodeProto | None:
    return next((node for node in graph.node if name in node.output), None)


def _setting(node: onnx.NodeProto, name: str) -> Any:
    return helper.get_attribute_value(next(a for a in node.attribute if a.name == name))


def _types(model: onnx.ModelProto) -> dict[str, int]:
    """The types of the elements of all values of which it can be told."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    values = (*graph.input, *graph.value_info, *graph.output)
    return {value.name: value.type.tensor_type.elem_type for value in values}
