"""`python -m kontur.infer.held_out JOB.json`: a model's scores and cost on images held out.

It runs in a process of its own, because its peak memory is one of the costs, and imports no torch.
The job names the data, the model, the images and the file to which the scores are written.
"""

import json
import math
import statistics
import sys
import time
from pathlib import Path
from typing import Any, Literal

from kontur.data.folder import Folder, open_folder
from kontur.errors import InputError
from kontur.evaluate import Summary, evaluate, summarise
from kontur.evaluate.counts import Rates
from kontur.files.atomic import write_text
from kontur.images.channels import Channel
from kontur.infer.load import load
from kontur.infer.predict import Predictor
from kontur.infer.worker_process import end_with_parent, peak_memory
from kontur.settings import Settings

DISTANCES = ("Hausdorff-95", "Hausdorff-95 of the foreground")  # in pixels; other scores are shares
MEAN_OVER_CLASSES, CLASS_AGNOSTIC = (
    "AP, mean over classes",
    "AP, class-agnostic",
)  # `Summary.rows`' words
MATCHED = 0.5  # IoU from which panoptic quality counts a pair


class EvaluationJob(Settings):
    """An evaluation: the model, the images, and where the scores go.

    Attributes:
        data, task, channel, page: the folder, as `open_folder` takes them.
        model: a `.kontur` file.
        names: of the images held out.
        out: the JSON to write.
    """

    data: str
    task: str = "instances"
    channel: Channel | None = None
    page: int | Literal["all"] | None = None
    model: str
    names: tuple[str, ...]
    out: str


def evaluate_predictor(predictor: Predictor, folder: Folder) -> tuple[Summary, float]:
    """The scores of a model on a folder's images, and the median milliseconds an image.

    The first image is predicted once more beforehand: the first run of a session is slower.
    """
    samples = folder.samples
    predictor.predict_detailed(samples[0].image)
    scores, times = [], []
    for sample in samples:
        start = time.perf_counter()
        predicted = predictor.predict_detailed(sample.image).instances
        times.append(time.perf_counter() - start)
        scores.append(evaluate(sample.instances, predicted, name=sample.name))
    return summarise(scores), 1000 * statistics.median(times)


def comparable_scores(summary: Summary) -> dict[str, float | None]:
    """The scores that settings are compared by, by name; None where undefined.

    Where there is no true and no predicted object every share is 1, as in validation: a model that
    rightly predicts nothing must not rank behind one that predicts something and has 0.

    A prediction is right where outline and class are. With several classes there are also the "AP
    of" each class, undefined where it has no true and no predicted object; the mean of these, in
    which a rare class weighs as much as a common one; and the AP, class-agnostic, that of the
    outlines alone.
    """
    values = {
        "AP50": summary.ap(0.5),
        "AP75": summary.ap(0.75),
        "AP": summary.mean_ap,
        "PQ": float(summary.pooled.panoptic_quality[summary.thresholds.index(MATCHED)]),
        **dict(summary.single_values()),
    }
    by_class: dict[str, float] = {}
    if len(summary.classes) > 1:
        by_class = {f"AP of {name}": rates.ap.mean() for name, rates in summary.classes.items()}
        values[MEAN_OVER_CLASSES] = Rates.mean(list(summary.classes.values())).ap.mean()
        values[CLASS_AGNOSTIC] = summary.agnostic.ap.mean()
    no_objects = math.isnan(values["AP"])
    values = {
        name: 1.0 if no_objects and name not in DISTANCES else float(value)
        for name, value in values.items()
    }
    values |= {name: float(value) for name, value in by_class.items()}
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def main() -> int:
    """Evaluate the job of `sys.argv[1]`; the exit code. Errors go to standard error."""
    end_with_parent()
    try:
        path = Path(sys.argv[1])
        job = EvaluationJob.read(json.loads(path.read_text(encoding="utf-8")), where=str(path))
        folder = open_folder(job.data, task=job.task, channel=job.channel, page=job.page)
        predictor = load(job.model, device="cpu")
        summary, milliseconds = evaluate_predictor(predictor, folder.subset(job.names))
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    content: dict[str, Any] = {
        "scores": comparable_scores(summary),
        "milliseconds": milliseconds,
        "memory": peak_memory(),
    }
    write_text(Path(job.out), json.dumps(content, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
