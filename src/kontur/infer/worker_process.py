"""Worker processes: work whose peak memory is measured alone and whose crash stops nothing else.

The worker holds the reading end of a pipe as its standard input. When the parent process ends,
however that happens, the pipe closes, and the worker ends itself in order, with SIGTERM. So a study
that is killed leaves no process behind that would go on writing.
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

POLL = 0.5  # seconds between checks of a worker
PATIENCE = 120.0  # seconds that a worker has for its last step and checkpoint
STATUS = Path("/proc/self/status")  # Linux
MEGABYTE = 1 << 20
KILLED = -9  # the exit code of a process that got SIGKILL, which Windows has not


def run_worker(
    module: str, words: Sequence[str], *, log: Path, tick: Callable[[], None] = lambda: None
) -> None:
    """Run `python -m MODULE WORDS`, its output going to `log`; `tick` is called twice a second.

    Where this process is interrupted the worker is told to end, and is waited for.

    Raises:
        FitFailed: the worker ended with an error; the message is its last line.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        worker = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            start_new_session=True,  # Ctrl-C goes to this process, which tells the worker
        )
        try:
            while worker.poll() is None:
                tick()
                _wait(worker, POLL)
        finally:
            assert worker.stdin is not None
            worker.stdin.close()
            _wait(worker, PATIENCE)
            worker.kill()
            worker.wait()
    if worker.returncode:
        raise FitFailed(_last_words(log, worker.returncode))


def end_with_parent() -> None:
    """For a worker: end with SIGTERM when the parent process has ended."""
    threading.Thread(target=_end_at_end_of_input, daemon=True).start()


def peak_memory() -> float | None:
    """The largest resident memory of this process so far, in megabytes; None on Windows.

    On Linux this is the kernel's value for this program: `getrusage` would include the memory of
    the parent process.
    """
    if STATUS.exists():
        fields = dict(line.split(":", 1) for line in STATUS.read_text().splitlines() if ":" in line)
        return int(fields["VmHWM"].split()[0]) / 1024
    if find_spec("resource") is None:
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE  # bytes on macOS


def _wait(worker: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        worker.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _end_at_end_of_input() -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing is ever written: it returns when the pipe closes
    os.kill(os.getpid(), signal.SIGTERM)


def _last_words(log: Path, code: int) -> str:
    """Why a worker ended, in one line."""
    if code == KILLED:
        return f"its process was killed, which happens where memory is short; see {log}"
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    last = errors[-1] if errors else lines[-1] if lines else "it printed nothing"
    ended = "" if errors else f"its process ended with {code}: "
    return f"{ended}{last} (its whole output is in {log})"
