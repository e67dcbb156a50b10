"""A training run, from its settings to its model file: what `kontur train` calls."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import torch

from kontur.data.augment import LARGEST
from kontur.data.dataset_statistics import data_warnings, dataset_statistics
from kontur.data.working_scale import describe_scale
from kontur.errors import InputError
from kontur.formats.atomic import write_text
from kontur.formats.channels import Channel
from kontur.formats.only_writer import only_writer
from kontur.infer.learned_images import NAMES, read_names, write_learned, write_names
from kontur.models.card import Card
from kontur.models.segmenter import Segmenter
from kontur.train.callbacks import TrainingCallback, TrainingReporter, judged_training_samples
from kontur.train.checkpoint import BEST, LAST, Checkpoint, newest_checkpoint
from kontur.train.choose_backbone import choose_backbone
from kontur.train.config import RunConfig
from kontur.train.devices import choose_batch, choose_devices, launched
from kontur.train.distributed import dismiss_followers, follow_leader, followers
from kontur.train.logger import RunLogger
from kontur.train.network import (
    IMAGENET,
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
from kontur.train.results import MODEL, finish
from kontur.train.run_files import (
    CONFIG,
    refuse_existing_run,
    remove_run_files,
    resumed_config,
)
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
from kontur.train.training_data import TrainingData, copies_warning, describe_data, open_data


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
        display: where progress is shown; by default standard error.

    Under torchrun every process calls this with the same arguments; one reads, writes and shows.

    Raises:
        InputError: the data, a setting or `out` cannot be used, another process trains there, or
            the training diverged.
        Stopped: a KeyboardInterrupt, after Ctrl-C or SIGTERM; the last step is in a checkpoint.
    """
    run, display = Path(out), display or ProgressDisplay()
    group = launched()
    if group is not None and group.rank > 0:
        follow_leader()
        return run / MODEL
    given = _without_none(
        {
            "kind": kind,
            "preset": preset,
            "start": start,
            "data": {"path": _as_setting(data), "val": _as_setting(val)},
        }
    )
    if resume and force:
        raise InputError("--resume goes on with a run and --force starts afresh; give one")
    with quiet_lightning(), Signals() as signals, only_writer(run):
        file = Path(config) if config else None
        if resume:
            resolved = resumed_config(run, given, settings, file=file)
        else:
            if not force:
                refuse_existing_run(run)
            resolved = RunConfig.resolve(file=file, settings=settings, given=given)
        return _train(run, resolved, resume=resume, display=display, signals=signals)


def _train(
    run: Path, config: RunConfig, *, resume: bool, display: ProgressDisplay, signals: Signals
) -> Path:
    """Everything is read and checked before an earlier run in the folder is removed."""
    devices = choose_devices(config.training.accelerator, config.training.devices)
    kept = read_names(run) if resume else None
    data = open_data(config.data, seed=config.training.seed, kept=kept)
    checkpoint = newest_checkpoint(run, display.print_line) if resume else None
    start = read_initial_weights(config.start) if config.start and checkpoint is None else None
    card = start.card if start else None
    channel = None if resume else _followed_channel(config, card, data)
    if channel is not None:
        data = data.in_channel(channel)
        config = config.replace(data=config.data.replace(channel=channel))
    with display.counting("reading images") as progress:
        samples = data.train.load(progress)
        val_samples = samples if data.val is data.train else data.val.load(progress)
    statistics = dataset_statistics(samples)
    scale = working_scale(config, statistics, card)
    backbone = choose_backbone(config, statistics)
    config = resolve_network(config, card, data.train.classes, statistics, begins=not resume)
    batch = choose_batch(config.training.batch, config.augment.crop or LARGEST, devices)
    config = config.replace(training=config.training.replace(batch=batch))
    job = make_job(run, config, samples, devices=devices, checkpoint=checkpoint)
    if checkpoint is not None:
        checkpoint.check_fits(job.module.segmenter)
        if job.used_up and not (run / BEST).exists():
            nothing_kept = ", and no validation has kept a network yet"
            raise InputError(_what_is_used_up(job, checkpoint, nothing_kept))
    origin = weights_origin(config, job.module.segmenter)
    if checkpoint is None:
        load_imagenet_weights(job.module.segmenter, origin)
    loaded = load_matching_weights(job.module.segmenter, start, config.start) if start else None

    if not resume:
        remove_run_files(run)
    write_text(run / CONFIG, config.to_toml())
    write_names(run, data.val_names)
    signals.saved(job.first_step)
    display.print_line(describe_data(data, NAMES))
    if warning := copies_warning(samples, val_samples):
        display.print_line(warning)
    validated = sum(int((~stored.instances.ignore).sum()) for stored in val_samples.stored)
    for warning in data_warnings(statistics, validated):
        display.print_line(warning)
    display.print_line(describe_scale(scale))
    if warning := receptive_field_warning(config, statistics):
        display.print_line(warning)
    if resume:
        display.print_line(_where_it_resumes(job))
    if channel is not None:
        display.print_line(
            f"in channel {channel}, as {config.start} learned (another with --set data.channel=N, "
            "all with data.channel=all)"
        )
    if loaded:
        display.print_line(f"from {config.start}: {loaded}")
    if not resume and backbone.reason:
        display.print_line(backbone.reason)
    if origin == IMAGENET and not job.checkpoint:
        display.print_line(f"from {origin}")

    card = first_card(config, statistics, start=origin, val_images=len(val_samples))
    with closing(RunLogger(run, first_step=job.first_step)) as logger:
        if not job.used_up:
            reporter = TrainingReporter(
                job, card, val_samples, logger=logger, display=display, signals=signals
            )
            with display:
                _fit(job, reporter)
        else:
            dismiss_followers()
        network, card = _best(job, card)
        ended = checkpoint if checkpoint and job.used_up else Checkpoint.read(run / LAST)
        write_learned(run, (kept.fingerprint for kept in samples.stored))  # with the model
        training_samples = judged_training_samples(samples, config.training)
        return finish(
            run,
            network,
            card,
            val_samples,
            training_samples=training_samples,
            int8=config.training.int8,
            longer=how_to_go_on(config.training, ended),
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


def _where_it_resumes(job: Job) -> str:
    if job.checkpoint is None:
        return "no checkpoint yet"
    if job.used_up:
        return _what_is_used_up(job, job.checkpoint)
    return f"going on from step {job.first_step}"


def _what_is_used_up(job: Job, done: Checkpoint, more: str = "") -> str:
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


def _without_none(tree: dict[str, Any]) -> dict[str, Any]:
    """A nested mapping without the values that are None."""
    plain = {k: _without_none(v) if isinstance(v, dict) else v for k, v in tree.items()}
    return {k: v for k, v in plain.items() if v is not None}


def _as_setting(value: str | Path | float | None) -> str | float | None:
    return str(value) if isinstance(value, Path) else value
