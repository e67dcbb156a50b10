"""What `--diameter auto` loses against the given diameter, and what `--augment` gains.

Every image of a folder is resized by each factor, and so are its objects; the model looks at it
with the diameter that is given (the median side of the image's true objects), with `auto`, and with
neither. AP at IoU 0.5 and its mean over 0.5 to 0.9 are those of the objects of all images.

    python benchmarks/diameters.py dsb2018/val --factors 0.25 0.5 1 2 4 --every 2
    python benchmarks/diameters.py dsb2018/val --factors 1 --ways none flips turns
"""

import argparse
import time

import numpy as np
from report import heading, table

from kontur.data.folder import open_folder
from kontur.data.sample import Sample
from kontur.data.transforms import geometric
from kontur.evaluate.comparison import compare
from kontur.evaluate.counts import Rates, count_agnostic, total
from kontur.infer.load import load

IOUS = (0.5, 0.6, 0.7, 0.8, 0.9)
LARGEST = 3_000_000  # pixels of a resized image: larger ones cost time and say nothing else


def main() -> None:
    options = _options()
    heading(__doc__.partition("\n\n")[0])
    predictor = load(options.model)
    samples = list(open_folder(options.data).samples)[:: options.every]
    rows = []
    for factor in options.factors:
        resized = [geometric.scale(one, factor) for one in samples if _fits(one, factor)]
        resized = [one for one in resized if len(one.instances)]
        for name in options.ways:
            start = time.process_time()
            aps = _ap(predictor, resized, name)
            seconds = (time.process_time() - start) / len(resized)
            cells = [f"{100 * ap:.1f}" for ap in (aps[0], aps.mean())]
            rows.append([f"{factor:g}", str(len(resized)), name, *cells, f"{1e3 * seconds:.0f}"])
    print(table(["factor", "images", "diameter", "AP 0.5", "AP 0.5 … 0.9", "ms an image"], rows))


def _fits(sample: Sample, factor: float) -> bool:
    return sample.size[0] * sample.size[1] * factor**2 <= LARGEST


def _ap(predictor, samples: list[Sample], way: str) -> np.ndarray:
    """The average precision at each IoU over the objects of all images."""
    counted = []
    for sample in samples:
        side = float(np.median(np.sqrt(sample.instances.areas)))
        changes = {
            "given": {"diameter": side},
            "auto": {"diameter": "auto"},
            "none": {},
            "flips": {"augment": "flips"},
            "turns": {"augment": "turns"},
        }[way]
        found = predictor.predict(sample.image, **changes)
        counted.append(count_agnostic(compare(sample.instances, found), IOUS))
    return Rates.of(total(counted, IOUS)).ap


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data")
    parser.add_argument("--model", default="nuclei")
    parser.add_argument("--factors", type=float, nargs="+", default=[0.25, 0.5, 1.0, 2.0, 4.0])
    parser.add_argument("--every", type=int, default=1, help="of so many images one")
    parser.add_argument("--ways", nargs="+", default=["given", "auto", "none"])
    return parser.parse_args()


if __name__ == "__main__":
    main()
