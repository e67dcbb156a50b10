"""Which devices a training uses, and how many crops and processes suit them."""

import pytest
import torch

from kontur.errors import InputError
from kontur.train import dataloader, devices
from kontur.train.dataloader import choose_workers
from kontur.train.devices import Devices, choose_batch, choose_devices, cores


@pytest.fixture
def there(monkeypatch):
    """Pretend that there are so many GPUs of a sort."""

    def pretend(*, cuda: int = 0, mps: bool = False, processors: int = 8) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(devices, "processors", lambda: processors)
        monkeypatch.setattr(dataloader, "processors", lambda: processors)

    return pretend


def test_the_fastest_that_is_there_is_taken_and_all_of_it(there):
    there(cuda=4)
    assert choose_devices("auto", 0) == Devices("cuda", 4)
    assert choose_devices("gpu", 2) == Devices("cuda", 2)
    assert choose_devices("gpu", 9) == Devices("cuda", 4)
    assert choose_devices("cpu", 0) == Devices("cpu", 1)
    there(mps=True)
    assert choose_devices("auto", 0) == choose_devices("gpu", 2) == Devices("mps", 1)
    there()
    assert choose_devices("auto", 0) == Devices("cpu", 1)


@pytest.mark.parametrize("wanted", ["gpu", "mps"])
def test_a_device_that_is_not_there_is_reported(there, wanted):
    there()
    with pytest.raises(InputError, match="torch finds none; leave it at auto"):
        choose_devices(wanted, 0)


@pytest.mark.parametrize(("crop", "crops"), [(32, 8), (128, 8), (192, 3), (256, 2), (1024, 2)])
def test_a_step_on_a_cpu_has_fewer_of_larger_crops(crop, crops):
    assert choose_batch(None, crop, Devices("cpu", 1)) == crops
    assert choose_batch(None, crop, Devices("cuda", 1)) == 8
    assert choose_batch(5, crop, Devices("cpu", 1)) == 5


def test_workers_leave_a_core_to_every_device(there):
    there(processors=8)
    assert choose_workers(None, Devices("cpu", 1)) == 1
    assert choose_workers(None, Devices("cuda", 1)) >= 2
    assert choose_workers(None, Devices("cuda", 4)) == 1
    assert choose_workers(None, Devices("cuda", 8)) == 0
    assert choose_workers(5, Devices("cuda", 8)) == 5
    there(processors=1)
    assert choose_workers(None, Devices("cpu", 1)) == 0


def test_the_limit_of_a_process_threads_leaves_the_other_processors_to_workers(there, monkeypatch):
    there(processors=8)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert cores() == 1
    assert choose_workers(None, Devices("cpu", 1)) == 1
    assert choose_workers(None, Devices("cuda", 1)) == 7
