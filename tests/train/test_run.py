"""A whole training, small: steps, validation, checkpoints, tuning, the model file, going on."""

import io
import json
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from kontur.data.folder import open_folder
from kontur.errors import InputError
from kontur.models.archive import read_model
from kontur.train.checkpoint import LAST, PREVIOUS, read_checkpoint
from kontur.train.progress import Display
from kontur.train.run import train

SMALL = (
    "model.stem=4",
    "model.widths=[8, 8]",
    "model.depths=[1, 1]",
    "model.pyramid=8",
    "model.features=8",
    "model.head=8",
    "model.points=16",
    "model.snake_width=8",
    "model.fusion=8",
    "model.dilations=[1, 1, 2]",
    "augment.crop=64",
    "training.batch=2",
    "training.steps=12",
    "training.validate_every=6",
    "training.validate_images=2",
    "training.save_every=4",
    "training.precision=32",
    "training.workers=0",
    "training.accelerator=cpu",
)


class Killed(BaseException):
    """What a power cut would be, were it an exception."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from kontur.data.synthetic import write_dataset

    path = tmp_path_factory.mktemp("data") / "scenes"
    write_dataset(path, 6, size=(72, 80), count=4, radius=(6.0, 12.0))
    return path


@pytest.fixture(scope="module")
def finished(folder, tmp_path_factory):
    """A run without interruption."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    train(folder, out=out, val=0.34, preset="tiny", settings=SMALL, display=silent())
    return out


def silent() -> Display:
    return Display(Console(quiet=True))


def weights(path: Path) -> dict[str, torch.Tensor]:
    return read_checkpoint(path)["state_dict"]


def stop_at(monkeypatch, step: int, *, batch: int = 2) -> None:
    """Let the loader die when the crops of a step are asked for."""
    from kontur.train.loader import Crops

    whole = Crops.__getitem__

    def dying(self, position):
        if position >= step * batch:
            raise Killed
        return whole(self, position)

    monkeypatch.setattr(Crops, "__getitem__", dying)


def test_a_run_leaves_a_model_its_settings_its_scores_and_pictures(finished):
    made = {path.name for path in finished.iterdir()}
    assert made >= {
        *("config.toml", "last.ckpt", "previous.ckpt", "best.ckpt", "model.kontur"),
        *("metrics.json", "metrics.jsonl", "curves.png", "validation.txt"),
        *("overlays", "tensorboard"),
    }
    card = read_model(finished / "model.kontur").card
    assert (card.kind, card.classes, card.training["objects"]) == ("snake", ("object",), 16)
    assert card.training["steps"] in (6, 12)
    assert 10 < card.object_size < 25
    metrics = json.loads((finished / "metrics.json").read_text())
    assert metrics["thresholds"] == card.thresholds.model_dump()
    assert metrics["scores"]["AP50"] == card.scores["AP50"]
    saved = tomllib.loads((finished / "config.toml").read_text())
    assert (saved["training"]["steps"], saved["model"]["points"]) == (12, 16)
    assert len(list((finished / "overlays").glob("*.png"))) == 2


def test_the_held_out_images_are_named_and_not_learned_from(finished, folder):
    names = (finished / "validation.txt").read_text().split()
    assert len(names) == 2
    assert set(names) < set(open_folder(folder).names)
    assert read_model(finished / "model.kontur").card.training["images"] == 4


def test_the_history_has_named_losses_the_rate_and_the_validations(finished):
    rows = [json.loads(line) for line in (finished / "metrics.jsonl").read_text().splitlines()]
    names = {name for row in rows for name in row}
    assert names >= {"train/heatmap", "train/size", "train/offset", "train/extreme"}
    assert names >= {"train/contour", "train/total", "rate", "val/AP", "val/AP at IoU 0.5"}
    assert [row["step"] for row in rows if "val/AP" in row] == [6, 12]


def test_what_is_exported_is_the_averaged_network(finished):
    averaged = weights(finished / "best.ckpt")
    for name, value in read_model(finished / "model.kontur").weights.items():
        np.testing.assert_array_equal(value, averaged[f"average.module.{name}"].numpy())


def test_an_interrupted_run_that_goes_on_ends_with_the_same_weights(
    finished, folder, tmp_path, monkeypatch
):
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        stop_at(patch, 7)
        with pytest.raises(Killed):
            train(folder, out=out, val=0.34, preset="tiny", settings=SMALL, display=silent())
    assert read_checkpoint(out / LAST)["global_step"] == 6
    assert not (out / "model.kontur").exists()
    train(out=out, resume=True, display=silent())
    assert read_checkpoint(out / LAST)["global_step"] == 12
    expected, got = weights(finished / LAST), weights(out / LAST)
    assert expected.keys() == got.keys()
    for name in expected:
        torch.testing.assert_close(got[name], expected[name], rtol=0, atol=0, msg=name)
    steps = [json.loads(line)["step"] for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert steps == sorted(steps)


def test_a_broken_last_checkpoint_is_said_and_the_one_before_is_taken(finished, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(finished, out)
    whole = (out / LAST).read_bytes()
    (out / LAST).write_bytes(whole[: len(whole) // 2])
    display = Display(Console(record=True, file=io.StringIO(), width=200))
    train(out=out, resume=True, display=display)
    said = display.console.export_text()
    assert "last.ckpt is no whole checkpoint" in said
    assert f"going on from step {read_checkpoint(finished / PREVIOUS)['global_step']}" in said
    expected, got = weights(finished / LAST), weights(out / LAST)
    for name in expected:
        torch.testing.assert_close(got[name], expected[name], rtol=0, atol=0, msg=name)


def test_a_run_that_is_there_is_neither_overwritten_nor_mixed_up(finished, folder):
    before = (finished / "config.toml").read_bytes()
    with pytest.raises(InputError, match=r"holds a run already.*--resume.*--force"):
        train(folder, out=finished, display=silent())
    assert (finished / "config.toml").read_bytes() == before


def test_going_on_where_nothing_is_says_so(tmp_path):
    with pytest.raises(InputError, match="no run to go on with"):
        train(out=tmp_path / "none", resume=True, display=silent())


def test_unknown_settings_are_named_with_the_nearest_right_one(folder, tmp_path):
    with pytest.raises(InputError, match=r"training.step'; did you mean 'steps'"):
        train(folder, out=tmp_path, settings=["training.step=3"], display=silent())
    with pytest.raises(InputError, match="'pints'; did you mean 'points'"):
        train(folder, out=tmp_path, settings=["model.pints=3"], display=silent())
    with pytest.raises(InputError, match=r"augment.crop must be a multiple of 32.*take 96"):
        train(folder, out=tmp_path, settings=["augment.crop=70"], display=silent())
    assert not any(tmp_path.iterdir())


def test_a_loss_that_is_no_number_stops_with_a_sentence(folder, tmp_path):
    settings = (*SMALL, "optimiser.rate=1e30", "optimiser.clip=0", "optimiser.warm_up=0")
    with pytest.raises(InputError, match=r"diverged at step \d+: .* smaller rate .*--resume"):
        train(folder, out=tmp_path / "run", preset="tiny", settings=settings, display=silent())


def test_images_without_any_object_train(tmp_path):
    from PIL import Image

    for i in range(3):
        for name, kind in (("images", np.uint8), ("labels", np.uint16)):
            path = tmp_path / "data" / name / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((40, 40), i * (name == "images"), kind)).save(path)
    model = train(
        tmp_path / "data", out=tmp_path / "run", preset="tiny", settings=SMALL, display=silent()
    )
    card = read_model(model).card
    assert card.object_size is None
    assert all(np.isfinite(value).all() for value in read_model(model).weights.values())
