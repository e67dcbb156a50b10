"""How the server of a peer is asked: the name of an image file a line, seconds and objects back."""

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any


def serve(start: float, version: str, predict: Callable[[Any], int]) -> None:
    """Say how long the start took, of which version; predict image after image; say the peak.

    `start` is the `time.perf_counter()` before the first import, `predict` gives the number of
    objects of a grey image (h, w) of 8 bits.
    """
    import numpy as np

    print(json.dumps([time.perf_counter() - start, version]), flush=True)
    for line in sys.stdin:
        image = np.load(line.strip())
        before = time.perf_counter()
        objects = predict(image)
        print(json.dumps([time.perf_counter() - before, objects]), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)]), flush=True)
