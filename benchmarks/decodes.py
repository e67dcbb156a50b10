"""How pixels become objects: growing seeds of the interior class, or watershed of the distance.

The U-Nets of a finished `kontur compare`, each on the images that its fold held out. One half of
these tunes every other decode setting and the thresholds, as `kontur train` does, for either
method; the other half is scored, then the halves change places. Milliseconds are those of decoding
alone, without the network.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from report import heading, table

from kontur.data.folder import open_folder
from kontur.data.sample import Sample
from kontur.evaluate import ImageScores, evaluate, summarise
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import rebuild
from kontur.infer.predict import Predictor
from kontur.models.archive import read_model
from kontur.models.card import Card
from kontur.models.unet import config as unet
from kontur.train.tuning import CachingEngine, tune

METHODS = unet.TRIED["method"]
IOUS = (0.5, 0.75, 0.9)
APS = (0.5, 0.6, 0.7, 0.8, 0.9)


def main() -> None:
    options = _options()
    heading(__doc__.partition("\n\n")[0])
    folder = open_folder(options.data, split="train")
    rows = []
    for kind in options.kinds:
        for method in METHODS:
            images: list[ImageScores] = []
            times: list[float] = []
            for fold in sorted((options.study / "fits" / kind).glob("fold-*")):
                names = json.loads((fold / "judge.json").read_text())["names"][: options.images]
                held = list(folder.subset(names).samples)
                for tuned, scored in ((held[::2], held[1::2]), (held[1::2], held[::2])):
                    judged, took = _judge(fold / "run/model.kontur", method, tuned, scored)
                    images += judged
                    times += took
            summary = summarise(images)
            aps = [f"{summary.ap(iou):.3f}" for iou in IOUS]
            mean = f"{np.mean([summary.ap(iou) for iou in APS]):.3f}"
            rows.append([kind, method, str(len(images)), *aps, mean, f"{np.median(times):.0f}"])
            print(f"{kind}, {method}: AP {mean}", flush=True)
    head = ["network", "method", "images", *(f"AP {iou}" for iou in IOUS), "AP", "ms to decode"]
    print("\n" + table(head, rows))


def _judge(
    model: Path, method: str, tuned: Sequence[Sample], scored: Sequence[Sample]
) -> tuple[list[ImageScores], list[float]]:
    """Scores and milliseconds an image, everything but the method tuned on other images."""
    read = read_model(model)
    unet.TRIED["method"] = (method,)  # tuning may change all the rest
    config = {**read.card.config, "decode": {"method": method}}
    card: Card = tune(rebuild(read), read.card.replace(config=config), tuned, lambda *_: None)
    predictor = Predictor(CachingEngine(OnnxEngine(read)), card)
    scores, times = [], []
    for sample in scored:
        predictor.predict(sample.image)  # the network's answer is kept
        start = time.perf_counter()
        found = predictor.predict(sample.image)
        times.append(1000 * (time.perf_counter() - start))
        thresholds = sorted({*IOUS, *APS})
        scores.append(evaluate(sample.instances, found, thresholds=thresholds, name=sample.name))
    return scores, times


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path, help="the folder of a finished `kontur compare`")
    parser.add_argument("data", type=Path, help="what was compared on")
    parser.add_argument("--kinds", nargs="+", choices=("unet", "transunet", "swinunet"),
                        default=["unet"])  # fmt: skip
    parser.add_argument("--images", type=int, help="of a fold at most")
    return parser.parse_args()


if __name__ == "__main__":
    main()
