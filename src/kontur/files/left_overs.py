"""Hidden half-written files that a kill left beside outputs, and whose they are.

The name of a file that is being written says of which output it is and which process of which
machine writes it. Only what is of an output that is written anew is taken away, and only where the
process has ended: the machine is told by its name and, on Linux, by the space of its process
numbers, which every container has for itself. Of another machine nobody can tell, so what it left
stays until nothing was written to it for a day, and so does what a process wrote whose number
another one has now.
"""

import contextlib
import hashlib
import math
import os
import platform
import re
import secrets
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

ABANDONED = 86_400.0  # seconds in which whoever is still at a file writes to it
NAME = re.compile(r"\.kontur-([0-9a-f]{8})-([0-9a-f]{8})-([1-9]\d*)-[0-9a-f]{12}(\.[^/]*)?")


def hidden_beside(final: Path) -> Path:
    """A new hidden path in the folder of `final`, of its ending, that names output and writer."""
    words = (_digest(final.name), this_machine(), os.getpid(), secrets.token_hex(6))
    return final.parent / f".kontur-{'-'.join(map(str, words))}{final.suffix}"


def hidden_of(final: Path) -> list[Path]:
    """The hidden paths that any process of any machine has beside `final`."""
    digest = _digest(final.name)
    siblings = final.parent.iterdir() if final.parent.is_dir() else ()
    named = [(path, NAME.fullmatch(path.name)) for path in siblings]
    return [path for path, name in named if name is not None and name[1] == digest]


def remove_left_overs(outputs: Iterable[Path], *, abandoned: float = math.inf) -> None:
    """Remove what processes of this machine that have ended left of these outputs.

    And of other machines what was last written to more than `abandoned` seconds ago: for outputs
    that are written at once, for another process may wait long before it writes to a journal again.
    Each folder is looked through once. What cannot be removed stays.
    """
    folders: dict[Path, set[str]] = defaultdict(set)
    for output in outputs:
        folders[output.parent].add(_digest(output.name))
    machine = this_machine()
    for folder, wanted in folders.items():
        for entry in list(folder.iterdir()) if folder.is_dir() else []:
            name = NAME.fullmatch(entry.name)
            if name is None or name[1] not in wanted:
                continue
            if name[2] == machine:
                ended = not is_running(int(name[3]))
            else:
                ended = abandoned < math.inf and _seconds_untouched(entry) > abandoned
            if ended:
                _remove(entry)


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def this_machine() -> str:
    """A mark of this machine, and on Linux of the space of its process numbers."""
    space = ""
    with contextlib.suppress(OSError):
        space = os.readlink("/proc/self/ns/pid")
    return _digest(f"{platform.node()} {space}")


def is_running(process: int) -> bool:
    """Whether a process of this number runs; taken for granted where asking would end it."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _seconds_untouched(entry: Path) -> float:
    """How long ago anything was written to a file or within a folder; 0 where nobody can tell.

    By the clock of the disk, for those of machines may differ.
    """
    try:
        with tempfile.TemporaryFile(dir=entry.parent) as now:
            within = entry.rglob("*") if entry.is_dir() and not entry.is_symlink() else ()
            written = max(each.lstat().st_mtime for each in (entry, *within))
            return os.fstat(now.fileno()).st_mtime - written
    except OSError:
        return 0.0


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            entry.unlink()
