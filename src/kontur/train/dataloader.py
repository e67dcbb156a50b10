"""The endless stream of training crops, the same one whoever asks and wherever it is taken up.

Position p of the stream is the sample at place p mod n of epoch p // n's permutation; its crop and
augmentation come from a generator of (seed, epoch, index) alone. So a run that goes on at step s
reads from position s · batch and sees exactly what the uninterrupted run would have seen, with any
number of workers.
"""

import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from kontur.data.augment import Pipeline
from kontur.data.sample import Sample
from kontur.data.transforms import sample_rng
from kontur.models import catalog
from kontur.settings import Settings
from kontur.train.devices import Devices, cores

MOST_WORKERS = 8  # beside a GPU; more read no faster
MOST_SPAWNED = 2  # where processes cannot be forked each holds a copy of all images
ORDER = 1 << 20  # the "index" whose generator shuffles an epoch: no folder has so many images
MEGABYTE = 1 << 20
HELD_BATCH = 8  # crops
HELD_STEP = 1 << 20  # of the stream: no training comes so far


def can_fork() -> bool:
    """Whether a process can be split in two that share their memory; on macOS it is not safe."""
    return sys.platform.startswith("linux")


def choose_workers(wanted: int | None, devices: Devices) -> int:
    """Processes for the loader of each device: with a core to spare one, beside GPUs more."""
    if wanted is not None:
        return wanted
    most = 1 if devices.accelerator == "cpu" else MOST_WORKERS if can_fork() else MOST_SPAWNED
    return min(most, cores() // devices.number - 1) if cores() > devices.number else 0


class Batch(NamedTuple):
    """Images `(b, c, h, w)`, channels last in memory, and the targets of a kind as tensors."""

    images: Tensor
    targets: Any


class Prepared(Sequence[Sample]):
    """Samples ready to be cropped, kept in memory up to a number of megabytes.

    Reading and normalising is done once, here, and workers share the result; what does not fit is
    prepared again each time that it is drawn.
    """

    def __init__(self, samples: Sequence[Sample], pipeline: Pipeline, *, megabytes: int):
        self.samples = samples
        self.pipeline = pipeline
        self.kept: dict[int, Sample] = {}
        room = megabytes * MEGABYTE
        for index in range(len(samples)):
            prepared = pipeline.prepare(samples[index])
            room -= prepared.image.nbytes
            if room < 0:
                break
            self.kept[index] = prepared

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:  # type: ignore[override]
        kept = self.kept.get(index)
        return self.pipeline.prepare(self.samples[index]) if kept is None else kept


class Crops(Dataset[tuple[np.ndarray, Any]]):
    """The stream by position: an augmented image `(c, h, w)` and its targets, as arrays."""

    def __init__(self, samples: Prepared, *, kind: str, model: Settings, seed: int):
        self.samples = samples
        self.encode = catalog.family(kind).encode
        self.model = model
        self.seed = seed
        self.epoch, self.order = -1, np.empty(0, np.int64)

    def place(self, position: int) -> tuple[int, int]:
        """The epoch and the sample of a position."""
        epoch, offset = divmod(position, len(self.samples))
        if epoch != self.epoch:
            generator = sample_rng(self.seed, epoch, ORDER)
            self.epoch, self.order = epoch, generator.permutation(len(self.samples))
        return epoch, int(self.order[offset])

    def __getitem__(self, position: int) -> tuple[np.ndarray, Any]:
        epoch, index = self.place(position)
        rng = sample_rng(self.seed, epoch, index)
        sample = self.samples.pipeline.augment(self.samples[index], rng)
        return sample.image.transpose(2, 0, 1), self.encode(sample.instances, self.model, rng)


class Positions(Sampler[list[int]]):
    """Batches of positions from a step on, without end; devices take turns within a step."""

    def __init__(self, *, first_step: int, batch: int, rank: int, devices: int):
        self.first_step, self.batch = first_step, batch
        self.rank, self.devices = rank, devices

    def __iter__(self) -> Iterator[list[int]]:
        step = self.first_step
        while True:
            first = (step * self.devices + self.rank) * self.batch
            yield list(range(first, first + self.batch))
            step += 1


class Join:
    """Crops to a batch of tensors (a class and not a closure: workers may have to pickle it)."""

    def __init__(self, kind: str):
        self.collate = catalog.family(kind).collate

    def __call__(self, crops: list[tuple[np.ndarray, Any]]) -> Batch:
        images = torch.from_numpy(np.stack([image for image, _ in crops]))
        targets = self.collate([each for _, each in crops])
        tensors = type(targets)(*(torch.from_numpy(np.ascontiguousarray(x)) for x in targets))
        return Batch(images.contiguous(memory_format=torch.channels_last), tensors)


def build_loader(
    crops: Crops,
    *,
    kind: str,
    batch: int,
    workers: int,
    first_step: int = 0,
    rank: int = 0,
    devices: int = 1,
    pin: bool = False,
) -> DataLoader[Any]:
    """Batches from `first_step` on; `workers` processes of one thread each prepare them."""
    positions = Positions(first_step=first_step, batch=batch, rank=rank, devices=devices)
    return DataLoader(
        crops,
        batch_sampler=positions,
        num_workers=workers,
        collate_fn=Join(kind),
        pin_memory=pin,
        persistent_workers=workers > 0,
        prefetch_factor=4 if workers > 0 else None,
        worker_init_fn=_serve if workers > 0 else None,
        # forked, they share the prepared images; from Python 3.14 on that has to be asked for
        multiprocessing_context="fork" if workers > 0 and can_fork() else None,
    )


def first_batch(crops: Crops, *, kind: str, batch: int) -> Batch:
    """The first crops of the stream, made in this process."""
    first: Batch = next(iter(build_loader(crops, kind=kind, batch=batch, workers=0)))
    return first


def held_batches(crops: Crops, samples: Sequence[Sample], *, kind: str, number: int) -> list[Batch]:
    """A few batches of other samples, cut and changed as `crops` are: the same ones every time."""
    other = Crops(
        Prepared(samples, crops.samples.pipeline, megabytes=0),
        kind=kind,
        model=crops.model,
        seed=crops.seed,
    )
    loader = build_loader(other, kind=kind, batch=HELD_BATCH, workers=0, first_step=HELD_STEP)
    batches = iter(loader)
    return [next(batches) for _ in range(number)]


def _serve(worker: int) -> None:
    torch.set_num_threads(1)  # the cores belong to the step
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks for batches ends us
