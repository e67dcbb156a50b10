"""How long something takes: the median of several calls, after one that warms up."""

import statistics
import time
from collections.abc import Callable


def milliseconds(call: Callable[[], object], *, repeats: int) -> float:
    """The median duration of `repeats` calls; a first one is not counted."""
    call()
    return statistics.median(once(call) for _ in range(repeats))


def once(call: Callable[[], object]) -> float:
    """The duration of one call in milliseconds."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000
