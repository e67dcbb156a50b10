"""Trainings that are finished, as lines of a JSON file, so that a second call goes on."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Result = dict[str, Any]


class Ledger:
    """What is known of each training: the settings that name it, and what it came to."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self.path = path
        self.results: list[Result] = [json.loads(line) for line in path.read_text().splitlines()]

    def find(self, key: Result) -> list[Result]:
        """Those that agree with everything in `key`."""
        return [
            result
            for result in self.results
            if all(result.get(name) == value for name, value in key.items())
        ]

    def add(self, result: Result) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps(result) + "\n")
        self.results.append(result)

    def folder(self, name: str) -> Path:
        """Where a training that is not finished lies."""
        return self.path.with_suffix("") / name


def cell(values: Sequence[float | None]) -> str:
    """The mean, and the standard deviation where there are several."""
    numbers = [value for value in values if value is not None]
    if not numbers:
        return "–"
    spread = f" ± {statistics.stdev(numbers):.3f}" if len(numbers) > 1 else ""
    return f"{statistics.fmean(numbers):.3f}{spread}"
