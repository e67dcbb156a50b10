"""The training loop of a run, by Lightning, from the first step or from a checkpoint on.

A job holds everything that it needs, the same in the process of every device.
"""

import contextlib
import logging
import math
import re
import signal
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.strategies import DDPStrategy, Strategy

from kontur.data.sample import Sample
from kontur.data.transforms.augment import training_pipeline
from kontur.errors import InputError
from kontur.models import catalog
from kontur.train.checkpoint import Checkpoint, WholeFiles
from kontur.train.config import Precision, RunConfig, TrainingConfig
from kontur.train.dataloader import Crops, PreparedSamples, build_loader, can_fork, choose_workers
from kontur.train.devices import Devices, cores
from kontur.train.kept_memory import kept_memory
from kontur.train.module import Training
from kontur.train.network import channels_of, freeze_backbone
from kontur.train.signals import Signals
from kontur.train.timing import LIGHTNING, TRIAL_IMAGES, StepTimer
from kontur.train.validation import is_patience_over

LOGGERS = ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero")
ADVICE = (
    r".*does not have many workers.*",
    r".*Our suggested max number of worker.*",
    r".*You're resuming from a checkpoint that ended before the epoch ended.*",
    r".*module\(s\) in eval mode at the start of training.*",  # a frozen backbone is
    r".*isinstance\(treespec, LeafSpec\).*",  # of its own use of torch
    r".*`lr_scheduler.step\(\)` before `optimizer.step\(\)`.*",  # fp16 may leave out a step
    r".*Grad strides do not match bucket view strides.*",  # channels last on several devices
    r".*multi-threaded, use of fork.*",  # torch's own threads, which sleep then
)


class Job(NamedTuple):
    """A run's folder and resolved settings, its network with optimiser, and its training crops.

    With a checkpoint the training continues from there; it is loaded when the training starts.
    """

    run: Path
    config: RunConfig
    devices: Devices
    module: Training
    crops: Crops
    checkpoint: Checkpoint | None

    @property
    def first_step(self) -> int:
        """The number of steps that were done before."""
        return self.checkpoint.step if self.checkpoint else 0

    @property
    def used_up(self) -> str:
        """The setting by which nothing is left to train; "" where something is."""
        return "" if self.checkpoint is None else used_up(self.config.training, self.checkpoint)


def used_up(wanted: TrainingConfig, done: Checkpoint) -> str:
    """The setting that ends a training at a checkpoint, with its value; "" where none does."""
    if wanted.minutes is not None and done.work / 60 / wanted.minutes >= 1:
        return f"training.minutes={wanted.minutes:g}"
    if done.step >= wanted.steps:
        return f"training.steps={wanted.steps}"
    if is_patience_over(wanted.patience, done.waited):
        return f"training.patience={wanted.patience}"
    return ""


def how_to_go_on(wanted: TrainingConfig, done: Checkpoint) -> str:
    """What to add to the command for a training that goes on where a setting has ended it.

    It speaks of what was reached, where the setting is below that since: less ends it again.
    """
    name, value = used_up(wanted, done).split("=")
    reached = {
        "training.steps": done.step,
        "training.minutes": math.ceil(done.work / 60 * 100) / 100,
        "training.patience": done.waited,
    }
    return f"--resume --set {name}=N, N above {max(float(value), reached[name]):.10g}"


def make_job(
    run: Path,
    config: RunConfig,
    samples: Sequence[Sample],
    *,
    devices: Devices,
    checkpoint: Checkpoint | None,
) -> Job:
    """A job with initial weights and crops that depend on settings and samples alone."""
    torch.set_num_threads(max(1, cores() // devices.here))
    model = catalog.config(config.kind, config.model)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.training.seed)
        segmenter = catalog.segmenter(config.kind, model)
    if config.training.freeze_backbone:
        freeze_backbone(segmenter)
    pipeline = training_pipeline(
        config.augment, channels_of(model), config.normalise, scale=config.data.known_scale
    )
    prepared = PreparedSamples(samples, pipeline, megabytes=config.data.cache)
    crops = Crops(prepared, kind=config.kind, model=model, seed=config.training.seed)
    module = Training(segmenter, config.optimiser, config.training)
    return Job(run, config, devices, module, crops, checkpoint)


@contextlib.contextmanager
def quiet_lightning() -> Iterator[None]:
    """Suppress Lightning's messages but for errors."""
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    with warnings.catch_warnings():
        for message in ADVICE:
            warnings.filterwarnings("ignore", message=message)
        try:
            for name in LOGGERS:
                logging.getLogger(name).setLevel(logging.ERROR)
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


class ExistingProcesses(DDPStrategy):
    """Distributed data parallel training in processes that were started already."""

    def _configure_launcher(self) -> None:
        self._launcher = None


def strategy(devices: Devices) -> Strategy | str:
    """Lightning's strategy for these devices; `Training` gives every weight a gradient."""
    if devices.number == 1:
        return "auto"
    return ExistingProcesses(gradient_as_bucket_view=True, find_unused_parameters=False)


def fit(job: Job, callback: Callback, signals: Signals, precision: Precision) -> None:
    """Train until the steps, the minutes or the patience are used up.

    Raises `Stopped` where a signal ended it before, with all steps in a checkpoint.
    """
    devices, wanted = job.devices, job.config.training
    trainer = Trainer(
        accelerator=devices.accelerator,
        devices=devices.here,
        num_nodes=devices.machines,
        strategy=strategy(devices),
        precision=LIGHTNING[precision],  # type: ignore[arg-type]
        max_steps=wanted.steps,
        max_epochs=-1,
        logger=False,
        callbacks=[callback],
        # the environment is named, or Lightning would requeue the jobs of a cluster's scheduler
        plugins=[WholeFiles(), LightningEnvironment()],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        default_root_dir=str(job.run),
    )
    loader = build_loader(
        job.crops,
        kind=job.config.kind,
        batch=wanted.crops_a_step,
        workers=choose_workers(wanted.workers, devices),
        first_step=job.first_step,
        rank=devices.rank,
        devices=devices.number,
        pin=devices.accelerator == "cuda",
    )
    signals.graceful = True
    try:
        path = str(job.checkpoint.path) if job.checkpoint else None
        with kept_memory(), explained(wanted):
            trainer.fit(job.module, loader, ckpt_path=path)
    except SystemExit:  # raised by Lightning for a KeyboardInterrupt
        raise signals.stopped(signals.received or signal.SIGINT) from None
    except (RuntimeError, InputError):
        # a signal to the whole group of processes may have reached the loader's workers first
        if signals.received is None:
            raise
    finally:
        signals.graceful = False
    if signals.received is not None:
        raise signals.stopped(signals.received)


def step_timer(job: Job) -> StepTimer:
    """Steps of this training to be timed, with its crops as they are prepared beside them."""
    wanted = job.config.training
    # a process that cannot be forked takes longer to start than the whole trial
    workers = choose_workers(wanted.workers, job.devices) if can_fork() else 0
    crops = min(TRIAL_IMAGES, wanted.crops_a_step)
    loader = build_loader(job.crops, kind=job.config.kind, batch=crops, workers=workers)
    return StepTimer(job.module.segmenter, iter(loader), job.config.optimiser)


@contextlib.contextmanager
def explained(config: TrainingConfig) -> Iterator[None]:
    """Errors of steps, and of the processes that prepare crops, as `explain_error` has them."""
    try:
        yield
    except (RuntimeError, InputError) as error:
        explanation = explain_error(error, config)
        raise explanation from (None if explanation is error else error)


def explain_error(error: Exception, config: TrainingConfig) -> Exception:
    """An `InputError` with what to do about it, if there is something; else the error itself."""
    if isinstance(error, InputError):
        _, found, sentence = str(error).rpartition(f"{InputError.__module__}.InputError: ")
        return InputError(sentence.strip()) if found else error  # as a worker's traceback ends
    if isinstance(error, torch.OutOfMemoryError):
        crops = config.crops_a_step
        return InputError(
            f"the device's memory does not suffice for {crops} crops per step; take fewer "
            f"(--resume --set training.batch={max(1, crops // 2)}) or smaller ones "
            "(augment.crop)"
        )
    if re.search("DataLoader worker .*(killed|exited unexpectedly)", str(error)):
        return InputError(
            "a process that prepares crops was killed, which happens where memory is short; go on "
            "with --resume --set training.workers=0, or with a smaller data.cache"
        )
    return error
