"""One writer at a time, whatever ends it, on disks that know locks and on such that do not."""

import errno
import fcntl
import json
import os
import subprocess
import sys
import threading
import time

import pytest

from kontur.errors import InputError
from kontur.files.left_overs import this_machine
from kontur.train import folder_lock as module
from kontur.train.folder_lock import LOCK, folder_lock

HOLDS = """
import sys
from kontur.train.folder_lock import folder_lock
with folder_lock(sys.argv[1]):
    print(flush=True)
    sys.stdin.read()
"""
REFUSED = "run is being written by process {} on .+, since 20.+ has ended, or give another --out"


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(module, "BEAT", 0.01)
    monkeypatch.setattr(module, "PAUSE", 0.01)
    monkeypatch.setattr(module, "PATIENCE", 0.1)


@pytest.fixture
def no_locks(monkeypatch):
    """A disk that knows no locks."""

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", refuse)


def note(folder, **values):
    """What a holder that was killed leaves; the process number of one that has ended."""
    folder.mkdir()
    ended = subprocess.Popen(["true"])
    ended.wait()
    known = {"token": "0", "process": ended.pid, "machine": this_machine(), "host": "here"}
    (folder / LOCK).write_text(json.dumps({**known, "since": "2026-11-29 10:00", **values}))


def test_another_process_is_named_and_what_was_killed_goes_on_at_once(tmp_path):
    run = tmp_path / "run"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(run)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        holder.stdout.readline()
        with pytest.raises(InputError, match=REFUSED.format(holder.pid)), folder_lock(run):
            pass
        assert (run / LOCK).exists()
        holder.kill()
    start = time.monotonic()
    with folder_lock(run):
        pass
    assert time.monotonic() - start < 0.5


@pytest.mark.parametrize("locks", [True, False])
def test_a_second_writer_in_this_process_is_refused_and_the_first_is_not_disturbed(
    tmp_path, request, locks
):
    request.getfixturevalue("hasty" if locks else "no_locks")
    run = tmp_path / "run"
    with folder_lock(run):
        for _ in range(2):
            with pytest.raises(InputError, match=REFUSED.format(os.getpid())), folder_lock(run):
                pass
        with folder_lock(tmp_path / "another"):
            pass
    with folder_lock(run):
        pass


def test_it_waits_as_long_as_it_is_told(tmp_path, hasty):
    entered = threading.Event()

    def hold():
        with folder_lock(tmp_path / "run"):
            entered.set()
            time.sleep(0.05)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait()
    with folder_lock(tmp_path / "run", wait=5):
        thread.join()


def test_an_empty_folder_is_not_left_and_files_are(tmp_path):
    run = tmp_path / "new" / "run"
    with pytest.raises(KeyError), folder_lock(run):
        raise KeyError
    assert not run.parent.exists()
    with folder_lock(run):
        (run / "model").touch()
    assert [path.name for path in run.iterdir()] == ["model"]
    with pytest.raises(InputError, match="--out wants a folder"), folder_lock(run / "model"):
        pass


def test_where_there_are_no_locks_what_was_killed_here_goes_on_at_once(tmp_path, no_locks):
    note(tmp_path / "run")
    with folder_lock(tmp_path / "run"):
        assert json.loads((tmp_path / "run" / LOCK).read_text())["process"] == os.getpid()
    assert not (tmp_path / "run").joinpath(LOCK).exists()


@pytest.mark.parametrize("locks", [True, False])
@pytest.mark.parametrize("content", ["another machine", "", "{", "[1]"])
def test_a_holder_of_whom_nothing_is_known_counts_as_ended_without_a_sign(
    tmp_path, request, hasty, locks, content
):
    if not locks:
        request.getfixturevalue("no_locks")
    note(tmp_path / "run", machine="other")
    if content != "another machine":
        (tmp_path / "run" / LOCK).write_text(content)
    with folder_lock(tmp_path / "run"):
        pass


@pytest.mark.parametrize("machine", ["other", this_machine()])
def test_a_living_holder_is_seen_where_there_are_no_locks(tmp_path, hasty, no_locks, machine):
    run = tmp_path / "run"
    note(run, machine=machine, process=os.getpid())
    lock = module._Lock(run / LOCK, os.open(run / LOCK, os.O_RDWR), {})
    with (
        module._heartbeat(lock),
        pytest.raises(InputError, match=REFUSED.format(os.getpid())),
        folder_lock(run),
    ):
        pass
    os.close(lock.handle)
    with folder_lock(run):  # it beats no more
        pass


def test_a_holder_does_not_remove_the_lock_of_who_took_over(tmp_path):
    run = tmp_path / "run"
    with folder_lock(run):
        (run / LOCK).unlink()
        (run / LOCK).write_text("another")
    assert (run / LOCK).read_text() == "another"


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match=r"could not write.*kontur-lock"), folder_lock(tmp_path / "a"):
        pass
    assert list(tmp_path.iterdir()) == []
