"""Nodes and constants that take the place of others in a graph; what the settings of one are."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

FLOATS, INTEGERS = "DequantizeLinear", "QuantizeLinear"  # the operations that give them


class NewNodes(list[onnx.NodeProto]):
    """New nodes in the order in which they run; their names begin with that of what they make.

    Constants go into the graph at once, nodes where their maker puts them (`simplify.set_nodes`).
    """

    def __init__(self, graph: onnx.GraphProto, name: str):
        super().__init__()
        self.graph = graph
        self.name = name

    def constant(self, key: str, value: Any) -> str:
        """The full name of a value, which is put into the graph."""
        name = f"{self.name}/{key}"
        self.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, operation: str, inputs: Sequence[str], key: str, **settings: Any) -> str:
        """The full name of what a new node makes."""
        return self.last(operation, inputs, f"{self.name}/{key}", **settings)

    def last(self, operation: str, inputs: Sequence[str], output: str, **settings: Any) -> str:
        """The same with a name that others read already."""
        self.append(helper.make_node(operation, inputs, [output], **settings))
        return output


def settings_of(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes of a node by name; those that are left out have none."""
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}
