"""How fast training steps are beside other work on the processors, by how threads wait.

For every setting of `OMP_WAIT_POLICY` and number of threads a process of its own trains for some
seconds, alone and beside busy loops; the settings take turns, and the medians are shown.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from report import heading, table

WAYS = (("ACTIVE", 2), ("PASSIVE", 2), ("PASSIVE", 1))


def main() -> None:
    options = _options()
    if options.threads is not None:
        print(images_a_second(options))
        return
    heading(
        f"Images a second of training the preset {options.preset}, crops of {options.crop} pixels, "
        f"beside {options.loops} busy loops, {options.repeats} times {options.seconds:.0f} s"
    )
    speeds: dict[tuple[str, int, int], list[float]] = {}
    for _ in range(options.repeats):
        for loops in (0, options.loops):
            with busy(loops):
                for policy, threads in WAYS:
                    command = [sys.executable, *sys.argv, "--threads", str(threads)]
                    environment = {**os.environ, "OMP_WAIT_POLICY": policy}
                    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE)
                    speeds.setdefault((policy, threads, loops), []).append(float(done.stdout))
    rows = [
        [policy, str(threads)]
        + [f"{statistics.median(speeds[policy, threads, n]):.1f}" for n in (0, options.loops)]
        for policy, threads in WAYS
    ]
    print(table(["OMP_WAIT_POLICY", "threads", "alone", "beside the loops"], rows))


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """So many processes that compute without end, for as long as the block runs."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def images_a_second(options: argparse.Namespace) -> float:
    """Whole steps of this process, the first of which does not count."""
    import torch

    from kontur.data.transforms.augment import training_pipeline
    from kontur.models import catalog
    from kontur.train.config import DataConfig, RunConfig
    from kontur.train.dataloader import Crops, PreparedSamples, build_loader
    from kontur.train.timing import StepMode, StepTimer
    from kontur.train.training_data import open_data

    run = RunConfig(preset=options.preset)
    model = catalog.config(run.kind, {}, preset=run.preset)
    samples = open_data(DataConfig(path=str(options.data)), seed=0).train.load()
    pipeline = training_pipeline(
        run.augment.replace(crop=options.crop), model.channels, run.normalise
    )
    prepared = PreparedSamples(samples, pipeline, megabytes=2000)
    crops = Crops(prepared, kind=run.kind, model=model, seed=0)
    torch.manual_seed(0)
    batches = iter(build_loader(crops, kind=run.kind, batch=8, workers=1))
    timer = StepTimer(catalog.segmenter(run.kind, model), batches, run.optimiser)
    mode = StepMode(bf16=False, threads=options.threads)
    timer(mode)
    start, steps = time.monotonic(), 0
    while time.monotonic() - start < options.seconds:
        timer(mode)
        steps += 1
    return 8 * steps / (time.monotonic() - start)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="a training folder")
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--crop", type=int, default=128)
    parser.add_argument("--loops", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)  # of one measurement
    return parser.parse_args()


if __name__ == "__main__":
    main()
