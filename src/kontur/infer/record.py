"""The record beside the outputs: `predict.json` says which model made which outlines, and of what.

It is what distinguishes a call that goes on after an interruption from one with other settings, or
with other images of the same names, whose outlines must not be mixed with those that lie there.
Several processes may predict into one folder: each adds its images to what the file holds by then.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import kontur
from kontur.data.file_names import RECORD_FILE
from kontur.errors import InputError
from kontur.formats.atomic import write_text
from kontur.infer.load import find_model
from kontur.infer.lock import locked
from kontur.wording import printable

PAUSE = 1.0  # seconds between two writings while images are finished quickly


class Source(NamedTuple):
    """The file that outlines were made of: its place, seen from the outputs, and its content."""

    source: str
    bytes: int
    sha256: str

    @classmethod
    def of(cls, image: Path, out: Path) -> "Source | None":
        """That of an image file; None where it is missing or cannot be read."""
        try:
            size, content = image.stat().st_size, digest(image)
        except OSError:
            return None
        place = os.path.realpath(image)
        with contextlib.suppress(ValueError):  # another drive on Windows
            place = os.path.relpath(place, os.path.realpath(out))
        return cls(printable(Path(place).as_posix()), size, content)


@dataclass(frozen=True)
class Run:
    """Settings, and what they gave by the image's name: objects, scale, the image's `Source`."""

    settings: Mapping[str, Any]
    images: dict[str, dict[str, Any]] = field(default_factory=dict)


class Record:
    """What was made in a folder before this call, and the images that this call adds."""

    def __init__(self, out: Path, settings: Mapping[str, Any]):
        """Raises `InputError` where the folder has a `predict.json` that is not ours."""
        self.path = out / RECORD_FILE
        self.settings = dict(settings)
        self.runs = _read(self.path)
        self.written = self.path.stat().st_mtime_ns if self.runs else 0
        self._new: dict[str, dict[str, Any]] = {}  # not written yet
        self._next = 0.0  # when to write again, on the clock of `monotonic`

    def run_of(self, name: str, files: Iterable[Path] = ()) -> Run | None:
        """The earlier run that made an image's outputs, or None.

        Of `files` that no run noted, those that are newer than the record were made by a call that
        was killed before it could note them: by the last one.
        """
        key = printable(name)
        noted = next((run for run in self.runs if key in run.images), None)
        if noted is None and self.runs:
            newest = max((file.stat().st_mtime_ns for file in files), default=-1)
            return self.runs[-1] if newest >= self.written else None
        return noted

    def facts(self, name: str) -> Mapping[str, Any] | None:
        """What the record says of an image, or None."""
        run = self.run_of(name)
        return None if run is None else run.images[printable(name)]

    def difference(self, run: Run) -> str:
        """How the settings of a run differ from those of this call, in words; "" where equal."""
        before, now = run.settings, self.settings
        if before.get("digest") == now.get("digest"):  # one model by two names
            before = {**before, "model": now.get("model")}
        keys = [key for key in now if before.get(key) != now[key]]
        words = [
            f"{key} {_value(before.get(key))}, now {_value(now[key])}"
            for key in keys
            if key != "digest"
        ]
        return "; ".join(words) or ("the model of this name was another one" if keys else "")

    def begin(self) -> None:
        """Write the record before any work; raises `OSError` where that cannot be done."""
        self._write()

    def add(self, name: str, facts: Mapping[str, Any], source: Source | None) -> None:
        """Note an image of this call, in the file too unless that was written a moment ago."""
        self._new[printable(name)] = {**facts, **(source._asdict() if source else {})}
        if time.monotonic() >= self._next:
            self._write()

    def finish(self) -> None:
        """Write what is not written yet."""
        if self._new:
            self._write()

    def _write(self) -> None:
        """Add the new images to what the file holds now, whichever process wrote it."""
        start = time.monotonic()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.path):
            runs = _read(self.path)
            same = [run for run in runs if not self.difference(run)]
            images = {name: facts for run in same for name, facts in run.images.items()}
            own = Run(self.settings, images | self._new)
            others = [
                Run(run.settings, {k: v for k, v in run.images.items() if k not in self._new})
                for run in runs
                if run not in same
            ]
            _dump(self.path, [*(run for run in others if run.images), own])
        self._new = {}
        now = time.monotonic()
        self._next = now + max(PAUSE, 20 * (now - start))


def identity(model: str | Path) -> dict[str, str]:
    """Which model it is: the name by which it was asked for, and a digest of its file."""
    return {"model": printable(str(model)), "digest": digest(find_model(model))}


def digest(path: Path) -> str:
    """The first 16 digits of the file's SHA-256: which content it has, whatever its name."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _read(path: Path) -> list[Run]:
    """The runs of a record; those of older builds say nothing of the images' sources."""
    try:
        runs = json.loads(path.read_text(encoding="utf-8"))["made"]
        return [
            Run(
                {key: value for key, value in run.items() if key != "images"},
                {name: dict(facts) for name, facts in run["images"].items()},
            )
            for run in runs
        ]
    except FileNotFoundError:
        return []
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise InputError(
            f"{path} is not a record of kontur predict; move it away or give another --out"
        ) from None


def _dump(path: Path, runs: Iterable[Run]) -> None:
    made = [{**run.settings, "images": dict(sorted(run.images.items()))} for run in runs]
    content = {"kontur": kontur.__version__, "made": made}
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _value(value: Any) -> str:
    return "not set" if value is None else str(value)
