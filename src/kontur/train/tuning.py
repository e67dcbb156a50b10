"""Thresholds and settings of decoding: those that give the largest AP on validation images."""

import math
import time
import zlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from kontur.data.sample import Sample
from kontur.evaluate.tune import SCORES, tune_thresholds
from kontur.infer.engines.engine import Engine
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.models import catalog
from kontur.models.card import Card, Thresholds
from kontur.models.family import DecodeVariant
from kontur.models.graphs import Graph
from kontur.models.segmenter import Segmenter

SPARE = 200  # candidates per image beyond three times its objects: a bad network gives thousands
TUNING_SECONDS = 120.0  # after which no further image is used, for the same reason
TUNING_BYTES = 1e9  # of outputs in memory while settings of decoding are tuned


def tune(
    segmenter: Segmenter,
    card: Card,
    samples: Sequence[Sample],
    progress: Callable[[int, int], None],
) -> Card:
    """The card with the thresholds and settings of the largest AP on the samples.

    Thresholds are tuned and, where the kind has any (`Family.decode_variants`), the settings of
    decoding, by coordinate ascent: the network's outputs are computed once an image and kept for as
    many images as fit into memory; the thresholds are then tuned with the best settings on all
    images, or as many as time allows. `progress(done, total)` is called after each image.
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
            card, images = tune_decoding(card, images, until=time.monotonic() + TUNING_SECONDS)
            adjustable = False
        caching = CachingEngine(engine) if adjustable else engine
        images.append(TuningImage(sample, caching, candidates(Predictor(caching, card), sample)))
        room -= caching.bytes if isinstance(caching, CachingEngine) else 0
        progress(len(images), len(samples))
    if adjustable:
        card, images = tune_decoding(card, images, until=time.monotonic() + TUNING_SECONDS)
    usual = catalog.family(card.kind).usual_thresholds(catalog.config(card.kind, card.config))
    tuned = tune_thresholds(
        [s.sample.instances for s in images],
        [s.predicted for s in images],
        usual=None if usual is None else (usual.score, usual.overlap),
    )
    return card.replace(thresholds=Thresholds(score=tuned.score, overlap=tuned.overlap))


class TuningImage(NamedTuple):
    """An image to tune on: the engine with the network's outputs, and all predicted objects."""

    sample: Sample
    engine: Engine
    predicted: Instances


class CachingEngine:
    """An engine that keeps the outputs of its graphs, by their inputs; `bytes` is their size."""

    def __init__(self, engine: Engine):
        self.bytes = 0
        self.graphs = engine.graphs.wrapped(self._once)

    def _once(self, _: str, graph: Graph) -> Graph:
        cache: dict[tuple[Any, ...], Sequence[Any]] = {}

        def run(*arrays: Any) -> Sequence[Any]:
            key = tuple(_fingerprint(array) for array in arrays)
            if key not in cache:
                cache[key] = graph(*arrays)
                self.bytes += sum(array.nbytes for array in cache[key])
            return cache[key]

        return run


def _fingerprint(array: Any) -> tuple[Any, ...]:
    """A key of an input: its content, or the identity of a handle to memory of a device."""
    if isinstance(array, np.ndarray):
        return array.shape, zlib.crc32(array.tobytes())
    return array.shape, id(array)


def candidates(predictor: Predictor, sample: Sample) -> Instances:
    """The predictions that thresholds are tuned on: those of an image with the highest scores."""
    predicted = predictor.predict_unfiltered(sample.image)
    most = SPARE + 3 * len(sample.instances)
    return predicted[np.argsort(-predicted.scores, kind="stable")[:most]]


def tune_decoding(
    card: Card, images: Sequence[TuningImage], *, until: float
) -> tuple[Card, list[TuningImage]]:
    """The card with the best settings of decoding, and the predictions with them.

    One setting is changed at a time, as in the family's `decode_variants`, and kept where AP rises
    by at least the variant's gain; the search ends when no change helps, or at `until` (monotonic
    clock).
    """
    best, best_images = card, list(images)
    highest = _highest_ap(best_images)
    tried = [card.config]
    waiting = _next(best, tried)
    while waiting and time.monotonic() < until:
        config, gain = waiting[0]
        tried.append(config)
        other = card.replace(config=config)
        changed = [
            s._replace(predicted=candidates(Predictor(s.engine, other), s.sample)) for s in images
        ]
        ap = _highest_ap(changed)
        if ap >= highest + gain:
            best, best_images, highest = other, changed, max(ap, highest)
        waiting = _next(best, tried)
    return best, best_images


def _next(card: Card, tried: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], float]]:
    """The variants of the card's settings that were not tried yet, with the gain they need."""
    variants = _decode_variants(card)
    neighbours = [(variant.config.model_dump(mode="json"), variant.gain) for variant in variants]
    return [(config, gain) for config, gain in neighbours if config not in tried]


def _decode_variants(card: Card) -> list[DecodeVariant]:
    return catalog.family(card.kind).decode_variants(catalog.config(card.kind, card.config))


def _highest_ap(images: Sequence[TuningImage]) -> float:
    """AP at the best score threshold; 1 where there is no object and none is predicted."""
    truths, predicted = [s.sample.instances for s in images], [s.predicted for s in images]
    tuned = tune_thresholds(truths, predicted, scores=SCORES[::2], overlaps=[1.0])
    return 1.0 if math.isnan(tuned.ap) else float(np.nanmax(tuned.grid))
