"""The graphs of a trained model in 8-bit integers, beside those in float32, where they are as good.

The ranges of their numbers are those of the model's own predictions on crops of images. A graph in
integers is kept where the AP of the images does not fall by it; whether it runs is decided where
the model is used (`infer.engines.onnx_engine`).
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from kontur.data.sample import Sample
from kontur.evaluate import evaluate_all
from kontur.infer.engines.engine import Engine, Precision
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.predict import Predictor
from kontur.models import catalog
from kontur.models.archive import Model, SavedGraph
from kontur.models.family import padding_multiple
from kontur.models.graphs import Graph, Graphs
from kontur.train.calibration import Inputs
from kontur.train.integer_maps import pass_integers
from kontur.train.quantise import quantise
from kontur.train.validation import evenly_spaced

CROP = 256  # pixels a side of what the ranges are taken from
CROPS = 32
OBJECTS = 16  # of a crop: the tool wants all inputs of one shape
IOUS = (0.5, 0.6, 0.7, 0.8, 0.9)
TOLERATED = 3e-3  # of AP, at each IoU
MOST_IMAGES = 64  # whose AP is taken,
SECONDS = 30.0  # or those that are predicted in this time


def with_int8(
    model: Model, samples: Sequence[Sample], progress: Callable[[int, int], None] = lambda *_: None
) -> Model:
    """The model with those of its graphs in 8 bits that are as good on `samples`.

    Others read the maps of these in integers. Without samples, without graphs, or where no object
    is predicted on crops of them, it is the model as it is. `progress(done, total)` is called after
    each graph.
    """
    family = catalog.family(model.card.kind)
    config = catalog.config(model.card.kind, model.card.config)
    multiple = padding_multiple(config)
    read = {name for example in family.graphs(config).values() for name in example.inputs}
    offered: dict[str, SavedGraph] = {}
    recorded = calibration_inputs(model, samples)
    for done, (name, inputs) in enumerate(recorded.items(), 1):
        graph = None
        if name not in family.float32_graphs:
            graph = quantise(model.graphs[name], model.weights, inputs, multiple, read)
        if graph is not None:
            offered[name] = graph
        progress(done, len(recorded))
    evenly = evenly_spaced(len(samples), MOST_IMAGES)
    chosen = _without_loss(model, offered, [samples[i] for i in evenly])
    return replace(model, int8={**chosen, **pass_integers({**model.graphs, **chosen})})


def calibration_inputs(model: Model, samples: Sequence[Sample]) -> dict[str, list[Inputs]]:
    """What each graph is given when crops of the samples are predicted, all of the same shapes."""
    if not model.graphs or not samples:
        return {}
    recording = RecordingEngine(OnnxEngine(model))
    predictor = Predictor(recording, model.card)
    side = min(CROP, *(min(sample.image.shape[:2]) for sample in samples))
    rng = np.random.default_rng(0)
    for place in rng.permutation(len(samples))[:CROPS].tolist():
        image = samples[place].image
        top, left = (int(rng.integers(length - side + 1)) for length in image.shape[:2])
        predictor.predict_detailed(image[top : top + side, left : left + side])
    examples = catalog.family(model.card.kind).graphs(predictor.config)
    alike = {}
    for name, calls in recording.calls.items():
        axes = examples[name].dynamic
        objects = [
            next((axis for axis, what in axes.get(given, {}).items() if what == "m"), None)
            for given in examples[name].inputs
        ]
        same = [tuple(map(_equal_count, call, objects)) for call in calls]
        shapes = [tuple(array.shape for array in call) for call in same]
        alike[name] = [call for call, shape in zip(same, shapes, strict=True) if shape == shapes[0]]
    return alike


class RecordingEngine:
    """An engine that keeps what its graphs are given, the same in the same order each time."""

    def __init__(self, engine: Engine):
        self.calls: dict[str, list[Inputs]] = {}
        self.graphs = Graphs(engine.graphs).wrapped(self._recorded)

    def _recorded(self, name: str, graph: Graph) -> Graph:
        def run(*arrays: np.ndarray) -> Sequence[np.ndarray]:
            self.calls.setdefault(name, []).append(arrays)
            return graph(*arrays)

        return run


def _equal_count(array: np.ndarray, axis: int | None) -> np.ndarray:
    """As many objects as all have, some again where there are fewer."""
    if axis is None:
        return array
    return np.take(array, np.arange(OBJECTS) % array.shape[axis], axis)


def _without_loss(
    model: Model, offered: Mapping[str, SavedGraph], samples: Sequence[Sample]
) -> dict[str, SavedGraph]:
    """All of the graphs where AP stays; else those with which it does, one after the other."""
    if not offered:
        return {}
    before = Measured(model, {}, samples, until=time.monotonic() + SECONDS)
    samples = samples[: before.images]
    single = 1 / max(1, sum(len(sample.instances) for sample in samples))
    least = before.aps - max(TOLERATED, single)

    def good(graphs: Mapping[str, SavedGraph]) -> bool:
        return bool((Measured(model, graphs, samples).aps >= least).all())

    if good(offered):
        return dict(offered)
    kept: dict[str, SavedGraph] = {}
    for name, graph in offered.items():
        if good({**kept, name: graph}):
            kept[name] = graph
    return kept


class Measured:
    """AP at several IoUs with some of the graphs in integers, 0 where it is not defined.

    Attributes:
        images: how many of the samples there was time for, until the clock (monotonic) said
            `until`; at least one.
        aps: at each of `IOUS`.
    """

    def __init__(
        self,
        model: Model,
        graphs: Mapping[str, SavedGraph],
        samples: Sequence[Sample],
        until: float = math.inf,
    ):
        precision: Precision = "int8" if graphs else "float32"
        predictor = Predictor(
            OnnxEngine(replace(model, int8=graphs), precision=precision), model.card
        )
        pairs = []
        for sample in samples:
            pairs.append((sample.instances, predictor.predict_detailed(sample.image).instances))
            if time.monotonic() > until:
                break
        summary = evaluate_all(pairs, metrics=["ap"], thresholds=IOUS)
        self.images = len(pairs)
        self.aps = np.nan_to_num([summary.ap(iou) for iou in IOUS])
