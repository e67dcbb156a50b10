"""Python's collector of cycles, paused while a file of many objects is read or written.

A file of a hundred thousand outlines is millions of lists of numbers. Whenever some hundreds were
made the collector walks through those that are there, and finds nothing: lists of numbers have no
cycles. Without it GeoJSON takes half of the time.
"""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """No collection inside of the block; one inside of another, or of a thread, changes nothing.

    >>> with paused():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
