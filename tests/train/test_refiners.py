"""A training of every kind of refiner: by one setting, with its gradients, to a model file."""

import io
import json
import tomllib

import numpy as np
import pytest
from rich.console import Console

import kontur
from kontur.data.folder import open_folder
from kontur.infer.engines.torch_engine import TorchEngine, rebuild
from kontur.infer.load import find_model
from kontur.infer.predict import Predictor
from kontur.models.archive import read_model
from kontur.train.progress import ProgressDisplay
from kontur.train.run import train
from tests.models import contract
from tests.train.runs import SMALL, VAL

KINDS = {
    "recurrent": ("model.refiner.cell=lstm", "model.refiner.fusion=8"),
    "attention": ("model.refiner.neighbours=2", "model.refiner.image_tokens=3"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_one_setting_trains_another_refiner_whose_model_file_predicts_alike(kind, folder, tmp_path):
    small = [word for word in SMALL if "fusion" not in word and "dilations" not in word]
    words = (*small, f"model.refiner.kind={kind}", *KINDS[kind], "training.diagnose_every=6")
    display = ProgressDisplay(Console(record=True, file=io.StringIO(), width=200))
    out = tmp_path / "run"
    train(folder, out=out, settings=words, preset="tiny", val=VAL, display=display)
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    told = {name for row in rows for name in row if name.startswith("gradient/evolve.")}
    steps = [name for name in told if name.endswith(("cells.0 step 1", "cells.0 step 2"))]
    assert len(steps) == (2 if kind == "recurrent" else 0)
    config = tomllib.loads((out / "config.toml").read_text())
    assert config["model"]["refiner"]["kind"] == kind
    model = read_model(find_model(str(out)))
    assert model.card.config["refiner"]["kind"] == kind
    sample = open_folder(folder).samples[0]
    own = Predictor(TorchEngine(rebuild(model)), model.card)
    found = kontur.load(out).predict_unfiltered(sample.image)
    assert len(found) > 0
    contract.assert_same(found, own.predict_unfiltered(sample.image), pixels=0.02)
    assert np.isfinite(found.scores).all()
