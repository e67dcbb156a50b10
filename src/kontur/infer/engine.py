"""Engines: what runs a model's named graphs on numpy arrays.

ONNX Runtime is the everyday one; torch runs the same graphs during training and on a GPU.
Both read the same weights, so they agree to float32 rounding.
"""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from kontur.errors import InputError
from kontur.models import catalog
from kontur.models.archive import Model, SavedGraph
from kontur.models.catalog import Graph

if TYPE_CHECKING:
    from kontur.models.segmenter import Segmenter

Device = Literal["auto", "cpu", "cuda"]
DRIVER = "/proc/driver/nvidia/version"  # where it is missing, "auto" does not import torch to ask


class OnnxEngine:
    """The graphs of a model file on ONNX Runtime's CPU.

    The graphs hold no weights; every initialiser is looked up by name in the model's weights.
    """

    def __init__(self, model: Model, *, threads: int | None = None):
        count = threads or _processors()
        self.graphs: Mapping[str, Graph] = {
            name: _onnx_graph(graph, model.weights, count) for name, graph in model.graphs.items()
        }


def _onnx_graph(graph: SavedGraph, weights: Mapping[str, np.ndarray], threads: int) -> Graph:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Threads that wait by spinning would slow the numpy steps between the graphs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(weights[name]) for name in graph.weights]
    options.add_external_initializers(list(graph.weights), values)
    session = onnxruntime.InferenceSession(graph.onnx, options, ["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]

    def run(*arrays: np.ndarray) -> Sequence[np.ndarray]:
        return session.run(None, dict(zip(names, arrays, strict=True)))

    return run


class TorchEngine:
    """The graphs of a segmenter in memory, on whatever device it lies.

    It is put into evaluation mode for a run and back into its own after it.
    """

    def __init__(self, segmenter: "Segmenter"):
        self.graphs: Mapping[str, Graph] = {
            name: _torch_graph(graph, segmenter) for name, graph in segmenter.graphs().items()
        }


def _torch_graph(graph: Any, segmenter: "Segmenter") -> Graph:
    import torch

    def run(*arrays: np.ndarray) -> Sequence[np.ndarray]:
        device = next(segmenter.parameters()).device
        training = segmenter.training
        segmenter.eval()
        try:
            with torch.inference_mode():
                tensors = [torch.from_numpy(np.ascontiguousarray(a)).to(device) for a in arrays]
                out = graph(*tensors)
        finally:
            segmenter.train(training)
        return [t.float().cpu().numpy() for t in (out if isinstance(out, tuple) else (out,))]

    return run


Engine = OnnxEngine | TorchEngine


def engine_for(model: Model, device: Device = "auto", *, threads: int | None = None) -> Engine:
    """ONNX Runtime on a CPU; torch on a GPU, where torch is installed and finds one.

    Raises:
        InputError: `device` is "cuda" and there is no torch or no GPU, or it is no device.
    """
    if device not in get_args(Device):
        raise InputError(f"a device is one of {', '.join(get_args(Device))}, got {device!r}")
    if device == "cpu" or (device == "auto" and not os.path.exists(DRIVER)):
        return OnnxEngine(model, threads=threads)
    if _cuda():
        return TorchEngine(rebuild(model).to("cuda"))
    if device == "cuda":
        raise InputError(
            "--device cuda needs a GPU and torch (pip install 'kontur[train]'); none was found: "
            "leave --device out to use the CPU"
        )
    return OnnxEngine(model, threads=threads)


def rebuild(model: Model) -> "Segmenter":
    """The torch network of a model file, with its weights (imports torch)."""
    import torch

    settings = catalog.config(model.card.kind, model.card.config)
    segmenter = catalog.segmenter(model.card.kind, settings)
    state = {name: torch.from_numpy(value.copy()) for name, value in model.weights.items()}
    segmenter.load_state_dict(state)
    return segmenter.eval()


def _processors() -> int:
    """How many this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _cuda() -> bool:
    """Whether torch is installed and sees a GPU."""
    from importlib.util import find_spec

    if find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()
