"""Whole trainings, as small as they come: a folder of scenes, a handful of steps."""

import io
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from rich.console import Console

from kontur.train.checkpoint import read_checkpoint
from kontur.train.dataloader import Crops
from kontur.train.progress import ProgressDisplay
from kontur.train.run import train
from kontur.train.run_folder import MODEL

BATCH = 2
VAL = 0.34  # two of the six images
SMALL = (
    "model.stem=4",
    "model.widths=[8, 8]",
    "model.depths=[1, 1]",
    "model.pyramid=8",
    "model.features=8",
    "model.head=8",
    "model.points=16",
    "model.refiner.width=8",
    "model.refiner.fusion=8",
    "model.refiner.dilations=[1, 2]",
    "model.stages=2",
    "augment.crop=64",
    f"training.batch={BATCH}",
    "training.steps=12",
    "training.validate_every=6",
    "training.validate_images=2",
    "training.save_every=4",
    "training.precision=32",
    "training.threads=1",
    "training.workers=0",
    "training.accelerator=cpu",
    "training.int8=false",  # `finished` has them
)
# Three graphs instead of five, for what does not look at the others: each takes time to export.
FEW_GRAPHS = ("model.edge.kind=none", "model.quality=false")


def run(data: Path | None, out: Path, *settings: str, **options: Any) -> str:
    """Train as small as it gets; the printed lines."""
    display = ProgressDisplay(Console(record=True, file=io.StringIO(), width=200))
    given = settings if options.get("resume") else (*SMALL, *settings)
    options = options if options.get("resume") else {"preset": "tiny", **options}
    train(data, out=out, settings=given, display=display, **options)
    return display.console.export_text()


def run_to_last_step(data: Path | None, out: Path, *settings: str, **options: Any) -> str:
    """As `run`, without what follows: no thresholds are tuned, no model and no picture is made."""
    with mock.patch("kontur.train.run.finish", lambda run, *_, **__: run / MODEL):
        return run(data, out, *settings, **options)


def weights(path: Path) -> dict[str, torch.Tensor]:
    """All that a checkpoint's network and its averaged copy consist of."""
    return read_checkpoint(path)["state_dict"]


def assert_same_weights(a: Path, b: Path) -> None:
    expected, got = weights(a), weights(b)
    assert expected.keys() == got.keys()
    for name in expected:
        torch.testing.assert_close(got[name], expected[name], rtol=0, atol=0, msg=name)


def at_step(monkeypatch: Any, step: int, happens: Any) -> None:
    """Let something happen, once, when the first crop of a step is asked for."""
    whole = Crops.__getitem__

    def crop(self, position):
        if position == step * BATCH:
            happens()
        return whole(self, position)

    monkeypatch.setattr(Crops, "__getitem__", crop)
