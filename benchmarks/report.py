"""What every study prints: what was compared, on what machine, with which command, and a table.

Tables are Markdown, so that what a script prints can be pasted into docs/results.md.
"""

import os
import platform
import shlex
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "onnxruntime", "torch")


def heading(what: str) -> None:
    """One sentence on what is compared, the machine, and the command that was run."""
    print(heading_lines(what) + "\n", flush=True)


def heading_lines(what: str) -> str:
    """The same as text."""
    script = Path(sys.argv[0])
    command = shlex.join(["python", f"{script.parent.name}/{script.name}", *sys.argv[1:]])
    return f"{what}\n\non {machine()}\nby `{command}`"


def machine() -> str:
    """The processor, how many of its cores this process may use, and the versions that matter."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = " ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name)))
    return (
        f"{_processor()}, {cores} {'core' if cores == 1 else 'cores'}, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; columns of numbers are set to the right.

    >>> print(table(["shape", "ms"], [["fast", "31.2"], ["tiny", "8.0"]]))
    | shape |   ms |
    | ----- | ---: |
    | fast  | 31.2 |
    | tiny  |  8.0 |
    """
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(head), *cells]) for i in range(len(head))]
    right = [all(_numeric(row[i]) for row in cells) and bool(cells) for i in range(len(head))]
    rule = ["-" * (w - 1) + ":" if r else "-" * w for w, r in zip(widths, right, strict=True)]
    lines = [list(head), rule, *cells]
    return "\n".join(
        "| "
        + " | ".join(
            cell.rjust(w) if r else cell.ljust(w)
            for cell, w, r in zip(line, widths, right, strict=True)
        )
        + " |"
        for line in lines
    )


def _numeric(cell: str) -> bool:
    plain = cell.replace(",", "").replace("−", "").split("±")[0].strip()
    return plain in ("", "–") or plain.removesuffix("%").replace(".", "", 1).strip().isdigit()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    """The processor's name where the system says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
