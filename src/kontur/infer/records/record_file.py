"""The file `predict.json`: the runs that made what lies in a folder, their settings and images.

Older builds wrote fewer settings, and some by other words.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kontur
from kontur.data.file_names import RECORD_FILE
from kontur.errors import InputError
from kontur.files.atomic import write_text

OLDER = {"precision": "float32"}  # settings that records of older builds do not name
OLDER_WORDS = {"link": {"overlap": True}}  # values that they name by other words
FOLDER_CONTRAST = "folder_contrast"  # the setting that is measured, where contrast is "folder"


@dataclass(frozen=True)
class RecordedRun:
    """Settings, and by each image's name its results.

    They are objects, scale and so on, the `outputs` that were written (their words, which records
    of older builds lack), the image's `SourceFile`, and `unfinished` where a kill came between the
    names of two outputs.
    """

    settings: Mapping[str, Any]
    images: dict[str, dict[str, Any]] = field(default_factory=dict)


def noted_precision(out: Path, digest: str) -> str | None:
    """In which precision the latest run of a model that `predict.json` notes computed, or None.

    Another machine, build or person may have begun the folder in others than are usual here. Raises
    `InputError` as `Record`.
    """
    runs, _ = read_record(out / RECORD_FILE) if out.is_dir() else ([], {})
    noted = [migrated(run.settings) for run in runs if run.settings.get("digest") == digest]
    return noted[-1]["precision"] if noted else None


def read_record(path: Path) -> tuple[list[RecordedRun], dict[str, int]]:
    """The runs of a record, and how many lines of journals they hold; older builds wrote no source.

    Nothing where there is no file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        runs = [
            RecordedRun(
                {key: value for key, value in run.items() if key != "images"},
                {name: dict(results) for name, results in run["images"].items()},
            )
            for run in content["made"]
        ]
        return runs, {name: int(lines) for name, lines in content.get("journals", {}).items()}
    except FileNotFoundError:
        return [], {}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise InputError(
            f"{path} is not a record of kontur predict; move it away or give another --out"
        ) from None


def write_record(path: Path, runs: Iterable[RecordedRun], held: Mapping[str, int]) -> None:
    """Write the runs, and how many lines of each journal they hold, whole or not at all."""
    made = [{**run.settings, "images": dict(sorted(run.images.items()))} for run in runs]
    content: dict[str, Any] = {"kontur": kontur.__version__, "made": made}
    if held:  # journals of processes that run, or that were killed on another machine
        content["journals"] = dict(held)
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def migrated(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a record that an older build may have written."""
    renamed = {
        key: words.get(settings[key], settings[key])
        for key, words in OLDER_WORDS.items()
        if key in settings
    }
    return {**OLDER, **settings, **renamed}


def with_later(
    runs: Iterable[RecordedRun], later: RecordedRun, same: Sequence[RecordedRun]
) -> list[RecordedRun]:
    """The runs after a later one, into which the `same` ones go.

    An image is of its last run alone. Runs that have none go, but for those that have settled what
    is measured and not finished an image yet: whoever has their settings goes by it.
    """
    images = {name: results for run in same for name, results in run.images.items()}
    others = []
    for run in runs:
        left = {k: v for k, v in run.images.items() if k not in later.images}
        waits = FOLDER_CONTRAST in run.settings and not run.images
        if run not in same and (left or waits):
            others.append(RecordedRun(run.settings, left))
    return [*others, RecordedRun(later.settings, images | later.images)]
