"""What a run writes down as it goes: a line of JSON every few steps, and the same for TensorBoard.

`metrics.jsonl` is appended to and flushed line by line, so a killed run keeps its history; a run
that goes on from step s first drops the lines after s, and TensorBoard is told to do the same.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from kontur.evaluate import draw_lines
from kontur.evaluate.figure import stacked
from kontur.formats.atomic import replacing, write_text
from kontur.train.tensorboard import Board

LINES = "metrics.jsonl"
CURVES = "curves.png"
BOARD = "tensorboard"
VAL_LOSS = "val/loss"  # the total on validation crops, beside train/total

Row = dict[str, float | None]


class Record:
    """The history of a run, in memory and on disk."""

    def __init__(self, run: Path, *, first_step: int):
        self.path = run / LINES
        self.rows = [row for row in read_rows(self.path) if (row["step"] or 0) <= first_step]
        write_text(self.path, "".join(map(_line, self.rows)))
        self.board = Board(run / BOARD, first_step=first_step)

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Scalars of a step; names with a slash group them in TensorBoard."""
        row: Row = {"step": float(step)}
        row |= {key: float(v) if math.isfinite(v) else None for key, v in values.items()}
        row["step"] = step
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(row))
        self.board.scalars(step, values)

    def show(self, step: int, name: str, image: UInt8[np.ndarray, "h w 3"]) -> None:
        """An image for TensorBoard."""
        self.board.image(step, name, image)

    def curve(self, name: str) -> tuple[list[float], list[float]]:
        """Steps and values of one scalar."""
        pairs = [(row["step"], row[name]) for row in self.rows if row.get(name) is not None]
        return [float(x or 0) for x, _ in pairs], [float(y or 0) for _, y in pairs]

    def draw(self, path: Path) -> None:
        """The curves of training and validation as one PNG, losses above scores."""
        names = dict.fromkeys(name for row in self.rows for name in row)
        losses = {n.removeprefix("train/"): n for n in names if n.startswith("train/")}
        curves = {title: smoothed(self.curve(name)) for title, name in losses.items()}
        if VAL_LOSS in names:
            curves["total, validation"] = self.curve(VAL_LOSS)
        scores = {n.removeprefix("val/"): n for n in names if n.startswith("val/AP")}
        figures = [
            draw_lines(curves, title=title, x_label="step", y_range=(0.0, 1.0))
            for title, curves in (
                ("Losses in training", curves),
                ("Scores in validation", {t: self.curve(n) for t, n in scores.items()}),
            )
            if curves
        ]
        if figures:
            with replacing(path) as beside:
                stacked(figures).save(beside)

    def close(self) -> None:
        self.board.close()


def smoothed(
    curve: tuple[Sequence[float], Sequence[float]], share: float = 0.02
) -> tuple[list[float], list[float]]:
    """A curve averaged backwards over a share of its length: single batches tell little."""
    x, y = curve
    width = max(1, round(len(y) * share))
    total = np.concatenate([[0.0], np.cumsum(y)])
    ends = np.arange(1, len(y) + 1)
    starts = np.maximum(ends - width, 0)
    return list(x), ((total[ends] - total[starts]) / (ends - starts)).tolist()


def read_rows(path: Path) -> list[Row]:
    """The whole lines of a `metrics.jsonl`; a last one that a kill cut short is left out."""
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
