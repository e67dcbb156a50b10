"""Boxes by the thousand: RoIAlign and suppression against the plain loops of the tests.

Median milliseconds of a call and the most memory that it held beyond its inputs: of 1,000 boxes on
a pyramid of a 512² image, 64 channels, 7×7 parts; and of 1,000 boxes with scores, crowded so that
most are suppressed, and apart so that none is. Both give the same numbers (last column: the largest
difference). The loops are those of `tests/naive`, on as many boxes as `--slow` says, scaled up.
"""

import argparse
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from report import heading, table
from stopwatch import milliseconds, once

from kontur.geometry.boxes import suppress
from kontur.models.maskrcnn.levels import roi_levels
from kontur.nn.roi import Rois, roi_align, roi_pool

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.naive import geometry, nn

SIDE, STRIDES, CHANNELS, CELLS = 512, (4, 8, 16, 32), 64, 7
MEGABYTE = 1 << 20
STATUS = Path("/proc/self/statm")


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    heading(f"RoIAlign and suppression of {options.boxes} boxes, {options.threads} threads")
    rows = [*_looking(options), *_suppressing(options)]
    print(table(["what", "ms", "MB", "loop, ms", "times faster", "difference"], rows))


def _looking(options: argparse.Namespace) -> list[list[str]]:
    rng = np.random.default_rng(0)
    maps = [rng.random((CHANNELS, SIDE // s, SIDE // s)) for s in STRIDES]
    features = torch.from_numpy(np.concatenate([m.reshape(CHANNELS, -1).T for m in maps])).float()
    boxes = _boxes(options.boxes, rng, side=(8, 200), within=SIDE)
    read = roi_levels(boxes, np.zeros(len(boxes), np.int64), size=(SIDE, SIDE), strides=STRIDES)
    level = [STRIDES.index(int(stride)) for stride in read.strides]
    rois = Rois(*(torch.from_numpy(np.ascontiguousarray(each)) for each in read))
    some = slice(0, options.slow)
    where = (maps, boxes[some], level[some], read.strides[some], CELLS)
    ways: list[tuple[str, Callable[[], Any], Callable[[], Any]]] = [
        (
            "RoIAlign, maximum",
            lambda: roi_align(features, rois, CELLS),
            lambda: nn.roi_align(*where, "max"),
        ),
        (
            "RoIAlign, mean",
            lambda: roi_align(features, rois, CELLS, reduce="mean"),
            lambda: nn.roi_align(*where, "mean"),
        ),
        ("RoI pooling", lambda: roi_pool(features, rois, CELLS), lambda: nn.roi_pool(*where)),
    ]
    rows = []
    for name, fast, slow in ways:
        expected: list[np.ndarray] = []
        loop = once(lambda slow=slow, out=expected: out.append(slow())) / options.slow
        apart = np.abs(fast()[some].numpy() - expected[0]).max()
        rows.append(_row(name, fast, loop * len(boxes), f"{apart:.1e}", options))
    return rows


def _suppressing(options: argparse.Namespace) -> list[list[str]]:
    rows = []
    for name, within in (("crowded", 250), ("apart", 20_000)):
        rng = np.random.default_rng(0)
        boxes = _boxes(options.boxes, rng, side=(20, 60), within=within)
        scores, groups = rng.random(len(boxes)), np.zeros(len(boxes), np.int64)
        kept: list[list[int]] = []

        def loop(
            boxes: Any = boxes, scores: Any = scores, groups: Any = groups, out: Any = kept
        ) -> None:
            out.append(geometry.suppress_boxes(boxes.tolist(), scores, 0.5, groups))

        def fast(boxes: Any = boxes, scores: Any = scores) -> Any:
            return suppress(boxes, scores, 0.5)

        slow = once(loop)
        same = "0" if kept[0] == fast().tolist() else "not the same"
        rows.append(_row(f"suppression, {name}: {len(kept[0])} stay", fast, slow, same, options))
    return rows


def _row(
    name: str, fast: Callable[[], Any], loop: float, apart: str, options: argparse.Namespace
) -> list[str]:
    spent = milliseconds(fast, repeats=options.repeats)
    return [
        name,
        f"{spent:.1f}",
        f"{_memory(fast):.0f}",
        f"{loop:,.0f}",
        f"{loop / spent:,.0f}",
        apart,
    ]


def _memory(call: Callable[[], Any]) -> float:
    """The most that a call holds, in MB: numpy's as it counts itself, torch's by watching."""
    held, done = [_resident()], threading.Event()

    def watch() -> None:
        while not done.is_set():
            held.append(_resident())
            time.sleep(0.0005)

    tracemalloc.start()
    watcher = threading.Thread(target=watch)
    watcher.start()
    call()
    done.set()
    watcher.join()
    traced = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return max(traced, max(held) - held[0]) / MEGABYTE


def _resident() -> int:
    """Bytes of memory of this process, 0 where the system does not say."""
    return int(STATUS.read_text().split()[1]) * 4096 if STATUS.exists() else 0


def _boxes(
    count: int, rng: np.random.Generator, *, side: tuple[int, int], within: int
) -> np.ndarray:
    sides = rng.uniform(*side, (count, 2))
    corners = rng.uniform(0, within - side[1], (count, 2))
    return np.concatenate([corners, corners + sides], axis=1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--boxes", type=int, default=1000)
    parser.add_argument("--slow", type=int, default=4, help="boxes that the RoI loops look at")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
