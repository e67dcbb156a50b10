"""Memory that one step of a training frees is kept for the next.

The C library of most Linux systems gives large arrays back to the system when they are freed, and
the system clears their pages when they are wanted again, tens of thousands in every step of a
training on a CPU. The options are those of mallopt(3); other systems' libraries have none and
decide alone.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# As <malloc.h> numbers them: how many bytes of free memory stay, from how many bytes on arrays have
# pages of their own, which never stay, and how many may.
TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4
KEEPS = {TRIM_THRESHOLD: 2**31 - 1, MMAP_MAX: 0}
# What the library's own rules come to after large arrays; once one is set they do not come back.
AFTERWARDS = {TRIM_THRESHOLD: 64 << 20, MMAP_THRESHOLD: 32 << 20, MMAP_MAX: 65_536}


@contextmanager
def kept_memory() -> Iterator[None]:
    """Within, freed memory stays with this process; at the end it goes back to the system."""
    library = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    if library is None or not (hasattr(library, "mallopt") and hasattr(library, "malloc_trim")):
        yield
        return
    _set(library, KEEPS)
    try:
        yield
    finally:
        _set(library, AFTERWARDS)
        library.malloc_trim(0)


def _set(library: ctypes.CDLL, options: dict[int, int]) -> None:
    for option, value in options.items():
        library.mallopt(option, value)
