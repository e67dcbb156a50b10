"""How good a model's outlines are, beside what was published for the same data.

Pooled AP = TP / (TP + FP + FN) by exact areas, with the thresholds of the model's card; the same
for every value of a column of `metadata.csv`; and what no model of so many points can exceed: the
AP of the training targets themselves (`encode`'s contours) against the truth.

The published figures are those of StarDist's paper (Schmidt et al., Cell Detection with
Star-convex Polygons, MICCAI 2018, table 1), for fluorescence images of the same challenge on its
authors' own split.
"""

import argparse
from collections.abc import Mapping

import numpy as np
import shapely
from options import of_model_and_data
from report import heading, table

from kontur.data.folder import Folder, open_folder
from kontur.evaluate import Summary, evaluate_all
from kontur.geometry.polygons import polygons_from_rings
from kontur.infer.folder_evaluation import evaluate_model
from kontur.infer.load import load
from kontur.instances import Instances
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.encode import encode

IOUS = (0.5, 0.6, 0.7, 0.8, 0.9)
PUBLISHED = {
    "StarDist, published": (0.864, 0.804, 0.685, 0.450, 0.119),
    "Mask R-CNN, published": (0.832, 0.773, 0.684, 0.489, 0.189),
    "U-Net with three classes, published": (0.806, 0.743, 0.654, 0.491, 0.226),
}
POINTS = (16, 32, 64, 128)


def main() -> None:
    options = _options()
    folder = open_folder(options.data)
    chosen = folder.where(options.where)
    predictor = load(options.model, device="cpu", threads=options.threads)
    config = predictor.config
    thresholds = predictor.card.thresholds
    heading(
        f"Pooled AP of {options.model}, score {thresholds.score:g}, overlap "
        f"{thresholds.overlap:g}, on {len(chosen)} images {' '.join(options.where)}"
    )
    judged = evaluate_model(predictor, chosen)
    columns = {column for row in chosen.metadata.values() for column in row}
    rows = [[f"Kontur, {options.model}", *_aps(judged.summary)]]
    rows += [[name, *(f"{ap:.3f}" for ap in aps)] for name, aps in PUBLISHED.items()]
    print(table(["", *(f"AP {iou}" for iou in IOUS)], rows), end="\n\n")
    if options.by in columns:
        print(_by(judged.by(chosen.column(options.by)), options.by), end="\n\n")
    print(_limits(chosen, config))


def _aps(summary: Summary) -> list[str]:
    return [f"{summary.ap(iou):.3f}" for iou in IOUS]


def _by(summaries: Mapping[str, Summary], column: str) -> str:
    """One row a value of a column, with the pooled scores that know no threshold."""
    rows = []
    for value, summary in summaries.items():
        objects = sum(image.true_count for image in summary.images)
        half = summary.thresholds.index(0.5)
        more = [summary.pooled.f1[half], summary.pooled.panoptic_quality[half]]
        more += [summary.pooled_areas.aji, summary.pooled_areas.boundary_iou]
        counts = [str(len(summary.images)), str(objects)]
        rows.append([value, *counts, *_aps(summary), *(f"{score:.3f}" for score in more)])
    head = [column, "images", "objects", *(f"AP {iou}" for iou in IOUS)]
    return table([*head, "F1 0.5", "PQ 0.5", "AJI", "boundary IoU"], rows)


def _limits(folder: Folder, config: SnakeConfig) -> str:
    """The AP that a network without any error would have, for several numbers of points."""
    truths = [sample.instances for sample in folder.samples]
    smooths = dict.fromkeys((config.smooth, 0.0))  # the model's own, and none
    rows = []
    for points in dict.fromkeys((*POINTS, config.points)):
        for smooth in smooths:
            settings = config.replace(points=points, smooth=smooth, max_contours_per_crop=0)
            pairs = [(truth, _targets(truth, settings)) for truth in truths]
            name = f"{points} points, smoothed over {smooth:g} pixels"
            summary = evaluate_all(pairs)
            mean_iou = summary.pooled.true_iou[0]
            rows.append([name, *_aps(summary), f"{summary.ap(0.95):.3f}", f"{mean_iou:.3f}"])
    head = ["the targets themselves", *(f"AP {iou}" for iou in (*IOUS, 0.95)), "mean IoU"]
    return table(head, rows)


def _targets(truth: Instances, config: SnakeConfig) -> Instances:
    """The contours that training aims at, as objects."""
    rings = encode(truth, config).contours.astype(np.float64)
    polygons, _ = polygons_from_rings(rings, truth.size)
    return Instances.of_valid(polygons[~shapely.is_empty(polygons)], size=truth.size)


def _options() -> argparse.Namespace:
    parser = of_model_and_data(__doc__)
    parser.add_argument("--by", default="modality", help="a column to tell apart, if it is there")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
