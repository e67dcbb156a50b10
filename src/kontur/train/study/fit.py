"""`python -m kontur.train.study.fit CONFIG.toml RUN COST.json`: a fit of a study, and its cost.

A training as by `kontur train`, in a process of its own; one that was interrupted is resumed in
RUN. The baseline, which is not trained, is tuned instead.
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from kontur.errors import InputError
from kontur.files.atomic import write_text
from kontur.infer.load import MODEL_ENDING
from kontur.infer.worker_process import MEGABYTE, PATIENCE, end_with_parent, peak_memory
from kontur.models import catalog
from kontur.train.config import RunConfig
from kontur.train.folder_lock import folder_lock
from kontur.train.signals import Stopped

SIGNALLED = 128  # exit code, plus the number of the signal, as in shells


def fit(config: Path, run: Path) -> dict[str, Any]:
    """Fit and write RUN/model.kontur; parameters, seconds and megabytes."""
    start = time.monotonic()
    settings = RunConfig.resolve(file=config, settings=(), given={})
    trainable = catalog.family(settings.kind).trainable
    cost = train(config, run) if trainable else tune(settings, run)
    spent = max(time.monotonic() - start, cost.pop("trained", 0.0))  # also before an interruption
    return {**cost, "seconds": spent}


def train(config: Path, run: Path) -> dict[str, Any]:
    """Train from the first step, or from the last checkpoint in RUN; the cost."""
    import torch

    from kontur.train.checkpoint import Checkpoint
    from kontur.train.run import train as start
    from kontur.train.run_folder import CONFIG, LAST
    from kontur.train.saved_settings import read_config

    with folder_lock(run, wait=PATIENCE):
        pass  # the fit of a study that was killed just now has saved its last step
    if (run / CONFIG).exists():
        start(out=run, resume=True, baseline=False)
    else:
        start(out=run, config=config, baseline=False)
    last = Checkpoint.read(run / LAST)
    used = torch.cuda.max_memory_allocated() / MEGABYTE  # 0 without a GPU
    wanted = read_config(run).training
    shares = [last.step / wanted.steps]
    if wanted.minutes is not None:
        shares.append(last.work / 60 / wanted.minutes)
    return {
        "steps_of_minutes": whole_steps(last.step, max(shares)),
        "stopped_early": float(max(shares) < 1),
        "train_memory": peak_memory(),
        "gpu_memory": used or None,
        "parameters": parameters(run),
        "step_seconds": last.seconds / max(last.step, 1),
        "steps": last.step,
        "trained": last.seconds,
    }


def whole_steps(step: int, share: float) -> int:
    """The number of steps of a training of which `step` are `share`; minutes end within a step.

    >>> whole_steps(706, 1.002), whole_steps(300, 0.5)
    (706, 600)
    """
    return round(step / min(share, 1.0))


def parameters(run: Path) -> int:
    """The number of parameters of a run's network."""
    from kontur.train.saved_settings import read_config

    config = read_config(run)
    network = catalog.segmenter(config.kind, catalog.config(config.kind, config.model))
    return sum(parameter.numel() for parameter in network.parameters())


def tune(config: RunConfig, run: Path) -> dict[str, Any]:
    """Tune the baseline on all images of the fit, those to validate on too; the cost."""
    from kontur.infer.fit_baseline import fit_baseline
    from kontur.models.archive import write_model
    from kontur.train.training_data import open_data

    data = open_data(config.data, seed=config.training.seed)
    folder = data.train
    if config.data.split is not None and data.val is not folder:  # both parts are of one folder
        folder = replace(folder, annotated=(*folder.annotated, *data.val.annotated))
    model = fit_baseline(folder, config.model, config.normalise, name=config.name or config.kind)
    write_model(run / f"model{MODEL_ENDING}", model)
    return {"train_memory": peak_memory()}


def main() -> int:
    """The exit code; errors go to standard error."""
    end_with_parent()
    config, run, out = map(Path, sys.argv[1:])
    try:
        cost = fit(config, run)
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        return SIGNALLED + stopped.number
    write_text(out, json.dumps(cost, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
