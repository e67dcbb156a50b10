"""CVAT's masks: the runs of zeros and ones of a box of pixels, along its rows, zeros first."""

from collections.abc import Mapping

import numpy as np

from kontur.formats.image_size import LARGEST_SIDE
from kontur.formats.windows import Window

LARGEST = 1 << 28  # pixels of one mask


def from_attributes(given: Mapping[str, str], size: tuple[int, int] | None) -> Window:
    """The mask of a shape's attributes; KeyError or ValueError where they are damaged.

    >>> shape = {"rle": "1, 2, 1", "left": "5", "top": "3", "width": "2", "height": "2"}
    >>> from_attributes(shape, None).mask.tolist()
    [[False, True], [True, False]]
    """
    left, top, width, height = (float(given[key]) for key in ("left", "top", "width", "height"))
    numbers = [left, top, width, height]
    if not all(n == int(n) and abs(n) < LARGEST_SIDE for n in numbers) or min(width, height) < 1:
        raise ValueError("its box is none")
    if width * height > LARGEST:
        raise ValueError(f"its box of {height:.0f}×{width:.0f} pixels is too large")
    runs = np.array([int(run) for run in given["rle"].split(",") if run.strip()], dtype=np.int64)
    total = float(runs.sum(dtype=np.float64))  # cannot overflow
    if ((runs < 0) | (runs > LARGEST)).any() or total != width * height:
        raise ValueError(f"its runs cover {total:.0f} pixels of {height:.0f}×{width:.0f}")
    ones = np.arange(len(runs)) % 2 == 1
    mask = np.repeat(ones, runs).reshape(int(height), int(width))
    return Window(mask, (int(top), int(left)), size or (int(top + height), int(left + width)))


def to_attributes(window: Window) -> dict[str, str]:
    """Its reverse.

    >>> to_attributes(Window(np.array([[True, False]]), (3, 5), (9, 9)))["rle"]
    '0, 1, 1'
    """
    flat = np.concatenate([[False], window.mask.ravel()])  # zeros come first, perhaps none
    changes = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(changes, prepend=1, append=len(flat))
    (top, left), (height, width) = window.corner, window.mask.shape
    box = {"left": left, "top": top, "width": width, "height": height}
    return {"rle": ", ".join(map(str, runs.tolist())), **{key: str(n) for key, n in box.items()}}
