"""A model's AP with thresholds that the judged images did not choose.

The thresholds on a model's card were chosen on its validation images, so AP on those is a little
too good. Here the images are in folds: for each, score and overlap thresholds are tuned on the
others (as training does) and the fold is judged with them; all folds are pooled. What else the
validation images chose (the settings of training) stays.

    python benchmarks/cross_tuned.py nuclei dsb2018/val --where modality=fluorescence
"""

import argparse
from pathlib import Path

from report import heading, table

from kontur.data.folder import open_folder
from kontur.evaluate import evaluate_all
from kontur.evaluate.tune import tune_thresholds
from kontur.infer.load import load
from kontur.select.splits import folds

IOUS = (0.5, 0.6, 0.7, 0.8, 0.9)


def main() -> None:
    options = _options()
    folder = open_folder(options.data).where(options.where)
    predictor = load(options.model, device="cpu", threads=options.threads)
    heading(
        f"AP of {options.model} on {len(folder)} images in {options.folds} folds, thresholds "
        "chosen on the other folds"
    )
    samples = {sample.name: sample for sample in folder.samples}
    candidates = {name: predictor.predict_unfiltered(each.image) for name, each in samples.items()}
    own, pairs, chosen = [], [], []
    for fold in folds(list(samples), options.folds, seed=0):
        tuned = tune_thresholds(
            [samples[name].instances for name in fold.train],
            [candidates[name] for name in fold.train],
        )
        chosen.append(f"{tuned.score:g}/{tuned.overlap:g}")
        for name in fold.held:
            image, truth = samples[name].image, samples[name].instances
            found = predictor.predict(image, score=tuned.score, overlap=tuned.overlap)
            pairs.append((truth, found))
            own.append((truth, predictor.predict(image)))
    rows = []
    for label, judged in (("the card's thresholds", own), ("the other folds'", pairs)):
        summary = evaluate_all(judged, metrics=("ap",))
        rows.append([label, *(f"{summary.ap(iou):.3f}" for iou in IOUS)])
    print(table(["thresholds", *(f"AP {iou}" for iou in IOUS)], rows))
    print(f"\nscore/overlap chosen: {', '.join(chosen)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("data", type=Path)
    parser.add_argument("--where", action="append", default=[], metavar="COLUMN=VALUE")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--threads", type=int)
    return parser.parse_args()


if __name__ == "__main__":
    main()
