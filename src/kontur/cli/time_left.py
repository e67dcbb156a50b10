"""How long the rest of a folder takes, judged by what was done so far.

Images count by the bytes of their files, and so much more for what every image costs. What was
there already counts for nothing. They begin in their order; when one is finished, half of each of
the others that are being worked on is done, on average. The clock starts where the first work did,
not while workers load the model.
"""

import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path

from kontur.formats import zarr_store
from kontur.infer.inputs import InputImage

EACH = 20_000  # bytes that every image counts more; a small one takes some ten milliseconds


class TimeLeft:
    """The time that is left for images of these weights, `at_a_time` of which are worked on."""

    def __init__(
        self,
        weights: Mapping[str, float],
        at_a_time: Callable[[], int] = lambda: 1,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._rest = dict(weights)  # of images that are not finished
        self._at_a_time, self._clock = at_a_time, clock
        self._began: float | None = None
        self._worked = 0.0  # the weight of finished images, without what was there
        self._there: dict[str, float] = {}  # the share of an image that was there already
        self._shares: dict[str, float] = {}  # that are done now, of images in parts

    def part(self, name: str, done: int, total: int) -> None:
        """So many tiles or planes of an image are done; the last of them just now."""
        if name not in self._there:
            first = self._began is None  # how long its first part took nobody knows
            self._there[name] = (done if first else done - 1) / total
            self._began = self._clock() if first else self._began
        self._shares[name] = done / total

    def finished(self, name: str, seconds: float) -> None:
        """An image is finished, on which work was done for so long; 0 where it was there."""
        weight, there = self._rest.pop(name, 0.0), self._there.pop(name, 0.0)
        self._shares.pop(name, None)
        if seconds == 0:
            return
        if self._began is None:
            self._began = self._clock() - seconds
        self._worked += weight * (1 - there)

    def seconds(self) -> float | None:
        """What is left; None as long as nothing is known."""
        if self._began is None or not self._rest:
            return None if self._rest else 0.0
        in_parts = sum(
            self._rest[name] * (share - self._there[name]) for name, share in self._shares.items()
        )
        left = sum(self._rest.values())
        left -= sum(self._rest[name] * share for name, share in self._shares.items())
        others = max(self._at_a_time() - 1 - len(self._shares), 0)
        whole = (weight for name, weight in self._rest.items() if name not in self._shares)
        halves = sum(islice(whole, others)) / 2
        worked = self._worked + in_parts + halves
        if worked <= 0:
            return None
        return (self._clock() - self._began) * (left - halves) / worked


def weights_of(images: list[InputImage]) -> dict[str, float]:
    """How much each image counts, by name."""
    return {image.name: EACH + _bytes(image.path) for image in images}


def _bytes(path: Path) -> float:
    try:
        return float(zarr_store.size_of(path) if path.is_dir() else path.stat().st_size)
    except OSError:
        return 0.0
