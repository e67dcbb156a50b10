"""Several devices: a process for each, of which the first leads and alone writes.

Lightning would start the user's whole command or script again for every further device. Here each
follower is `python -m kontur.train.follow`, which takes the settings that the leader has saved; so
scripts run once, notebooks can use all devices, and only one process makes and clears folders.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from lightning.fabric.plugins.environments.lightning import find_free_network_port
from lightning.pytorch.strategies import DDPStrategy, Strategy

from kontur.train.config import Precision
from kontur.train.job import Job
from kontur.train.machine import Devices

Process = subprocess.Popen[bytes]

GLANCE = 0.5  # seconds between looks at whether the followers still live
PATIENCE = 60.0  # seconds that followers have to end after the last step


class Joined(DDPStrategy):
    """Distributed data parallel training of processes that are there already."""

    def _configure_launcher(self) -> None:
        self._launcher = None


def strategy(devices: Devices, *, unused: bool) -> Strategy | str:
    """Lightning's strategy for these devices; `unused`: some weights may have no gradient."""
    if devices.number == 1:
        return "auto"
    return Joined(gradient_as_bucket_view=True, find_unused_parameters=unused)


@contextmanager
def followers(job: Job, precision: Precision) -> Iterator[None]:
    """Have a follower for every device but the first; none lives on after the block."""
    number = job.devices.number
    if number == 1:
        yield
        return
    outer = dict(os.environ)
    os.environ |= {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(find_free_network_port()),
        "NODE_RANK": "0",
        "WORLD_SIZE": str(number),
        "LOCAL_RANK": "0",
    }
    words = [str(job.run), precision, *([str(job.checkpoint.path)] if job.checkpoint else [])]
    processes = [_start(words, rank) for rank in range(1, number)]
    done = threading.Event()
    threading.Thread(target=_guard, args=(processes, done), daemon=True).start()
    try:
        yield
        end = time.monotonic() + PATIENCE
        for process in processes:
            process.wait(max(0.0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        pass  # what they had to do is done
    finally:
        done.set()
        _kill(processes)
        leave()
        os.environ.clear()
        os.environ.update(outer)


def leave() -> None:
    """Leave the group of processes, so that another run can make one."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _start(words: Sequence[str], rank: int) -> Process:
    return subprocess.Popen(
        [sys.executable, "-m", "kontur.train.follow", *words],
        env={**os.environ, "LOCAL_RANK": str(rank)},
        stdin=subprocess.DEVNULL,
    )


def _guard(processes: Sequence[Process], done: threading.Event) -> None:
    """End everything where a follower failed: the others would wait for it for ever.

    The leader then sits inside the communication library, where no exception reaches it. Its files
    are whole at any moment, so it can be left at once.
    """
    while not done.wait(GLANCE):
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
