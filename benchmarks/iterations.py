"""How the error of contours falls with the stages, and how gradients pass through iterations.

Of a trained snake with a recurrent refiner: AP, the mean IoU of matched objects and milliseconds an
image when 1, 2, … stages run at prediction, more than it was trained with too. Without a model: of
untrained refiners of each cell, how many times smaller the gradient of the last stage's loss is at
the memory after the first stage than at that after the last.

    python benchmarks/iterations.py runs/recurrent dsb2018/val --most 12
    python benchmarks/iterations.py
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from report import heading, table

from kontur.data.folder import open_folder
from kontur.data.synthetic import scene
from kontur.evaluate import evaluate_all
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.load import find_model
from kontur.infer.predict import Predictor
from kontur.models import catalog
from kontur.models.archive import read_model
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.encode import Targets, collate, encode
from kontur.train.gradient_flow import measure_flow

CELLS = ("rnn", "gru", "lstm")
ITERATIONS = (3, 6, 12)
SIDE = 128  # pixels of the scene whose loss is looked at


def main() -> None:
    options = _options()
    heading(__doc__.partition("\n\n")[0])
    print(_gradients() if options.model is None else _stages(options))


def _stages(options: argparse.Namespace) -> str:
    """The scores by the number of stages, with the thresholds of the card."""
    model = read_model(find_model(options.model))
    config = catalog.config(model.card.kind, model.card.config)
    engine = OnnxEngine(model, threads=1)
    samples = list(open_folder(options.data).where(options.where).samples)
    truths = [sample.instances for sample in samples]
    rows = []
    for stages in range(1, options.most + 1):
        used = config.replace(stages_used=stages).model_dump(mode="json")
        predictor = Predictor(engine, model.card.replace(config=used))
        start = time.process_time()
        found = [predictor.predict(sample.image) for sample in samples]
        milliseconds = (time.process_time() - start) / len(samples) * 1000
        summary = evaluate_all(list(zip(truths, found, strict=True)))
        recall = max(summary.pooled.recall[0], 1e-9)
        scores = [summary.ap(iou) for iou in (0.5, 0.7, 0.9)]
        scores.append(float(summary.pooled.true_iou[0] / recall))
        rows.append([str(stages), *(f"{score:.3f}" for score in scores), f"{milliseconds:.0f}"])
    return table(["stages", "AP0.5", "AP0.7", "AP0.9", "IoU", "ms an image"], rows)


def _gradients() -> str:
    """The gradient at the first iteration's memory, as a share of that at the last one's."""
    shown = scene(np.random.default_rng(0), size=(SIDE, SIDE), count=12, radius=(6, 14))
    image = torch.from_numpy(shown.image.transpose(2, 0, 1)[None, :1].copy()).float()
    rows = []
    for cell in CELLS:
        shares = []
        for iterations in ITERATIONS:
            torch.manual_seed(0)
            refiner = {"kind": "recurrent", "cell": cell}
            config = SnakeConfig.read(
                {"channels": 1, "refiner": refiner, "stages": iterations, "supervise": "last"}
            )
            targets = collate([encode(shown.instances, config)])
            tensors = Targets(*(torch.from_numpy(array) for array in targets))
            network = catalog.segmenter("snake", config)
            layers = measure_flow(network, lambda n, t=tensors: n.loss(image, t)["contour"])
            steps = [layer.gradient for layer in layers if " step " in layer.name]
            shares.append(steps[0] / steps[-1] if steps[-1] else math.nan)
        rows.append([cell, *(f"{share:.1e}" for share in shares)])
    return table(["cell", *(f"{count} iterations" for count in ITERATIONS)], rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", help="a model with a recurrent refiner")
    parser.add_argument("data", type=Path, nargs="?", help="a folder of images and outlines")
    parser.add_argument("--where", nargs="*", default=[], metavar="COLUMN=VALUE")
    parser.add_argument("--most", type=int, default=12, help="stages")
    options = parser.parse_args()
    if options.model is not None and options.data is None:
        parser.error("a model is tried on DATA; give a folder of images and outlines")
    return options


if __name__ == "__main__":
    main()
