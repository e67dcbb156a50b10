"""What an engine is: it runs a model's named graphs on numpy arrays.

ONNX Runtime runs them on a CPU (`onnx_engine`); torch runs the same graphs during training and on a
GPU (`torch_engine`). Both read the same weights, so in float32 they agree to rounding. Each has a
faster kind of numbers: 8-bit integers on a CPU, on a GPU floats of 16 bits, bf16.
"""

from typing import Literal, Protocol, runtime_checkable

from kontur.models.graphs import Graphs

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "int8", "bf16"]


@runtime_checkable
class Engine(Protocol):
    """An object that runs named graphs on numpy arrays."""

    @property
    def graphs(self) -> Graphs:
        """The graphs of a model by name; see `models.family.GraphExample`."""
