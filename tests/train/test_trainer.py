"""What goes wrong on machines that are not here: said in a sentence where one can do something."""

import pytest
import torch
from torch.utils.data import DataLoader

from kontur.errors import InputError
from kontur.train.config import TrainingConfig
from kontur.train.trainer import explain_error, explained

DAMAGED = "a.tif is damaged or cut short; copy or export it again"


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


class Damaged(torch.utils.data.Dataset):
    def __len__(self):
        return 1

    def __getitem__(self, place):
        raise InputError(DAMAGED)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")
@pytest.mark.parametrize("workers", [0, 1])
def test_an_image_that_cannot_be_read_is_told_in_its_own_sentence(workers):
    with pytest.raises(InputError) as caught, explained(TrainingConfig()):
        next(iter(DataLoader(Damaged(), num_workers=workers)))
    assert str(caught.value) == DAMAGED
