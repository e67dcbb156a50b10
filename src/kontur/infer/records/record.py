"""The record beside the outputs: `predict.json` lists the model and image of all outlines.

By it a call that resumes after an interruption is told from one with other settings, or with other
images of the same names, whose outlines must not be mixed with those that are there.
Several processes may predict into one folder: each adds its images to what the file holds by then.
What a process has finished since it last wrote the file is in its `journal`, which survives a kill.
"""

import contextlib
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kontur.data.file_names import RECORD_FILE
from kontur.data.normalisation.ranges import as_ranges, ranges_of
from kontur.files.atomic import flush_folder
from kontur.files.left_overs import remove_left_overs
from kontur.infer.engines.choose_engine import precision_of
from kontur.infer.options import contrast_text
from kontur.infer.predict import Predictor
from kontur.infer.records.journal import UNFINISHED, ImageJournal, Journal, journals
from kontur.infer.records.lock import locked
from kontur.infer.records.record_file import (
    FOLDER_CONTRAST,
    RecordedRun,
    migrated,
    read_record,
    with_later,
    write_record,
)
from kontur.infer.records.source_file import SourceFile
from kontur.wording import printable

PAUSE = 1.0  # seconds at least between two writes
MODEL = ("model", "digest", "precision")  # settings of the model's file and its numbers
DIGESTS = {"digest": "model", "region_digest": "region"}  # of files, whose names say little


class Record:
    """What was made in a folder before this call, and the images that this call adds."""

    def __init__(self, out: Path, settings: Mapping[str, Any]):
        """Raises `InputError` where the folder has a `predict.json` that is not ours."""
        self.path = out / RECORD_FILE
        self.settings = json.loads(json.dumps(dict(settings)))  # as they are read: lists, no tuples
        self.runs, _ = self._known()
        self._journal = Journal(self.path, self.settings)
        self._new: dict[str, dict[str, Any]] = {}  # not written yet
        self._held: dict[str, int] = {}  # lines of journals that the file holds, as we wrote it
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
        before, now = migrated(run.settings), self.settings
        if "digest" not in run.settings:  # of Python, in older builds
            now = {key: value for key, value in now.items() if key not in MODEL}
        for digest, name in DIGESTS.items():
            if digest in now and before.get(digest) == now[digest]:  # one file by two names
                before = {**before, name: now.get(name)}
        words = []
        for key in (key for key in now if before.get(key) != now[key]):
            if key == FOLDER_CONTRAST:
                was, is_now = _range_text(before.get(key)), _range_text(now[key])
                again = is_now if was != is_now else "another that is close to it"
                words.append(f"the range of --contrast folder {was}, now {again}")
            elif key not in DIGESTS:
                words.append(f"{key} {_value(before.get(key))}, now {_value(now[key])}")
            elif before.get(DIGESTS[key]) == now.get(DIGESTS[key]):
                was = "was" if key in before else "may have been"  # older builds noted no region's
                words.append(f"the {DIGESTS[key]} of this name {was} another")
        return "; ".join(words)

    def noted(self, setting: str, anew: Iterable[str] = ()) -> Any:
        """What the latest run that had the settings of this call notes of one more; None else.

        Also where none of its images would stay beside those made `anew`.
        """
        names = {printable(name) for name in anew}
        for run in reversed(self.runs):
            if setting in run.settings and not self.difference(run):
                return None if names and names.issuperset(run.images) else run.settings[setting]
        return None

    def settle(self, setting: str, value: Any) -> Any:
        """What this call notes of one more setting: `value`, or what another process, which has
        the settings of this call, has noted since this record was read. It is written at once.

        Raises `OSError` where that cannot be done.
        """
        before = [run.settings.get(setting) for run in self.runs]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.path):
            runs, held = self._known()
            for run in reversed(runs):
                noted = run.settings.get(setting)
                if noted is not None and noted not in before and not self.difference(run):
                    return noted
            later = RecordedRun({**self.settings, setting: value})
            write_record(self.path, with_later(runs, later, []), held)
        return value

    def begin(self) -> None:
        """Write the record before any work; raises `OSError` where that cannot be done."""
        self._write()
        remove_left_overs([self.path])  # journals, whose images are in the record now
        self._journal.begin()

    def complete(self) -> None:
        """Write the record where it lacks what a killed process had finished."""
        found_journals, (_, held) = journals(self.path), read_record(self.path)
        if any(journal.since(held.get(journal.file.name, 0)) for journal in found_journals):
            self._write()
        if found_journals:
            remove_left_overs([self.path])
            self._forget_journals()

    def note(
        self,
        name: str,
        results: Mapping[str, Any],
        source: SourceFile | None,
        journal: Path | None = None,
    ) -> None:
        """Keep what `add` will add from being lost in a kill; any thread may call this.

        The image's own `journal`, which said so until now, goes.
        """
        if self._journal.note(printable(name), _entry(results, source)) and journal is not None:
            journal.unlink(missing_ok=True)

    def add(
        self,
        name: str,
        results: Mapping[str, Any],
        source: SourceFile | None,
        journal: Path | None = None,
    ) -> None:
        """Add an image of this call; the file is written at most once a second."""
        self.note(name, results, source, journal)  # whose thread may not have come to it yet
        self._new[printable(name)] = _entry(results, source)
        if time.monotonic() >= self._next:
            self._write()

    def finish(self) -> None:
        """Write what is not written yet.

        The content of files is on the disk before they have their names; a power cut right after
        the end of a run may still undo the names of the last seconds, so that these are flushed,
        once. After a line of a journal nothing is: what a power cut takes is outlined again.
        """
        if self._new:
            self._write()
        if self._journal.name:
            flush_folder(self.path.parent)
        self._journal.end()
        self._forget_journals()

    def _known(self) -> tuple[list[RecordedRun], dict[str, int]]:
        """The runs by now: those in the file, and what journals have beyond what the file holds.

        And how many lines of each journal that is. A journal only grows and the file says how far
        it was read, so that what is beyond is later than the file, on whichever machine it was
        written.
        """
        found_journals = journals(self.path)  # before the file, into which goes what leaves them
        runs, held = read_record(self.path)
        for journal in found_journals:
            images = journal.since(held.get(journal.file.name, 0))
            same = [run for run in runs if run.settings == journal.settings]
            runs = with_later(runs, RecordedRun(journal.settings, images), same) if images else runs
        return runs, {journal.file.name: len(journal.lines) for journal in found_journals}

    def _write(self) -> None:
        """Add the new images to what is known now, whichever process wrote it."""
        start = time.monotonic()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.path):
            runs, held = self._known()  # also of images whose files get names at this moment
            same = [run for run in runs if not self.difference(run)]
            # what our journal says is known by now, in the order in which processes finished it
            own = {k: v for k, v in self._new.items() if not self._journal.has_noted(k, v)}
            write_record(self.path, with_later(runs, RecordedRun(self.settings, own), same), held)
            self._held = held
            self._journal.renew(self._new)
        self._new = {}
        now = time.monotonic()
        self._next = now + max(PAUSE, 20 * (now - start))

    def _forget_journals(self) -> None:
        """Write the file without what it says of journals that are gone, where it says so."""
        if all((self.path.parent / name).exists() for name in self._held):
            return
        with contextlib.suppress(OSError), locked(self.path):  # it is right as it is
            runs, held = read_record(self.path)
            self._held = {k: v for k, v in held.items() if (self.path.parent / k).exists()}
            write_record(self.path, runs, self._held)


def journal_of(
    name: str,
    results: Mapping[str, Any],
    source: SourceFile | None,
    *,
    out: Path,
    settings: Mapping[str, Any],
) -> ImageJournal:
    """The journal of an image whose files are about to get their names, for the record in `out`."""
    return ImageJournal(out / RECORD_FILE, settings, printable(name), _entry(results, source))


def _entry(results: Mapping[str, Any], source: SourceFile | None) -> dict[str, Any]:
    return {**results, **(source._asdict() if source else {})}


def identity_of(predictor: Predictor) -> dict[str, str]:
    """The settings that say which model computed in which numbers; none of one without a file."""
    if predictor.origin is None:
        return {}
    return {
        "model": predictor.origin.name,
        "digest": predictor.origin.digest,
        "precision": precision_of(predictor.engine),
    }


def _range_text(note: Any) -> str:
    """The range that was measured over a folder, for people."""
    if note is None:
        return "not measured"
    pairs = ranges_of(as_ranges(note["range"]) or ())
    return ";".join(
        ",".join(f"{v:.0f}" if abs(v) >= 1000 else f"{v:.3g}" for v in pair) for pair in pairs
    )


def _value(value: Any) -> str:
    ranges = as_ranges(value)  # of intensities
    if ranges is not None:
        return contrast_text(ranges)
    return "not set" if value is None else str(value)
