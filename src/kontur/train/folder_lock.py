"""A folder into which one process at a time writes, for as long as a training takes.

The operating system holds a lock on a hidden file and frees it when the process ends, however that
happens, so that what was killed can go on at once. Some shared disks know no such locks, or keep
them from other machines. There it counts who created the file, and whether that process lives: by
its number where it is of this machine, and else by its touching the file every second.

`infer.records.lock` is for moments, and another lock for the reason that it names.
"""

import contextlib
import errno
import json
import os
import platform
import secrets
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from kontur.errors import NOT_WRITTEN, InputError
from kontur.files.left_overs import is_running, this_machine
from kontur.formats.output_names import check_can_be_folder

LOCK = ".kontur-lock"  # the hidden file in the folder; a kill leaves it behind
BEAT = 1.0  # seconds between two signs of life
PATIENCE = 5.0  # seconds without one after which a process of another machine counts as ended
PAUSE = 0.1  # seconds between two looks
FAR = 1 << 30  # the byte that is locked, beyond the text, which Windows would not let others read
BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)

Note = Mapping[str, Any]  # of a holder: a token of its own, its process and machine, since when
_held: dict[Path, Note] = {}  # by this process, which the system would let lock a file twice
_guard = threading.Lock()


class _Lock(NamedTuple):
    """A file that this process has locked, by a handle, with its note in it."""

    file: Path
    handle: int
    note: Note


@contextlib.contextmanager
def folder_lock(folder: str | Path, *, wait: float = 0.0) -> Iterator[None]:
    """Keep all others that ask for the same folder out of it during the block.

    The folder is made where it is missing, and removed again where the block leaves it empty.
    Processes that this one starts or forks have no part in the lock. Waits up to `wait` seconds.

    Raises:
        InputError: somebody has the folder, whom the sentence names; or it is a file.
        OSError: the folder cannot be written; names the path.
    """
    place = Path(os.path.realpath(folder))
    check_can_be_folder(Path(folder))
    missing = [each for each in (place, *place.parents) if not each.exists()]
    end = time.monotonic() + wait
    try:
        while not isinstance(lock := _take(place / LOCK), _Lock):
            if time.monotonic() >= end:
                raise InputError(
                    f"{folder} is being written by {_holder_name(lock)}; wait until that has "
                    "ended, or give another --out"
                )
            time.sleep(PAUSE)
        try:
            with _heartbeat(lock):
                yield
        finally:
            _release(lock)
    finally:
        with contextlib.suppress(OSError):  # not empty
            for each in missing:
                each.rmdir()


def _take(file: Path) -> _Lock | Note:
    """The lock of a file, or the note of who has it."""
    note = {
        "token": secrets.token_hex(8),
        "process": os.getpid(),
        "machine": this_machine(),
        "host": platform.node(),
        "since": time.strftime("%Y-%m-%d %H:%M"),
    }
    with _guard:
        holder = _held.setdefault(file, note)
    if holder is not note:
        return holder
    result = None
    try:
        result = _lock(file, note)
    except OSError as error:
        reason = f"{NOT_WRITTEN}: {error.strerror or error}"
        raise OSError(error.errno or 0, reason, str(error.filename or file)) from error
    finally:
        if not isinstance(result, _Lock):
            del _held[file]
    return result


def _lock(file: Path, note: Note) -> _Lock | Note:
    ended = None  # the note of a holder that gives no sign of life
    while True:
        file.parent.mkdir(parents=True, exist_ok=True)  # its last holder removes an empty one
        with contextlib.suppress(FileNotFoundError), contextlib.ExitStack() as opened:
            handle, created = _open(file)
            opened.callback(os.close, handle)
            lockable, holder = _state(handle), _read(handle)
            if lockable == "busy":
                return holder
            if not _is_current_file(file, handle):
                continue
            if not created and holder != ended and not _has_ended(holder, lockable):
                opened.close()  # and with it the lock, for this takes a while
                if _is_alive(file):
                    return holder
                ended = holder
            elif not created and lockable == "no":
                _remove(file)  # so that one process alone can create it
            else:
                opened.callback(_remove, file)  # where the disk is full
                os.ftruncate(handle, 0)
                os.lseek(handle, 0, os.SEEK_SET)
                os.write(handle, json.dumps(note).encode())
                opened.pop_all()
                return _Lock(file, handle, note)


def _release(lock: _Lock) -> None:
    # Looked at by the handle: the system frees the lock where any other of the file is closed.
    with contextlib.suppress(OSError):
        if _is_current_file(lock.file, lock.handle) and _read(lock.handle) == lock.note:
            _remove(lock.file)
    os.close(lock.handle)
    if sys.platform == "win32":  # which removes no open file, nor one that another has opened since
        _remove(lock.file)
    del _held[lock.file]


def _open(file: Path) -> tuple[int, bool]:
    """A handle of the file, and whether this call has created it."""
    with contextlib.suppress(FileExistsError):
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666), True
    return os.open(file, os.O_RDWR), False


def _state(handle: int) -> Literal["yes", "busy", "no"]:
    """Whether the system has locked the file for this process now."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, FAR)
    except OSError as error:
        if error.errno in BUSY:
            return "busy"
        if error.errno in NO_LOCKS:
            return "no"
        raise
    return "yes"


def _read(handle: int) -> Note:
    """The note in a file; empty where there is none."""
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        return dict(json.loads(os.read(handle, 4096)))
    except (ValueError, TypeError):
        return {}


def _holder_name(holder: Note) -> str:
    if not {"process", "host", "since"} <= holder.keys():
        return "another process"
    return f"process {holder['process']} on {holder['host']}, since {holder['since']}"


def _has_ended(holder: Note, lockable: Literal["yes", "no"]) -> bool:
    """Whether it is certain that a holder has ended, for it is of this machine."""
    if holder.get("machine") != this_machine():
        return False
    return lockable == "yes" or not is_running(int(holder["process"]))


def _is_alive(file: Path) -> bool:
    """Whether the file is touched while it is looked at; not where it is removed."""
    # It is opened each time, for then a shared disk asks its server.
    first, end = _touched(file), time.monotonic() + PATIENCE
    while time.monotonic() < end:
        time.sleep(PAUSE)
        if _touched(file) != first:
            return True
    return False


def _touched(file: Path) -> int:
    handle = os.open(file, os.O_RDONLY)
    try:
        return os.fstat(handle).st_mtime_ns
    finally:
        os.close(handle)


@contextlib.contextmanager
def _heartbeat(lock: _Lock) -> Iterator[None]:
    """Touch the file every second during the block."""
    done = threading.Event()
    place = lock.handle if os.utime in os.supports_fd else lock.file

    def beat() -> None:
        while not done.wait(BEAT):
            with contextlib.suppress(OSError):
                os.utime(place)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _is_current_file(file: Path, handle: int) -> bool:
    """Whether a handle is of the file that is there now."""
    return os.path.samestat(os.fstat(handle), file.stat())


def _remove(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink()
