"""The queue of a folder's tasks: what follows from a result, whoever did the task.

An image that one view shows is one task. One in parts (tiles, or planes of a stack) gives a task
for each part that is missing, and one that joins them, which come before an image that has not
begun.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from kontur.infer.inputs import InputImage
from kontur.infer.tasks.image_task import Job, OnPart, Outcome, Task, TaskResult
from kontur.infer.tasks.workers import Workers

OnEnd = Callable[[Job, Outcome], None]


@dataclass
class _Parts:
    """How many parts of an image are done, of how many; the seconds of its tasks so far."""

    done: int
    total: int
    side: int | None
    seconds: float


class ImageQueue:
    """The tasks of a folder's images, and those that follow from their results.

    Parts are done in the order of their images, and before another image begins. `on_end(job,
    outcome)` is called at once when an image ends, by any thread.
    """

    def __init__(
        self,
        workers: Workers,
        jobs: Sequence[Job],
        on_part: OnPart,
        on_end: OnEnd = lambda job, outcome: None,
    ):
        self._workers, self._on_part, self._on_end = workers, on_part, on_end
        self._images = deque(Task(job) for job in jobs)
        self._ready: deque[Task] = deque()  # of images that have begun
        self._running: dict[Future[TaskResult], Task] = {}
        self._parts: dict[str, _Parts] = {}  # of images in parts, by name

    def outcomes(self) -> Iterator[tuple[Job, Outcome]]:
        """The outcome of each image, when it is finished."""
        while self._ready or self._images or self._running:
            while (waiting := self._ready or self._images) and (
                len(self._running) < self._workers.at_a_time()
            ):
                task = waiting.popleft()
                if task.job.files:
                    future = self._workers.submit(task)
                    self._running[future] = task
                    future.add_done_callback(self._end)
                else:
                    yield task.job, task.job.skipped()
            if self._running:
                done = self._workers.wait(set(self._running))
                for future in [one for one in self._running if one in done]:
                    task = self._running.pop(future)
                    yield from self._follow(task, future.result())

    def ended_since(self) -> Iterator[tuple[Job, Outcome]]:
        """The outcomes of tasks that ended after nobody took outcomes any more."""
        for future, task in self._running.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                yield from self._follow(task, future.result())

    def _end(self, future: Future[TaskResult]) -> None:
        """In the thread that did a task, or heard of it: whether that was the last of an image."""
        if not future.cancelled() and future.exception() is None:
            result = future.result()
            if result.outcome is not None:
                self._on_end(result.job, result.outcome)

    def _follow(self, task: Task, result: TaskResult) -> Iterator[tuple[Job, Outcome]]:
        """The outcome of an image, or what is to be done next for it."""
        image, parts = task.job.input, self._parts.get(task.job.input.name)
        if task.kind == "part" and (parts is None or not parts.total):
            return  # another of its parts ended the image, or that it is looked at in parts
        seconds = result.seconds + (0.0 if parts is None else parts.seconds)
        if result.outcome is not None:
            self._drop(image)
            yield result.job, replace(result.outcome, seconds=seconds)
        elif result.too_large:
            self._drop(image)
            self._parts[image.name] = _Parts(0, 0, None, seconds)
            self._ready.appendleft(Task(task.job, "whole"))
        elif parts is None:
            done = result.total - len(result.missing)
            self._parts[image.name] = _Parts(done, result.total, result.side, seconds)
            self._ready.extend(
                Task(result.job, "part", part, result.side) for part in result.missing
            )
            self._join_if_done(result.job)
        else:
            parts.done += 1
            parts.seconds = seconds
            self._on_part(image, parts.done, parts.total)
            self._join_if_done(task.job)

    def _join_if_done(self, job: Job) -> None:
        parts = self._parts[job.input.name]
        if parts.done == parts.total:
            self._ready.appendleft(Task(job, "join", side=parts.side))

    def _drop(self, image: InputImage) -> None:
        """Begin no further task of an image."""
        if self._parts.pop(image.name, None) is not None:
            self._ready = deque(task for task in self._ready if task.job.input != image)
