"""The range of numbers that each value of a graph takes, from the graph's own runs on inputs.

ONNX Runtime's tool counts magnitudes in bins as wide as the first input asks for. Where values
hardly differ in that one, as in an even part of an image, or behind a layer that learned nothing,
it ends with an error or needs billions of bins. So the largest magnitude in all inputs is found
first, and magnitudes are counted up to it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime

Inputs = tuple[np.ndarray, ...]

BINS = 2048
SHARE = 0.99999  # of the numbers lie in the range: a single one far out would cost all their steps


class Range(NamedTuple):
    """The lowest and the highest number that integers stand for."""

    low: float
    high: float


def value_ranges(
    model: onnx.ModelProto, nodes: Sequence[str], inputs: Sequence[Inputs]
) -> dict[str, Range]:
    """The range of every value of floats, but weights, that some nodes read or write.

    Args:
        model: in float32, with its weights.
        nodes: the names of the nodes.
        inputs: at least one, in the graph's order.

    Numbers that are not finite do not count; of none the range is (0, 0).
    """
    names = _values_of(model.graph, nodes)
    if not names:
        return {}
    spans: dict[str, Range] = {}
    for name, numbers in _evaluated(model, names, inputs):
        low, high = spans.get(name, (np.inf, -np.inf))
        spans[name] = Range(min(low, float(numbers.min())), max(high, float(numbers.max())))
    counts = {name: np.zeros(BINS, int) for name in spans}
    for name, numbers in _evaluated(model, names, inputs):
        largest = max(map(abs, spans[name]))
        bins = np.abs(numbers, dtype=float) * (BINS / largest) if largest else np.zeros(1)
        counts[name] += np.bincount(np.minimum(bins.astype(int), BINS - 1), minlength=BINS)
    return {name: _range(spans[name], counts[name]) for name in spans}


def _range(span: Range, counts: np.ndarray) -> Range:
    """What `SHARE` of the numbers keep to, on both sides of 0."""
    enough = np.searchsorted(np.cumsum(counts), SHARE * counts.sum()) + 1
    reach = max(map(abs, span)) * float(enough) / BINS
    return Range(max(span.low, -reach), min(span.high, reach))


def _values_of(graph: onnx.GraphProto, nodes: Sequence[str]) -> list[str]:
    weights, wanted = {tensor.name for tensor in graph.initializer}, set(nodes)
    names = [
        name
        for node in graph.node
        if node.name in wanted
        for name in (*node.input, *node.output)
        if name and name not in weights
    ]
    return list(dict.fromkeys(names))


def _evaluated(
    model: onnx.ModelProto, names: Sequence[str], inputs: Sequence[Inputs]
) -> Iterator[tuple[str, np.ndarray]]:
    """The numbers of each named value for each input, those of floats alone, flat and finite."""
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    given = [node.name for node in model.graph.input]
    inner = [name for name in names if name not in given]
    del shown.graph.output[:]
    shown.graph.output.extend(onnx.ValueInfoProto(name=name) for name in inner)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        shown.SerializeToString(), options, ["CPUExecutionProvider"]
    )
    for each in inputs:
        values: Mapping[str, np.ndarray] = dict(zip(given, each, strict=True))
        values = {**values, **dict(zip(inner, session.run(inner, values), strict=True))}
        for name in names:
            if values[name].dtype.kind == "f":
                numbers = values[name][np.isfinite(values[name])]
                yield name, numbers if numbers.size else np.zeros(1, np.float32)
