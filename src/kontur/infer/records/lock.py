"""A lock on a file that several processes change, held for the moment of reading and writing it.

The lock is a hidden file that only one process can create, which works on every system and on
shared disks. A process that dies while it holds the lock leaves the file behind: a process
that has waited for the same holder longer than any holder needs removes it.

No lock of `train.folder_lock`, whose holder works for hours and is never to lose it: here nobody
may wait for good on one that hangs, and the journals have what a record then lacks. Nor filelock,
which names no holder, leaves its file there, and gives up on disks that know no locks (ENOLCK).
"""

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from kontur.errors import NOT_WRITTEN

PATIENCE = 5.0  # seconds; reading and writing a record of 100,000 images takes less than one
PAUSE = 0.02  # seconds between two attempts


@contextlib.contextmanager
def locked(path: Path, *, patience: float = PATIENCE) -> Iterator[None]:
    """Keep other processes that lock the same `path` out of the block; its folder exists.

    Raises `OSError` naming the lock where the folder cannot be written.
    """
    lock = path.with_name(f".kontur-{path.name}.lock")
    token = secrets.token_hex(8)
    _take(lock, token, patience)
    try:
        yield
    finally:
        if _holder(lock) == token:
            _remove(lock)


def _take(lock: Path, token: str, patience: float) -> None:
    holder, since = "", time.monotonic()
    while not _create(lock, token):
        current = _holder(lock)
        if current != holder:
            holder, since = current, time.monotonic()
        elif time.monotonic() - since > patience:
            _remove(lock)
            since = time.monotonic()
        time.sleep(PAUSE)


def _create(lock: Path, token: str) -> bool:
    try:
        handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        return False
    except PermissionError:
        if lock.exists():  # Windows raises this for a file that is just being removed
            return False
        raise
    try:
        with os.fdopen(handle, "w") as file:
            file.write(token)
    except OSError as error:  # a full disk
        _remove(lock)
        raise OSError(error.errno or 0, f"{NOT_WRITTEN}: {error.strerror}", str(lock)) from error
    return True


def _holder(lock: Path) -> str:
    try:
        return lock.read_text()
    except OSError:
        return ""


def _remove(lock: Path) -> None:
    with contextlib.suppress(OSError):
        lock.unlink()
