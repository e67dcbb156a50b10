"""Signals that tell a command to end, as queues and closed terminals send them: as Ctrl-C does.

By themselves they would end it at once, in the middle of a file.
"""

import signal
import threading
from signal import SIG_DFL, default_int_handler
from types import FrameType, TracebackType
from typing import Any, Self

import typer

from kontur.train.signals import ENDING

SIGNALLED = 128  # exit code, plus the number of the signal, as in shells: 130 for Ctrl-C


class EndingSignals:
    """While it is used as a context, they raise `KeyboardInterrupt`.

    So does an error that follows on one: a compiled package that is interrupted while it is
    imported says that it does not load. A signal that is ignored, as by `nohup`, stays so, and
    all do outside the main thread.
    """

    def __init__(self) -> None:
        self._received: int | None = None
        self._before: dict[int, Any] = {}

    @property
    def code(self) -> int:
        """The exit code after the last of them; without any that of Ctrl-C."""
        return SIGNALLED + (self._received or int(signal.SIGINT))

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            usual = [n for n in ENDING if signal.getsignal(n) in (SIG_DFL, default_int_handler)]
            self._before = {each: signal.signal(each, self._on_signal) for each in usual}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._received and isinstance(error, Exception) and not isinstance(error, typer.Exit):
            raise KeyboardInterrupt from error

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._received = number
        raise KeyboardInterrupt
