"""What this machine has for a training: processors, devices, processes for the loader."""

import os

import torch

from kontur.errors import InputError


def cores() -> int:
    """The processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def choose_devices(accelerator: str, devices: int) -> tuple[str, int]:
    """Lightning's accelerator and number of devices."""
    if accelerator == "auto":
        mps = torch.backends.mps.is_available()
        accelerator = "cuda" if torch.cuda.is_available() else "mps" if mps else "cpu"
    elif accelerator == "gpu":
        accelerator = "cuda"
    if accelerator == "cuda":
        there = torch.cuda.device_count()
        if there == 0:
            raise InputError("training.accelerator=gpu, but torch finds none; leave it at auto")
        return accelerator, min(devices, there) if devices else there
    return accelerator, max(devices, 1)


def choose_workers(wanted: int | None, accelerator: str) -> int:
    """Processes for the loader: one on a CPU with a core to spare, more beside a GPU."""
    if wanted is not None:
        return wanted
    return min(1 if accelerator == "cpu" else 8, cores() - 1)
