"""Work in a process of its own, so that its peak memory is its own and its crash stops no other.

The worker holds the reading end of a pipe as its standard input. When whoever started it ends,
however that happens, the pipe closes, and the worker ends itself in order, with SIGTERM. So a study
that is killed leaves nothing behind that would go on writing.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from kontur.select import FitFailed

GLANCE = 0.5  # seconds between looks at a worker
PATIENCE = 120.0  # seconds that a worker has for its last step and checkpoint
STATUS = Path("/proc/self/status")  # Linux
MEGABYTE = 1 << 20
KILLED = -9  # the exit code of a process that got SIGKILL, which Windows has not


def run_apart(
    module: str, words: Sequence[str], *, log: Path, tick: Callable[[], None] = lambda: None
) -> None:
    """`python -m MODULE WORDS`, what it prints going to `log`; `tick` is called now and then.

    Where this process is interrupted the worker is asked to end and waited for.

    Raises:
        FitFailed: the worker ended with an error; says its last words.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        worker = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            start_new_session=True,  # Ctrl-C is for us, and we tell the worker
        )
        try:
            while worker.poll() is None:
                tick()
                _wait(worker, GLANCE)
        finally:
            assert worker.stdin is not None
            worker.stdin.close()
            _wait(worker, PATIENCE)
            worker.kill()
            worker.wait()
    if worker.returncode:
        raise FitFailed(_last_words(log, worker.returncode))


def end_with_parent() -> None:
    """For a worker: end with SIGTERM when whoever started it is no more."""
    threading.Thread(target=_end_at_end_of_input, daemon=True).start()


def peak_memory() -> float | None:
    """The largest resident memory of this process so far, in megabytes; None on Windows.

    On Linux the kernel's own mark of this program: `getrusage` would count the memory of whoever
    started it as its own.
    """
    if STATUS.exists():
        facts = dict(line.split(":", 1) for line in STATUS.read_text().splitlines() if ":" in line)
        return int(facts["VmHWM"].split()[0]) / 1024
    if find_spec("resource") is None:
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE  # macOS says bytes


def _wait(worker: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        worker.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _end_at_end_of_input() -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing is ever written: it returns when the pipe closes
    os.kill(os.getpid(), signal.SIGTERM)


def _last_words(log: Path, code: int) -> str:
    """Why a worker ended, in a line."""
    if code == KILLED:
        return f"its process was killed, which happens where memory is short; see {log}"
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    said = errors[-1] if errors else lines[-1] if lines else "it said nothing"
    ended = "" if errors else f"its process ended with {code}: "
    return f"{ended}{said} (all it said is in {log})"
