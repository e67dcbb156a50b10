"""What follows from results that come in any order: scripted workers, no network."""

from concurrent.futures import Future
from pathlib import Path

from kontur.infer.inputs import InputImage
from kontur.infer.tasks.image_queue import ImageQueue
from kontur.infer.tasks.image_task import Job, Outcome, TaskResult


class Scripted:
    """Workers that do four tasks at a time, the first submitted first, and write down each."""

    threads = 2

    def __init__(self, results):
        self.results, self.done, self.running = results, [], {}

    def at_a_time(self):
        return 4

    def begin(self, predictor, work):
        raise NotImplementedError

    close = begin

    def submit(self, task):
        future = Future()
        self.running[future] = task
        return future

    def wait(self, futures):
        future = next(iter(self.running))
        task = self.running.pop(future)
        self.done.append((task.job.input.name, task.kind, *(task.part or ())))
        future.set_result(self.results(task))
        return {future}


def job(name):
    return Job(InputImage(name, Path(name)), None, (Path(f"{name}.geojson"),))


def in_parts(task):
    """An image of five parts."""
    if task.kind == "image":
        return TaskResult(task.job, missing=tuple((i,) for i in range(5)), total=5)
    if task.kind == "part":
        return TaskResult(task.job)
    return TaskResult(task.job, Outcome(task.job.input))


def test_parts_are_done_in_the_order_of_their_images_and_before_another_begins():
    workers, told = Scripted(in_parts), []
    queue = ImageQueue(
        workers,
        [job(name) for name in "abcdefgh"],
        lambda image, done, total: told.append((image.name, done, total)),
    )
    assert [each.input.name for _, each in queue.outcomes()] == [*"abcdefgh"]
    parts = [name for name, step, *_ in workers.done if step == "part"]
    assert parts == sorted(parts)
    begun = [name for name, step, *_ in workers.done[:9] if step == "image"]
    assert begun == [*"abcd"]  # as many as are done at a time
    assert [counts for name, *counts in told if name == "c"] == [[i, 5] for i in range(1, 6)]


def test_an_image_whose_objects_no_tile_shows_is_looked_at_whole_once():
    def too_large(task):
        done = in_parts(task)
        return done._replace(too_large=task.part in ((0,), (1,), (3,)))

    workers, told = Scripted(too_large), []
    queue = ImageQueue(workers, [job("a"), job("b")], lambda *how: told.append(how))
    assert [each.input.name for _, each in queue.outcomes()] == ["a", "b"]
    steps = [(name, step) for name, step, *_ in workers.done]
    assert steps.count(("a", "whole")) == steps.count(("b", "whole")) == 1
    assert ("a", "join") not in steps
    assert told == []
