"""How long the rest of a folder takes, judged by what was done so far.

Images count by the bytes of their files, and so much more for what every image costs. What was
there already counts for nothing. They begin in their order; when one is finished, half of each of
the others that are being worked on is done, on average. The clock starts where the first work did,
not while workers load the model. Of an image in parts the dearest twentieth of them are taken for
exceptions, such as tiles that looked wider at a large object: the rest is judged by the others.
"""

import math
import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path

from kontur.images import zarr_store
from kontur.infer.inputs import InputImage

EACH = 20_000  # bytes that every image counts more; a small one takes some ten milliseconds
RARE = 0.05  # of an image's parts that may be exceptions, at least one
JOIN = 0.05  # of the time of an image's parts: what joins and writes them; 0.6 s of 11 measured


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
        self._shares_before: dict[str, float] = {}  # the share of an image that was there already
        self._shares: dict[str, float] = {}  # that are done now, of images in parts
        self._latest = 0.0  # when something was finished last
        self._parts: dict[str, list[float]] = {}  # the seconds of the parts of an image

    def part(self, name: str, done: int, total: int) -> None:
        """So many tiles or planes of an image are done; the last of them just now."""
        now, whole = self._clock(), total * (1 + JOIN)
        first = self._began is None  # how long its first part took nobody knows
        if name not in self._shares_before:
            self._shares_before[name] = (done if first else done - 1) / whole
            self._began = now if first else self._began
        if not first:
            self._parts.setdefault(name, []).append(now - self._latest)
        self._latest = now
        self._shares[name] = done / whole

    def finished(self, name: str, seconds: float) -> None:
        """An image is finished, on which work was done for so long; 0 where it was there."""
        weight, share_before = self._rest.pop(name, 0.0), self._shares_before.pop(name, 0.0)
        self._shares.pop(name, None)
        if seconds == 0:
            return
        self._latest = self._clock()
        if self._began is None:
            self._began = self._latest - seconds
        self._worked += weight * (1 - share_before)

    def seconds(self) -> float | None:
        """What is left; None as long as nothing is known."""
        if self._began is None or not self._rest:
            return None if self._rest else 0.0
        in_parts = sum(
            self._rest[name] * (share - self._shares_before[name])
            for name, share in self._shares.items()
        )
        left = sum(self._rest.values())
        left -= sum(self._rest[name] * share for name, share in self._shares.items())
        others = max(self._at_a_time() - 1 - len(self._shares), 0)
        whole = (weight for name, weight in self._rest.items() if name not in self._shares)
        halves = sum(islice(whole, others)) / 2
        worked = self._worked + in_parts + halves
        if worked <= 0:
            return None
        usual = self._clock() - self._began - sum(map(_excess, self._parts.values()))
        return usual * (left - halves) / worked


def _excess(parts: list[float]) -> float:
    """The seconds by which the dearest parts exceed the dearest of the others.

    >>> _excess([1.0, 9.0, 2.0]), _excess([9.0])
    (7.0, 0.0)
    """
    dearest = sorted(parts, reverse=True)
    rare = math.ceil(RARE * len(parts))
    return sum(dearest[:rare]) - rare * dearest[min(rare, len(parts) - 1)]


def weights_of(images: list[InputImage]) -> dict[str, float]:
    """How much each image counts, by name."""
    return {image.name: EACH + _bytes(image.path) for image in images}


def _bytes(path: Path) -> float:
    try:
        return float(zarr_store.size_of(path) if path.is_dir() else path.stat().st_size)
    except OSError:
        return 0.0
