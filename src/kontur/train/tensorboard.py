"""TensorBoard's event files of a run: scalars, pictures, histograms, the network's graph."""

import contextlib
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from jaxtyping import Float, UInt8
from torch.utils.tensorboard import SummaryWriter

BINS = 30  # of a histogram: half a kilobyte; TensorBoard's own choice takes up to 25


class Board:
    """Writes below `folder`; a run that goes on hides what it had written after `first_step`."""

    def __init__(self, folder: Path, *, first_step: int):
        self.writer = SummaryWriter(str(folder), purge_step=first_step + 1, flush_secs=30)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def image(self, step: int, name: str, image: UInt8[np.ndarray, "h w 3"]) -> None:
        self.writer.add_image(name, image, step, dataformats="HWC")

    def histogram(self, step: int, name: str, values: Float[np.ndarray, " n"]) -> None:
        """Of the finite values; nothing where there is none."""
        finite = values[np.isfinite(values)]
        if len(finite):
            self.writer.add_histogram(name, finite, step, bins=BINS)

    def graphs(self, graphs: Mapping[str, bytes]) -> None:
        """The structure of ONNX graphs, by name; no weights."""
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            file.write(structure(graphs).SerializeToString())
            file.flush()
            with contextlib.redirect_stdout(io.StringIO()):  # torch prints every node
                self.writer.add_onnx_graph(file.name)

    def close(self) -> None:
        self.writer.close()


def structure(graphs: Mapping[str, bytes]) -> onnx.ModelProto:
    """ONNX graphs beside one another in one, each below its name; weights are left out.

    TensorBoard shows one graph a run, and folds what stands before a slash.
    """
    whole = onnx.ModelProto()
    for name, content in graphs.items():
        graph = onnx.load_from_string(content).graph
        values = {each.name for each in graph.input}
        values |= {output for node in graph.node for output in node.output}
        for value in (*graph.input, *graph.output):
            value.name = _below(name, value.name)
        for node in graph.node:
            node.input[:] = [_below(name, each) for each in node.input if each in values]
            node.output[:] = [_below(name, each) for each in node.output]
            for attribute in node.attribute:
                attribute.ClearField("t")  # a constant's numbers: they would be written as words
        whole.graph.input.extend(graph.input)
        whole.graph.node.extend(graph.node)
    return whole


def _below(graph: str, name: str) -> str:
    return f"{graph}/{name.lstrip('/')}"
