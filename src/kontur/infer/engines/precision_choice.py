"""The precision of "auto" on this machine: measured once, noted, and the same ever after.

Two graphs that are about as fast would be chosen one day and not the next, or by one process and
not by another beside it, and outlines would differ. So what was measured first is kept: in this
process, and in the user's folder of caches, or the folder that the variable `KONTUR_CACHE` names,
where every later process finds it. A folder that cannot be read or written is done without: this
process then still keeps to its choice.
"""

import hashlib
import os
import platform
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from kontur.errors import InputError
from kontur.files.atomic import write_text
from kontur.infer.records.lock import locked

CACHE = "KONTUR_CACHE"  # the environment's variable of the folder
CPU_LINES = ("model name", "flags", "Features")  # of Linux: what its CPU is and can
CpuPrecision = Literal["float32", "int8"]

_chosen: dict[str, CpuPrecision] = {}  # in this process


def noted_choice(graphs: Sequence[bytes], measure: Callable[[], CpuPrecision]) -> CpuPrecision:
    """The precision chosen before for graphs on this CPU, or what `measure` says, noted.

    `graphs`: the bytes of what is compared, without weights, so that all models of one build share
    a choice. It is made anew with another CPU, ONNX Runtime or graph. Of processes and of threads
    that measure at the same time the first to note it decides. What `measure` raises passes
    through.
    """
    key = _key(graphs)
    if key not in _chosen:
        _chosen.setdefault(key, _read(key) or _noted(key, measure()))
    return _chosen[key]


def _key(graphs: Sequence[bytes]) -> str:
    from onnxruntime import __version__  # packages of several names bring it: onnxruntime-gpu, …

    parts = [*graphs, __version__.encode(), cpu().encode()]
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(digests).hexdigest()[:24]


@cache
def cpu() -> str:
    """The name of this CPU, and what it can compute where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()  # of its first core
    except OSError:
        lines = []
    told = [line for line in lines if line.startswith(CPU_LINES)]
    return "\n".join([platform.machine(), platform.processor(), *told])


def _place(key: str) -> Path:
    from platformdirs import user_cache_path

    given = os.environ.get(CACHE)
    folder = Path(given).expanduser() if given else user_cache_path("kontur", appauthor=False)
    return folder / "precision" / f"{key}.txt"


def _read(key: str) -> CpuPrecision | None:
    try:
        text = _place(key).read_text()
    except (OSError, RuntimeError, ValueError):  # nothing there, no home, not a text
        return None
    return "int8" if text == "int8" else "float32" if text == "float32" else None


def _noted(key: str, measured: CpuPrecision) -> CpuPrecision:
    try:
        place = _place(key)
        place.parent.mkdir(parents=True, exist_ok=True)
        with locked(place):
            earlier = _read(key)  # another process may have noted its own meanwhile
            if earlier is None:
                write_text(place, measured)
    except (OSError, InputError, RuntimeError):
        return measured  # this process keeps to it all the same
    return earlier or measured
