"""A training run, from its settings to its model file: what `kontur train` calls."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer, seed_everything

from kontur.data.augment import training_pipeline
from kontur.errors import InputError
from kontur.formats.atomic import write_text
from kontur.models import catalog
from kontur.settings import merge, overrides, read_toml
from kontur.train import quiet
from kontur.train.checkpoint import BEST, LAST, PREVIOUS, WholeFiles, last_good, read_checkpoint
from kontur.train.config import RunConfig, TrainingConfig
from kontur.train.data import open_data, told
from kontur.train.finish import METRICS, MODEL, finish
from kontur.train.loader import Batch, Crops, Prepared, build_loader
from kontur.train.machine import choose_devices, choose_workers, cores
from kontur.train.module import Training
from kontur.train.network import channels_of, first_card, resolve_network
from kontur.train.precision import choose_precision
from kontur.train.progress import Display
from kontur.train.record import CURVES, LINES, Record
from kontur.train.start import averaged_weights, read_start, take_over
from kontur.train.watch import Watch

CONFIG = "config.toml"
NAMES = "validation.txt"
OURS = (CONFIG, NAMES, LAST, PREVIOUS, BEST, MODEL, METRICS, LINES, CURVES)


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
    display: Display | None = None,
) -> Path:
    """Train a segmenter on a folder and write its model file; the path of RUN/model.kontur.

    Args:
        data: the training folder, in any layout that `kontur inspect` recognises.
        out: the run's folder; holds everything that the run writes.
        val: a validation folder, or the share of `data` to hold out. By default `data`'s own `val`
            part, or a tenth of it.
        kind, preset: which family, and which of its presets.
        config: a TOML file of settings, see `RunConfig`.
        settings: `KEY=VALUE` words laid over everything else.
        start: weights to begin with: a shipped model's name, a `.kontur` file or another run.
        resume: go on from the last good checkpoint in `out`, with the settings saved there.
        force: start afresh where `out` holds a run.
        display: where progress is shown; by default standard error.

    Raises:
        InputError: the data, a setting or `out` cannot be used, or the loss stopped being a number.
    """
    run, display = Path(out), display or Display()
    given: dict[str, Any] = {
        "kind": kind,
        "preset": preset,
        "start": start,
        "data": {"path": _word(data), "val": _word(val)},
    }
    with quiet.lightning():
        if resume:
            resolved = _saved(run, given, settings)
        else:
            _make_room(run, force=force)
            file = Path(config) if config else None
            resolved = RunConfig.resolve(file=file, settings=settings, given=_known(given))
        return _train(run, resolved, resume=resume, display=display)


def _train(run: Path, config: RunConfig, *, resume: bool, display: Display) -> Path:
    data = open_data(config.data, seed=config.training.seed)
    start = read_start(config.start) if config.start and not resume else None
    with display.reading("reading images") as progress:
        samples = data.train.load(progress)
        val_samples = data.val.load(progress)
    config = resolve_network(config, start, data.train.classes, samples)
    model = catalog.config(config.kind, config.model)
    write_text(run / CONFIG, config.to_toml())
    write_text(run / NAMES, "".join(f"{name}\n" for name in data.val.names))
    display.say(told(data, NAMES))

    found = last_good(run, display.say) if resume else None
    first_step = int(found[1]["global_step"]) if found else 0
    if resume:
        display.say(f"going on from step {first_step}" if found else "no checkpoint yet")

    seed_everything(config.training.seed, workers=False, verbose=False)
    segmenter = catalog.segmenter(config.kind, model)
    if start:
        display.say(f"from {config.start}: {take_over(segmenter, start.weights)}")
    pipeline = training_pipeline(config.augment, channels_of(model), config.normalise)
    prepared = Prepared(samples, pipeline, megabytes=config.data.cache)
    crops = Crops(prepared, kind=config.kind, model=model, seed=config.training.seed)
    card = first_card(config, model, data, samples, len(val_samples))
    module = Training(segmenter, config.optimiser, config.training)
    record = Record(run, first_step=first_step)
    if not is_over(config.training, found[1] if found else None):
        watch = Watch(
            run=run,
            config=config.training,
            card=card,  # with the usual thresholds, until they are tuned
            samples=val_samples,
            record=record,
            display=display,
        )
        with display:
            _fit(run, config, module, crops, watch, found[0] if found else None, first_step)
    elif found:
        module.load_state_dict(found[1]["state_dict"])

    best = run / BEST
    network = module.averaged
    if best.exists():
        network.load_state_dict(averaged_weights(best))
        steps = read_checkpoint(best)
        card = card.replace(training={**card.training, **_how_long(steps)})
    model_file = finish(run, network.cpu(), card, val_samples, record=record, display=display)
    record.close()
    return model_file


def is_over(config: TrainingConfig, checkpoint: Mapping[str, Any] | None) -> bool:
    """Whether all steps, or all minutes, had been trained when the checkpoint was written."""
    if checkpoint is None:
        return False
    if config.minutes is not None and checkpoint["seconds"] >= 60 * config.minutes:
        return True
    return int(checkpoint["global_step"]) >= config.steps


def _fit(
    run: Path,
    config: RunConfig,
    module: Training,
    crops: Crops,
    watch: Watch,
    checkpoint: Path | None,
    first_step: int,
) -> None:
    """The steps from `first_step` on."""
    wanted = config.training
    accelerator, devices = choose_devices(wanted.accelerator, wanted.devices)
    torch.set_num_threads(cores())

    def trial() -> Batch:
        batch: Batch = next(iter(build_loader(crops, kind=config.kind, batch=2, workers=0)))
        return batch

    precision = choose_precision(wanted.precision, accelerator, module.segmenter, trial)
    watch.display.say(f"precision {precision.name}: {precision.reason}")
    trainer = Trainer(
        accelerator=accelerator,
        devices=devices,
        strategy="auto",
        precision=precision.name,  # type: ignore[arg-type]
        max_steps=wanted.steps,
        max_epochs=-1,
        logger=False,
        callbacks=[watch],
        plugins=[WholeFiles()],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        default_root_dir=str(run),
    )
    loader = build_loader(
        crops,
        kind=config.kind,
        batch=wanted.batch,
        workers=choose_workers(wanted.workers, accelerator),
        first_step=first_step,
        rank=trainer.global_rank,
        devices=trainer.world_size,
        pin=accelerator == "cuda",
    )
    trainer.fit(module, loader, ckpt_path=str(checkpoint) if checkpoint else None)


def _how_long(checkpoint: dict[str, Any]) -> dict[str, Any]:
    return {"steps": int(checkpoint["global_step"]), "seconds": round(checkpoint["seconds"])}


def _make_room(run: Path, *, force: bool) -> None:
    if run.is_file():
        raise InputError(f"--out wants a folder, but {run} is a file")
    there = [name for name in OURS if (run / name).exists()]
    if there and not force:
        raise InputError(
            f"{run} holds a run already ({there[0]}); go on with --resume, start afresh with "
            "--force, or give another --out"
        )
    for name in there:
        (run / name).unlink()


def _saved(run: Path, given: dict[str, Any], settings: Iterable[str]) -> RunConfig:
    """The settings of the run that goes on; more steps may be asked for, other data may not."""
    if not (run / CONFIG).exists():
        raise InputError(
            f"there is no run to go on with in {run} (no {CONFIG}); leave out --resume"
        )
    tree = merge(read_toml(run / CONFIG), _known(given), overrides(settings))
    return RunConfig.read(tree, where=str(run / CONFIG))


def _known(tree: dict[str, Any]) -> dict[str, Any]:
    """Without what was not given."""
    plain = {k: _known(v) if isinstance(v, dict) else v for k, v in tree.items()}
    return {k: v for k, v in plain.items() if v is not None}


def _word(value: str | Path | float | None) -> str | float | None:
    return str(value) if isinstance(value, Path) else value
