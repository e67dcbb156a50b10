"""Signals that end a command: nothing is left over, and a sentence and an exit code say it."""

import os
import signal
import threading

import pytest

from kontur.cli.ending_signals import EndingSignals


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_command_that_is_told_to_end_does_so_as_on_ctrl_c(kontur, monkeypatch, number, code):
    removed = []

    def told():
        try:
            send(number)
        finally:
            removed.append(True)

    monkeypatch.setattr("kontur.infer.load.shipped_models", told)
    before = signal.getsignal(number)
    assert kontur("models", code=code) == "\nStopped.\n"
    assert removed == [True]
    assert signal.getsignal(number) == before


def test_what_is_ignored_stays_ignored_and_other_threads_change_nothing(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with EndingSignals() as signals:
            send(signal.SIGHUP)  # as under `nohup`
        assert signals.code == 130
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)

    def in_a_thread():
        with EndingSignals():
            found.append(signal.getsignal(signal.SIGTERM))

    found = []
    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]
