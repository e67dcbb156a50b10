"""What goes wrong on machines that are not here: said in a sentence where one can do something."""

import pytest
import torch

from kontur.errors import InputError
from kontur.models import catalog
from kontur.train.config import OptimiserConfig, TrainingConfig
from kontur.train.dataloader import Batch
from kontur.train.module import Training
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


@pytest.mark.parametrize(
    "error",
    [IndexError("index -9223372036854775808"), RuntimeError("CUDA error: device-side assert")],
)
def test_a_point_that_is_no_number_says_so_on_any_device(monkeypatch, error):
    segmenter = catalog.segmenter("snake", catalog.config("snake", {}, preset="tiny"))

    def fail(images, targets):
        raise error

    monkeypatch.setattr(segmenter, "loss", fail)
    module = Training(segmenter, OptimiserConfig(), TrainingConfig())
    with pytest.raises(InputError, match="a contour point is no number any more"):
        module.training_step(Batch(torch.zeros(1, 3, 32, 32), None), 0)
