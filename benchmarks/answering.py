"""A process that is asked for predictions, an image file a line, and answers with JSON lines."""

import json
import os
import subprocess
import sys
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
        """Seconds, and how many objects."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{image}\n")
        self.process.stdin.flush()
        seconds, objects = self._answer()
        return seconds, objects

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("["):  # libraries talk too
                return json.loads(line)
        raise SystemExit(f"a process ended that was asked: {self.process.args!r}")

    def close(self) -> float:
        """End the process; its peak memory in megabytes."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        _, _, usage = os.wait4(self.process.pid, 0)
        return usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
