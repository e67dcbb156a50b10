"""Thresholds and settings of decoding: those that give the largest AP on validation images."""

import math
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from kontur.data.sample import Sample
from kontur.evaluate.tune import SCORES, tune_thresholds
from kontur.infer.engine import Engine, TorchEngine
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.models import catalog
from kontur.models.card import Card, Thresholds
from kontur.models.family import DecodeVariant, Graph
from kontur.models.segmenter import Segmenter

SPARE = 200  # candidates an image beyond three times its objects: a bad network finds thousands
TUNING_SECONDS = 120.0  # after so long no further image is looked at (that bad network again)
TUNING_BYTES = 1e9  # of outputs that are kept while settings of decoding are tried


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
    images: list[TuningImage] = []
    room = TUNING_BYTES
    start = time.monotonic()
    order = np.random.default_rng(0).permutation(len(samples))
    for sample in (samples[i] for i in order.tolist()):
        if images and time.monotonic() - start > TUNING_SECONDS:
            break
        if adjustable and room < 0:
            card, images = descend(card, images, until=time.monotonic() + TUNING_SECONDS)
            adjustable = False
        caching = CachingEngine(engine) if adjustable else engine
        images.append(TuningImage(sample, caching, candidates(Predictor(caching, card), sample)))
        room -= caching.bytes if isinstance(caching, CachingEngine) else 0
        progress(len(images), len(samples))
    if adjustable:
        card, images = descend(card, images, until=time.monotonic() + TUNING_SECONDS)
    tuned = tune_thresholds([s.sample.instances for s in images], [s.found for s in images])
    return card.replace(thresholds=Thresholds(score=tuned.score, overlap=tuned.overlap))


class TuningImage(NamedTuple):
    """An image that is tuned on: what runs the network on it, and everything that was found."""

    sample: Sample
    engine: Engine
    found: Instances


class CachingEngine:
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
    found = predictor.predict_unfiltered(sample.image)
    most = SPARE + 3 * len(sample.instances)
    return found[np.argsort(-found.scores, kind="stable")[:most]]


def descend(
    card: Card, images: Sequence[TuningImage], *, until: float
) -> tuple[Card, list[TuningImage]]:
    """The card with the best settings of decoding, and what is found with them.

    One setting is changed at a time, as the family's `decode_variants` has them, and kept where AP
    gains by what they say; over when no change helps any more, or at `until` (monotonic clock).
    """
    best, found = card, list(images)
    highest = _highest_ap(found)
    tried = [card.config]
    waiting = _next(best, tried)
    while waiting and time.monotonic() < until:
        config, gain = waiting[0]
        tried.append(config)
        other = card.replace(config=config)
        again = [s._replace(found=candidates(Predictor(s.engine, other), s.sample)) for s in images]
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


def _highest_ap(images: Sequence[TuningImage]) -> float:
    """AP at the best score threshold; 1 where there is nothing, and nothing was found."""
    truths, found = [s.sample.instances for s in images], [s.found for s in images]
    tuned = tune_thresholds(truths, found, scores=SCORES[::2], overlaps=[1.0])
    return 1.0 if math.isnan(tuned.ap) else tuned.ap
