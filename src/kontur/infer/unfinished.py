"""What is finished of an image, kept beside its outputs until all of it is: tiles, or planes.

A run that is killed and started again does only what is missing. A file a part, written whole or
not at all; several processes may fill one folder. Those with other settings or other tiles at the
same time cost each other the parts, which are then made again, but never read them.
"""

import contextlib
import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kontur.files.atomic import replacing, write_text


class Unfinished:
    """The arrays of finished parts in a hidden folder, whose file `plan` says what the parts are.

    `identity` says of which image, model and settings they are; what a folder holds of others is
    removed when the parts begin. `check` raises where that is no longer so, before a part is added.
    """

    def __init__(
        self,
        folder: Path,
        plan: str,
        identity: Mapping[str, Any],
        check: Callable[[], None] = lambda: None,
    ):
        self.folder = folder
        self._plan, self._identity = folder / f"{plan}.json", json.loads(json.dumps(dict(identity)))
        self._name, self._check = plan, check
        content = json.dumps(self._identity, sort_keys=True).encode()
        self._digest = hashlib.sha256(content).hexdigest()[:16]
        self.parts = self._read()

    def begin(self, parts: Any) -> None:
        """Make ready for these parts; others that are there are removed."""
        parts = json.loads(json.dumps(parts))
        if self.parts == parts:
            return
        self.remove()
        content = {"identity": self._identity, self._name: parts}
        write_text(self._plan, json.dumps(content, indent=1) + "\n")
        self.parts = parts

    def begin_again(self, parts: Any) -> None:
        """Make ready for what was lost where the folder was removed meanwhile."""
        if not self.folder.is_dir():
            self.begin(parts)

    def add(self, name: str, arrays: Mapping[str, Any]) -> None:
        """Write the arrays of a part; nothing where the image was finished meanwhile."""
        self._check()
        if self.folder.is_dir():
            with (
                contextlib.suppress(FileNotFoundError),  # removed at this moment
                replacing(self._file(name)) as beside,
                beside.open("wb") as opened,
            ):
                np.savez(opened, **arrays)
            if not self._plan.exists():  # removed before that, and made anew to write into
                self.remove()

    def load(self, name: str) -> dict[str, np.ndarray] | None:
        """The arrays of a part; None where its file is missing or damaged."""
        try:
            with (
                self._file(name).open("rb") as opened,  # NumPy leaves a damaged one open
                np.load(opened, allow_pickle=False) as stored,
            ):
                return {key: stored[key] for key in stored.files}
        except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile):
            return None

    def remove(self) -> None:
        """Remove the folder: the outputs are there, or it is of something else."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_if_empty(self) -> None:
        """Remove the folder where no part is in it, of an image that cannot be read."""
        with contextlib.suppress(OSError):  # a name that is too long
            if not any(self.folder.glob("*.npz")):
                self.remove()

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.{self._digest}.npz"

    def _read(self) -> Any:
        """What parts are there, of the same image and settings; None without."""
        try:
            content = json.loads(self._plan.read_text(encoding="utf-8"))
            return content[self._name] if content["identity"] == self._identity else None
        except (OSError, ValueError, LookupError, TypeError):
            return None
