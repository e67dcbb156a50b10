"""The record beside the outputs: `predict.json` says which model made which outlines, and how.

It is what tells a call that goes on after an interruption from one with other settings, whose
outlines must not be mixed with those that lie there.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import kontur
from kontur.data.names import RECORD_FILE
from kontur.errors import InputError
from kontur.formats.atomic import write_text
from kontur.infer.load import find_model


@dataclass(frozen=True)
class Making:
    """How outlines were made, and of which images by name: objects, repaired outlines, scale."""

    settings: Mapping[str, Any]
    images: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """All that was made in a folder; the making of this call is the last."""

    path: Path
    makings: tuple[Making, ...]
    before: Making | None = None  # the one of the call before this one
    written: int = 0  # when that call last wrote the record, in nanoseconds

    @classmethod
    def open(cls, out: Path, settings: Mapping[str, Any]) -> Self:
        """The record of a folder, ready for more images made with these settings.

        Raises `InputError` where the folder has a `predict.json` that is not ours.
        """
        path = out / RECORD_FILE
        known = _read(path)
        before, written = (known[-1], path.stat().st_mtime_ns) if known else (None, 0)
        same = [making for making in known if dict(making.settings) == dict(settings)]
        others = [making for making in known if dict(making.settings) != dict(settings)]
        making = same[0] if same else Making(dict(settings))
        return cls(path, (*others, making), before, written)

    @property
    def current(self) -> Making:
        """The making of this call."""
        return self.makings[-1]

    def made_otherwise(self, outputs: Mapping[str, Sequence[Path]]) -> dict[str, str]:
        """The images among `outputs` made with other settings, and what was different, in words.

        `outputs` has the files of each image that are there. Files that are newer than the record
        and not in it were made by a call that was killed before it could note them.
        """
        others = {name: making for making in self.makings[:-1] for name in making.images}
        if self.before is not None and self.before is not self.current:
            noted = {*others, *self.current.images}
            unnoted = [name for name in outputs if name not in noted]
            newer = [
                name
                for name in unnoted
                if max(file.stat().st_mtime_ns for file in outputs[name]) >= self.written
            ]
            others |= dict.fromkeys(newer, self.before)
        return {
            name: _difference(others[name].settings, self.current.settings)
            for name in outputs
            if name in others
        }

    def add(self, name: str, facts: Mapping[str, Any]) -> None:
        """Note an image of this call; what an older making said of it is outdated."""
        for making in self.makings:
            making.images.pop(name, None)
        self.current.images[name] = dict(facts)

    def write(self) -> None:
        """Write it whole; raises `OSError` naming the file where that cannot be done."""
        kept = [making for making in self.makings[:-1] if making.images]
        content = {
            "kontur": kontur.__version__,
            "made": [
                {**making.settings, "images": dict(sorted(making.images.items()))}
                for making in [*kept, self.current]
            ],
        }
        write_text(self.path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def identity(model: str | Path) -> dict[str, str]:
    """Which model it is: the name by which it was asked for, and a digest of its file."""
    return {"model": str(model), "digest": digest(find_model(model))}


def digest(path: Path) -> str:
    """The first 16 digits of the file's SHA-256: which model it was, whatever its name."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _read(path: Path) -> list[Making]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    try:
        made = json.loads(text)["made"]
        return [
            Making({k: v for k, v in each.items() if k != "images"}, dict(each["images"]))
            for each in made
        ]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise InputError(
            f"{path} is not a record of kontur predict; move it away or give another --out"
        ) from None


def _difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    keys = [key for key in now if before.get(key) != now[key] and key != "digest"]
    said = [f"{key} {_value(before.get(key))}, now {_value(now[key])}" for key in keys]
    return "; ".join(said) or "the model of this name was another one"


def _value(value: Any) -> str:
    return "not set" if value is None else str(value)
