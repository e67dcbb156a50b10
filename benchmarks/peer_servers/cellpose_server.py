"""Cellpose with random weights: `serve WEIGHTS THREADS`; the weights are made where there are none.

Its released weights are not on the package index. What they change is how many masks follow from
the flows, not what the network costs; the masks of random flows are computed too.
"""

import sys
import time
from importlib.metadata import version
from pathlib import Path

START = time.perf_counter()


def main(job: str, weights: str, threads: str) -> None:
    import torch

    torch.set_num_threads(int(threads))
    from cellpose import models
    from serving import serve

    place = Path(weights)
    if not place.exists():
        torch.save(models.CPSAM(dtype=torch.bfloat16).state_dict(), place)
    model = models.CellposeModel(gpu=False, pretrained_model=str(place))

    def predict(image):
        masks, *_ = model.eval(image)
        return int(masks.max())

    serve(START, version("cellpose"), predict)


if __name__ == "__main__":
    main(*sys.argv[1:])
