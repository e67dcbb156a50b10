"""Two devices in two processes."""

import os

import torch

from kontur.train.checkpoint import read_checkpoint
from kontur.train.run_folder import LAST
from tests.train.runs import VAL, run_to_last_step


def test_two_devices_train_together_and_one_writes(folder, tmp_path):
    outer = dict(os.environ)
    words = ("training.devices=2", "training.steps=2")
    output = run_to_last_step(folder, tmp_path / "run", *words, val=VAL)
    last = read_checkpoint(tmp_path / "run" / LAST)
    assert last["global_step"] == 2
    assert output.count("step 2 ") == 1
    assert len(list((tmp_path / "run" / "tensorboard").iterdir())) == 1
    assert dict(os.environ) == outer
    assert not torch.distributed.is_initialized()
