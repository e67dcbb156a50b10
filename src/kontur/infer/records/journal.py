"""What was done since a record was last written, a line each, which survives a kill.

The record of many images takes time to write, so that it is written now and then. Between, every
image is a line at the end of a journal: a hidden file beside the record, of which each process has
its own and begins another one whenever it has written the record.

The files of an image get their names one after another. Before the first does, the image has a
journal of its own, written by whoever writes the files (`ImageJournal`): a kill between two names
leaves files of this run beside others of an earlier one, and the journal says that they belong
together.

A journal only grows, and its name is never used again. So the record can say how many lines it
holds of each that is still there, and what a journal says beyond that is later than the record.
"""

import contextlib
import errno
import json
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kontur.files.left_overs import hidden_beside, hidden_of

Results = Mapping[str, Any]
UNFINISHED = "unfinished"  # said of an image some of whose files may be of an earlier run


class Journal:
    """The journal of this process for the record at `path`; threads may note at the same time."""

    def __init__(self, path: Path, settings: Results):
        self._path, self._settings = path, dict(settings)
        self._file: Path | None = None
        self._noted: dict[str, Results] = {}  # not in the record yet
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The name of the file; "" before `begin` and after `end`."""
        return "" if self._file is None else self._file.name

    def begin(self) -> None:
        """Make the file, in a folder that is there. Raises `OSError` where that cannot be done."""
        file = hidden_beside(self._path)
        _append(file, [{"settings": self._settings}, *([self._noted] if self._noted else [])])
        self._file = file

    def note(self, name: str, results: Results) -> bool:
        """Note an image that was finished now, once, and whether that could be done.

        Before `begin` and after `end` nothing is noted.
        """
        with self._lock, contextlib.suppress(OSError):  # a full disk, as the record will say
            if self._file is not None:
                if self._noted.get(name) != results:
                    _append(self._file, [{name: results}])
                    self._noted[name] = results
                return True
        return False

    def has_noted(self, name: str, results: Results) -> bool:
        """Whether the file says so of an image."""
        return self._file is not None and self._noted.get(name) == results

    def renew(self, written: Iterable[str]) -> None:
        """Begin another file without the images that were written; none where there was none."""
        with self._lock:
            for name in written:
                self._noted.pop(name, None)
            if self._file is not None:
                before = self._file
                self.begin()
                with contextlib.suppress(OSError):  # Windows, while another process reads it
                    before.unlink()

    def end(self) -> None:
        """Remove the file: all that was noted is in the record."""
        with self._lock:
            if self._file is not None:
                with contextlib.suppress(OSError):
                    self._file.unlink()
                self._file = None


class ImageJournal:
    """The journal of an image `name` for the record at `path`, which will say `results` of it."""

    def __init__(self, path: Path, settings: Results, name: str, results: Results):
        self.file = hidden_beside(path)
        self._settings, self._name, self._results = dict(settings), name, results

    def begin(self, stale: Iterable[str] = ()) -> None:
        """Note that the files are about to get their names: until `end` some may be others.

        `stale` are the words of outputs of an earlier run, which are ours and about to go.
        """
        words = [*self._results["outputs"], *stale]
        unfinished = {**self._results, "outputs": words, UNFINISHED: True}
        _append(self.file, [{"settings": self._settings}, {self._name: unfinished}])

    def end(self) -> None:
        """Note that all files have their names."""
        _append(self.file, [{self._name: self._results}])


def _append(file: Path, lines: Iterable[Results]) -> None:
    text = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    with file.open("ab", buffering=0) as opened:
        before = opened.seek(0, os.SEEK_END)
        if opened.write(text) < len(text):  # of a full disk; at once, or a reader finds a part
            opened.truncate(before)  # wants no room, as the end of a line would
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))


class ReadJournal(NamedTuple):
    """What a journal says by now: its file and settings, and the results of images by lines."""

    file: Path
    settings: dict[str, Any]
    lines: Sequence[Mapping[str, Results]]

    def since(self, line: int) -> dict[str, dict[str, Any]]:
        """The last results of each image, without those of the lines before."""
        return {name: dict(of) for one in self.lines[line:] for name, of in one.items()}


def journals(path: Path) -> list[ReadJournal]:
    """The journals of all processes for the record at `path`, what was written last at the end.

    A kill, a full disk, or a process that writes at this moment may leave a line that is none.
    """
    there = []
    for file in hidden_of(path):
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
            written = file.stat().st_mtime_ns
            first, *lines = file.read_text(encoding="utf-8").split("\n")[:-1]
            settings = dict(json.loads(first)["settings"])
            there.append((written, ReadJournal(file, settings, [_results(line) for line in lines])))
    return [journal for _, journal in sorted(there, key=lambda entry: entry[0])]


def _results(line: str) -> Mapping[str, Results]:
    """What a line says; nothing where only a part of it was written."""
    try:
        return dict(json.loads(line))
    except (ValueError, TypeError):
        return {}
