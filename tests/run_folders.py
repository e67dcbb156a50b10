"""Temporary folders of test runs, by whose names it is known which run made them.

Of a run that was killed nobody removes the folder. The next run of the same user on this machine
does, if no process has the number in its name; a number that was given again keeps it for a while.
"""

import os
import re
import shutil
from pathlib import Path

from kontur.files.left_overs import is_running, this_machine

BEFORE = "kontur-tests-"
NAME = re.compile(rf"{BEFORE}([0-9a-f]{{8}})-(\d+)-\w+")


def prefix(process: int | None = None) -> str:
    """How the name of the folder of a process begins, of this one by default."""
    return f"{BEFORE}{this_machine()}-{os.getpid() if process is None else process}-"


def remove_left_overs(place: Path) -> None:
    """Remove the folders of runs on this machine whose process is gone; all others stay."""
    for folder in place.glob(f"{BEFORE}*"):
        made = NAME.fullmatch(folder.name)
        if made is None or made[1] != this_machine() or is_running(int(made[2])):
            continue
        if folder.is_dir() and not folder.is_symlink() and _is_ours(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    return os.name != "posix" or folder.stat().st_uid == os.getuid()
