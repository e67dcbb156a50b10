"""A graph in integers of 8 bits, which many processors multiply four at a time.

Convolutions, and what lies between them, read and write such integers; the last convolution of
every path, whose outputs are coordinates and probabilities, gives float32. Weights have 7 bits,
so that sums of two products never overflow the 16 bits in which processors without instructions of
their own for this add them: the sums are the same on all.

The graph holds no weights either. It computes its own from the model's, norms folded in, by nodes
that the engine evaluates once, when it loads the graph: both precisions share the one copy.

After Jacob et al., Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference, CVPR 2018, by ONNX Runtime's tool for models that are trained.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from kontur.models.archive import SavedGraph
from kontur.train.calibration import Inputs, Range, value_ranges
from kontur.train.export import refer
from kontur.train.integer_enlargements import copy_to_enlarge
from kontur.train.integer_products import multiply_last_in_integers
from kontur.train.integer_stem import read_pixels_together
from kontur.train.new_nodes import FLOATS
from kontur.train.simplify import set_nodes

CONVOLUTIONS = ("Conv", "ConvTranspose")
# in integers, between two of them
MOVING = ("Concat", "Reshape", "Slice", "Transpose", "Unsqueeze")  # gives the numbers that it reads
BETWEEN = (*MOVING, "Add", "Clip", "MaxPool", "Relu", "Resize")
CARRYING = (*BETWEEN, "ReduceMax", "Split")  # what leads from one convolution to the next
WARNINGS, ERRORS = 2, 3  # of ONNX Runtime's levels of what it prints


class Norm(NamedTuple):
    """A batch norm behind a convolution: names of weights, and what is added to the variance."""

    weight: str
    scale: str
    variance: str
    epsilon: float


def quantise(
    graph: SavedGraph,
    weights: Mapping[str, np.ndarray],
    inputs: Sequence[Inputs],
    multiple: int = 1,
    maps: Collection[str] = (),
) -> SavedGraph | None:
    """The graph in 8 bits, its ranges taken from `inputs`; None where nothing can be.

    Args:
        graph: in float32, of convolutions and norms (`train.export`).
        weights: of the model, by name.
        inputs: typical ones, at least one, all of the same shapes, in the graph's order.
        multiple: of which the width of its images always is one.
        maps: outputs that other graphs read, which are as good in integers as what lies between
            convolutions; they stay float32, of as many values.
    """
    model = onnx.load_from_string(graph.onnx)
    for tensor in model.graph.initializer:
        if tensor.name in weights:
            tensor.CopyFrom(numpy_helper.from_array(weights[tensor.name], tensor.name))
    _name_twins_alike(model.graph)
    _compute_weights(model.graph)
    norms = _fold_norms(model.graph)
    chosen = _between_convolutions(model.graph, maps)
    if not chosen:
        return None
    model = _in_integers(model, chosen, inputs)
    read_pixels_together(model.graph, multiple)
    multiply_last_in_integers(model.graph)
    copy_to_enlarge(model.graph)
    _take_shapes_of_integers(model.graph)
    return _without_weights(model, weights, norms)


def _values(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def _name_twins_alike(graph: onnx.GraphProto) -> None:
    """Read weights that are equal under one name: the exporter keeps one and copies it."""
    stored = {tensor.name for tensor in graph.initializer}
    copies = {
        node.output[0]: node.input[0]
        for node in graph.node
        if node.op_type == "Identity" and node.input[0] in stored
    }
    _replace(graph.node, [node for node in graph.node if node.output[0] not in copies])
    for node in graph.node:
        _replace(node.input, [copies.get(name, name) for name in node.input])


def _compute_weights(graph: onnx.GraphProto) -> None:
    """Evaluate what makes weights from others, such as halves of one, and factors."""
    known = _values(graph)
    makers = {output: node for node in graph.node for output in node.output}

    def evaluate(name: str) -> None:
        maker = makers.get(name)
        if name in known or maker is None:
            return
        for needed in filter(None, maker.input):
            evaluate(needed)
        if all(needed in known for needed in filter(None, maker.input)):
            values = {needed: known[needed] for needed in maker.input if needed}
            made = map(np.asarray, ReferenceEvaluator(maker).run(None, values))
            known.update(zip(maker.output, made, strict=True))

    stored = set(known)
    for node in graph.node:
        if node.op_type in ("Conv", "BatchNormalization", "Resize"):
            for name in filter(None, node.input[1:]):
                evaluate(name)
                if name in known and name not in stored:
                    stored.add(name)
                    graph.initializer.append(numpy_helper.from_array(known[name], name))
    evaluated = {name for name in stored if name in makers}
    kept = [node for node in graph.node if not evaluated.intersection(node.output)]
    _replace(graph.node, kept)


def _fold_norms(graph: onnx.GraphProto) -> dict[str, Norm]:
    """Put batch norms into the convolutions before them; how each folded weight was made."""
    values, norms, kept = _values(graph), {}, []
    convolutions = {node.output[0]: node for node in graph.node if node.op_type == "Conv"}
    for node in graph.node:
        before = convolutions.get(node.input[0]) if node.op_type == "BatchNormalization" else None
        if before is None or len(_readers(graph, node.input[0])) > 1:
            kept.append(node)
            continue
        scale, shift, mean, variance = (values[name] for name in node.input[1:])
        epsilon = next(a.f for a in node.attribute if a.name == "epsilon")
        gain = scale / np.sqrt(variance + np.float32(epsilon))
        weight, *biases = before.input[1:]
        bias = values[biases[0]] if biases else np.zeros_like(mean)
        folded = f"{weight}/folded"
        norms[folded] = Norm(weight, node.input[1], node.input[4], epsilon)
        graph.initializer.extend(
            (
                numpy_helper.from_array(values[weight] * gain[:, None, None, None], folded),
                numpy_helper.from_array(shift + (bias - mean) * gain, f"{folded}/bias"),
            )
        )
        _replace(before.input, [before.input[0], folded, f"{folded}/bias"])
        before.output[0] = node.output[0]
    _replace(graph.node, kept)
    read = {name for node in graph.node for name in node.input}
    _replace(graph.initializer, [tensor for tensor in graph.initializer if tensor.name in read])
    return norms


def _between_convolutions(graph: onnx.GraphProto, maps: Collection[str]) -> list[str]:
    """The names of the convolutions that lead to others or to maps, and of what lies between."""
    constant = {tensor.name for tensor in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}

    def leads_on(node: onnx.NodeProto) -> bool:
        return any(
            (reader.op_type in CONVOLUTIONS and output == reader.input[0])
            or (reader.op_type in CARRYING and leads_on(reader))
            for output in node.output
            for reader in _readers(graph, output)
        ) or not set(maps).isdisjoint(node.output)

    def comes_from_one(node: onnx.NodeProto) -> bool:
        before = [makers[name] for name in node.input if name in makers]
        return any(
            each.op_type in CONVOLUTIONS or (each.op_type in CARRYING and comes_from_one(each))
            for each in before
        )

    return [
        node.name
        for node in graph.node
        if (node.op_type == "Conv" and node.input[1] in constant and leads_on(node))
        or (node.op_type in BETWEEN and comes_from_one(node) and leads_on(node))
    ]


def _readers(graph: onnx.GraphProto, name: str) -> list[onnx.NodeProto]:
    return [node for node in graph.node if name in node.input]


class _Once(CalibrationDataReader):
    """An input for the tool, which wants one though all ranges are given."""

    def __init__(self, names: Sequence[str], values: Inputs):
        self.left = iter([dict(zip(names, values, strict=True))])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.left, None)


def _in_integers(
    model: onnx.ModelProto, chosen: Sequence[str], inputs: Sequence[Inputs]
) -> onnx.ModelProto:
    names = [node.name for node in model.graph.input]
    found = value_ranges(model, chosen, inputs)
    ranges = {
        name: [{"rmin": np.float32(low), "rmax": np.float32(high)}]
        for name, (low, high) in _joined_where_moved(model.graph, chosen, found).items()
    }
    with TemporaryDirectory() as folder, _quiet():
        before, after = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        onnx.save(model, before)
        quantize_static(
            *(before, after, _Once(names, inputs[0])),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", *BETWEEN],
            nodes_to_quantize=list(chosen),
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            extra_options={"AddQDQPairToWeight": True, "TensorQuantOverrides": ranges},
        )
        return onnx.load(after)


def _joined_where_moved(
    graph: onnx.GraphProto, chosen: Sequence[str], ranges: Mapping[str, Range]
) -> dict[str, Range]:
    """One range for all that a node only moves, so that integers are copied as they are."""
    group = {name: {name} for name in ranges}
    for node in graph.node:
        if node.name in chosen and node.op_type in MOVING:
            moved = [name for name in (*node.input, *node.output) if name in ranges]
            joined = set().union(*(group[name] for name in moved))
            group.update(dict.fromkeys(joined, joined))
    return {
        name: Range(min(ranges[n].low for n in names), max(ranges[n].high for n in names))
        for name, names in group.items()
    }


def _take_shapes_of_integers(graph: onnx.GraphProto) -> None:
    """Of these in place of the floats that they become, which would be made for the shape alone."""
    makers = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type == "Shape" and makers.get(node.input[0], node).op_type == FLOATS:
            node.input[0] = makers[node.input[0]].input[0]
    set_nodes(graph, graph.node)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the tool prints and advises."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    onnxruntime.set_default_logger_severity(ERRORS)
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        onnxruntime.set_default_logger_severity(WARNINGS)
        root.setLevel(level)


def _without_weights(
    model: onnx.ModelProto, weights: Mapping[str, np.ndarray], norms: Mapping[str, Norm]
) -> SavedGraph:
    """The graph with references to the model's weights, and nodes that fold norms into them."""
    graph = model.graph
    made = [tensor.name for tensor in graph.initializer if tensor.name in norms]
    needed = [name for each in made for name in norms[each][:3]]
    needed += [tensor.name for tensor in graph.initializer if tensor.name in weights]
    own = [t for t in graph.initializer if t.name not in norms and t.name not in weights]
    _replace(graph.initializer, own)
    for name in dict.fromkeys(needed):
        tensor = numpy_helper.from_array(weights[name], name)
        refer(tensor, name)
        graph.initializer.append(tensor)
    folding = [node for name in made for node in _folding(graph, name, norms[name])]
    _replace(graph.node, [*folding, *graph.node])
    return SavedGraph(model.SerializeToString(), tuple(dict.fromkeys(needed)))


def _folding(graph: onnx.GraphProto, folded: str, norm: Norm) -> list[onnx.NodeProto]:
    """The nodes that make a folded weight: weight · scale / √(variance + ε), channel by channel."""
    epsilon, axes = f"{folded}/epsilon", f"{folded}/axes"
    graph.initializer.extend(
        (
            numpy_helper.from_array(np.array(norm.epsilon, np.float32), epsilon),
            numpy_helper.from_array(np.array([1, 2, 3]), axes),
        )
    )
    steps = [f"{folded}/{step}" for step in ("variance", "deviation", "gain", "gains")]
    return [
        helper.make_node("Add", [norm.variance, epsilon], [steps[0]]),
        helper.make_node("Sqrt", [steps[0]], [steps[1]]),
        helper.make_node("Div", [norm.scale, steps[1]], [steps[2]]),
        helper.make_node("Unsqueeze", [steps[2], axes], [steps[3]]),
        helper.make_node("Mul", [norm.weight, steps[3]], [folded]),
    ]


def _replace(repeated: "object", values: Sequence[object]) -> None:
    """Put other elements into a list of a message."""
    kept = [*values]
    del repeated[:]  # type: ignore[attr-defined]
    repeated.extend(kept)  # type: ignore[attr-defined]
