"""Ctrl-C and SIGTERM end a run in order: the step at hand is finished and kept.

Left alone, Lightning turns Ctrl-C into `sys.exit(1)` and a SIGTERM into an exit without a sound;
both lose what was trained since the last checkpoint.
"""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

ENDING = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """A signal ended the run; the sentence says how far it came and how it goes on."""

    def __init__(self, sentence: str, number: int):
        super().__init__(sentence)
        self.number = number  # of the signal


class Signals:
    """While it is used as a context, SIGINT and SIGTERM raise `Stopped`.

    While `patient`, the first one is only noted in `asked`, for whoever is at work to come to an
    end; a second one does not wait. `far` is how far the run has come, for the sentence. Outside
    the main thread signals cannot be taken, and stay with whoever has them.
    """

    def __init__(self) -> None:
        self.asked: int | None = None
        self.patient = False
        self.far = "before training began"
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            before = {number: signal.getsignal(number) for number in ENDING}
            # `nohup` ignores them, and so shall we; None is a handler that Python cannot restore
            self._before = {n: h for n, h in before.items() if h not in (signal.SIG_IGN, None)}
        self.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def listen(self) -> None:
        """Take the signals, or take them back from a library that took them meanwhile."""
        for number in self._before:
            signal.signal(number, self._on_signal)

    def reached(self, step: int) -> None:
        """All up to `step` is in a checkpoint."""
        self.far = f"at step {step}; go on with --resume"

    def stopped(self, number: int) -> Stopped:
        """What ends the run, for raising."""
        return Stopped(f"stopped {self.far}", number)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.patient and self.asked is None:
            self.asked = number
        else:
            raise self.stopped(number)
