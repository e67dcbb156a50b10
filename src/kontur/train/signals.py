"""Graceful shutdown: after Ctrl-C, SIGTERM or a closed terminal the step is finished and saved.

By itself, Lightning turns Ctrl-C into `sys.exit(1)` and exits on SIGTERM without a message; both
lose what was trained since the last checkpoint.
"""

import signal
import threading
from types import FrameType
from typing import Any, Self

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # the last, of a closed terminal, is unknown to Windows
ENDING = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))


class Stopped(KeyboardInterrupt):
    """A signal ended the run; the message has the last saved step and how to resume."""

    def __init__(self, sentence: str, number: int):
        super().__init__(sentence)
        self.number = number  # of the signal


class Signals:
    """While it is used as a context, the signals `ENDING` raise `Stopped`.

    While `graceful` is true, the first one is only stored in `received`, so that the training can
    finish its step; a second one raises at once. `position` describes the progress of the run in
    the message. Outside the main thread signals cannot be handled, and are left as they are.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.graceful = False
        self.position = "before training began"
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            before = {number: signal.getsignal(number) for number in ENDING}
            # Ignored by `nohup`, they stay ignored; None is a handler that Python cannot restore.
            self._before = {n: h for n, h in before.items() if h not in (signal.SIG_IGN, None)}
        self.listen()
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def listen(self) -> None:
        """Install the handlers, again where a library has replaced them."""
        for number in self._before:
            signal.signal(number, self._on_signal)

    def saved(self, step: int) -> None:
        """Note that all steps up to `step` are in a checkpoint."""
        self.position = f"at step {step}; go on with --resume"

    def stopped(self, number: int) -> Stopped:
        """The exception that ends the run after signal `number`."""
        return Stopped(f"stopped {self.position}", number)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.graceful and self.received is None:
            self.received = number
        else:
            raise self.stopped(number)
