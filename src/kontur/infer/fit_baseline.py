"""The baseline for a folder's images: a threshold and a watershed whose few settings are tuned.

Coordinate search: settings are varied one after the other, the others held fixed, in two rounds;
the largest AP over a few images decides. A well-tuned classical method is the fair comparison for
a network: it shows what learning is worth.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import kontur
from kontur.data.folder import Folder
from kontur.data.normalisation.normalise import NormaliseConfig
from kontur.data.normalisation.ranges import check_ranges
from kontur.data.sample import Sample
from kontur.errors import InputError
from kontur.evaluate import evaluate, summarise
from kontur.evaluate.tune import TUNED_IOUS
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.predict import Predictor
from kontur.models import catalog
from kontur.models.archive import Model
from kontur.models.card import Card, Thresholds
from kontur.settings import merge

KIND = "baseline"
MOST_IMAGES, MOST_PIXELS = 16, 1_500_000  # that settings are tuned on
ROUNDS = 2
LEVELS = (1.0, 0.6, 0.8, 1.2, 1.5)  # of Otsu's threshold
SMOOTH = (0.06, 0.03, 0.12, 0.25)  # standard deviations, in sides of a typical object
DISTANCES = (0.0, 0.2, 0.35, 0.5, 0.8)  # tops of the distance, in such sides
SMALLEST = (0.1, 0.02, 0.25)  # areas, in such areas
LARGEST = 2  # areas of the largest true object: what is larger is no object
COLOURS = {3, 4}  # channels that are a colour image, of which the luminance is used

Score = tuple[float, float]


def fit_baseline(
    folder: Folder, values: Mapping[str, Any], normalise: NormaliseConfig, *, name: str = KIND
) -> Model:
    """A model without weights, its settings those of the largest AP on the folder's images.

    `values` are settings that are fixed by the user and not tuned. Raises `InputError` where no
    image has an object.
    """
    samples = _subset(folder.samples)
    objects = [sample.instances[~sample.instances.ignore] for sample in samples]
    areas = np.concatenate([instances.areas for instances in objects])
    if not len(areas):
        raise InputError(f"the images of {folder.path} have no object to tune the baseline on")
    side = float(np.median(np.sqrt(areas)))
    labels = np.concatenate([instances.labels for instances in objects])
    channels = samples[0].image.shape[2]
    fixed = {
        "channels": 1 if channels in COLOURS else channels,
        "classes": folder.classes,
        "label": int(np.bincount(labels).argmax()),
        "largest": float(LARGEST * areas.max()),
    }
    config = merge(fixed, values)
    check_ranges(normalise.range, config["channels"])
    card = Card(
        name=name,
        kind=KIND,
        config=config,
        classes=folder.classes,
        thresholds=Thresholds(score=0.0, overlap=1.0),
        normalise=normalise.model_dump(mode="json"),
        channel=folder.channel,
        object_size=side,
        version=kontur.__version__,
        training={"images": len(folder), "tuned on": len(samples)},
    )
    tuned = _tune(card, samples, _choices(side, values))
    return Model(tuned, {}, {})


def _choices(side: float, fixed: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The values that each setting may take; the search starts from the first."""
    choices: dict[str, list[Any]] = {
        "polarity": ["bright", "dark"],
        "smooth": [round(share * side, 2) for share in SMOOTH],
        "level": list(LEVELS),
        "min_distance": [round(share * side, 1) for share in DISTANCES],
        "smallest": [round(share * side**2) for share in SMALLEST],
    }
    return {key: values for key, values in choices.items() if key not in fixed}


def _tune(card: Card, samples: Sequence[Sample], choices: Mapping[str, list[Any]]) -> Card:
    chosen = {key: values[0] for key, values in choices.items()}
    known: dict[str, Score] = {}

    def score(settings: Mapping[str, Any]) -> Score:
        key = str(sorted(settings.items()))
        if key not in known:
            known[key] = _score(_card_with(card, settings), samples)
        return known[key]

    for _ in range(ROUNDS):
        for key, values in choices.items():
            chosen[key] = max(values, key=lambda value: score({**chosen, key: value}))
    return _card_with(card, chosen)


def _card_with(card: Card, settings: Mapping[str, Any]) -> Card:
    config = catalog.config(KIND, merge(card.config, settings))
    return card.replace(config=config.model_dump(mode="json"))


def _score(card: Card, samples: Sequence[Sample]) -> Score:
    """Mean AP over IoU thresholds; of equals Dice decides, which differs where nothing matches."""
    predictor = Predictor(OnnxEngine(Model(card, {}, {}), threads=1), card)
    summary = summarise(
        evaluate(
            sample.instances,
            predictor.predict_detailed(sample.image).instances,
            thresholds=TUNED_IOUS,
            metrics=("ap", "dice"),
        )
        for sample in samples
    )
    values = summary.mean_ap, summary.pooled_areas.dice
    ap, dice = (0.0 if np.isnan(value) else float(value) for value in values)
    return ap, dice


def _subset(samples: Sequence[Sample]) -> list[Sample]:
    """A few of the samples, evenly chosen, with a bounded number of pixels; at least one.

    Where none of those has an object, the first sample that has one is added.
    """
    indices = np.unique(np.linspace(0, len(samples) - 1, MOST_IMAGES).round().astype(int))
    chosen: list[Sample] = []
    pixels = 0
    for index in np.random.default_rng(0).permutation(indices).tolist():
        sample = samples[index]
        pixels += sample.size[0] * sample.size[1]
        if chosen and pixels > MOST_PIXELS:
            break
        chosen.append(sample)
    if not any(map(_has_object, chosen)):
        chosen += itertools.islice(filter(_has_object, samples), 1)
    return chosen


def _has_object(sample: Sample) -> bool:
    return not sample.instances.ignore.all()
