"""How fast a network trains on this machine, and where the time of a step goes.

Images a second of the loader alone and of the whole step; milliseconds of its parts in 32-bit
floats and in bf16, with channels last in memory or first; and the operators that take the most.
Nothing of the training differs from `kontur train` but that each part is timed.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from report import heading, table
from torch.profiler import ProfilerActivity, profile

from kontur.data.transforms.augment import LARGEST, training_pipeline
from kontur.models import catalog
from kontur.train.config import DataConfig, RunConfig
from kontur.train.dataloader import Batch, Crops, PreparedSamples, build_loader
from kontur.train.devices import cores
from kontur.train.optimiser import averaged, build_optimiser
from kontur.train.training_data import open_data

TOP = 15  # operators in the profile
AHEAD = 4  # batches that a worker has ready before anybody asks; they are not counted
PARTS = ("forward", "backward", "optimiser", "average")


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads or cores())
    run = RunConfig.resolve(file=None, settings=options.set, given={"preset": options.preset})
    model = catalog.config(run.kind, run.model, preset=run.preset)
    heading(
        f"Training of preset {run.preset}, batches of {options.batch} crops of "
        f"{run.augment.crop or LARGEST} pixels, {torch.get_num_threads()} threads, "
        f"median of {options.steps} steps"
    )
    crops = _crops(options.data, run, model)
    batches = list(islice(build_loader(crops, kind=run.kind, batch=options.batch, workers=0), 8))
    print(_loader(crops, run.kind, options), end="\n\n")
    rows, fastest = [], ("32", "first", 0.0)
    for precision in ("32", "bf16"):
        for channels in ("first", "last"):
            step = Step(run, model, precision=precision, channels=channels)
            times = step.times(batches, options.steps)
            rate = options.batch * 1000 / sum(times.values())
            cells = [f"{times[part]:.0f}" for part in PARTS]
            rows.append([precision, f"channels {channels}", *cells, f"{rate:.1f}"])
            print(" ", *rows[-1], flush=True)
            fastest = max(fastest, (precision, channels, rate), key=lambda each: each[-1])
    print(f"\n{table(['floats', 'memory', *(f'{p}, ms' for p in PARTS), 'images/s'], rows)}\n")
    precision, channels, _ = fastest
    step = Step(run, model, precision=precision, channels=channels)
    print(_together(step, crops, run.kind, options), end="\n\n")
    print(_profile(step, batches))


class Step:
    """One training step in four parts that can be timed."""

    def __init__(self, run: RunConfig, model: Any, *, precision: str, channels: str):
        torch.manual_seed(0)
        self.name = f"{precision}, channels {channels}"
        self.bf16 = precision == "bf16"
        self.layout = torch.channels_last if channels == "last" else torch.contiguous_format
        self.network = catalog.segmenter(run.kind, model).train()
        self.network.to(memory_format=self.layout)  # type: ignore[call-overload]
        self.average = averaged(self.network, run.training.average)
        self.optimiser = build_optimiser(self.network, run.optimiser)
        self.clip = run.optimiser.clip
        self.spent: dict[str, list[float]] = {part: [] for part in PARTS}

    def __call__(self, batch: Batch) -> None:
        with self._timed("forward"), torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            images = batch.images.contiguous(memory_format=self.layout)
            total = self.network.total(self.network.loss(images, batch.targets))
        with self._timed("backward"):
            total.backward()  # type: ignore[no-untyped-call]
        with self._timed("optimiser"):
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.clip, foreach=True)
            self.optimiser.step()
            self.optimiser.zero_grad()
        with self._timed("average"):
            self.average.update_parameters(self.network)

    def times(self, batches: list[Batch], steps: int) -> dict[str, float]:
        """The median of each part in milliseconds, after a step that warms up."""
        self(batches[0])
        self.spent = {part: [] for part in PARTS}
        for i in range(steps):
            self(batches[i % len(batches)])
        return {part: statistics.median(spent) for part, spent in self.spent.items()}

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.spent[part].append((time.perf_counter() - start) * 1000)


def _crops(data: Path, run: RunConfig, model: Any) -> Crops:
    """The training crops of DATA, images prepared and kept, as a run has them."""
    folder = open_data(DataConfig(path=str(data)), seed=run.training.seed).train
    pipeline = training_pipeline(run.augment, model.channels, run.normalise)
    prepared = PreparedSamples(folder.load(), pipeline, megabytes=run.data.cache)
    return Crops(prepared, kind=run.kind, model=model, seed=run.training.seed)


def _loader(crops: Crops, kind: str, options: argparse.Namespace) -> str:
    """Crops a second when nothing waits but the loader."""
    rows = []
    for workers in (0, 1):
        loader = build_loader(crops, kind=kind, batch=options.batch, workers=workers)
        rate = _rate(loader, lambda _: None, options.steps, options.batch)
        rows.append([str(workers), f"{rate:.1f}", f"{1000 / rate:.1f}"])
    return table(["loader alone, workers", "images/s", "ms an image"], rows)


def _together(step: Step, crops: Crops, kind: str, options: argparse.Namespace) -> str:
    """Images a second of loader and step, as training has them."""
    rows = []
    for workers in (0, 1):
        loader = build_loader(crops, kind=kind, batch=options.batch, workers=workers)
        rate = _rate(loader, step, options.steps, options.batch)
        rows.append([step.name, str(workers), f"{rate:.1f}"])
    return table(["loader and step together", "workers", "images/s"], rows)


def _rate(loader: Any, use: Callable[[Batch], None], steps: int, batch: int) -> float:
    stream = iter(loader)
    for each in islice(stream, AHEAD + 1):
        use(each)
    start = time.perf_counter()
    for each in islice(stream, steps):
        use(each)
    return steps * batch / (time.perf_counter() - start)


def _profile(step: Step, batches: list[Batch]) -> str:
    """The operators that take the most time by themselves, over a few steps."""
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        for batch in batches[:3]:
            step(batch)
    operators = sorted(profiled.key_averages(), key=lambda each: -each.self_cpu_time_total)
    whole = sum(each.self_cpu_time_total for each in operators)
    rows = [
        [
            f"`{each.key}`",
            f"{each.self_cpu_time_total / 3000:.1f}",
            f"{each.self_cpu_time_total / whole:.0%}",
            f"{each.count / 3:.0f}",
        ]
        for each in operators[:TOP]
    ]
    return table([f"operator ({step.name})", "ms a step", "share", "calls a step"], rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="a training folder")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=12, help="timed steps of every kind")
    parser.add_argument("--threads", type=int, help="of torch; by default the usable cores")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="as kontur train")
    return parser.parse_args()


if __name__ == "__main__":
    main()
