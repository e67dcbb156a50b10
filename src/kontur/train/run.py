"""A training run, from its settings to its model file: what `kontur train` calls."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import torch

from kontur.data.checks.class_numbers import ADVICE_ON_NUMBERS, NUMBERS_FROM_ONE, count_from_one
from kontur.data.checks.dataset_statistics import (
    DatasetStatistics,
    data_warnings,
    dataset_statistics,
)
from kontur.data.folder import load_both
from kontur.data.samples import LoadedSamples
from kontur.data.transforms.augment import LARGEST
from kontur.data.working_scale import describe_scale
from kontur.errors import InputError
from kontur.files.atomic import write_text
from kontur.images.channels import Channel
from kontur.infer.learned_images import NAMES, read_names, write_learned, write_names
from kontur.models.card import Card
from kontur.models.segmenter import Segmenter
from kontur.train.callbacks import TrainingCallback, TrainingReporter, judged_training_samples
from kontur.train.checkpoint import Checkpoint, newest_checkpoint
from kontur.train.choose_backbone import choose_backbone
from kontur.train.config import RunConfig
from kontur.train.devices import Devices, choose_batch, choose_devices, launched
from kontur.train.distributed import dismiss_followers, follow_leader, followers
from kontur.train.folder_lock import folder_lock
from kontur.train.given_settings import given_config
from kontur.train.logger import RunLogger
from kontur.train.network import (
    IMAGENET,
    InitialWeights,
    first_card,
    load_imagenet_weights,
    load_matching_weights,
    read_initial_weights,
    receptive_field_warning,
    resolve_network,
    weights_origin,
    working_scale,
)
from kontur.train.progress import ProgressDisplay
from kontur.train.results import finish
from kontur.train.run_folder import BEST, CONFIG, LAST, MODEL, check_run_folder, remove_run_files
from kontur.train.shipped_baseline import FEWEST_STEPS, ShippedBaseline, shipped_baseline
from kontur.train.signals import Signals
from kontur.train.timing import choose_mode
from kontur.train.trainer import (
    Job,
    explained,
    fit,
    how_to_go_on,
    make_job,
    quiet_lightning,
    step_timer,
)
from kontur.train.training_data import (
    TrainingData,
    bare_planes_warning,
    copies_warning,
    describe_data,
    open_data,
)


def train(
    data: str | Path | None = None,
    *,
    out: str | Path,
    val: str | Path | float | None = None,
    kind: str | None = None,
    preset: str | None = None,
    config: str | Path | None = None,
    settings: Iterable[str] = (),
    start: str | None = None,
    resume: bool = False,
    force: bool = False,
    baseline: bool = True,
    display: ProgressDisplay | None = None,
) -> Path:
    """Train a segmenter on a folder and write its model file; the path of RUN/model.kontur.

    Args:
        data: the training folder, in any layout that `kontur inspect` recognises.
        out: the run's folder; holds everything that the run writes.
        val: a validation folder, or the share of `data` to hold out. By default `data`'s own `val`
            part, or a tenth of it.
        kind, preset: which family, and which of its presets.
        config: a TOML file of settings, see `RunConfig`.
        settings: `KEY=VALUE` texts, which override everything else.
        start: weights to begin with: a shipped model's name, a `.kontur` file or another run.
        resume: continue from the newest readable checkpoint in `out`, with the settings saved
            there, which further arguments override. The validation images stay; of `data` all
            others are learned from, new ones too.
        force: start afresh where `out` holds a run, which is removed once training begins.
        baseline: whether a shipped model is compared on validation images, see
            `shipped_baseline`; in a study trainings are compared with one another.
        display: where progress is shown; by default standard error.

    Under torchrun every process calls this with the same arguments; one reads, writes and shows.

    Raises:
        InputError: the data, a setting or `out` cannot be used, another process trains there, or
            the training diverged.
        Stopped: a KeyboardInterrupt, after a signal to end; the last step is in a checkpoint.
    """
    run, display = Path(out), display or ProgressDisplay()
    group = launched()
    if group is not None and group.rank > 0:
        follow_leader()
        return run / MODEL
    with quiet_lightning(), Signals() as signals, folder_lock(run):
        check_run_folder(run, resume=resume, force=force)
        resolved = given_config(
            *(run, data),
            val=val,
            kind=kind,
            preset=preset,
            config=config,
            settings=settings,
            start=start,
            resume=resume,
        )
        return _train(
            run, resolved, resume=resume, baseline=baseline, display=display, signals=signals
        )


def _train(
    run: Path,
    config: RunConfig,
    *,
    resume: bool,
    baseline: bool,
    display: ProgressDisplay,
    signals: Signals,
) -> Path:
    """Everything is read and checked before an earlier run in the folder is removed."""
    devices = choose_devices(config.training.accelerator, config.training.devices)
    kept = read_names(run) if resume else None
    data = open_data(config.data, seed=config.training.seed, kept=kept)
    start = _read_start(run, config, data, resume=resume, display=display)
    if start.channel is not None:
        data = data.in_channel(start.channel)
        config = config.replace(data=config.data.replace(channel=start.channel))
    images = _read_images(data, display)
    resolved = _resolve(config, start, images, devices)
    job = make_job(run, resolved, images.train, devices=devices, checkpoint=start.checkpoint)
    _check_resumable(job)
    loaded = _load_weights(job, start)

    if not resume:
        remove_run_files(run)
    write_text(run / CONFIG, resolved.to_toml())
    write_names(run, data.val_names)
    signals.saved(job.first_step)
    shipped = _baseline(resolved, images) if baseline else None
    begun = start.resume or start.weights is not None
    for line in (
        *_about_images(images),
        *([shipped.describe()] if shipped is not None and not begun else []),
        *_about_network(config, start, images, job, loaded),
    ):
        display.print_line(line)
    return _fit_and_finish(job, images, shipped, display=display, signals=signals)


class _Start(NamedTuple):
    """What a run begins from: a checkpoint, weights, the channel that their model learned from."""

    resume: bool
    checkpoint: Checkpoint | None
    weights: InitialWeights | None
    channel: Channel | None

    @property
    def card(self) -> Card | None:
        return self.weights.card if self.weights else None


class _Images(NamedTuple):
    """The images of a run: where they lie, what was read of them, and statistics of the first."""

    data: TrainingData
    train: LoadedSamples
    val: LoadedSamples
    statistics: DatasetStatistics


def _read_start(
    run: Path, config: RunConfig, data: TrainingData, *, resume: bool, display: ProgressDisplay
) -> _Start:
    checkpoint = newest_checkpoint(run, display.print_line) if resume else None
    weights = read_initial_weights(config.start) if config.start and checkpoint is None else None
    card = weights.card if weights else None
    channel = None if resume else _followed_channel(config, card, data)
    return _Start(resume, checkpoint, weights, channel)


def _read_images(data: TrainingData, display: ProgressDisplay) -> _Images:
    with display.counting("reading images") as progress:
        train, val = load_both(data.train, data.val, progress)
    return _Images(data, train, val, dataset_statistics(train))


def _resolve(config: RunConfig, start: _Start, images: _Images, devices: Devices) -> RunConfig:
    """The settings with all that follows from images, start and devices."""
    classes, begins = images.data.train.classes, not start.resume
    config = resolve_network(config, start.card, classes, images.statistics, begins=begins)
    batch = choose_batch(config.training.batch, config.augment.crop or LARGEST, devices)
    return config.replace(training=config.training.replace(batch=batch))


def _check_resumable(job: Job) -> None:
    """`InputError` where a checkpoint is of another network, or ended without any that is kept."""
    if job.checkpoint is None:
        return
    job.checkpoint.check_fits(job.module.segmenter)
    if job.used_up and not (job.run / BEST).exists():
        nothing_kept = ", and no validation has kept a network yet"
        raise InputError(_used_up_message(job, job.checkpoint, nothing_kept))


def _load_weights(job: Job, start: _Start) -> str:
    """Load the weights to begin with, if any; what of those of another model was taken over."""
    segmenter, config = job.module.segmenter, job.config
    if start.checkpoint is None:
        load_imagenet_weights(segmenter, weights_origin(config, segmenter))
    if start.weights is None:
        return ""
    return load_matching_weights(segmenter, start.weights, config.start)


def _baseline(config: RunConfig, images: _Images) -> ShippedBaseline | None:
    """The shipped model beside which the run is judged; of a trial none."""
    if config.training.steps < FEWEST_STEPS:
        return None
    classes = images.data.train.classes
    return shipped_baseline(images.val, classes, kind=config.kind, start=config.start)


def _about_images(images: _Images) -> list[str]:
    """The number of images, and warnings about them, as lines."""
    objects = sum(int((~stored.instances.ignore).sum()) for stored in images.val.stored)
    doubts = (bare_planes_warning(images.train), copies_warning(images.train, images.val))
    return [
        describe_data(images.data, NAMES),
        *(doubt for doubt in doubts if doubt),
        *data_warnings(images.statistics, objects),
        *_class_numbers(images),
    ]


def _class_numbers(images: _Images) -> list[str]:
    classes = images.data.train.classes
    labels = {label for stored in images.train.stored for label in stored.instances.labels.tolist()}
    if not count_from_one(classes, {classes[label] for label in labels}):
        return []
    return [f"! {NUMBERS_FROM_ONE}: {ADVICE_ON_NUMBERS}"]


def _about_network(
    config: RunConfig, start: _Start, images: _Images, job: Job, loaded: str
) -> list[str]:
    """What was chosen for the settings `config`, and what is begun from, as lines."""
    origin = weights_origin(job.config, job.module.segmenter)
    channel = (
        f"in channel {start.channel}, as {config.start} learned (another with --set "
        "data.channel=N, all with data.channel=all)"
    )
    lines = [
        describe_scale(working_scale(config, images.statistics, start.card)),
        receptive_field_warning(job.config, images.statistics),
        _resume_message(job) if start.resume else "",
        channel if start.channel is not None else "",
        f"from {config.start}: {loaded}" if loaded else "",
        "" if start.resume else choose_backbone(config, images.statistics).reason,
        f"from {origin}" if origin == IMAGENET and start.checkpoint is None else "",
    ]
    return [line for line in lines if line]


def _fit_and_finish(
    job: Job,
    images: _Images,
    baseline: ShippedBaseline | None,
    *,
    display: ProgressDisplay,
    signals: Signals,
) -> Path:
    """Train what is left, and make the model file of the best network."""
    wanted = job.config.training
    card = first_card(
        job.config,
        images.statistics,
        start=weights_origin(job.config, job.module.segmenter),
        val_images=len(images.val),
    )
    with closing(RunLogger(job.run, first_step=job.first_step)) as logger:
        if not job.used_up:
            reporter = TrainingReporter(
                job, card, images.val, logger=logger, display=display, signals=signals
            )
            with display:
                _fit(job, reporter)
        else:
            dismiss_followers()
        network, card = _best(job, card)
        ended = (
            job.checkpoint if job.checkpoint and job.used_up else Checkpoint.read(job.run / LAST)
        )
        write_learned(job.run, (kept.fingerprint for kept in images.train.stored))  # with the model
        return finish(
            job.run,
            network,
            card,
            images.val,
            training_samples=judged_training_samples(images.train, wanted),
            int8=wanted.int8,
            longer=how_to_go_on(wanted, ended),
            baseline=baseline,
            logger=logger,
            display=display,
        )


def _followed_channel(config: RunConfig, start: Card | None, data: TrainingData) -> Channel | None:
    """The channel that the start learned from, where the data have several and none is given."""
    if start is None or start.channel is None or config.data.channel is not None:
        return None
    return start.channel if data.has_several_channels else None


def _fit(job: Job, reporter: TrainingReporter) -> None:
    """Choose threads and precision, start the processes of further devices, and train."""
    wanted = job.config.training
    with explained(wanted):
        chosen = choose_mode(wanted.precision, wanted.threads, job.devices, lambda: step_timer(job))
    torch.set_num_threads(chosen.threads)
    reporter.display.print_line(chosen.reason)
    callback = TrainingCallback(job, reporter.signals, reporter)
    with followers(job, chosen.precision):
        fit(job, callback, reporter.signals, chosen.precision)


def _resume_message(job: Job) -> str:
    if job.checkpoint is None:
        return "no checkpoint yet"
    if job.used_up:
        return _used_up_message(job, job.checkpoint)
    return f"going on from step {job.first_step}"


def _used_up_message(job: Job, done: Checkpoint, more: str = "") -> str:
    """The sentence on a training of which nothing is left, and on how to go on."""
    return (
        f"nothing is left to train at step {done.step}, for {job.used_up} is used up{more}; to go "
        f"on: {how_to_go_on(job.config.training, done)}"
    )


def _best(job: Job, card: Card) -> tuple[Segmenter, Card]:
    """The averaged network that validation kept, and the card with its training time."""
    network = job.module.averaged
    best = Checkpoint.read(job.run / BEST)
    network.load_state_dict(best.averaged)
    how_long = {"steps": best.step, "seconds": round(best.seconds)}
    return network.to(job.devices.accelerator), card.replace(training={**card.training, **how_long})
