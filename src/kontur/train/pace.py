"""The speed of a training as it goes on, and when it has changed by so much that something is done.

Other work on the machine comes and goes. With it the slowest thread determines the speed of a step,
which may then take seconds, so that few steps have to show it.
"""

import os

from kontur.infer.engines.engine_threads import processors

JUDGED = 10  # steps whose speed is judged together
SLOW = 2.5  # times as long as the fastest steps of the run, from which a warning is printed
CHANGED = 1.5  # times slower or faster than before, from which threads are chosen again
COLLAPSED = 4.0  # times slower than before, from which fewer steps are judged
COLLAPSED_SECONDS = 2.0  # that these take at least: a moment of other work is no collapse


class Pace:
    """The speed of training: whether it has dropped, and whether to choose threads again.

    Both of these take the images per second that `add` gives.
    """

    def __init__(self) -> None:
        self.begun: float | None = None  # when the first of the steps began that are judged next
        self.steps = self.images = 0  # that have been done since
        self.fastest = 0.0
        self.is_slow = False
        self.chosen: float | None = None  # the speed just after threads were chosen

    def add(self, images: int, seconds: float) -> float:
        """A step on so many images has ended; the images per second of the last few, or 0.

        0 until there are `JUDGED` steps, or fewer that are many times slower than those after the
        last choice: ten of them might take minutes. `seconds` are those of all training until now.

        >>> pace = Pace()
        >>> [pace.add(8, 0.5 * i) for i in range(11)][-2:], pace.change(16.0)
        ([0.0, 16.0], 1.0)
        >>> pace.add(8, 5.5), pace.add(8, 12.5)
        (0.0, 2.1333333333333333)
        """
        if self.begun is None:
            self.begun = seconds  # steps before an interruption, and the first
            return 0.0
        self.steps += 1
        self.images += images
        took = max(seconds - self.begun, 1e-9)
        speed = self.images / took
        collapsed = self.chosen is not None and speed * COLLAPSED < self.chosen
        if self.steps < JUDGED and not (collapsed and took > COLLAPSED_SECONDS):
            return 0.0
        self.begun, self.steps, self.images = seconds, 0, 0
        return speed

    def slowdown(self, speed: float) -> float:
        """How many times slower than the fastest, when that exceeds `SLOW`, once; 0 otherwise.

        >>> pace = Pace()
        >>> [pace.slowdown(speed) for speed in (20.0, 24.0, 20.0, 6.0, 5.0, 20.0, 4.0)]
        [0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 6.0]
        """
        self.fastest = max(self.fastest, speed)
        was_slow, times = self.is_slow, self.fastest / max(speed, 1e-9)
        self.is_slow = times > (CHANGED if was_slow else SLOW)
        return times if self.is_slow and not was_slow else 0.0

    def change(self, speed: float) -> float:
        """How many times the speed after the last choice, which is then reset; 1 where it is alike.

        >>> pace = Pace()
        >>> [pace.change(speed) for speed in (20.0, 15.0, 5.0, 9.0, 10.0, 18.0)]
        [1.0, 1.0, 0.25, 1.0, 1.0, 2.0]
        """
        if self.chosen is None:
            self.chosen = speed
            return 1.0
        change = speed / self.chosen
        if 1 / CHANGED <= change <= CHANGED:
            return 1.0
        self.chosen = None
        return change


def slowdown_warning(times: float, speed: float) -> str:
    """A warning that other work slows the training, with the load where the system reports it."""
    load = (
        f" (load {os.getloadavg()[0]:.1f} on {processors()})" if hasattr(os, "getloadavg") else ""
    )
    return (
        f"! steps take {times:.1f} times as long as the fastest ones, {speed:.1f} images/s: other "
        f"work seems to share the machine{load}"
    )
