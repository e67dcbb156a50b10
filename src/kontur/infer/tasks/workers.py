"""Workers: what does tasks, several at a time, and gives their results in any order.

The threads of this process (`Threads`) and those of a cluster (`cluster.DaskWorkers`) are used
alike: a task is submitted and gives a `Future`, as those of the standard library.
"""

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Protocol, runtime_checkable

from kontur.infer.predict import Predictor
from kontur.infer.tasks.image_task import OnJoin, Task, TaskResult, Work
from kontur.infer.tasks.image_worker import ImageWorker


@runtime_checkable
class Workers(Protocol):
    """What does the tasks of a folder; `threads` of it do one at a time each."""

    threads: int

    def at_a_time(self) -> int:
        """How many tasks are worth having submitted."""

    def begin(self, predictor: Predictor, work: Work) -> None:
        """Make ready for tasks. Raises `InputError` where they cannot be done."""

    def submit(self, task: Task) -> "Future[TaskResult]":
        """Have a task done."""

    def wait(self, futures: "set[Future[TaskResult]]") -> "set[Future[TaskResult]]":
        """Those that are done, at least one. Raises `InputError` where no worker is left."""

    def close(self) -> None:
        """Begin no further task; those of this process that run are waited for."""


class Threads:
    """So many threads of this process share one predictor; one: the caller's own thread.

    Whichever thread joins the planes of a stack calls `on_join`.
    """

    AHEAD = 2  # tasks a thread that are submitted, so that none waits for the next

    def __init__(self, count: int = 1, on_join: OnJoin = lambda doing, done, total: None):
        self.threads, self._on_join = count, on_join
        self._pool = ThreadPoolExecutor(count) if count > 1 else None
        self._worker: ImageWorker | None = None

    def at_a_time(self) -> int:
        """How many tasks are worth having submitted."""
        return 1 if self._pool is None else self.AHEAD * self.threads

    def begin(self, predictor: Predictor, work: Work) -> None:
        """The predictor does the tasks; it has to bear several calls where there are threads."""
        self._worker = ImageWorker(predictor, work, self._on_join)

    def submit(self, task: Task) -> "Future[TaskResult]":
        """Have a task done; it is done already where there are no other threads."""
        assert self._worker is not None
        if self._pool is not None:
            return self._pool.submit(self._worker.do, task)
        done: Future[TaskResult] = Future()
        done.set_result(self._worker.do(task))
        return done

    def wait(self, futures: "set[Future[TaskResult]]") -> "set[Future[TaskResult]]":
        """Those that are done, at least one."""
        return wait(futures, return_when=FIRST_COMPLETED).done

    def close(self) -> None:
        """Begin no further task; those that run are waited for."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
