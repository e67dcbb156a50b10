"""What goes wrong on machines that are not here: said in a sentence where one can do something."""

import torch

from kontur.errors import InputError
from kontur.train.config import TrainingConfig
from kontur.train.trainer import explained


def test_a_device_without_enough_memory():
    told = explained(torch.OutOfMemoryError("CUDA out of memory"), TrainingConfig(batch=8))
    assert isinstance(told, InputError)
    assert "for 8 crops a step" in str(told)
    assert "--set training.batch=4" in str(told)


def test_a_worker_that_the_system_killed():
    error = RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed.")
    assert "--set training.workers=0" in str(explained(error, TrainingConfig()))


def test_a_defect_of_ours_stays_what_it_is():
    error = RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    assert explained(error, TrainingConfig()) is error
