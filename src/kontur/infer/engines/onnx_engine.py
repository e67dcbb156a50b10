"""The engine on ONNX Runtime, for a CPU.

Graphs in 8-bit integers, where the model has them, run unless float32 is clearly faster on this
processor, which is measured once for all (`precision_choice`).
"""

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from kontur.errors import InputError, reason_of
from kontur.infer.engines.engine import Precision
from kontur.infer.engines.engine_threads import in_parts, part_edges, processors
from kontur.infer.engines.onnx_graph import OnnxGraph
from kontur.infer.engines.precision_choice import CpuPrecision, noted_choice
from kontur.models import catalog
from kontur.models.archive import Model
from kontur.models.family import GraphExample
from kontur.models.graphs import Graph, Graphs

OBJECTS = "m"  # the name of the axis of objects in graphs
IMAGES = "images"  # the input of the first graph of each kind
OBJECTS_OF_RUN = 24  # or near it, so that what a run holds stays in the processor's cache
MEASURED = 256  # pixels a side, or more, of the images that are timed: on 64 integers gain less
ROUNDS = 5  # in which float32 and integers are timed in turns, the best of each counts
CLEARLY = 0.8  # of the integers' time: float32 in at most so much is clearly faster

# Of this thread, which runs the graphs of one thread, so that no other process counts. On Windows
# that clock goes on in steps of 16 ms, longer than a run.
clock = time.perf_counter if sys.platform == "win32" else time.thread_time


class OnnxEngine:
    """The graphs of a model file on ONNX Runtime's CPU.

    The graphs hold no weights; every initialiser is looked up by name in the model's weights.
    A graph of whole images is a run of all threads. One of objects is a run of one thread, and
    threads take parts of the objects: its layers are too small to share (`benchmarks/shapes.py`).

    Attributes:
        precision: of the graphs that the model has in both, "float32" or "int8"; "auto" takes the
            8 bits unless float32 is clearly faster here.

    Raises `InputError` where a graph is missing or damaged, or does not fit the model's card.
    """

    def __init__(
        self, model: Model, *, threads: int | None = None, precision: Precision = "float32"
    ):
        count = threads or processors()
        pool = ThreadPoolExecutor(count) if count > 1 else None
        kind, values = model.card.kind, model.card.config
        examples = catalog.family(kind).graphs(catalog.config(kind, values))
        sessions = Sessions(model)
        with ThreadPoolExecutor() as starting:  # each takes some 30 ms, of one thread
            if precision == "auto":
                precision = _auto(sessions, examples, starting) if model.int8 else "float32"

            def graph(name: str) -> Graph:
                start = partial(sessions.start, name, precision)
                with _damage_reported(name):
                    return _onnx_graph(start, count, example=examples[name])

            graphs = dict(zip(examples, starting.map(graph, examples), strict=True))
        self.precision: Precision = precision
        self.graphs = Graphs(graphs, partial(in_parts, threads=count, pool=pool))


class Sessions:
    """The sessions of ONNX Runtime for a model's graphs; each is started once."""

    def __init__(self, model: Model):
        self.model = model
        self._started: dict[tuple[str, Precision, int], OnnxGraph] = {}

    def start(self, name: str, precision: Precision, threads: int) -> OnnxGraph:
        """That of a graph in a precision; in float32 where it is in no other."""
        key = name, precision if name in self.model.int8 else "float32", threads
        if key not in self._started:
            graphs = self.model.int8 if key[1] == "int8" else self.model.graphs
            self._started[key] = OnnxGraph(graphs[name], self.model.weights, threads)
        return self._started[key]


def _auto(
    sessions: Sessions, examples: Mapping[str, GraphExample], starting: Executor
) -> CpuPrecision:
    """Integers, unless the first graph that is there in both is clearly faster in float32."""
    model = sessions.model
    name = next(name for name in examples if name in model.int8)

    def measure() -> CpuPrecision:
        inputs = _enlarged(examples[name].inputs)
        runs = [*starting.map(partial(sessions.start, name, threads=1), ("float32", "int8"))]
        seconds: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for run, taken in zip(runs, seconds, strict=True):
                start = clock()
                run(*inputs)
                taken.append(clock() - start)
        usual, integers = map(min, seconds)
        return "float32" if usual <= CLEARLY * integers else "int8"

    with _damage_reported(name):
        return noted_choice([model.graphs[name].onnx, model.int8[name].onnx], measure)


def _enlarged(inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The example of a graph of images, repeated beside and below itself; of others as it is."""
    if [*inputs] != [IMAGES]:
        return [*inputs.values()]
    images = inputs[IMAGES]
    return [np.tile(images, (1, 1, *(math.ceil(MEASURED / side) for side in images.shape[2:])))]


@contextmanager
def _damage_reported(name: str) -> Iterator[None]:
    """Turn ONNX Runtime's exceptions on a truncated graph or other weights into `InputError`."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    classes = [value for value in vars(state).values() if isinstance(value, type)]
    errors: tuple[type[Exception], ...] = (
        *(cls for cls in classes if issubclass(cls, Exception)),
        *(KeyError, RuntimeError, ValueError),
    )
    try:
        yield
    except errors as error:
        reason = reason_of(error)
        raise InputError(f"its graph {name!r} is missing or damaged ({reason})") from error


def _onnx_graph(start: Callable[[int], OnnxGraph], threads: int, *, example: GraphExample) -> Graph:
    graph = start(1)
    _check(graph, example)
    objects = [_axis(node.shape) for node in graph.inputs]
    if objects == [None] * len(objects):
        return graph if threads == 1 else start(threads)
    joined = [_axis(node.shape) for node in graph.outputs]

    def run(*arrays: Any) -> Sequence[np.ndarray]:
        count = next(
            a.shape[axis] for a, axis in zip(arrays, objects, strict=True) if axis is not None
        )
        runs = round(count / OBJECTS_OF_RUN)  # a few more in one take less time than another run
        if runs <= 1:
            return graph(*arrays)
        starts = part_edges(count, runs)[1:-1]
        split = [
            [array] * (len(starts) + 1) if axis is None else np.split(array, starts, axis)
            for array, axis in zip(arrays, objects, strict=True)
        ]
        outputs = [graph(*each) for each in zip(*split, strict=True)]
        return [
            np.concatenate(out, axis)
            for out, axis in zip(zip(*outputs, strict=True), joined, strict=True)
        ]

    return run


def _check(graph: OnnxGraph, example: GraphExample) -> None:
    """ValueError where the graph's inputs are not those of its kind of model."""
    expected = {node.name: node.shape for node in graph.inputs}
    given = {name: array.shape for name, array in example.inputs.items()}
    for name, shape in given.items():
        sides = expected.get(name, ())
        if len(sides) != len(shape) or any(
            isinstance(side, int) and side != length
            for side, length in zip(sides, shape, strict=True)
        ):
            raise ValueError(f"its inputs are {expected}, and those of its card are {given}")


def _axis(shape: Sequence[int | str]) -> int | None:
    """The axis that counts objects, named so in the graph, if there is one."""
    return shape.index(OBJECTS) if OBJECTS in shape else None
