"""Jobs: work that takes longer than a request, one at a time, with progress and a way to stop."""

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from kontur.errors import InputError
from kontur.web.events import Events

State = Literal["waiting", "running", "done", "failed", "cancelled"]
KEPT = 50  # finished jobs that can still be asked for
log = logging.getLogger("kontur.web")


class Cancelled(Exception):
    """Raised inside a job that a person has stopped."""


@dataclass(eq=False)
class Job:
    """A piece of work; `done` of `total` units, `message` on what it does, `result` at its end.

    `image` is the name of the one image that it is about, "" where it is about several.
    """

    number: int
    kind: str
    work: Callable[["Job"], dict[str, Any] | None]
    events: Events
    state: State = "waiting"
    image: str = ""
    done: float = 0
    total: float = 0
    message: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Tell how far it is; raises `Cancelled` where a person has stopped it."""
        self.done, self.total, self.message = done, total, message
        self.publish()
        self.check()

    def check(self) -> None:
        """Raise `Cancelled` where a person has stopped the job."""
        if self.stop.is_set():
            raise Cancelled

    def publish(self) -> None:
        """Tell all windows how it stands."""
        self.events.publish("job", job=self.about())

    def about(self) -> dict[str, Any]:
        """The job as a page sees it."""
        return {
            "number": self.number,
            "kind": self.kind,
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "message": self.message,
            "image": self.image,
            "result": self.result,
        }


class Jobs:
    """Jobs in the order in which they were asked for; one thread works on them."""

    def __init__(self, events: Events):
        self._events = events
        self._numbers = itertools.count(1)
        self._waiting: deque[Job] = deque()
        self._known: dict[int, Job] = {}
        self._work_added = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="kontur-jobs", daemon=True)
        self._thread.start()

    def start(
        self, kind: str, work: Callable[[Job], dict[str, Any] | None], *, image: str = ""
    ) -> Job:
        """Begin a job as soon as those before it are through; `image` as of a `Job`."""
        with self._work_added:
            job = Job(next(self._numbers), kind, work, self._events, image=image)
            self._known[job.number] = job
            for old in list(self._known)[:-KEPT]:
                if self._known[old].state not in ("waiting", "running"):
                    del self._known[old]
            self._waiting.append(job)
            self._work_added.notify()
        job.publish()
        return job

    def __getitem__(self, number: int) -> Job:
        """A job by its number; `KeyError` where there is none."""
        return self._known[number]

    def all(self) -> list[Job]:
        """Every job that is known, the oldest first."""
        return list(self._known.values())

    def cancel(self, number: int) -> Job:
        """Stop a job at the next point where it can be stopped."""
        job = self[number]
        with self._work_added:
            job.stop.set()
            if job in self._waiting:
                self._waiting.remove(job)
                job.state = "cancelled"
        job.publish()
        return job

    def close(self) -> None:
        """Stop everything and wait a moment for it."""
        with self._work_added:
            self._ended = True
            for job in self._known.values():
                job.stop.set()
            self._waiting.clear()
            self._work_added.notify()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while True:
            with self._work_added:
                while not self._waiting and not self._ended:
                    self._work_added.wait()
                if self._ended:
                    return
                job = self._waiting.popleft()
                job.state = "running"
            job.publish()
            try:
                job.result = job.work(job) or {}
                job.state = "done"
            except Cancelled:
                job.state = "cancelled"
            except (InputError, OSError, MemoryError) as error:
                job.state, job.message = "failed", str(error) or type(error).__name__
            except Exception:  # a defect: the window is told, the log has the traceback
                log.exception("a job of the kind %s failed", job.kind)
                job.state, job.message = "failed", "an error in Kontur; the terminal shows it"
            job.publish()
