"""Maps that stay integers on their way from the graph that makes them to those that read them.

They are a quarter as large as floats, and few of their pixels are ever looked up: only these become
floats, the very ones that all of them would become.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from kontur.models.archive import SavedGraph
from kontur.models.graphs import QUANTISED_OUTPUTS
from kontur.train.new_nodes import FLOATS, NewNodes
from kontur.train.simplify import set_nodes


class Quantisation(NamedTuple):
    """An integer stands for scale · (integer − zero), one scale for all channels."""

    scale: np.ndarray
    zero: np.ndarray


def pass_integers(graphs: Mapping[str, SavedGraph]) -> dict[str, SavedGraph]:
    """Those of the graphs that give or read a map, changed so that it is passed in integers.

    A map is a result of one graph that is made of integers at last, and that others read under the
    same name, only to look up pixels of it. One that somebody reads otherwise stays floats.
    Raises `ValueError` where channels have scales of their own.
    """
    models = {name: onnx.load_from_string(graph.onnx) for name, graph in graphs.items()}
    inputs = {name: {value.name for value in model.graph.input} for name, model in models.items()}
    read = {
        given
        for given in set().union(*inputs.values())
        if all(
            _is_only_gathered(m.graph, given) for name, m in models.items() if given in inputs[name]
        )
    }
    passed: dict[str, Quantisation] = {}
    for model in models.values():
        if given := _output_integers(model.graph, read):
            passed |= given
            numbers = {each: [float(q.scale), int(q.zero)] for each, q in given.items()}
            helper.set_model_props(model, {QUANTISED_OUTPUTS: json.dumps(numbers)})
    for model in models.values():
        for name, quantisation in passed.items():
            _read_integers(model.graph, name, quantisation)
    return {
        name: SavedGraph(model.SerializeToString(), graphs[name].weights)
        for name, model in models.items()
        if any(value.name in passed for value in (*model.graph.input, *model.graph.output))
    }


def _is_only_gathered(graph: onnx.GraphProto, name: str) -> bool:
    """Whether all that is done with a value is to ask for its shape and to gather parts of it."""
    return all(
        node.op_type == "Shape"
        or (node.op_type == "Gather" and node.input[0] == name)
        or (node.op_type == "Reshape" and _is_only_gathered(graph, node.output[0]))
        for node in graph.node
        if name in node.input
    )


def _output_integers(graph: onnx.GraphProto, read: set[str]) -> dict[str, Quantisation]:
    """Let a graph give the maps that are `read` before they become floats, in place."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    results = {value.name: value for value in graph.output}
    given = {}
    for last in [node for node in graph.node if node.output[0] in read.intersection(results)]:
        if last.op_type == FLOATS:
            name, (integers, *numbers) = last.output[0], last.input
            scale, zero = (numpy_helper.to_array(constants[each]) for each in numbers)
            if scale.ndim:
                raise ValueError(
                    f"maps are passed in integers of one scale, and {name!r} has {scale.size}, one "
                    "for each channel; quantise it as a whole, or leave it in floats"
                )
            given[name] = Quantisation(scale, zero)
            _set_type(results[name], given[name])
            last.output[0] = f"{name}/floats"  # which nobody reads
            for node in graph.node:
                for names in (node.input, node.output):
                    names[:] = [name if each == integers else each for each in names]
    set_nodes(graph, graph.node)
    return given


def _read_integers(graph: onnx.GraphProto, name: str, quantisation: Quantisation) -> None:
    """Let a graph that looks up pixels of a map read it in integers, and make floats of these."""
    given = [value for value in graph.input if value.name == name]
    if not given:
        return
    _set_type(given[0], quantisation)
    new, integers = NewNodes(graph, f"{name}/pixels"), {name}
    stands_for = [new.constant(key, value) for key, value in quantisation._asdict().items()]
    for node in graph.node:
        new.append(node)
        if node.op_type == "Reshape" and node.input[0] in integers:
            integers.add(node.output[0])
        elif node.op_type == "Gather" and node.input[0] in integers:
            gathered, node.output[0] = node.output[0], f"{node.output[0]}/integers"
            new.last(FLOATS, [node.output[0], *stands_for], gathered)
    set_nodes(graph, new)
    del graph.value_info[:]  # the types of before


def _set_type(value: onnx.ValueInfoProto, quantisation: Quantisation) -> None:
    value.type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(quantisation.zero.dtype)
