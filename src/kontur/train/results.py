"""The results of a run after its last step: thresholds, card, model file, scores, figures."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from kontur.data.sample import Sample
from kontur.evaluate import Summary
from kontur.files.atomic import replacing, write_text
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.models import catalog
from kontur.models.archive import write_model
from kontur.models.card import Card
from kontur.models.segmenter import Segmenter
from kontur.train import validation
from kontur.train.advice import describe_gap, fit_advice, outline_advice
from kontur.train.export import to_model
from kontur.train.gradient_flow import draw_flow
from kontur.train.int8 import with_int8
from kontur.train.logger import RunLogger
from kontur.train.octagons import OctagonOverlap, octagon_overlap
from kontur.train.pictures import write_side_by_side
from kontur.train.progress import ProgressDisplay
from kontur.train.run_folder import CURVES, GRADIENTS, METRICS, MODEL, OVERLAYS
from kontur.train.shipped_baseline import ShippedBaseline
from kontur.train.tuning import tune

DRAWN = 8  # validation images in `overlays`


def finish(
    run: Path,
    segmenter: Segmenter,
    card: Card,
    samples: Sequence[Sample],
    *,
    training_samples: Sequence[Sample],
    int8: bool,
    longer: str,
    baseline: ShippedBaseline | None,
    logger: RunLogger,
    display: ProgressDisplay,
) -> Path:
    """Tune on the validation `samples`, write the model file, scores and figures; the file's path.

    `training_samples` are training images to evaluate beside them, any number. With `int8` the
    graphs are also made in 8-bit integers. `longer` are the options that would train on, `baseline`
    is a shipped model on the same samples.
    """
    with display.counting("tuning thresholds") as progress:
        card = tune(segmenter, card, samples, progress)
    segmenter.config = catalog.config(card.kind, card.config)  # decoding too: no weight knows it
    predicted = []
    with display.counting("validating") as progress:
        for objects in validation.predict_samples(segmenter, card, samples, range(len(samples))):
            predicted.append(objects)
            progress(len(predicted), len(samples))
    summary = validation.evaluate_predictions(samples, range(len(samples)), predicted)
    card = card.replace(scores=scores(summary))
    model = to_model(segmenter, card)
    write_model(run / MODEL, model)
    logger.board.graphs({name: graph.onnx for name, graph in model.graphs.items()})
    drawn = validation.evenly_spaced(len(samples), DRAWN)
    write_side_by_side(run / OVERLAYS, [samples[i] for i in drawn], [predicted[i] for i in drawn])
    logger.draw(run / CURVES)
    gradients = draw_flow(logger)
    if gradients is not None:
        with replacing(run / GRADIENTS) as temporary:
            gradients.save(temporary)
    fit = ap_on(segmenter, card, training_samples) if training_samples else None
    drawn_samples = [samples[i] for i in drawn]
    overlap = octagon_overlap(Predictor(TorchEngine(segmenter), card), drawn_samples)
    warnings = [outline_advice(logger.rows, overlap, scale=card.scale)]
    warnings += [baseline.advice(samples, predicted)] if baseline is not None else []
    warnings = [warning for warning in warnings if warning]
    write_text(run / METRICS, metrics(card, summary, fit, overlap=overlap, warnings=warnings))
    if int8:  # last, for the model is whole without
        with display.counting("8-bit integers") as progress:
            write_model(run / MODEL, with_int8(model, samples, progress))
    for line in _report(card, summary, fit, warnings, longer):
        display.print_line(line)
    display.print_line(f"wrote {run / MODEL}; all scores are in {METRICS}, pictures in {OVERLAYS}/")
    return run / MODEL


def _report(
    card: Card, summary: Summary, fit: float | None, warnings: Sequence[str], longer: str
) -> list[str]:
    """The scores in words, and what they advise."""
    score = validation.score(summary)
    lines = [
        f"{validation.summary_line(summary)} with the score threshold {card.thresholds.score} and "
        f"the overlap threshold {card.thresholds.overlap}"
    ]
    if fit is not None:
        lines += [describe_gap(fit, score), fit_advice(fit, score)]
    lines += warnings
    if summary.mean_ap == 0:
        lines.append(
            "no outline is right yet: check the true outlines in the pictures, then train longer "
            f"({longer})"
        )
    return [line for line in lines if line]


def ap_on(segmenter: Segmenter, card: Card, samples: Sequence[Sample]) -> float:
    """The AP on other samples with the card's thresholds."""
    places = range(len(samples))
    predicted = list(validation.predict_samples(segmenter, card, samples, places))
    return validation.score(
        validation.evaluate_predictions(samples, places, predicted, metrics=["ap"])
    )


def scores(summary: Summary) -> dict[str, float | None]:
    """The scores of a card: AP, AP at each threshold, and the other metrics of one number."""
    values = {"AP": summary.mean_ap}
    values |= {f"AP{round(100 * t)}": summary.ap(t) for t in summary.thresholds}
    values |= dict(summary.single_values())
    return {name: round(v, 4) if math.isfinite(v) else None for name, v in values.items()}


def metrics(
    card: Card,
    summary: Summary,
    fit: float | None,
    *,
    overlap: OctagonOverlap | None = None,
    warnings: Sequence[str] = (),
) -> str:
    """`metrics.json`: the card's numbers, and every score of the validation images.

    `fit` is the AP on training images; its difference from that on validation images is the gap.
    `overlap` has the IoU of octagons and contours, `warnings` are those on what was learned.
    """
    covered = {}
    if overlap is not None and overlap.objects > 0:
        covered = {"octagon_IoU": overlap.octagon, "contour_IoU": overlap.contour}
    about = {
        "scores": card.scores,
        "thresholds": card.thresholds.model_dump(),
        **({} if fit is None else {"training_AP": fit, "gap": fit - validation.score(summary)}),
        **covered,
        **({"warnings": [one.removeprefix("! ") for one in warnings]} if warnings else {}),
        "training": card.training,
        "validation": json.loads(summary.to_json()),
    }
    return json.dumps(about, indent=2, ensure_ascii=False) + "\n"
