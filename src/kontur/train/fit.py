"""The steps of a run, by Lightning: from the first, or from a checkpoint on."""

import re
import signal

import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch import Trainer

from kontur.errors import InputError
from kontur.train.checkpoint import WholeFiles
from kontur.train.config import Precision, TrainingConfig
from kontur.train.devices import strategy
from kontur.train.job import Job
from kontur.train.loader import build_loader
from kontur.train.machine import choose_workers
from kontur.train.precision import LIGHTNING
from kontur.train.watch import Watch


def fit(job: Job, watch: Watch, precision: Precision) -> None:
    """Train until the steps or minutes are over, or nothing gets better.

    Raises `Stopped` where a signal ended it before, with everything up to then in a checkpoint.
    """
    devices, wanted = job.devices, job.config.training
    trainer = Trainer(
        accelerator=devices.accelerator,
        devices=devices.number,
        strategy=strategy(devices, unused=wanted.stages == "staged"),
        precision=LIGHTNING[precision],  # type: ignore[arg-type]
        max_steps=wanted.steps,
        max_epochs=-1,
        logger=False,
        callbacks=[watch],
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
    signals = watch.signals
    signals.patient = True
    try:
        path = str(job.checkpoint.path) if job.checkpoint else None
        trainer.fit(job.module, loader, ckpt_path=path)
    except SystemExit:  # what Lightning makes of a KeyboardInterrupt
        raise signals.stopped(signals.asked or signal.SIGINT) from None
    except RuntimeError as error:
        # a signal to the whole group of processes may have reached the loader's workers first
        if signals.asked is None:
            told = explained(error, wanted)
            raise told from (None if told is error else error)
    finally:
        signals.patient = False
    if signals.asked is not None:
        raise signals.stopped(signals.asked)


def explained(error: RuntimeError, config: TrainingConfig) -> Exception:
    """What a person can do about it, where there is something; the error itself otherwise."""
    if isinstance(error, torch.OutOfMemoryError):
        crops = config.crops_a_step
        return InputError(
            f"the device's memory does not suffice for {crops} crops a step; take fewer "
            f"(--resume --set training.batch={max(1, crops // 2)}) or smaller ones "
            "(augment.crop)"
        )
    if re.search("DataLoader worker .*(killed|exited unexpectedly)", str(error)):
        return InputError(
            "a process that prepares crops was killed, which happens where memory is short; go on "
            "with --resume --set training.workers=0, or with a smaller data.cache"
        )
    return error
