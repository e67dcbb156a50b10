"""The record beside the outputs: `predict.json` lists the model and image of all outlines.

By it a call that resumes after an interruption is told from one with other settings, or with other
images of the same names, whose outlines must not be mixed with those that are there.
Several processes may predict into one folder: each adds its images to what the file holds by then.
What a killed process had finished since it last wrote the file is in its `journal`.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import kontur
from kontur.data.file_names import RECORD_FILE
from kontur.errors import InputError
from kontur.formats.atomic import write_text
from kontur.formats.file_stamp import FileStamp
from kontur.formats.images import files_of
from kontur.formats.left_overs import remove_left_overs
from kontur.infer.journal import UNFINISHED, ImagePage, Journal, Page, pages
from kontur.infer.load import find_model
from kontur.infer.lock import locked
from kontur.infer.options import contrast_text
from kontur.wording import printable

PAUSE = 1.0  # seconds at least between two writes
KNOWN = 10_000  # digests of files that are kept
OLDER = {"precision": "float32"}  # settings that records of older builds do not name
DIGESTS = {"digest": "model", "region_digest": "region"}  # of files, whose names say little


class SourceFile(NamedTuple):
    """The image file of outlines: its path relative to the outputs, its bytes and its digest.

    Bytes and digest are those of all files that the image consists of, see `images.files_of`.
    """

    source: str
    bytes: int
    sha256: str

    @classmethod
    def of(cls, image: Path, out: Path) -> "SourceFile | None":
        """The entry of an image file; None where it is missing or cannot be read."""
        try:
            files = files_of(image)
            size = sum(file.stat().st_size for file in files if file.exists())
            content = _digest(image, files)
        except OSError:
            return None
        place = os.path.realpath(image)
        with contextlib.suppress(ValueError):  # another drive on Windows
            place = os.path.relpath(place, os.path.realpath(out))
        return cls(printable(Path(place).as_posix()), size, content)


@dataclass(frozen=True)
class RecordedRun:
    """Settings, and by each image's name its results.

    They are objects, scale and so on, the `outputs` that were written (their words, which records
    of older builds lack), the image's `SourceFile`, and `unfinished` where a kill came between the
    names of two outputs.
    """

    settings: Mapping[str, Any]
    images: dict[str, dict[str, Any]] = field(default_factory=dict)


class Record:
    """What was made in a folder before this call, and the images that this call adds."""

    def __init__(self, out: Path, settings: Mapping[str, Any]):
        """Raises `InputError` where the folder has a `predict.json` that is not ours."""
        self.path = out / RECORD_FILE
        self.settings = json.loads(json.dumps(dict(settings)))  # as they are read: lists, no tuples
        self._pages: list[Page] = []  # of processes that were killed, or run
        self._entered: dict[Path, Mapping[str, Any]] = {}  # what of them is in the file by us
        self._written = 0  # by us, as files have it
        self.runs = self._with_pages()
        self._journal = Journal(self.path, self.settings)
        self._new: dict[str, dict[str, Any]] = {}  # not written yet
        self._next = 0.0  # when to write again, on the clock of `monotonic`

    def run_of(self, name: str) -> RecordedRun | None:
        """The earlier run that made an image's outputs, or None."""
        key = printable(name)
        return next((run for run in self.runs if key in run.images), None)

    def results_of(self, name: str) -> Mapping[str, Any] | None:
        """The results of an image in the record, or None."""
        run = self.run_of(name)
        return None if run is None else run.images[printable(name)]

    def is_unfinished(self, name: str) -> bool:
        """Whether some of an image's outputs may be of another run than the record says."""
        return UNFINISHED in (self.results_of(name) or {})

    def difference(self, run: RecordedRun) -> str:
        """How the settings of a run differ from those of this call, in words; "" where equal."""
        before, now = {**OLDER, **run.settings}, self.settings
        for digest, name in DIGESTS.items():
            if digest in now and before.get(digest) == now[digest]:  # one file by two names
                before = {**before, name: now.get(name)}
        words = []
        for key in (key for key in now if before.get(key) != now[key]):
            if key not in DIGESTS:
                words.append(f"{key} {_value(before.get(key))}, now {_value(now[key])}")
            elif before.get(DIGESTS[key]) == now.get(DIGESTS[key]):
                was = "was" if key in before else "may have been"  # older builds noted no region's
                words.append(f"the {DIGESTS[key]} of this name {was} another")
        return "; ".join(words)

    def begin(self) -> None:
        """Write the record before any work; raises `OSError` where that cannot be done."""
        self._write()
        remove_left_overs([self.path])  # whose pages are in the record now
        self._journal.begin()

    def complete(self) -> None:
        """Write the record where it lacks what a killed process had finished."""
        if self._pages:
            self._write()
            remove_left_overs([self.path])

    def note(
        self,
        name: str,
        results: Mapping[str, Any],
        source: SourceFile | None,
        page: Path | None = None,
    ) -> None:
        """Keep what `add` will add from being lost in a kill; any thread may call this.

        The `page` of the image, which said so until now, goes.
        """
        if self._journal.note(printable(name), _entry(results, source)) and page is not None:
            page.unlink(missing_ok=True)

    def add(
        self,
        name: str,
        results: Mapping[str, Any],
        source: SourceFile | None,
        page: Path | None = None,
    ) -> None:
        """Add an image of this call; the file is written at most once a second."""
        self.note(name, results, source, page)  # whose thread may not have come to it yet
        self._new[printable(name)] = _entry(results, source)
        if time.monotonic() >= self._next:
            self._write()

    def finish(self) -> None:
        """Write what is not written yet."""
        if self._new:
            self._write()
        self._journal.end()

    def _with_pages(self) -> list[RecordedRun]:
        """The runs in the file now, with what journals have in addition, or of a later moment.

        What we have entered from a page is never later: whoever left it may be of another machine,
        so that it stays there, and would come before all that was done since. What we have not is
        later than what we wrote; only what others wrote needs the clock.
        """
        self._pages = [*pages(self.path)]  # before the file, which what leaves them goes into
        runs = _read(self.path)
        written = self.path.stat().st_mtime_ns if runs else 0
        for page in self._pages:
            known = {name for run in runs for name in run.images}
            entered = self._entered.get(page.file, {})
            later = page.written >= written or written == self._written
            images = {
                name: results
                for name, results in page.images.items()
                if name not in known or (later and entered.get(name) != results)
            }
            runs = _without(runs, images)
            same = next((run for run in runs if run.settings == page.settings), None)
            if same is not None:
                same.images.update(images)
            elif images:
                runs = [*runs, RecordedRun(page.settings, images)]
        return runs

    def _write(self) -> None:
        """Add the new images to what the file holds now, whichever process wrote it."""
        start = time.monotonic()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.path):
            runs = self._with_pages()  # also of images whose files get names at this moment
            same = [run for run in runs if not self.difference(run)]
            images = {name: results for run in same for name, results in run.images.items()}
            own = RecordedRun(self.settings, images | self._new)
            others = _without([run for run in runs if run not in same], self._new)
            _dump(self.path, [*(run for run in others if run.images), own])
            self._written = self.path.stat().st_mtime_ns
            self._entered = {page.file: page.images for page in self._pages}
        self._journal.written(self._new)
        self._new = {}
        now = time.monotonic()
        self._next = now + max(PAUSE, 20 * (now - start))


def page_of(
    name: str,
    results: Mapping[str, Any],
    source: SourceFile | None,
    *,
    out: Path,
    settings: Mapping[str, Any],
) -> ImagePage:
    """The page of an image whose files are about to get their names, for the record in `out`."""
    return ImagePage(out / RECORD_FILE, settings, printable(name), _entry(results, source))


def _entry(results: Mapping[str, Any], source: SourceFile | None) -> dict[str, Any]:
    return {**results, **(source._asdict() if source else {})}


def _without(runs: Iterable[RecordedRun], names: Container[str]) -> list[RecordedRun]:
    """The runs without these images."""
    return [
        RecordedRun(run.settings, {k: v for k, v in run.images.items() if k not in names})
        for run in runs
    ]


def model_identity(model: str | Path) -> dict[str, str]:
    """The identity of a model: the name that was given, and a digest of its file."""
    return {"model": printable(str(model)), "digest": file_digest(find_model(model))}


def file_digest(path: Path) -> str:
    """The first 16 digits of the SHA-256 of a file's content."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:16]


def _digest(image: Path, files: Sequence[Path]) -> str:
    """The digest of an image that consists of these files; of several, by their names."""
    folder = image if image.is_dir() else image.parent
    if len(files) == 1 and folder != image:
        return file_digest(files[0])
    whole = hashlib.sha256()
    for file in files:
        name = Path(os.path.relpath(file, folder)).as_posix()
        known = file_digest if folder == image else _digest_once
        content = known(file) if file.exists() else "missing"
        whole.update(f"{name}\0{content}\0".encode())
    return whole.hexdigest()[:16]


def _digest_once(file: Path) -> str:
    """The digest of a file that many images consist of, read once as long as it is unchanged."""
    stamp = FileStamp.of(file)
    return _digest_at(stamp, file) if stamp.is_settled() else file_digest(file)


@lru_cache(KNOWN)
def _digest_at(stamp: FileStamp, file: Path) -> str:
    return file_digest(file)


def _read(path: Path) -> list[RecordedRun]:
    """The runs of a record; older builds wrote no source files."""
    try:
        runs = json.loads(path.read_text(encoding="utf-8"))["made"]
        return [
            RecordedRun(
                {key: value for key, value in run.items() if key != "images"},
                {name: dict(results) for name, results in run["images"].items()},
            )
            for run in runs
        ]
    except FileNotFoundError:
        return []
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise InputError(
            f"{path} is not a record of kontur predict; move it away or give another --out"
        ) from None


def _dump(path: Path, runs: Iterable[RecordedRun]) -> None:
    made = [{**run.settings, "images": dict(sorted(run.images.items()))} for run in runs]
    content = {"kontur": kontur.__version__, "made": made}
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _value(value: Any) -> str:
    if isinstance(value, list):  # a range of intensities
        return contrast_text(tuple(value))
    return "not set" if value is None else str(value)
