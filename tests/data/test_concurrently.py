"""Several calls at a time: in order, not too many, none lost and none begun in vain."""

import threading
import time
from contextlib import closing

import pytest

from kontur.data.concurrently import AHEAD, concurrently
from kontur.infer.folder import predict_folder
from kontur.infer.inputs import find_inputs
from kontur.infer.outputs import ENDINGS
from tests.infer.painted import Bright, paint


def run(images, out, *, predictor=None, **how):
    return list(predict_folder(predictor or Bright(), find_inputs([images]), out, **how))


def contents(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder): path.read_bytes() for path in files}


@pytest.fixture
def images(tmp_path):
    paint(tmp_path / "images" / "a.png", (2, 2, 5), (10, 20, 8))
    paint(tmp_path / "images" / "b.png")
    paint(tmp_path / "images" / "c.png", (0, 0, 24))
    return tmp_path / "images"


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 23])
def test_results_come_in_order_whatever_takes_longer(workers, count):
    def later(item):
        time.sleep(0.01 * (item % 3 == 0))
        return item**2

    assert list(concurrently(later, range(count), workers)) == [i**2 for i in range(count)]


def test_as_many_run_at_a_time_as_there_are_workers():
    """Each call waits for another one: with fewer at a time none would end."""
    together = threading.Barrier(3, timeout=20)
    assert len(list(concurrently(lambda _: together.wait(), range(12), 3))) == 12


def test_items_are_taken_as_they_are_needed():
    taken = []
    items = (taken.append(i) or i for i in range(100))
    with closing(concurrently(str, items, 2)) as results:
        assert next(results) == "0"
        assert len(taken) == AHEAD * 2


def test_one_worker_is_the_caller_itself():
    names = concurrently(lambda _: threading.current_thread().name, range(3), 1)
    assert set(names) == {threading.current_thread().name}


def test_an_exception_comes_in_its_turn_and_nothing_begins_after_it():
    begun = []

    def fails(item):
        begun.append(item)
        if item == 3:
            raise ValueError(item)
        return item

    results = concurrently(fails, range(100), 2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="3"):
        next(results)
    count = len(begun)
    time.sleep(0.05)
    assert len(begun) == count < 100


def test_closing_waits_for_the_calls_that_run():
    started, ended = threading.Event(), []

    def slow(item):
        started.set()
        time.sleep(0.1)
        ended.append(item)

    with closing(concurrently(slow, range(100), 2)) as results:
        next(results)
    count = len(ended)
    assert 1 <= count <= AHEAD * 2
    time.sleep(0.25)
    assert len(ended) == count


def test_several_images_at_a_time_leave_the_same_files(images, tmp_path):
    (images / "b.png").write_text("these are my notes")
    for k in range(20):
        paint(images / f"d{k}.png", (2, 2, 5 + k))
    one = run(images, tmp_path / "one", outputs=tuple(ENDINGS))
    many = run(images, tmp_path / "many", outputs=tuple(ENDINGS), workers=4)
    assert sorted((o.input.name, o.objects, o.failure or "") for o in many) == [
        (o.input.name, o.objects, o.failure or "") for o in one
    ]
    assert contents(tmp_path / "many") == contents(tmp_path / "one")
    assert all(o.skipped for o in run(images, tmp_path / "many", workers=4) if o.failure is None)


def test_large_images_are_predicted_as_many_at_a_time_as_fit_into_memory(
    images, tmp_path, monkeypatch
):
    """While one is predicted no other begins; small ones do."""
    together = {"now": 0, "most": 0}

    class Slow(Bright):
        def predict_detailed(self, *image):
            together["now"] += 1
            together["most"] = max(together.values())
            time.sleep(0.1)
            together["now"] -= 1
            return super().predict_detailed(*image)

    run(images, tmp_path / "small", predictor=Slow(), workers=3)
    assert together["most"] > 1
    together["most"] = 0
    monkeypatch.setattr("kontur.infer.tasks.image_worker.LARGE", 1)
    monkeypatch.setattr("kontur.infer.tasks.image_worker.available_memory", lambda enough: 1e9)
    run(images, tmp_path / "large", predictor=Slow(), workers=3)
    assert together["most"] == 1
    together["most"] = 0
    monkeypatch.setattr("kontur.infer.tasks.image_worker.available_memory", lambda enough: 1e10)
    run(images, tmp_path / "roomy", predictor=Slow(), workers=3)
    assert together["most"] > 1
