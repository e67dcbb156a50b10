"""Two devices in two processes."""

import os

import torch

from kontur.train.checkpoint import LAST, read_checkpoint
from tests.train.runs import VAL, run


def test_two_devices_train_together_and_one_writes(folder, tmp_path):
    outer = dict(os.environ)
    output = run(folder, tmp_path / "run", "training.devices=2", "training.steps=2", val=VAL)
    last = read_checkpoint(tmp_path / "run" / LAST)
    assert last["global_step"] == 2
    assert output.count("step 2 ") == 1
    assert len(list((tmp_path / "run" / "tensorboard").iterdir())) == 1
    assert dict(os.environ) == outer
    assert not torch.distributed.is_initialized()
