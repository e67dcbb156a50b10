"""The log of a run: its scalars as JSON lines and curves, and all of it in TensorBoard's files."""

import contextlib
import io
import json
import math
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from jaxtyping import Float, UInt8
from torch.utils.tensorboard import SummaryWriter

from kontur.evaluate import draw_lines
from kontur.evaluate.figure import stacked
from kontur.files.atomic import replacing, write_text
from kontur.train.run_folder import BOARD, LINES

BINS = 30  # of a histogram, half a kilobyte; TensorBoard's own histograms take up to 25
VAL_LOSS = "val/loss"  # the total on validation crops, beside train/total
STRONG = ("total", "total, validation")  # curves to be told from those of single losses
Row = dict[str, float | None]


class TensorBoardWriter:
    """Writes event files to `folder`; in a resumed run, those after `first_step` are hidden."""

    def __init__(self, folder: Path, *, first_step: int):
        self.writer = SummaryWriter(str(folder), purge_step=first_step + 1, flush_secs=30)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def image(self, step: int, name: str, image: UInt8[np.ndarray, "h w 3"]) -> None:
        self.writer.add_image(name, image, step, dataformats="HWC")

    def histogram(self, step: int, name: str, values: Float[np.ndarray, " n"]) -> None:
        """A histogram of the finite values; nothing is written without one."""
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
    """ONNX graphs side by side in one, each below its name; weights are left out.

    TensorBoard shows one graph a run, and folds nodes by the text before a slash.
    """
    whole = onnx.ModelProto()
    for name, content in graphs.items():
        graph = onnx.load_from_string(content).graph
        values = {edge.name for edge in graph.input}
        values |= {output for node in graph.node for output in node.output}
        for value in (*graph.input, *graph.output):
            value.name = _below(name, value.name)
        for node in graph.node:
            node.input[:] = [_below(name, edge) for edge in node.input if edge in values]
            node.output[:] = [_below(name, edge) for edge in node.output]
            for attribute in node.attribute:
                attribute.ClearField("t")  # a constant's numbers, which would be written as text
        whole.graph.input.extend(graph.input)
        whole.graph.node.extend(graph.node)
    return whole


def _below(graph: str, name: str) -> str:
    return f"{graph}/{name.lstrip('/')}"


class RunLogger:
    """The history of a run, in memory and on disk."""

    def __init__(self, run: Path, *, first_step: int):
        self.path = run / LINES
        self.rows = [row for row in read_rows(self.path) if (row["step"] or 0) <= first_step]
        write_text(self.path, "".join(map(_line, self.rows)))
        self.board = TensorBoardWriter(run / BOARD, first_step=first_step)

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Scalars of a step; names with a slash group them in TensorBoard."""
        row: Row = {"step": float(step)}
        row |= {key: float(v) if math.isfinite(v) else None for key, v in values.items()}
        row["step"] = step
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(row))
        self.board.scalars(step, values)

    def image(self, step: int, name: str, image: UInt8[np.ndarray, "h w 3"]) -> None:
        """An image for TensorBoard."""
        self.board.image(step, name, image)

    def curve(self, name: str) -> tuple[list[float], list[float]]:
        """Steps and values of one scalar."""
        pairs = [(row["step"], row[name]) for row in self.rows if row.get(name) is not None]
        return [float(x or 0) for x, _ in pairs], [float(y or 0) for _, y in pairs]

    def _begun_later(self, losses: Mapping[str, str]) -> str:
        """Which losses were not there from the start, for with them the total rises; "" if none."""
        first = {title: self.curve(name)[0] for title, name in losses.items()}
        begins = {title: steps[0] for title, steps in first.items() if steps}
        later: dict[float, list[str]] = {}
        for title, step in begins.items():
            if step > min(begins.values()):
                later.setdefault(step, []).append(title)
        parts = [f"{', '.join(titles)} from step {step:g} on" for step, titles in later.items()]
        return f" ({'; '.join(parts)}, so the total rises)" if parts else ""

    def draw(self, path: Path) -> None:
        """The curves of training and validation as one PNG, losses above scores."""
        names = dict.fromkeys(name for row in self.rows for name in row)
        losses = {n.removeprefix("train/"): n for n in names if n.startswith("train/")}
        curves = {title: smoothed(self.curve(name)) for title, name in losses.items()}
        if VAL_LOSS in names:
            curves[STRONG[1]] = self.curve(VAL_LOSS)
        scores = {n.removeprefix("val/"): n for n in names if n.startswith("val/AP")}
        figures = [
            draw_lines(
                curves,
                title=title,
                x_label="step",
                x_range=(0.0, max(row["step"] or 0.0 for row in self.rows)),  # the same below
                y_range=(0.0, 1.0),
                strong=STRONG,
            )
            for title, curves in (
                (f"Losses in training{self._begun_later(losses)}", curves),
                ("Scores in validation", {t: self.curve(n) for t, n in scores.items()}),
            )
            if curves
        ]
        if figures:
            with replacing(path) as temporary:
                stacked(figures).save(temporary)

    def close(self) -> None:
        self.board.close()


def smoothed(
    curve: tuple[Sequence[float], Sequence[float]], share: float = 0.02
) -> tuple[list[float], list[float]]:
    """A curve as a moving average over the preceding share of its length."""
    x, y = curve
    width = max(1, round(len(y) * share))
    total = np.concatenate([[0.0], np.cumsum(y)])
    ends = np.arange(1, len(y) + 1)
    starts = np.maximum(ends - width, 0)
    return list(x), ((total[ends] - total[starts]) / (ends - starts)).tolist()


def read_rows(path: Path) -> list[Row]:
    """The complete lines of a `metrics.jsonl`; one that an interruption cut short is left out."""
    try:
        lines: Iterable[str] = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    rows = []
    for line in lines:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(row, dict) and "step" in row:
            rows.append(row)
    return rows


def _line(row: Row) -> str:
    return json.dumps(row, allow_nan=False) + "\n"
