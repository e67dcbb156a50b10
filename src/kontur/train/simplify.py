"""What a traced graph does for nothing: casts to the same type, transposes that undo one another.

Engines carry them out as copies of whole maps.
"""

from typing import Any

import onnx
from onnx import helper


def simplify(model: onnx.ModelProto) -> None:
    """Leave out, in place, what gives a value that there is already; names of results stay."""
    for node in [*model.graph.node]:
        same = _given_already(model, node)
        if same is not None:
            _leave_out(model.graph, node, same)


def _given_already(model: onnx.ModelProto, node: onnx.NodeProto) -> str | None:
    """The name of the value that the node gives again."""
    if node.op_type == "Cast" and _type_of(model, node.input[0]) == _setting(node, "to"):
        return node.input[0]
    if node.op_type == "Transpose":
        before = _maker(model.graph, node.input[0])
        if before is not None and before.op_type == "Transpose":
            order, turned = _setting(before, "perm"), _setting(node, "perm")
            if [order[axis] for axis in turned] == sorted(order):
                return before.input[0]
    return None


def _leave_out(graph: onnx.GraphProto, node: onnx.NodeProto, same: str) -> None:
    (given,) = node.output
    results = {value.name for value in graph.output}
    maker = _maker(graph, same)
    old, new = given, same
    if given in results:  # its name has to stay
        if same in results or maker is None:
            return
        old, new = same, given
    graph.node.remove(node)
    for other in graph.node:
        other.input[:] = [new if name == old else name for name in other.input]
        if other == maker:
            other.output[:] = [new if name == old else name for name in other.output]


def _maker(graph: onnx.GraphProto, name: str) -> onnx.NodeProto | None:
    return next((node for node in graph.node if name in node.output), None)


def _setting(node: onnx.NodeProto, name: str) -> Any:
    return helper.get_attribute_value(next(a for a in node.attribute if a.name == name))


def _type_of(model: onnx.ModelProto, name: str) -> int | None:
    """The type of a value's elements, where it can be told."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    values = (*graph.input, *graph.value_info, *graph.output)
    return next((v.type.tensor_type.elem_type for v in values if v.name == name), None)
