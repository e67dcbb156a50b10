"""The report of a folder: a Parquet file with a row for each image, also for those that failed.

Its columns: `name` of the image's outputs, the number of `objects`, the `seconds` that its tasks
took together, and `error`, a sentence where it failed. What is not known is null: `objects` of
images that failed, `seconds` of images that were there before any report. Rows of images of earlier
calls stay, as in `predict.json`. Needs the package pyarrow (extra `cluster` or `tables`).
"""

from pathlib import Path
from typing import Any

from kontur import extra
from kontur.files.atomic import check_writable, replacing
from kontur.infer.records.lock import locked
from kontur.infer.tasks.image_task import Outcome
from kontur.wording import printable

COLUMNS = {"name": "string", "objects": "int64", "seconds": "float64", "error": "string"}
EXTRA = "cluster"


class Report:
    """The rows of the images of a call; nothing where there is no `path`.

    Images that are skipped keep the seconds that they had in the file, and images of other calls
    their rows; a file that is no such table is replaced.

    Raises `InputError` without pyarrow and OSError where the file cannot be written, both before
    any work.
    """

    def __init__(self, path: Path | None):
        self.path = path
        self._rows: dict[str, dict[str, Any]] = {}
        if path is not None:
            self._arrow = extra.package("pyarrow", extra=EXTRA, what="a report")
            self._parquet = extra.package("pyarrow.parquet", extra=EXTRA, what="a report")
            check_writable(path)
            self._before = self._existing_rows()

    def add(self, outcome: Outcome) -> None:
        """A row for an image."""
        if self.path is None:
            return
        name = printable(outcome.input.name)
        unknown = outcome.failure is not None or outcome.unverified
        before = self._before.get(name, {}).get("seconds")
        seconds = before if outcome.skipped else outcome.seconds
        objects = None if unknown else outcome.objects
        values = (name, objects, seconds, outcome.failure)
        self._rows[name] = dict(zip(COLUMNS, values, strict=True))

    def write(self) -> None:
        """Write all rows, sorted by name, whole or not at all, into what the file holds by now."""
        if self.path is None:
            return
        with locked(self.path):
            rows = self._existing_rows() | self._rows
            table = self._arrow.Table.from_pylist(
                [rows[name] for name in sorted(rows)], schema=self._schema
            )
            with replacing(self.path) as beside:
                self._parquet.write_table(table, beside)

    @property
    def _schema(self) -> Any:
        return self._arrow.schema(
            [(name, getattr(self._arrow, kind)()) for name, kind in COLUMNS.items()]
        )

    def _existing_rows(self) -> dict[str, dict[str, Any]]:
        """The row of each image in the file that is there."""
        try:
            table = self._parquet.read_table(self.path).select([*COLUMNS]).cast(self._schema)
        except (OSError, ValueError, LookupError):  # missing, or no such table
            return {}
        return {row["name"]: row for row in table.to_pylist() if row["name"] is not None}
