"""Chunked array: a persistent array of objects, of which an edited copy shares most memory.

Interactive editing changes one outline among 64,000, sixty times a second, and must undo every
step. Copying the array for each step would cost in proportion to its length. So it is kept in
chunks: an edited copy has one chunk of its own and refers to the others. Readers get one plain
array, which is made on first access.
"""

from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Shaped

from kontur.instances.immutable import made_read_only, read_only

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

    def __getitem__(self, index: int) -> Any:
        return self._chunks[index // CHUNK][index % CHUNK]

    @cached_property
    def array(self) -> Shaped[np.ndarray, " k"]:
        """All objects as one array that cannot be written to."""
        return made_read_only(np.concatenate(self._chunks))

    def with_value(self, index: int, value: Any) -> "ChunkedArray":
        """The same objects except for the one at `index`."""
        number, inside = divmod(index, CHUNK)
        chunk = self._chunks[number].copy()
        chunk[inside] = value
        chunks = (*self._chunks[:number], made_read_only(chunk), *self._chunks[number + 1 :])
        return ChunkedArray(chunks, self._length)
