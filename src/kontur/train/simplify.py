"""What a traced graph does for nothing: casts to the same type, transposes that undo one another.

Engines carry them out as copies of whole maps.
"""

from collections.abc import Iterable, Mapping

import onnx

from kontur.train.new_nodes import settings_of


def simplify(model: onnx.ModelProto) -> None:
    """Leave out, in place, what gives a value that there is already; names of results stay.

    A graph with branches or loops, whose own graphs read values by name, stays as it is.
    """
    graph = model.graph
    if any(each.HasField("g") or each.graphs for node in graph.node for each in node.attribute):
        return
    types = _types(model)
    makers = {output: node for node in graph.node for output in node.output}
    results = {value.name for value in graph.output}
    origins: dict[str, str] = {}  # of what is left out, the value that it gave again
    named: dict[str, str] = {}  # values under the name of a result

    def origin(value: str) -> str:
        while value in origins:
            value = origins[value]
        return value

    kept = []
    for node in graph.node:
        node.input[:] = map(origin, node.input)
        same, given = _given_already(node, makers, types), node.output[0]
        if same is None:
            kept.append(node)
        elif given not in results:
            origins[given] = same
        elif same in makers and same not in results and same not in named:
            origins[given], named[same] = same, given
        else:
            kept.append(node)
    for node in kept:
        for used in (node.input, node.output):
            used[:] = [named.get(value, value) for value in used]
    del graph.node[:]
    graph.node.extend(kept)


def set_nodes(graph: onnx.GraphProto, nodes: Iterable[onnx.NodeProto]) -> None:
    """Let these be a graph's nodes, in place, without those that lead to none of its results.

    Constants that nobody reads then go, too.
    """
    nodes = list(nodes)
    makers = {output: node for node in nodes for output in node.output}
    needed, left = set(), [out.name for out in graph.output]
    while left:
        name = left.pop()
        if name not in needed:
            needed.add(name)
            left += makers[name].input if name in makers else []
    used = [node for node in nodes if needed.intersection(node.output)]
    constants = [tensor for tensor in graph.initializer if tensor.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(used)
    graph.initializer.extend(constants)


def _given_already(
    node: onnx.NodeProto, makers: Mapping[str, onnx.NodeProto], types: Mapping[str, int]
) -> str | None:
    """The name of the value that the node gives again."""
    if node.op_type == "Cast" and types.get(node.input[0]) == settings_of(node).get("to"):
        return node.input[0]
    before = makers.get(node.input[0]) if node.op_type == "Transpose" else None
    if before is not None and before.op_type == "Transpose":
        order, turned = settings_of(before).get("perm"), settings_of(node).get("perm")
        if order and turned and [order[axis] for axis in turned] == sorted(order):
            return before.input[0]
    return None


def _types(model: onnx.ModelProto) -> dict[str, int]:
    """The types of the elements of all values of which it can be told."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    values = (*graph.input, *graph.value_info, *graph.output)
    return {value.name: value.type.tensor_type.elem_type for value in values}
