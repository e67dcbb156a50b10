"""An array of objects that shares with its successors all that an edit leaves alone.

A person drags one point of one outline among 64,000, sixty times a second, and wants every step
back. Copying the array for each step would cost as much as there are others. So it is kept in
chunks: a successor has one chunk of its own and refers to the others. Those who read get one plain
array, put together when it is first asked for.
"""

from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Shaped

from kontur.instances.immutable import locked, read_only

CHUNK = 1024  # objects; an edit copies so many references, and one reference a chunk


class ChunkedArray:
    """k objects, never changed in place."""

    def __init__(self, chunks: tuple[np.ndarray, ...], length: int):
        self._chunks, self._length = chunks, length

    @classmethod
    def of(cls, values: Shaped[np.ndarray, " k"]) -> "ChunkedArray":
        """The objects of an array; one that can be written to is copied."""
        whole = read_only(values)
        starts = range(0, max(len(whole), 1), CHUNK)
        made = cls(tuple(whole[start : start + CHUNK] for start in starts), len(whole))
        made.__dict__["array"] = whole
        return made

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, place: int) -> Any:
        return self._chunks[place // CHUNK][place % CHUNK]

    @cached_property
    def array(self) -> Shaped[np.ndarray, " k"]:
        """All objects as one array that cannot be written to."""
        return locked(np.concatenate(self._chunks))

    def with_value(self, place: int, value: Any) -> "ChunkedArray":
        """The same objects but for the one at `place`."""
        number, inside = divmod(place, CHUNK)
        chunk = self._chunks[number].copy()
        chunk[inside] = value
        chunks = (*self._chunks[:number], locked(chunk), *self._chunks[number + 1 :])
        return ChunkedArray(chunks, self._length)
