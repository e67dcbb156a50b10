"""Writing a file whole or not at all.

A file is written beside its place under a hidden name, flushed to the disk and renamed: a reader
finds the old file or the new one, never a part of one, also after a kill or a power cut. Only a
kill at the very moment of writing leaves something behind: a hidden `.kontur-…` file, which
`left_overs` takes away.
"""

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from kontur.errors import NOT_WRITTEN, InputError
from kontur.files.left_overs import hidden_beside


@contextlib.contextmanager
def replacing(path: str | Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Give a path to write to; where the block succeeds, the file takes the place of `path`.

    The given path has the ending of `path` (writers that choose by it keep working), lies in the
    same folder, which is made where it is missing, and does not exist yet: the writer creates it,
    so it gets the permissions of the umask. A link is followed, not replaced. Where the block
    fails the new file is removed and `path` is as it was. Raises `InputError` where the file
    exists and `overwrite` is False or where a folder is in the way, and `OSError` naming `path`
    where the disk is full or the folder cannot be written.

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "note.txt"
    >>> with replacing(place) as beside:
    ...     _ = beside.write_text("whole")
    >>> place.read_text(), len(list(place.parent.iterdir()))
    ('whole', 1)
    """
    wanted = Path(path)
    final = Path(os.path.realpath(wanted))
    if final.is_dir():
        raise InputError(f"wanted to write the file {wanted}, but a folder has that name")
    refuse_existing([wanted], overwrite=overwrite)
    beside = hidden_beside(final)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        flush(beside)
        os.replace(beside, final)
    except OSError as error:
        _remove(beside)
        if error.filename not in (None, str(beside), beside, str(final.parent), str(final)):
            raise  # not about this file
        reason = error.strerror or str(error)
        raise OSError(error.errno or 0, f"{NOT_WRITTEN}: {reason}", str(wanted)) from error
    except BaseException:  # Ctrl-C too must leave nothing behind
        _remove(beside)
        raise


@contextlib.contextmanager
def replacing_folder(path: str | Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Give a path at which to make a folder; it takes the place of `path` where that succeeds.

    As `replacing`; a kill between two renames leaves the old folder under a hidden name beside.
    Raises `InputError` where there is something and `overwrite` is False, or a file is in the way.
    """
    final = Path(os.path.realpath(path))
    if final.exists() and not final.is_dir():
        raise InputError(f"wanted to write the folder {path}, but a file has that name")
    refuse_existing([path], overwrite=overwrite)
    beside = hidden_beside(final)
    # of another name than what is taken away as a left-over, for it may be the only copy
    before = final.parent / f".kontur-{secrets.token_hex(6)}{final.suffix}"
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        for folder, _, names in os.walk(beside):
            for name in names:
                flush(Path(folder) / name)
        if final.exists():
            os.replace(final, before)
        os.replace(beside, final)
    except OSError as error:
        if before.exists() and not final.exists():
            os.replace(before, final)
        reason = error.strerror or str(error)
        raise OSError(error.errno or 0, f"{NOT_WRITTEN}: {reason}", str(path)) from error
    finally:  # Ctrl-C too must leave nothing behind
        for left in (beside, before):
            shutil.rmtree(left, ignore_errors=True)


def refuse_existing(paths: Iterable[str | Path], *, overwrite: bool) -> None:
    """Raise `InputError` naming the first path where something is, unless that is replaced."""
    existing = next((path for path in paths if not overwrite and Path(path).exists()), None)
    if existing is not None:
        raise InputError(
            f"{existing} exists already; choose another name, or overwrite it with --force "
            "(in Python overwrite=True)"
        )


def check_writable(path: str | Path) -> None:
    """Raise the `OSError` of writing `path` before the work whose result it shall be."""
    folder = next(parent for parent in Path(path).absolute().parents if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno or 0, f"{NOT_WRITTEN}: {reason}", str(path)) from error


def write_bytes(path: str | Path, content: bytes, *, overwrite: bool = True) -> None:
    """Write bytes whole or not at all; errors as in `replacing`."""
    with replacing(path, overwrite=overwrite) as beside:
        beside.write_bytes(content)


def write_text(path: str | Path, content: str, *, overwrite: bool = True) -> None:
    """Write UTF-8 text whole or not at all, line ends as they are; errors as in `replacing`.

    What UTF-8 cannot encode (half a character from another program's file) becomes a question mark.
    """
    write_bytes(path, content.encode("utf-8", "replace"), overwrite=overwrite)


def flush(path: Path) -> None:
    """Wait until the file's content is on the disk: a rename may otherwise overtake it."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can do that."""
    with contextlib.suppress(OSError):  # Windows opens no folder, and some disks flush none
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
