"""What computing in bf16, as on a GPU, does to a model's outlines: AP beside float32.

Both run on torch, on this machine's CPU: the rounding is that of a GPU, the time is not.

    python benchmarks/bf16.py nuclei dsb2018/val --where modality=fluorescence
"""

import argparse
from pathlib import Path

from report import heading, table

from kontur.data.folder import open_folder
from kontur.evaluate import evaluate, summarise
from kontur.infer.engines.torch_engine import TorchEngine, rebuild
from kontur.infer.model_files import find_model
from kontur.infer.predict import Predictor
from kontur.models.archive import read_model

IOUS = (0.5, 0.6, 0.7, 0.8, 0.9)


def main() -> None:
    options = _options()
    heading(f"AP of {options.model} in {options.data}")
    model = read_model(find_model(options.model))
    samples = open_folder(options.data).where(options.where).samples
    rows = []
    for precision in ("float32", "bf16"):
        predictor = Predictor(TorchEngine(rebuild(model), precision), model.card)
        found = [predictor.predict_detailed(sample.image).instances for sample in samples]
        scores = [
            evaluate(sample.instances, objects, thresholds=IOUS)
            for sample, objects in zip(samples, found, strict=True)
        ]
        aps = [f"{ap:.4f}" for ap in summarise(scores).agnostic.ap]
        rows.append([precision, *aps, str(sum(map(len, found)))])
    print(table(["", *(f"AP {iou}" for iou in IOUS), "objects"], rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="a shipped model, a run or a .kontur file")
    parser.add_argument("data", type=Path, help="images with annotations")
    parser.add_argument("--where", nargs="*", default=[], metavar="COLUMN=VALUE")
    return parser.parse_args()


if __name__ == "__main__":
    main()
