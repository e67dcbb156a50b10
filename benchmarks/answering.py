"""A process that is asked, a line each time, and answers with JSON lines."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class Answering:
    """Such a process; its first line says that it is ready, and is kept as `ready`."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str], folder: Path):
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=folder,
        )
        self.ready = self._answer()

    def predict(self, image: Path) -> tuple[float, int]:
        """Seconds, and how many objects, of a process that reads names of images."""
        seconds, objects = self.ask(str(image))
        return seconds, objects

    def ask(self, line: str) -> Any:
        """The answer to a line, a list."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("["):  # libraries talk too
                return json.loads(line)
        raise SystemExit(f"a process ended that was asked: {self.process.args!r}")

    def close(self) -> Any:
        """End the process; what it says at last, None where that is nothing."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        last = [line for line in self.process.stdout if line.startswith("[")]
        self.process.wait()
        return json.loads(last[-1]) if last else None
