"""Outlines as arrays, for files of NumPy without Python objects: well-known binary, end to end."""

from collections.abc import Mapping

import numpy as np
import shapely
from jaxtyping import Shaped


def outline_arrays(outlines: Shaped[np.ndarray, " k"]) -> dict[str, np.ndarray]:
    """The bytes of all outlines, and how many are those of each."""
    written = shapely.to_wkb(outlines)
    return {
        "outlines": np.frombuffer(b"".join(written), np.uint8),
        "lengths": np.array([len(one) for one in written], np.int64),
    }


def outlines_from(arrays: Mapping[str, np.ndarray]) -> Shaped[np.ndarray, " k"]:
    """The outlines of `outline_arrays`, to the last bit; a `GEOSException` where they are damaged.

    >>> two = np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 4, 4)])
    >>> bool((outlines_from(outline_arrays(two)) == two).all())
    True
    >>> len(outlines_from(outline_arrays(np.zeros(0, object))))
    0
    """
    ends = np.cumsum(arrays["lengths"])
    whole = arrays["outlines"].tobytes()
    starts = ends - arrays["lengths"]
    written = [whole[start:end] for start, end in zip(starts, ends, strict=True)]
    outlines: Shaped[np.ndarray, " k"] = shapely.from_wkb(np.array([*written, None], object)[:-1])
    return outlines
