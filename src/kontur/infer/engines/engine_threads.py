"""The threads of an engine, and the parts in which they share the objects of an image."""

import math
import os
from concurrent.futures import Executor
from contextlib import suppress
from itertools import pairwise
from queue import Empty, SimpleQueue

from kontur.models.graphs import Work

PART = 256  # objects that a thread takes through all graphs: to change graphs costs time, too
# Objects that processors take side by side: where a part or a run begins elsewhere, some are taken
# one by one, by other sums, and the last digit of a score would depend on the number of threads.
TOGETHER = 8


def processors() -> int:
    """The number of processors that this process and those that it starts may use.

    `OMP_NUM_THREADS` does not limit it: it is of the threads of one process, and torchrun and many
    machines set it to 1.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def in_parts(work: Work, count: int, *, threads: int, pool: Executor | None) -> None:
    """The threads take the parts in turns, the calling one too, for waking another costs."""
    waiting: SimpleQueue[slice] = SimpleQueue()
    for part in parts_of(count, threads):
        waiting.put(part)

    def take() -> None:
        while (part := _next(waiting)) is not None:
            try:
                work(part)
            except BaseException:
                while _next(waiting) is not None:  # nobody needs what is left
                    pass
                raise

    helpers = min(threads, waiting.qsize()) - 1
    futures = [pool.submit(take) for _ in range(helpers)] if pool else []
    take()
    for future in futures:
        if not future.cancel():  # one that has not begun finds nothing left
            future.result()


def _next(waiting: "SimpleQueue[slice]") -> slice | None:
    with suppress(Empty):
        return waiting.get_nowait()
    return None


def parts_of(count: int, threads: int) -> list[slice]:
    """The parts of so many objects, as many for each thread, where there are enough of them.

    >>> parts_of(21, 2)
    [slice(0, 8, None), slice(8, 21, None)]
    """
    sharing = max(1, min(threads, _nearest(count) // TOGETHER))
    parts = sharing * math.ceil(count / (PART * sharing))
    return [slice(*edge) for edge in pairwise(part_edges(count, parts))]


def part_edges(count: int, parts: int) -> list[int]:
    """Where parts of so many objects begin and the last one ends: at multiples of `TOGETHER`."""
    starts = (_nearest(count * number / parts) for number in range(parts))
    return [*dict.fromkeys((*starts, count))] if parts else []


def _nearest(place: float) -> int:
    """The multiple of `TOGETHER` that is nearest, of two the larger."""
    return math.floor(place / TOGETHER + 0.5) * TOGETHER
