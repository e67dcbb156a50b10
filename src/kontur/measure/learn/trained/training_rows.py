"""The rows that a model was trained on, as a small sketch of digests in its file.

Predictions for rows of the training do not test a model. The sketch keeps the smallest digests of
all rows (the bottom-k sketch of Bar-Yossef et al. 2002): up to `KEPT` rows are recognised exactly,
of more the share of known rows is estimated. A digest is a one-way hash of 64 bits, from which no
name can be recovered, and a measurement only by trying, where a model reads one or two columns. A
second sketch, of the values without image and id, knows copies under another name, see `copies`.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import UInt64

from kontur.measure.tables.recipe import as_text, invalid_of, read_columns

if TYPE_CHECKING:
    import pandas as pd

KEPT = 4096  # digests, 32 kB
IDENTITY = ("image", "id")  # part of a digest where the table has them

Digests = UInt64[np.ndarray, " _"]


class Overlap(NamedTuple):
    """The number of rows that were looked up in the sketch, and how many are training rows."""

    known: int
    looked_up: int
    exact: bool  # every row was looked up

    @property
    def share(self) -> float:
        """The share of training rows; 0 where no row could be looked up."""
        return self.known / self.looked_up if self.looked_up else 0.0


def row_digests(
    recipe: dict[str, Any], table: "pd.DataFrame", *, identity: Sequence[str] = IDENTITY
) -> Digests:
    """A digest of every row: image and id where the table has them, and the model's columns.

    Without `identity`, (), it is one of the values alone, whatever image they are of. Numbers are
    rounded to float32, so that a CSV and a Parquet file of one table agree.
    """
    numbers, codes = read_columns(recipe["columns"], table, **invalid_of(recipe))
    values = numbers.astype(np.float32) + np.float32(0)  # -0 is 0
    values[np.isnan(values)] = np.float32(np.nan)
    names = [as_text(table[name], invalid=()) for name in identity if name in table]
    digests = np.empty(len(table), np.uint64)
    for index in range(len(table)):
        text = "\0".join(str(words[index]) for words in names)
        row = text.encode() + b"\0" + values[index].tobytes() + codes[index].tobytes()
        digests[index] = int.from_bytes(blake2b(row, digest_size=8).digest(), "little")
    return digests


def sketch_of(digests: Digests) -> Digests:
    """The smallest digests in ascending order, `KEPT` at most."""
    return np.unique(digests)[:KEPT]


def is_exact(sketch: Digests) -> bool:
    """Whether a sketch has all digests that it was made of, and not a sample."""
    return len(sketch) < KEPT


def overlap(sketch: Digests, digests: Digests) -> Overlap:
    """The number of rows that are in the sketch.

    >>> sketch = sketch_of(np.array([5, 3, 9], np.uint64))
    >>> overlap(sketch, np.array([3, 4, 9, 9], np.uint64))
    Overlap(known=3, looked_up=4, exact=True)
    """
    exact = is_exact(sketch)
    looked_up = digests if exact else digests[digests <= sketch[-1]]
    return Overlap(int(np.isin(looked_up, sketch).sum()), len(looked_up), exact)
