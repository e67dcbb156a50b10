"""Reading ahead: many files in a few threads, in order, with bounded memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

AT_A_TIME = 32  # results that may wait to be taken


def read_ahead(read: Callable[[int], Result], count: int) -> Iterator[Result]:
    """`read(0), read(1) …` in order; several calls run at a time, in threads."""
    with ThreadPoolExecutor() as pool:
        for start in range(0, count, AT_A_TIME):
            yield from pool.map(read, range(start, min(start + AT_A_TIME, count)))
