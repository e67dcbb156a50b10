"""The processors and devices of this machine, and the number of crops per step that suits them."""

import os
from typing import NamedTuple

import torch

from kontur.errors import InputError
from kontur.infer.engines.engine_threads import processors

FEWEST_CROPS, MOST_CROPS = 2, 8  # a step
CPU_PIXELS = 2**17  # a step: 8 crops of 128 pixels, 2 of 256


class Devices(NamedTuple):
    """Lightning's name of the sort of device, and their number on all machines together.

    `rank` is the number of this process's device.
    """

    accelerator: str
    number: int
    rank: int = 0
    machines: int = 1

    @property
    def here(self) -> int:
        """The number of devices of each machine."""
        return self.number // self.machines


class Launched(NamedTuple):
    """Which of the processes that torchrun started this one is, on how many machines."""

    rank: int
    number: int
    machines: int


def launched() -> Launched | None:
    """This process as torchrun started it; None where something else did."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return None
    rank, number, here = (
        int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")
    )
    return Launched(rank, number, number // here)


def cores() -> int:
    """The number of processors that a step may use; `OMP_NUM_THREADS` limits it."""
    setting = os.environ.get("OMP_NUM_THREADS", "")
    if setting.isdigit() and int(setting) > 0:
        return int(setting)
    return processors()


def choose_devices(accelerator: str, wanted: int) -> Devices:
    """The devices to train on by the settings; `wanted` 0 takes all GPUs.

    Under torchrun there is one for each of its processes. Raises `InputError` where the machine
    lacks the sort of device, or torchrun started another number of processes.
    """
    group = launched()
    if group is None:
        return _devices_here(accelerator, wanted)
    if wanted not in (0, group.number):
        raise InputError(
            f"torchrun started {group.number} processes and training.devices={wanted}; leave that "
            "out: each process trains on a device"
        )
    each = group.number // group.machines
    devices = _devices_here(accelerator, each)
    if devices.number != each:
        raise InputError(
            f"torchrun started {each} processes on this machine, which has {devices.number} "
            f"{devices.accelerator} devices; start one for each (--nproc-per-node)"
        )
    return Devices(devices.accelerator, group.number, group.rank, group.machines)


def _devices_here(accelerator: str, wanted: int) -> Devices:
    """Those of this machine alone."""
    available = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
    }
    sorts = {"auto": ("cuda", "mps"), "gpu": ("cuda", "mps"), "mps": ("mps",)}
    for sort in sorts.get(accelerator, ()):
        if available[sort]:
            return Devices(sort, min(wanted, available[sort]) if wanted else available[sort])
    if accelerator in ("gpu", "mps"):
        raise InputError(
            f"training.accelerator={accelerator}, but torch finds none; leave it at auto"
        )
    return Devices("cpu", max(wanted, 1))


def choose_batch(wanted: int | None, crop: int, devices: Devices) -> int:
    """Crops per step: 8 on a GPU; on a CPU fewer where they are large.

    A CPU's time grows with the pixels of a step, so that a short training of large crops would
    take too few steps to learn (docs/results.md has what that costs).

    >>> choose_batch(None, 128, Devices("cpu", 1)), choose_batch(None, 256, Devices("cpu", 1))
    (8, 2)
    """
    if wanted is not None:
        return wanted
    if devices.accelerator != "cpu":
        return MOST_CROPS
    return min(max(CPU_PIXELS // crop**2, FEWEST_CROPS), MOST_CROPS)
