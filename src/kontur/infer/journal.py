"""What was done since a record was last written, a line each, which survives a kill.

The record of many images takes time to write, so that it is written now and then. Between, every
image is a line at the end of a hidden file beside it, of which each process has its own. What a
process has left that was killed is read with the record, and goes into it when it is written next.

The files of an image get their names one after another. Before the first does, the image has a page
of its own, written by whoever writes the files (`ImagePage`): a kill between two names leaves files
of this run beside others of an earlier one, and the page says that they belong together.
"""

import contextlib
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kontur.formats.left_overs import hidden_beside, hidden_of

Results = Mapping[str, Any]
UNFINISHED = "unfinished"  # said of an image some of whose files may be of an earlier run


class Journal:
    """The journal of this process for the record at `path`; threads may note at the same time."""

    def __init__(self, path: Path, settings: Results):
        self._file = hidden_beside(path)
        self._first = {"settings": dict(settings)}
        self._noted: dict[str, Results] = {}  # not in the record yet
        self._lock = threading.Lock()
        self._handle: int | None = None

    def begin(self) -> None:
        """Make the file, in a folder that is there. Raises `OSError` where that cannot be done."""
        if self._handle is None:
            self._handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
            self._append([self._first])

    def note(self, name: str, results: Results) -> bool:
        """Note an image that was finished now, once, and whether that could be done.

        Before `begin` and after `end` nothing is noted.
        """
        with self._lock, contextlib.suppress(OSError):  # a full disk, as the record will say
            if self._handle is not None:
                if self._noted.get(name) != results:
                    self._append([{name: results}])
                    self._noted[name] = results
                return True
        return False

    def written(self, names: Iterable[str]) -> None:
        """These images are in the record now: begin a new page."""
        with self._lock:
            for name in names:
                self._noted.pop(name, None)
            if self._handle is not None:
                os.ftruncate(self._handle, 0)
                self._append([self._first, self._noted])

    def end(self) -> None:
        """Remove the file: all that was noted is in the record."""
        with self._lock:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None
                with contextlib.suppress(OSError):
                    self._file.unlink()

    def _append(self, lines: Iterable[Results]) -> None:
        assert self._handle is not None
        os.write(self._handle, _text(lines).encode())


class ImagePage:
    """The page of an image `name` for the record at `path`, with what the record will say of it."""

    def __init__(self, path: Path, settings: Results, name: str, results: Results):
        self.file = hidden_beside(path)
        self._settings, self._name, self._results = dict(settings), name, results

    def begin(self, stale: Iterable[str] = ()) -> None:
        """Note that the files are about to get their names: until `end` some may be others.

        `stale` are the words of outputs of an earlier run, which are ours and about to go.
        """
        words = [*self._results["outputs"], *stale]
        unfinished = {**self._results, "outputs": words, UNFINISHED: True}
        text = _text([{"settings": self._settings}, {self._name: unfinished}])
        self.file.write_text(text, encoding="utf-8")

    def end(self) -> None:
        """Note that all files have their names."""
        with self.file.open("a", encoding="utf-8") as opened:
            opened.write(_text([{self._name: self._results}]))


def _text(lines: Iterable[Results]) -> str:
    return "".join(f"{json.dumps(line)}\n" for line in lines)


class Page(NamedTuple):
    """A journal or an image's page that is there.

    Its file and settings, the images with their results, and when it was written.
    """

    file: Path
    settings: dict[str, Any]
    images: dict[str, dict[str, Any]]
    written: int  # nanoseconds, as those of files


def pages(path: Path) -> Iterator[Page]:
    """The journals and pages of all processes for the record at `path`, the oldest first."""
    there = []
    for file in hidden_of(path):
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
            written = file.stat().st_mtime_ns
            # A kill, or a process that writes at this moment, may leave a last line that is none.
            first, *lines = file.read_text(encoding="utf-8").split("\n")[:-1]
            images = {name: dict(of) for line in lines for name, of in json.loads(line).items()}
            there.append(Page(file, dict(json.loads(first)["settings"]), images, written))
    yield from sorted(there, key=lambda page: page.written)
