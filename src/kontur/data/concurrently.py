"""Several calls of a function at a time, their results in order."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2  # calls a worker that are begun or waiting before the first result is taken
READERS = 8  # threads for what waits for disks, however few processors there are


def concurrently(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int = READERS
) -> Generator[Result, None, None]:
    """`function` of every item, in their order, by so many threads at a time; one: by the caller's.

    An exception is raised in its turn. Then, and where the generator is closed, no further call
    begins, and those that run are waited for.
    """
    if workers == 1:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
