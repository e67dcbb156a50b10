"""Signals that end a command: nothing is left over, and a sentence and an exit code say it."""

import os
import signal
import threading

import pytest

from kontur.cli.ending_signals import EndingSignals
from kontur.errors import InputError


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("error", [ImportError("initialization failed"), InputError("it failed")])
def test_an_error_that_a_signal_made_is_not_told(kontur, monkeypatch, number, error):
    def interrupted():  # as the compiled module of ONNX Runtime while it is imported
        try:
            send(number)
        except KeyboardInterrupt:
            raise error from None

    monkeypatch.setattr("kontur.infer.load.shipped_models", interrupted)
    usual = {signal.SIGINT: signal.default_int_handler}.get(number, signal.SIG_DFL)
    before = signal.signal(number, usual)  # a shell may have started the tests without Ctrl-C
    try:
        assert kontur("models", code=128 + number) == "\nStopped.\n"
    finally:
        signal.signal(number, before)


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
