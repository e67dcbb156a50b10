"""One graph on ONNX Runtime's CPU: arrays in, arrays out, as many threads as it was started with.

A graph in 8 bits may give its feature maps as they are, in integers (`train.integer_maps`), and
says in its metadata what they stand for. Graphs that take integers get them; whoever else reads
such a map gets floats.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kontur.models.archive import SavedGraph
from kontur.models.graphs import QUANTISED_OUTPUTS


class IntegerMap:
    """A feature map in integers, each of which stands for scale · (integer − zero)."""

    def __init__(self, integers: np.ndarray, scale: float, zero: int):
        self.integers = integers
        self.shape: tuple[int, ...] = integers.shape
        self.nbytes: int = integers.nbytes
        self._step = np.float32(scale), np.float32(zero)
        self._floats: np.ndarray | None = None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """The floats, made once, for graphs read them many times; a copy where one is wanted."""
        if self._floats is None:
            scale, zero = self._step
            floats = (self.integers - zero) * scale
            floats.flags.writeable = False
            self._floats = floats
        return self._floats.astype(dtype or np.float32, copy=bool(copy))


class OnnxGraph:
    """A graph in a session of ONNX Runtime, its weights looked up by name among a model's.

    `inputs` and `outputs` are ONNX Runtime's descriptions of them, in order. Raises ONNX Runtime's
    exceptions where the graph is damaged or its weights are missing.
    """

    def __init__(self, graph: SavedGraph, weights: Mapping[str, np.ndarray], threads: int):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Else a second run takes its memory in one piece, beside the pieces of the first, which are
        # kept: about twice as much, and no run is faster (benchmarks/memory.py predicts twice).
        options.enable_mem_pattern = False
        # Threads that wait by spinning between runs take the processors from other graphs and numpy
        options.add_session_config_entry("session.force_spinning_stop", "1")
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(weights[name]) for name in graph.weights]
        options.add_external_initializers(list(graph.weights), values)
        self._session = onnxruntime.InferenceSession(graph.onnx, options, ["CPUExecutionProvider"])
        self.inputs = self._session.get_inputs()
        self.outputs = self._session.get_outputs()
        about = self._session.get_modelmeta().custom_metadata_map
        steps = json.loads(about.get(QUANTISED_OUTPUTS, "{}"))
        self._steps = [steps.get(node.name) for node in self.outputs]

    def __call__(self, *arrays: Any) -> Sequence[Any]:
        """The outputs for the inputs in their order; maps in integers are `IntegerMap`."""
        given = {
            node.name: _as_taken(array, node.type)
            for node, array in zip(self.inputs, arrays, strict=True)
        }
        outputs = self._session.run(None, given)
        return [
            array if step is None else IntegerMap(array, *step)
            for array, step in zip(outputs, self._steps, strict=True)
        ]


def _as_taken(array: Any, kind: str) -> np.ndarray:
    """An input in the numbers that the graph takes."""
    if not isinstance(array, IntegerMap):
        return array
    return np.asarray(array) if kind == "tensor(float)" else array.integers
