"""Shapes of the network: what each costs on ONNX Runtime, and what it finds on equal time.

Milliseconds of `detect` on one image of 256² and of 1024² pixels, and of both snake stages for a
hundred objects with the numpy steps between them. The weights are random: the time does not depend
on them. `--train DATA --minutes M` trains every shape for M minutes and adds its AP.

A second table compares the two ways to write a convolution around a ring: as a one-dimensional
convolution, and as a two-dimensional one over an image of height one, which `nn.circular` uses.
"""

import argparse
import io
import json
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import torch
from report import heading, table
from stopwatch import milliseconds
from torch import Tensor, nn

from kontur.data.transforms.augment import LARGEST
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.models import catalog
from kontur.models.candidates import Boxes
from kontur.models.card import Card
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.contours import trace_contours
from kontur.train.export import to_model

OBJECTS = 100
SIDES = (256, 1024)  # pixels


class Shape(NamedTuple):
    """A preset, and what differs from it."""

    preset: str = "fast"
    changes: Mapping[str, Any] = MappingProxyType({})


SHAPES: dict[str, Shape] = {
    "fast": Shape(),
    "stride 4": Shape(changes={"stride": 4}),
    "finest level 64, head 64": Shape(changes={"features": 64, "head": 64}),
    "finest level 16, head 32": Shape(changes={"features": 16, "head": 32}),
    "narrow levels": Shape(changes={"stem": 16, "widths": (48, 96, 128, 160), "pyramid": 48}),
    "wide levels": Shape(changes={"widths": (96, 128, 192, 256), "pyramid": 96}),
    "snake 32 wide": Shape(changes={"refiner": {"width": 32, "fusion": 32}}),
    "snake 96 wide": Shape(changes={"refiner": {"width": 96, "fusion": 96}}),
    "snake dense": Shape(changes={"refiner": {"form": "dense"}}),
    "32 points": Shape(changes={"points": 32}),
    "128 points": Shape(changes={"points": 128}),
    "5 layers": Shape(changes={"refiner": {"dilations": (1, 1, 2, 2, 4)}}),
    **{
        f"recurrent {cell}": Shape(changes={"refiner": {"kind": "recurrent", "cell": cell}})
        for cell in ("rnn", "gru", "lstm")
    },
    "recurrent gru, 6 iterations": Shape(changes={"refiner": {"kind": "recurrent"}, "stages": 6}),
    "attention": Shape(changes={"refiner": {"kind": "attention"}}),
    "attention, 4 neighbours": Shape(changes={"refiner": {"kind": "attention", "neighbours": 4}}),
    "attention, 8² image tokens": Shape(
        changes={"refiner": {"kind": "attention", "image_tokens": 8}}
    ),
    "2 contour stages": Shape(changes={"stages": 2}),
    "tiny": Shape(preset="tiny"),
    "paper": Shape(preset="paper"),
}


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    heading(
        f"Shapes of the network on ONNX Runtime, {options.threads} threads, median of "
        f"{options.repeats} calls"
    )
    trained = options.train is not None
    head = ["shape", "parameters", "of contour stages", *(f"detect {side}², ms" for side in SIDES)]
    head += [f"{OBJECTS} objects, ms", *(["AP .5", "AP .7", "AP .9", "AP"] if trained else [])]
    rows = []
    for name in options.shapes:
        shape = SHAPES[name]
        row = [name, *_costs(shape, threads=options.threads, repeats=options.repeats)]
        row += _accuracy(shape, options) if trained else []
        rows.append(row)
        print(" ", *row, flush=True)
    print(f"\n{table(head, rows)}\n")
    print(_ring_forms(options.threads, options.repeats))


def _costs(shape: Shape, *, threads: int, repeats: int) -> list[str]:
    """Parameters, those of the contour stages, and milliseconds.

    Of `detect` at each of SIDES, and of the snake for OBJECTS.
    """
    config: Any = catalog.config("snake", dict(shape.changes), preset=shape.preset)
    network = catalog.segmenter("snake", config)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    card = Card(kind="snake", config=config.model_dump(mode="json"), version="")
    graphs = OnnxEngine(to_model(network, card), threads=threads).graphs
    rng = np.random.default_rng(0)
    costs = []
    for side in SIDES:
        image = rng.random((1, config.channels, side, side), np.float32)
        costs.append(milliseconds(partial(graphs["detect"], image), repeats=repeats))
    *maps, _, _ = graphs["detect"](image)
    found = _boxes(rng, SIDES[-1])
    trace = partial(trace_contours, graphs, tuple(maps), found, config)
    costs.append(milliseconds(trace, repeats=repeats))
    contours = sum(parameter.numel() for parameter in network.evolve.parameters())
    return [f"{parameters / 1e6:.2f} M", f"{contours:,}", *(f"{cost:.1f}" for cost in costs)]


def _boxes(rng: np.random.Generator, side: int) -> Boxes:
    """OBJECTS boxes of 10 to 40 pixels anywhere in an image."""
    low = rng.uniform(0, side - 40, (OBJECTS, 2))
    boxes = np.concatenate([low, low + rng.uniform(10, 40, (OBJECTS, 2))], axis=1)
    zeros = np.zeros(OBJECTS, np.int64)
    return Boxes(boxes.astype(np.float32), np.ones(OBJECTS, np.float32), zeros, zeros)


def _accuracy(shape: Shape, options: argparse.Namespace) -> list[str]:
    """AP on the validation part after `--minutes` of training."""
    from kontur.train.run import train

    settings = [f"model.{key}={json.dumps(value)}" for key, value in shape.changes.items()]
    settings += [f"training.minutes={options.minutes}", "training.steps=1000000"]
    settings += [f"augment.crop={LARGEST}", "training.batch=8"]  # those of docs/results.md
    settings += ["training.validate_every=1000000"]  # only at the end: time is for steps
    with TemporaryDirectory() as folder:
        train(options.train, out=Path(folder) / "run", preset=shape.preset, settings=settings)
        scores = json.loads((Path(folder) / "run" / "metrics.json").read_text())["scores"]
    return [f"{scores[name]:.3f}" for name in ("AP50", "AP70", "AP90", "AP")]


class Rings(nn.Module):
    """Eight layers around rings (m, c, n), as convolutions of one or two dimensions."""

    def __init__(self, axes: int, form: str, width: int):
        super().__init__()
        self.axes = axes
        kind: Any = nn.Conv1d if axes == 1 else nn.Conv2d
        kernel, one = (9, 1) if axes == 1 else ((1, 9), (1, 1))
        self.layers = nn.ModuleList()
        for _ in SnakeConfig().refiner.dilations:
            if form == "dense":
                layer: nn.Module = kind(width, width, kernel)
            else:
                layer = nn.Sequential(
                    kind(width, width, kernel, groups=width), kind(width, width, one)
                )
            self.layers.append(layer)

    def forward(self, rings: Tensor) -> Tensor:
        x = rings if self.axes == 1 else rings[:, :, None]
        for layer in self.layers:
            x = x + torch.relu(layer(torch.cat([x[..., -4:], x, x[..., :4]], dim=-1)))
        return x


def _ring_forms(threads: int, repeats: int) -> str:
    """Milliseconds of eight circular layers over 100 rings of 64 points."""
    rings = torch.randn(OBJECTS, 64, 64)
    rows = []
    for form in ("separable", "dense"):
        times = []
        for axes in (1, 2):
            buffer = io.BytesIO()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # as `train.export`: the tracing exporter
                torch.onnx.export(
                    Rings(axes, form, 64).eval(),
                    (rings,),
                    buffer,  # type: ignore[arg-type]
                    input_names=["rings"],
                    opset_version=18,
                    dynamo=False,
                )
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            session = onnxruntime.InferenceSession(
                buffer.getvalue(), options, ["CPUExecutionProvider"]
            )
            run = partial(session.run, None, {"rings": rings.numpy()})
            times.append(milliseconds(run, repeats=repeats))
        rows.append([form, *(f"{time:.1f}" for time in times), f"{times[0] / times[1]:.1f}"])
    return table(["8 circular layers, width 64", "1-D, ms", "2-D, ms", "1-D / 2-D"], rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--shapes", nargs="+", choices=SHAPES, default=list(SHAPES), metavar="SHAPE",
        help=f"which of {', '.join(repr(name) for name in SHAPES)} (default: all)",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--train", type=Path, metavar="DATA", help="a training folder")
    parser.add_argument("--minutes", type=float, default=10.0, help="of training a shape")
    return parser.parse_args()


if __name__ == "__main__":
    main()
