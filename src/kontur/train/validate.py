"""Validation as prediction does it: the predictor on the averaged network, judged exactly."""

import math
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from kontur.data.sample import Sample
from kontur.evaluate import Summary, evaluate, summarise
from kontur.evaluate.tune import SCORES, TUNED_IOUS, tune_thresholds
from kontur.infer.engine import Engine, TorchEngine
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.models import catalog
from kontur.models.card import Card, Thresholds
from kontur.models.family import DecodeVariant, Graph
from kontur.models.segmenter import Segmenter
from kontur.train.loader import Batch

SPARE = 200  # candidates an image beyond three times its objects: a bad network finds thousands
LOOSE = 0.1  # the score threshold of validations on the way, before the best one is looked for
LARGE_GAP = 0.1  # of AP between training and validation images: overfitting
LOW_FIT = 0.5  # AP on training images below which there is underfitting
TUNING_SECONDS = 120.0  # after so long no further image is looked at (that bad network again)
TUNING_BYTES = 1e9  # of outputs that are kept while settings of decoding are tried


def evenly(count: int, most: int) -> list[int]:
    """At most `most` of `count` places, evenly spread, always the same.

    >>> evenly(10, 4), evenly(3, 4)
    ([0, 3, 6, 9], [0, 1, 2])
    """
    if count <= most:
        return list(range(count))
    return np.linspace(0, count - 1, most).round().astype(int).tolist()


def find(
    segmenter: Segmenter, card: Card, samples: Sequence[Sample], places: Sequence[int]
) -> Iterator[Instances]:
    """What the network finds in each of the samples at `places`, with the card's thresholds."""
    predictor = Predictor(TorchEngine(segmenter), card)
    for i in places:
        yield predictor.predict(samples[i].image)


def cut(
    samples: Sequence[Sample], places: Sequence[int], found: Sequence[Instances]
) -> list[Instances]:
    """Of what was found above `LOOSE` that above the score threshold of the largest AP.

    A network learns early where objects are and late to be sure of it: at a fixed threshold its
    score would be 0 for long, and then jump.
    """
    truths = [samples[i].instances for i in places]
    scores = [score for score in SCORES if score >= LOOSE]
    tuned = tune_thresholds(truths, found, scores=scores, overlaps=[1.0])
    return [objects[objects.scores >= tuned.score] for objects in found]


def judge(samples: Sequence[Sample], places: Sequence[int], found: Sequence[Instances]) -> Summary:
    """The found objects against the true ones, at the IoU thresholds that tuning looks at."""
    pairs = zip(places, found, strict=True)
    return summarise(
        evaluate(samples[i].instances, objects, thresholds=TUNED_IOUS, name=samples[i].name)
        for i, objects in pairs
    )


def score(summary: Summary) -> float:
    """Mean pooled AP over the thresholds; 1 where there was no object and none was found."""
    return 1.0 if math.isnan(summary.mean_ap) else summary.mean_ap


def brief(summary: Summary) -> str:
    """The scores that one looks at first, as a line."""
    at_half = summary.ap(0.5)
    shown = "–" if math.isnan(at_half) else f"{at_half:.3f}"
    return f"val AP {score(summary):.3f} (at IoU 0.5 {shown})"


def loss(segmenter: Segmenter, batches: Sequence[Batch]) -> float:
    """The mean total loss over batches, as prediction runs the network: no dropout, no change."""
    training = segmenter.training
    segmenter.eval()
    try:
        with torch.no_grad():
            totals = [float(segmenter.total(segmenter.loss(*batch))) for batch in batches]
    finally:
        segmenter.train(training)
    return sum(totals) / len(totals)


def gap(train: float, val: float) -> str:
    """How much better the AP is on images that were learned from, as a few words.

    >>> gap(0.9, 0.62), gap(0.41, 0.4)
    ('on training images 0.900, a gap of 0.280', 'on training images 0.410, a gap of 0.010')
    """
    return f"on training images {train:.3f}, a gap of {train - val:.3f}"


def advice(train: float, val: float) -> str:
    """What the two scores say about the fit, as a sentence; nothing where they say nothing."""
    if train - val > LARGE_GAP:
        return (
            "the gap is that of overfitting: more images, stronger augmentation, weight decay, "
            "dropout or a smaller network would close it"
        )
    if train < LOW_FIT:
        return (
            "not even the training images are fitted: more steps, a larger network or less "
            "regularisation would"
        )
    return ""


def tune(
    segmenter: Segmenter,
    card: Card,
    samples: Sequence[Sample],
    progress: Callable[[int, int], None],
) -> Card:
    """The card with what gives the largest AP on the samples, or on as many as time allows.

    Tuned are the thresholds and, where the kind has any (`Family.decode_variants`), the settings of
    decoding: by coordinate descent on the network's outputs, which are computed once an image and
    kept for as many images as there is room for; with the best settings the rest is looked at.
    `progress(done, total)` is called after each image.
    """
    engine = TorchEngine(segmenter)
    adjustable = bool(_decode_variants(card))
    seen: list[Seen] = []
    room = TUNING_BYTES
    start = time.monotonic()
    order = np.random.default_rng(0).permutation(len(samples))
    for sample in (samples[i] for i in order.tolist()):
        if seen and time.monotonic() - start > TUNING_SECONDS:
            break
        if adjustable and room < 0:
            card, seen = descend(card, seen, until=time.monotonic() + TUNING_SECONDS)
            adjustable = False
        recalled = Recalled(engine) if adjustable else engine
        seen.append(Seen(sample, recalled, candidates(Predictor(recalled, card), sample)))
        room -= recalled.bytes if isinstance(recalled, Recalled) else 0
        progress(len(seen), len(samples))
    if adjustable:
        card, seen = descend(card, seen, until=time.monotonic() + TUNING_SECONDS)
    tuned = tune_thresholds([s.sample.instances for s in seen], [s.found for s in seen])
    return card.replace(thresholds=Thresholds(score=tuned.score, overlap=tuned.overlap))


class Seen(NamedTuple):
    """An image that is tuned on: what runs the network on it, and everything that was found."""

    sample: Sample
    engine: Engine
    found: Instances


class Recalled:
    """An engine that gives the same answer when it is asked the same again."""

    def __init__(self, engine: Engine):
        self.bytes = 0
        self.graphs: Mapping[str, Graph] = {
            name: self._once(graph) for name, graph in engine.graphs.items()
        }

    def _once(self, graph: Graph) -> Graph:
        answers: dict[tuple[Any, ...], Sequence[Any]] = {}

        def run(*arrays: Any) -> Sequence[Any]:
            asked = tuple(_fingerprint(array) for array in arrays)
            if asked not in answers:
                answers[asked] = graph(*arrays)
                self.bytes += sum(array.nbytes for array in answers[asked])
            return answers[asked]

        return run


def _fingerprint(array: Any) -> tuple[Any, ...]:
    """What tells arrays apart; a handle to memory of a device is only ever the same as itself."""
    if isinstance(array, np.ndarray):
        return array.shape, zlib.crc32(array.tobytes())
    return array.shape, id(array)


def candidates(predictor: Predictor, sample: Sample) -> Instances:
    """What thresholds are tuned on: the best of everything that a network can see in an image."""
    found = predictor.candidates(sample.image)
    most = SPARE + 3 * len(sample.instances)
    return found[np.argsort(-found.scores, kind="stable")[:most]]


def descend(card: Card, seen: Sequence[Seen], *, until: float) -> tuple[Card, list[Seen]]:
    """The card with the best settings of decoding, and what is found with them.

    One setting is changed at a time, as the family's `decode_variants` has them, and kept where AP
    gains by what they say; over when no change helps any more, or at `until` (monotonic clock).
    """
    best, found = card, list(seen)
    highest = _highest_ap(found)
    tried = [card.config]
    waiting = _next(best, tried)
    while waiting and time.monotonic() < until:
        config, gain = waiting[0]
        tried.append(config)
        other = card.replace(config=config)
        again = [s._replace(found=candidates(Predictor(s.engine, other), s.sample)) for s in seen]
        ap = _highest_ap(again)
        if ap >= highest + gain:
            best, found, highest = other, again, max(ap, highest)
        waiting = _next(best, tried)
    return best, found


def _next(card: Card, tried: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], float]]:
    """The settings beside the card's that were not tried yet, and what they have to gain."""
    variants = _decode_variants(card)
    beside = [(each.config.model_dump(mode="json"), each.gain) for each in variants]
    return [(config, gain) for config, gain in beside if config not in tried]


def _decode_variants(card: Card) -> list[DecodeVariant]:
    return catalog.family(card.kind).decode_variants(catalog.config(card.kind, card.config))


def _highest_ap(seen: Sequence[Seen]) -> float:
    """AP at the best score threshold; 1 where there is nothing, and nothing was found."""
    truths, found = [s.sample.instances for s in seen], [s.found for s in seen]
    tuned = tune_thresholds(truths, found, scores=SCORES[::2], overlaps=[1.0])
    return 1.0 if math.isnan(tuned.ap) else tuned.ap
