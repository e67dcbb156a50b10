"""How fast this Kontur trains beside another one, as ratios of images a second.

Each side is a whole `kontur.train` in a process of its own with its own code: loader, precision and
threads that it chooses, losses, optimiser, averaged weights, Lightning. They take turns of some
seconds, in which the others wait, so what else the machine does meets all of them; first alone,
then beside busy loops. This one trains with its own defaults, before and after the middle of a
training, where the refinement of outlines begins, and with the network and the optimiser of the
other, so that both do the same work; if wanted also in two processes, each with half of the threads
and a batch of its own.

    git worktree add ../first 7b6fe23
    python benchmarks/train_beside.py dsb2018/train --other ../first/src
"""

import argparse
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from answering import Answering
from beside_work import busy
from report import heading, table

import kontur

# What the first build did not have: with these both train one network in one way.
SAME_WORK = (
    "optimiser.name=adamw",
    "model.edge.kind=none",
    "model.quality=false",
    "data.scale=1",
    "training.freeze_backbone=false",
)
TWO_PROCESSES = ("training.accelerator=cpu", "training.devices=2")
UNDISTURBED = ("training.steps=1000000", "training.validate_every=1000000", "training.patience=0")

# Trains, and waits after a step whenever its turn is over. Reads the seconds of a turn a line, and
# answers with images a second by the wall clock and by processor time, all processes included. The
# first steps of a turn do not count: the loader has made their batches before.
SERVER = """
import json, os, sys, time
from pathlib import Path
import kontur.train
from kontur.train.module import Training

data, out, preset, *settings = sys.argv[1:]
PREPARED = 6
step = Training.optimizer_step

def family(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()  # Linux
    return [pid, *(each for child in children for each in family(int(child)))]

def clocks():
    pids = family(os.getpid())
    return time.monotonic(), sum(time.clock_gettime(~pid << 3 | 2) for pid in pids)

def turns(batch):
    print(json.dumps([batch]), flush=True)
    for line in sys.stdin:
        for _ in range(PREPARED):
            yield
        start, images = clocks(), 0
        while clocks()[0] < start[0] + float(line):
            yield
            images += batch
        print(json.dumps([images / (now - then) for now, then in zip(clocks(), start)]), flush=True)
    os._exit(0)  # nobody wants the model

turn = None

def in_turns(self, *arguments, **options):
    global turn
    step(self, *arguments, **options)
    turn = turn or turns(self.training_config.batch * self.trainer.world_size)
    next(turn)
    self.pause()  # a wait is no training

Training.optimizer_step = in_turns
kontur.train(data, out=out, preset=preset, settings=settings)
"""


def main() -> None:
    options = _options()
    heading(
        f"Images a second of training in turns of {options.seconds:.0f} s, {options.threads} "
        f"threads, alone and beside {options.loops} busy loops, medians of {options.repeats}"
    )
    here = Path(kontur.__file__).parents[1]
    sides = {
        "the other": (options.other.resolve(), []),
        "this, the other's work": (here, [*SAME_WORK, *options.set]),
        "this, first half": (here, options.set),
        "this, second half": (here, ["training.stages=joint", *options.set]),
    }
    if options.two_processes:
        twice = {name: (here, [*own, *TWO_PROCESSES]) for name, (_, own) in list(sides.items())[1:]}
        sides |= {f"{name}, two processes": side for name, side in twice.items()}
    rows = []
    for preset in options.presets:
        with TemporaryDirectory() as place, ExitStack() as stack:
            servers = {}
            for i, (name, (source, settings)) in enumerate(sides.items()):
                command = [sys.executable, "-c", SERVER, options.data.resolve(), f"{place}/{i}"]
                command += [preset, *UNDISTURBED, *settings]
                environment = {**os.environ, "PYTHONPATH": str(source)}
                environment["OMP_NUM_THREADS"] = str(options.threads)
                servers[name] = Answering(command, environment, Path(place))
                stack.callback(servers[name].close)
            for loops in dict.fromkeys((0, options.loops)):
                with busy(loops):
                    rows += _rows([preset, str(loops)], servers, options)
    head = ["preset", "loops", "which", "images/s", "ratio", "per processor second", "ratio"]
    print(table(head, rows))


def _rows(
    first: Sequence[str], servers: Mapping[str, Answering], options: argparse.Namespace
) -> list[list[str]]:
    """A row for each side: images a second by both clocks, medians, and the ratios to the first."""
    speeds: dict[str, list[tuple[float, float]]] = {name: [] for name in servers}
    for repeat in range(1 + options.repeats):
        for name, server in servers.items():
            speed = server.ask(str(options.seconds))
            if repeat:  # in the first turn threads are chosen for what the machine is doing now
                speeds[name].append(speed)
    others, *_ = speeds.values()
    rows = []
    for name, own in speeds.items():
        cells = []
        for mine, theirs in zip(zip(*own, strict=True), zip(*others, strict=True), strict=True):
            ratio = statistics.median(a / b for a, b in zip(mine, theirs, strict=True))
            cells += [f"{statistics.median(mine):.1f}", f"{ratio:.2f}"]
        rows.append([*first, name, *cells])
        print(" ", *rows[-1], flush=True)
    return rows


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="a training folder")
    parser.add_argument(
        "--other", type=Path, required=True, help="the src folder of another Kontur"
    )
    parser.add_argument("--presets", nargs="+", default=["tiny", "fast"])
    parser.add_argument("--loops", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=8.0, help="of a turn")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--two-processes", action="store_true", help="also of this side")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="for this side")
    return parser.parse_args()


if __name__ == "__main__":
    main()
