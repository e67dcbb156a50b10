"""A job: what the steps of a run are made with, the same in the process of every device."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from kontur.data.augment import training_pipeline
from kontur.data.sample import Sample
from kontur.models import catalog
from kontur.train.checkpoint import Checkpoint
from kontur.train.config import RunConfig
from kontur.train.loader import Crops, Prepared
from kontur.train.machine import Devices, cores
from kontur.train.module import Training
from kontur.train.network import channels_of
from kontur.train.standing import is_patience_over


class Job(NamedTuple):
    """A run's folder and resolved settings, the network in its training, and the crops it sees.

    With a checkpoint it goes on from there: the training loads it when it starts.
    """

    run: Path
    config: RunConfig
    devices: Devices
    module: Training
    crops: Crops
    checkpoint: Checkpoint | None

    @property
    def first_step(self) -> int:
        """The steps that are done already."""
        return self.checkpoint.step if self.checkpoint else 0

    @property
    def is_over(self) -> bool:
        """Whether the steps, the minutes or the patience have come to their end."""
        if self.checkpoint is None:
            return False
        wanted, done = self.config.training, self.checkpoint
        if wanted.minutes is not None and done.seconds >= 60 * wanted.minutes:
            return True
        return done.step >= wanted.steps or is_patience_over(wanted.patience, done.waited)


def make_job(
    run: Path,
    config: RunConfig,
    samples: Sequence[Sample],
    *,
    devices: Devices,
    checkpoint: Checkpoint | None,
) -> Job:
    """The same weights and crops for the same resolved settings and samples."""
    torch.set_num_threads(max(1, cores() // devices.number))
    model = catalog.config(config.kind, config.model)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.training.seed)
        segmenter = catalog.segmenter(config.kind, model)
    pipeline = training_pipeline(config.augment, channels_of(model), config.normalise)
    prepared = Prepared(samples, pipeline, megabytes=config.data.cache)
    crops = Crops(prepared, kind=config.kind, model=model, seed=config.training.seed)
    module = Training(segmenter, config.optimiser, config.training)
    return Job(run, config, devices, module, crops, checkpoint)
