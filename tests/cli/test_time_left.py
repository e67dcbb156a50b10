"""The time that is left is what it then takes."""

import heapq

import numpy as np
import pytest

from kontur.cli.time_left import EACH, TimeLeft, weights_of
from kontur.infer.inputs import InputImage


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def told_and_true(weights, workers, *, startup=0.0):
    """What is said after each image, and how long the rest then took; a second is a weight of 1."""
    clock = Clock()
    left = TimeLeft(weights, lambda: workers, clock)
    clock.now += startup
    running, waiting, told = [], list(weights.items()), []
    while waiting or running:
        while waiting and len(running) < workers:
            name, weight = waiting.pop(0)
            heapq.heappush(running, (clock.now + weight, name, weight))
        clock.now, name, weight = heapq.heappop(running)
        left.finished(name, weight)
        told.append((clock.now, left.seconds()))
    return [(seconds, clock.now - at) for at, seconds in told]


@pytest.mark.parametrize(
    ("sides", "workers"), [("equal", 1), ("equal", 2), ("equal", 8), ("mixed", 1), ("mixed", 2)]
)
def test_it_is_true_after_a_tenth_of_the_work(workers, sides):
    rng = np.random.default_rng(0)
    sizes = np.ones(200) if sides == "equal" else rng.lognormal(0, 1, 200)
    weights = {str(number): float(size) for number, size in enumerate(sizes)}
    told = told_and_true(weights, workers, startup=60)
    for said, true in told[20:160]:
        assert said == pytest.approx(true, rel=0.2)
    assert told[-1] == (0.0, 0.0)


def test_nothing_is_said_before_anything_is_known():
    left = TimeLeft({"a": 1.0, "b": 1.0})
    assert left.seconds() is None
    left.finished("a", 0)  # it was there
    assert left.seconds() is None
    left.finished("b", 0)
    assert left.seconds() == 0


def test_what_was_there_does_not_make_the_rest_look_fast():
    clock = Clock()
    left = TimeLeft({str(number): 1.0 for number in range(100)}, clock=clock)
    for number in range(90):
        left.finished(str(number), 0)
    clock.now += 5
    left.finished("90", 5)
    assert left.seconds() == pytest.approx(45, rel=0.15)


def told_of_tiles(seconds, join=0.0):
    """What is said at each tile, and what the rest then took; the first tile begins the clock."""
    clock, told = Clock(), []
    left = TimeLeft({"slide": 1000.0}, clock=clock)
    for done, each in enumerate(seconds, 1):
        clock.now += each
        left.part("slide", done, len(seconds))
        told.append((left.seconds(), sum(seconds[done:]) + join))
    return told


def test_tiles_count_by_their_share_and_those_of_an_earlier_run_do_not():
    clock = Clock()
    left = TimeLeft({"slide": 1000.0, "small": 1.0}, clock=clock)
    for done in range(51, 61):  # 50 of 100 were there
        clock.now += 2
        left.part("slide", done, 100)
    assert left.seconds() == pytest.approx(80 + 10, rel=0.05)  # of tiles, and to join them


@pytest.mark.parametrize("at", [4, 30])
def test_a_tile_that_looked_wider_and_wider_does_not_make_the_rest_look_slow(at):
    seconds = np.random.default_rng(0).normal(2, 0.2, 100)
    seconds[at] = 80
    told = told_of_tiles(seconds.tolist(), join=0.05 * 200)
    for said, true in told[at + 5 : 90]:
        assert said == pytest.approx(true, rel=0.15)


def test_tiles_that_are_often_dear_count_in_full():
    rng = np.random.default_rng(0)
    seconds = np.where(rng.random(200) < 0.3, 10.0, 1.0)
    told = told_of_tiles(seconds.tolist(), join=0.05 * seconds.sum())
    for part in (50, 100, 150):
        said, true = told[part]
        assert said == pytest.approx(true, rel=0.2)


def test_joining_the_tiles_is_still_to_come_when_all_are_there():
    said, true = told_of_tiles([3.0] * 40, join=6.0)[-1]
    assert said == pytest.approx(true, rel=0.05)


def test_images_count_by_their_files_and_missing_ones_a_little(tmp_path):
    (tmp_path / "a.tif").write_bytes(bytes(1234))
    store = tmp_path / "b.zarr"
    store.mkdir()
    (store / "0").write_bytes(bytes(99))
    names = ("a.tif", "b.zarr", "gone.tif")
    found = weights_of([InputImage(name, tmp_path / name) for name in names])
    assert found == {"a.tif": EACH + 1234, "b.zarr": EACH + 99, "gone.tif": EACH}
