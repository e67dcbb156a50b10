"""Work in another process: its last words, its memory, and that it ends with whoever started it."""

import os
import signal
import subprocess
import sys
import time

import pytest

from kontur.infer.worker_process import peak_memory, run_worker
from kontur.select import FitFailed

WORKER = """
import sys, time, os
from kontur.infer.worker_process import end_with_parent
end_with_parent()
open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(60)
"""
STARTER = """
import sys
from pathlib import Path
from kontur.infer.worker_process import run_worker
run_worker("worker", [sys.argv[1]], log=Path(sys.argv[2]))
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write `worker.py` where `python -m worker` finds it."""
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)
    return lambda program: (tmp_path / "worker.py").write_text(program)


def test_what_it_prints_goes_to_the_log_and_time_passes(module, tmp_path):
    module("import sys; print('hello', sys.argv[1:]); print('there', file=sys.stderr)")
    ticks = []
    run_worker("worker", ["a b"], log=tmp_path / "logs" / "log.txt", tick=lambda: ticks.append(1))
    assert (tmp_path / "logs" / "log.txt").read_text() == "hello ['a b']\nthere\n"
    assert ticks


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (
            "import sys; print('Error: no image'); print('bye'); sys.exit(1)",
            r"^no image \(its whole",
        ),
        ("1 / 0", "its process ended with 1: ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(3)", "its process ended with 3: it printed nothing"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "was killed.*memory is short"),
    ],
)
def test_its_last_line_is_the_message(module, tmp_path, program, sentence):
    module(program)
    with pytest.raises(FitFailed, match=sentence):
        run_worker("worker", [], log=tmp_path / "log.txt")


def test_an_interruption_ends_it_in_order_first(module, tmp_path):
    module(
        "import sys, time\n"
        "from kontur.infer.worker_process import end_with_parent\n"
        "end_with_parent()\n"
        "try:\n"
        "    import signal\n"
        "    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
        "finally:\n"
        "    print('put away')\n"
    )
    log = tmp_path / "log.txt"

    def interrupt():
        if "ready" in log.read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_worker("worker", [], log=log, tick=interrupt)
    assert log.read_text() == "ready\nput away\n"


def test_a_worker_does_not_outlive_a_starter_that_is_killed(module, tmp_path):
    module(WORKER)
    mark = tmp_path / "pid"
    starter = subprocess.Popen([sys.executable, "-c", STARTER, mark, tmp_path / "log.txt"])
    wait_for(lambda: mark.exists() and mark.read_text())
    worker = int(mark.read_text())
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    wait_for(lambda: not is_alive(worker))


def test_the_peak_is_that_of_the_process_alone(module, tmp_path):
    module("from kontur.infer.worker_process import peak_memory; print(peak_memory())")
    ballast = bytearray(200_000_000)
    run_worker("worker", [], log=tmp_path / "log.txt")
    own = float((tmp_path / "log.txt").read_text())
    assert 5 < own < 150
    assert peak_memory() > 200
    del ballast


def wait_for(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().split()[2] != "Z"
