"""Training on several devices: a process for each, of which the first leads and alone writes.

Lightning would start the user's whole command or script again for every further device. Here each
follower is `python -m kontur.train.distributed RUN PRECISION [CHECKPOINT]`, which reads the
settings that the leader has saved, so that scripts run once, notebooks can use all devices, and
only one process creates and clears folders. A follower takes the same steps as the leader on other
crops; it writes no files and prints only errors.

On several machines torchrun starts the processes. The first of them leads as well, and tells the
others through their group what it trains; they follow or, where nothing is to be trained, end.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import torch
from lightning.fabric.plugins.environments.lightning import find_free_network_port

from kontur.errors import InputError
from kontur.infer.learned_images import read_names
from kontur.train.callbacks import TrainingCallback
from kontur.train.checkpoint import Checkpoint
from kontur.train.config import Precision
from kontur.train.devices import choose_devices, launched
from kontur.train.saved_settings import read_config
from kontur.train.signals import Signals, Stopped
from kontur.train.timing import LIGHTNING
from kontur.train.trainer import Job, fit, make_job, quiet_lightning
from kontur.train.training_data import open_data

Process = subprocess.Popen[bytes]
POLL = 0.5  # seconds between checks that the followers are alive
PATIENCE = 60.0  # seconds in which followers must end after the last step
READING = timedelta(hours=2)  # in which the leader has read all images


@contextmanager
def followers(job: Job, precision: Precision) -> Iterator[None]:
    """A context with a follower for every device but the first; all are ended after it."""
    number, run = job.devices.number, str(job.run.absolute())
    words = [run, precision, *([str(job.checkpoint.path)] if job.checkpoint else [])]
    if number == 1:
        yield
    elif launched() is not None:
        with _group():
            _broadcast(words)
            yield
    else:
        with _started(words, number):
            yield


def dismiss_followers() -> None:
    """For a leader with nothing to train: the processes that torchrun started end."""
    group = launched()
    if group is not None and group.number > 1:
        with _group():
            _broadcast([])


def follow_leader() -> None:
    """For a process that torchrun started and that is not the first: train what that one does.

    Errors as in `follow`.
    """
    with _group():
        words = _broadcast([])
        if words:
            _follow(words)


@contextmanager
def _group() -> Iterator[None]:
    """The group of all processes that torchrun started."""
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    torch.distributed.init_process_group(backend, timeout=READING)
    try:
        yield
    finally:
        leave()


def _broadcast(words: list[str]) -> list[str]:
    """The words of the first process, in every process of the group."""
    shared = [words]
    torch.distributed.broadcast_object_list(shared, src=0, device=torch.device("cpu"))
    return shared[0]


@contextmanager
def _started(words: Sequence[str], number: int) -> Iterator[None]:
    """Processes on this machine that follow, and an environment in which this one leads."""
    outer = dict(os.environ)
    os.environ |= {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(find_free_network_port()),
        "NODE_RANK": "0",
        "WORLD_SIZE": str(number),
        "LOCAL_RANK": "0",
    }
    processes = [_start(words, rank) for rank in range(1, number)]
    done = threading.Event()
    threading.Thread(target=_guard, args=(processes, done), daemon=True).start()
    try:
        yield
        end = time.monotonic() + PATIENCE
        for process in processes:
            process.wait(max(0.0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        pass  # their work is done
    finally:
        done.set()
        _kill(processes)
        leave()
        os.environ.clear()
        os.environ.update(outer)


def leave() -> None:
    """Leave the group of processes, so that another run can create one."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _start(words: Sequence[str], rank: int) -> Process:
    return subprocess.Popen(
        [sys.executable, "-m", "kontur.train.distributed", *words],
        env={**os.environ, "LOCAL_RANK": str(rank)},
        stdin=subprocess.DEVNULL,
    )


def _guard(processes: Sequence[Process], done: threading.Event) -> None:
    """End all processes where a follower failed, for which the others would wait for ever.

    The leader then waits inside the communication library, where no exception can be raised. Its
    files are complete at any moment, so it can exit at once.
    """
    while not done.wait(POLL):
        if any(process.poll() for process in processes):
            _kill(processes)
            print(
                "Error: the process of another device ended, see above; go on with --resume",
                file=sys.stderr,
                flush=True,
            )
            os._exit(1)


def _kill(processes: Sequence[Process]) -> None:
    for process in processes:
        process.kill()
        process.wait()


def follow(run: Path, precision: Precision, checkpoint: Checkpoint | None) -> None:
    """Train along with the leader until it ends."""
    config = read_config(run)
    training = config.training
    devices = choose_devices(training.accelerator, training.devices)
    if launched() is None:
        devices = devices._replace(rank=int(os.environ["LOCAL_RANK"]))
    samples = open_data(config.data, seed=training.seed, kept=read_names(run)).train.load()
    job = make_job(run, config, samples, devices=devices, checkpoint=checkpoint)
    with quiet_lightning(), Signals() as signals:
        fit(job, TrainingCallback(job, signals, reporter=None), signals, precision)


def _follow(words: Sequence[str]) -> None:
    run, word, *path = words
    (precision,) = (known for known in LIGHTNING if known == word)
    follow(Path(run), precision, Checkpoint.read(Path(path[0])) if path else None)


def main() -> int:
    """The exit code; errors go to standard error."""
    try:
        _follow(sys.argv[1:])
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except Stopped:
        pass  # the leader prints it
    finally:
        leave()
    return 0


if __name__ == "__main__":
    sys.exit(main())
