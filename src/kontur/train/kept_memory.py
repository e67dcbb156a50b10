"""Memory that one step of a training frees is kept for the next.

The C library of most Linux systems gives large arrays back to the system when they are freed, and
the system clears their pages when they are wanted again: some twenty thousand pages a step, a
twentieth of the time of training on a CPU (docs/results.md). The options are those of mallopt(3);
other systems' libraries have none and decide alone.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# As <malloc.h> numbers them: how much free memory stays, and how many arrays have pages of their
# own, which never stay.
TRIM_THRESHOLD, MMAP_MAX = -1, -4
MOST = 2**31 - 1  # an int of C


@contextmanager
def kept_memory() -> Iterator[None]:
    """Freed memory stays with this process; what is free at the end goes back to the system.

    The options stay after it: the library's own rules do not come back once one has been set.
    """
    library = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    if library is None or not (hasattr(library, "mallopt") and hasattr(library, "malloc_trim")):
        yield
        return
    library.mallopt(TRIM_THRESHOLD, MOST)
    library.mallopt(MMAP_MAX, 0)
    try:
        yield
    finally:
        library.malloc_trim(0)
