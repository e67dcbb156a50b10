"""Engines: what runs a model's named graphs on numpy arrays.

ONNX Runtime runs them on a CPU; torch runs the same graphs during training and on a GPU.
Both read the same weights, so in float32 they agree to rounding. Graphs in 8-bit integers, where
the model has them, run on a CPU on which they are faster.
"""

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import pairwise
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args, runtime_checkable

import numpy as np

from kontur.errors import InputError
from kontur.infer.onnx_graph import OnnxGraph
from kontur.models import catalog
from kontur.models.archive import Model
from kontur.models.family import GraphExample
from kontur.models.graphs import Graph, Graphs, Work

if TYPE_CHECKING:
    from kontur.models.segmenter import Segmenter

OBJECTS = "m"  # the name of the axis of objects in graphs
OBJECTS_OF_RUN = 24  # or near it, so that what a run holds stays in the processor's cache
PART = 256  # objects that a thread takes through all graphs: to change graphs costs time, too
# Objects that processors take side by side: where a part or a run begins elsewhere, some are taken
# one by one, by other sums, and the last digit of a score would depend on the number of threads.
TOGETHER = 8
REASON = 200  # characters of ONNX Runtime's message about a damaged graph
Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "int8"]
ROUNDS = 5  # in which float32 and integers are timed in turns, the best of each counts
WORTH = 0.8  # of float32's time, at most: 8 bits are taken where they bring something
DRIVER = "/proc/driver/nvidia/version"  # where it is missing, "auto" does not import torch


@runtime_checkable
class Engine(Protocol):
    """An object that runs named graphs on numpy arrays."""

    @property
    def graphs(self) -> Graphs:
        """The graphs of a model by name; see `models.family.GraphExample`."""


class OnnxEngine:
    """The graphs of a model file on ONNX Runtime's CPU.

    The graphs hold no weights; every initialiser is looked up by name in the model's weights.
    A graph of whole images is a run of all threads. One of objects is a run of one thread, and
    threads take parts of the objects: its layers are too small to share (`benchmarks/shapes.py`).

    Attributes:
        precision: of the graphs that the model has in both, "float32" or "int8"; "auto" takes the
            8 bits where they are faster here.
        image_precision: of the first graph, which sees whole images.

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
                faster = _integers_are_faster(sessions, examples, starting)
                precision = "int8" if faster else "float32"

            def graph(name: str) -> Graph:
                start = partial(sessions.start, name, precision)
                with _damage_reported(name):
                    return _onnx_graph(start, count, example=examples[name])

            graphs = dict(zip(examples, starting.map(graph, examples), strict=True))
        self.precision: Precision = precision
        first = next(iter(examples), None)
        self.image_precision: Precision = precision if first in model.int8 else "float32"
        self.graphs = Graphs(graphs, partial(_in_parts, threads=count, pool=pool))


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


def _integers_are_faster(
    sessions: Sessions, examples: Mapping[str, GraphExample], starting: Executor
) -> bool:
    """Whether the first of the graphs that the model has in 8 bits is faster than in float32."""
    name = next((name for name in examples if name in sessions.model.int8), None)
    if name is None:
        return False
    inputs = examples[name].inputs.values()
    with _damage_reported(name):
        runs = [*starting.map(partial(sessions.start, name, threads=1), ("float32", "int8"))]
        seconds: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for run, taken in zip(runs, seconds, strict=True):
                start = time.perf_counter()
                run(*inputs)
                taken.append(time.perf_counter() - start)
    usual, integers = map(min, seconds)
    return integers < WORTH * usual


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
        reason = " ".join(str(error).split())[:REASON] or type(error).__name__
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
        starts = _edges(count, runs)[1:-1]
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


def _in_parts(work: Work, count: int, *, threads: int, pool: Executor | None) -> None:
    """The threads take the parts in turns, the calling one too, for waking another costs."""
    waiting: SimpleQueue[slice] = SimpleQueue()
    for part in parts_of(count, threads):
        waiting.put(part)

    def take() -> None:
        while (part := _next(waiting)) is not None:
            try:
                work(part)
            except BaseException:
                while _next(waiting) is not None:  # nobody needs what is left
                    pass
                raise

    helpers = min(threads, waiting.qsize()) - 1
    futures = [pool.submit(take) for _ in range(helpers)] if pool else []
    take()
    for future in futures:
        if not future.cancel():  # one that has not begun finds nothing left
            future.result()


def _next(waiting: "SimpleQueue[slice]") -> slice | None:
    with suppress(Empty):
        return waiting.get_nowait()
    return None


def parts_of(count: int, threads: int) -> list[slice]:
    """The parts of so many objects, as many for each thread, where there are enough of them.

    >>> parts_of(21, 2)
    [slice(0, 8, None), slice(8, 21, None)]
    """
    sharing = max(1, min(threads, _nearest(count) // TOGETHER))
    parts = sharing * math.ceil(count / (PART * sharing))
    return [slice(*edge) for edge in pairwise(_edges(count, parts))]


def _edges(count: int, parts: int) -> list[int]:
    """Where parts of so many objects begin and the last one ends: at multiples of `TOGETHER`."""
    starts = (_nearest(count * number / parts) for number in range(parts))
    return [*dict.fromkeys((*starts, count))] if parts else []


def _nearest(place: float) -> int:
    """The multiple of `TOGETHER` that is nearest, of two the larger."""
    return math.floor(place / TOGETHER + 0.5) * TOGETHER


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


class TorchEngine:
    """The graphs of a torch segmenter, on the device that its weights are on.

    A run puts it into evaluation mode and restores its mode afterwards.
    """

    def __init__(self, segmenter: "Segmenter"):
        self.graphs = Graphs(
            {
                name: _torch_graph(
                    graph, segmenter, keep=segmenter.feature_maps * (name == segmenter.features_of)
                )
                for name, graph in segmenter.graphs().items()
            }
        )


class DeviceArray:
    """An array that stays in the memory of the network's device until it is read.

    Features are passed from one graph to the others many times; numpy never needs them.
    """

    def __init__(self, tensor: Any):
        self.tensor = tensor
        self.shape: tuple[int, ...] = tuple(tensor.shape)
        self.nbytes: int = tensor.numel() * tensor.element_size()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """A copy in main memory."""
        return self.tensor.cpu().numpy().astype(dtype or np.float32, copy=bool(copy))


def _torch_graph(graph: Any, segmenter: "Segmenter", *, keep: int) -> Graph:
    """A graph on numpy arrays; the first `keep` outputs stay on the device."""
    import torch

    from kontur.models.segmenter import in_evaluation

    # cuDNN rounds float32 to ten bits by default: too few for agreement within a hundredth pixel
    exact = partial(torch.backends.cudnn.flags, enabled=True, allow_tf32=False)

    def on_device(array: Any, device: Any) -> Any:
        if isinstance(array, DeviceArray):
            return array.tensor
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)

    def run(*arrays: Any) -> Sequence[Any]:
        device = next(segmenter.parameters()).device
        with in_evaluation(segmenter), torch.inference_mode(), exact():
            out = graph(*(on_device(array, device) for array in arrays))
        tensors = [t.float() for t in (out if isinstance(out, tuple) else (out,))]
        kept = [DeviceArray(t) for t in tensors[:keep]]
        return [*kept, *(t.cpu().numpy() for t in tensors[keep:])]

    return run


def engine_for(
    model: Model,
    device: Device = "auto",
    *,
    threads: int | None = None,
    precision: Precision = "auto",
) -> Engine:
    """ONNX Runtime on a CPU; torch on a GPU, where torch is installed and finds one.

    Raises `InputError` as `check_choice` does, or where a graph is damaged.
    """
    check_choice(model, device, precision)
    if on_gpu(device) and model.graphs:  # the baseline has none
        return TorchEngine(rebuild(model).to("cuda"))
    return OnnxEngine(model, threads=threads, precision=precision)


def precision_of(engine: Engine) -> Precision:
    """The numbers that an engine computes in, in the graphs that are there in both."""
    return engine.precision if isinstance(engine, OnnxEngine) else "float32"


def image_precision_of(engine: Engine) -> Precision:
    """The numbers in which it sees whole images: on these its memory depends."""
    return engine.image_precision if isinstance(engine, OnnxEngine) else "float32"


def check_choice(model: Model, device: Device, precision: Precision) -> None:
    """Raises `InputError` where a model cannot run on a device in a precision.

    `device` is "cuda" and there is no torch or no GPU, `precision` is "int8" and there is one or
    the model has no graphs in 8-bit integers, or one of both is an unknown word.
    """
    if precision not in get_args(Precision):
        words = ", ".join(get_args(Precision))
        raise InputError(f"a precision is one of {words}, got {precision!r}")
    gpu = on_gpu(device)
    if precision == "int8" and gpu:
        raise InputError("8-bit integers are a CPU's; add --device cpu or leave --precision out")
    if precision == "int8" and not model.int8:
        raise InputError(
            "the model has no graphs in 8-bit integers (kontur train makes them, where they are as "
            "good); leave --precision out"
        )


def on_gpu(device: Device) -> bool:
    """Whether `device` selects torch on a GPU; errors as in `engine_for`."""
    if device not in get_args(Device):
        raise InputError(f"a device is one of {', '.join(get_args(Device))}, got {device!r}")
    if device == "cpu" or (device == "auto" and not os.path.exists(DRIVER)):
        return False
    if not _cuda() and device == "cuda":
        raise InputError(
            "--device cuda needs a GPU and torch (pip install 'kontur[train]'); none was found: "
            "leave --device out to use the CPU"
        )
    return _cuda()


def rebuild(model: Model) -> "Segmenter":
    """The torch network of a model file, with its weights (imports torch)."""
    import torch

    settings = catalog.config(model.card.kind, model.card.config)
    segmenter = catalog.segmenter(model.card.kind, settings)
    state = {name: torch.from_numpy(value.copy()) for name, value in model.weights.items()}
    try:
        segmenter.load_state_dict(state)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:REASON]
        raise InputError(f"its weights are not those of its card ({reason})") from error
    return segmenter.eval()


def processors() -> int:
    """The number of processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _cuda() -> bool:
    """Whether torch is installed and sees a GPU."""
    from importlib.util import find_spec

    if find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()
