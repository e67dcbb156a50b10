"""The endless stream of training crops, reproducible from any position on.

Position p of the stream is the sample with index p mod n in the permutation of epoch p // n; its
crop and augmentation depend on (seed, epoch, index) alone. A run resumed at step s reads from
position s · batch and gets exactly the crops of the uninterrupted run, with any number of workers.
"""

import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from kontur.data.sample import Sample
from kontur.data.transforms.augment import Pipeline
from kontur.data.transforms.compose import sample_rng
from kontur.infer.engines.engine_threads import processors
from kontur.models import catalog
from kontur.settings import Settings
from kontur.train.devices import Devices
from kontur.train.signals import ENDING

MOST_WORKERS = 8  # with a GPU; more read no faster
MOST_SPAWNED = 2  # where processes cannot be forked, each has a copy of all images
ORDER = 1 << 20  # the "index" whose generator shuffles an epoch: no folder has so many images
MEGABYTE = 1 << 20
VALIDATION_BATCH = 8  # crops
VALIDATION_STEP = 1 << 20  # of the stream, which no training reaches


def can_fork() -> bool:
    """Whether processes can be forked, so that they share memory; on macOS that is not safe."""
    return sys.platform.startswith("linux")


def choose_workers(wanted: int | None, devices: Devices) -> int:
    """Worker processes for each device: `wanted`, else one with a CPU, several with a GPU.

    There are fewer, down to none, where there are no processors to spare.
    """
    if wanted is not None:
        return wanted
    most = 1 if devices.accelerator == "cpu" else MOST_WORKERS if can_fork() else MOST_SPAWNED
    return min(most, max(processors() // devices.here - 1, 0))


class Batch(NamedTuple):
    """Images `(b, c, h, w)`, channels last in memory, and the targets of a kind as tensors."""

    images: Tensor
    targets: Any


class PreparedSamples(Sequence[Sample]):
    """Samples ready to be cropped, kept in memory up to a number of megabytes.

    Reading and normalising is done once, here, and workers share the result; samples that do not
    fit are prepared again each time.
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

    def __init__(self, samples: PreparedSamples, *, kind: str, model: Settings, seed: int):
        self.samples = samples
        self.encode = catalog.family(kind).encode
        self.model = model
        self.seed = seed
        self.epoch, self.order = -1, np.empty(0, np.int64)

    def locate(self, position: int) -> tuple[int, int]:
        """The epoch and the index of the sample at a position."""
        epoch, offset = divmod(position, len(self.samples))
        if epoch != self.epoch:
            generator = sample_rng(self.seed, epoch, ORDER)
            self.epoch, self.order = epoch, generator.permutation(len(self.samples))
        return epoch, int(self.order[offset])

    def __getitem__(self, position: int) -> tuple[np.ndarray, Any]:
        epoch, index = self.locate(position)
        rng = sample_rng(self.seed, epoch, index)
        sample = self.samples.pipeline.augment(self.samples[index], rng)
        return sample.image.transpose(2, 0, 1), self.encode(sample.instances, self.model, rng)


class Positions(Sampler[list[int]]):
    """Batches of positions from a step on, without end; of each step every device has one."""

    def __init__(self, *, first_step: int, batch: int, rank: int, devices: int):
        self.first_step, self.batch = first_step, batch
        self.rank, self.devices = rank, devices

    def __iter__(self) -> Iterator[list[int]]:
        step = self.first_step
        while True:
            first = (step * self.devices + self.rank) * self.batch
            yield list(range(first, first + self.batch))
            step += 1


class Collate:
    """Crops to a batch of tensors (a class and not a closure: workers may have to pickle it)."""

    def __init__(self, kind: str):
        self.collate = catalog.family(kind).collate

    def __call__(self, crops: list[tuple[np.ndarray, Any]]) -> Batch:
        images = torch.from_numpy(np.stack([image for image, _ in crops]))
        targets = self.collate([crop_targets for _, crop_targets in crops])
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
        collate_fn=Collate(kind),
        pin_memory=pin,
        persistent_workers=workers > 0,
        prefetch_factor=4 if workers > 0 else None,
        worker_init_fn=_start_worker if workers > 0 else None,
        # forked, they share the prepared images; from Python 3.14 on fork is not the default
        multiprocessing_context="fork" if workers > 0 and can_fork() else None,
    )


def validation_batches(
    crops: Crops, samples: Sequence[Sample], *, kind: str, number: int
) -> list[Batch]:
    """A few batches of validation samples, augmented as `crops` are: the same ones every time."""
    other = Crops(
        PreparedSamples(samples, crops.samples.pipeline, megabytes=0),
        kind=kind,
        model=crops.model,
        seed=crops.seed,
    )
    loader = build_loader(
        other, kind=kind, batch=VALIDATION_BATCH, workers=0, first_step=VALIDATION_STEP
    )
    batches = iter(loader)
    return [next(batches) for _ in range(number)]


def _start_worker(worker: int) -> None:
    torch.set_num_threads(1)  # the cores are needed for the step
    for number in ENDING:  # which may be sent to all processes; the main one ends its workers
        signal.signal(number, signal.SIG_IGN)
