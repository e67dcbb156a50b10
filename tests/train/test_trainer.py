"""What goes wrong on machines that are not here: said in a sentence where one can do something."""

import torch

from kontur.errors import InputError
from kontur.train.config import TrainingConfig
from kontur.train.trainer import explain_error


def test_a_device_without_enough_memory():
    explanation = explain_error(
        torch.OutOfMemoryError("CUDA out of memory"), TrainingConfig(batch=8)
    )
    assert isinstance(explanation, InputError)
    assert "for 8 crops per step" in str(explanation)
    assert "--set training.batch=4" in str(explanation)


def test_a_worker_that_the_system_killed():
    error = RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed.")
    assert "--set training.workers=0" in str(explain_error(error, TrainingConfig()))


def test_a_defect_of_ours_stays_what_it_is():
    error = RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    assert explain_error(error, TrainingConfig()) is error
