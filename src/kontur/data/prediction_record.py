"""What `predict.json` notes of the images of a folder of predictions: page and image file."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from kontur.data.file_names import RECORD_FILE


class Predicted(NamedTuple):
    """The page of a stack that was outlined, and the image file, relative to the record."""

    page: int | None
    source: str | None


def predicted_images(folder: Path) -> Mapping[str, Predicted]:
    """What the record of a folder notes, by the names of its files of outlines without endings.

    Empty where there is no record, or none of ours.
    """
    record = folder / RECORD_FILE
    try:
        stamp = record.stat()
    except OSError:
        return {}
    return _read(record, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=8)  # each of thousands of files of a folder asks
def _read(record: Path, time: int, size: int) -> Mapping[str, Predicted]:
    try:
        runs = json.loads(record.read_text(encoding="utf-8"))["made"]
        return {
            name: Predicted(
                run["page"] if isinstance(run.get("page"), int) else None,
                noted["source"] if isinstance(noted.get("source"), str) else None,
            )
            for run in runs
            for name, noted in run["images"].items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}
