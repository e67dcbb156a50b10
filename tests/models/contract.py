"""What every kind of segmenter is tried on: scenes with a known truth, and small networks.

The contract itself is `test_contract.py`; the tests of prediction borrow the network that has
learned one scene by heart.
"""

import contextlib
import functools
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import jaxtyping
import numpy as np
import shapely
import torch
from torch import Tensor, nn

from kontur.data.normalisation.normalise import normalise
from kontur.data.sample import Sample
from kontur.data.synthetic import scene
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.models import catalog
from kontur.models.archive import Model
from kontur.models.card import Card, Thresholds
from kontur.models.graphs import Graphs
from kontur.models.resolve import Resolved, resolve
from kontur.models.segmenter import Segmenter
from kontur.settings import Settings
from kontur.train.export import to_model
from tests.naive import geometry as naive

Made = TypeVar("Made")
ModuleT = TypeVar("ModuleT", bound=nn.Module)
KINDS = list(catalog.KINDS)
SIDE = 64  # pixels of a scene
STEPS = {"maskrcnn": 90, "swinunet": 120}  # enough to know one scene by heart,
USUAL_STEPS = 80  # where the kind needs no more
RATE = 5e-3
CANDIDATES = {"snake": 7}  # in `learning_scene` at least, whatever their score,
USUAL_CANDIDATES = 6  # of the kinds that find only the objects
# Objects that what has learned finds in noise at least, and so does what was shaken.
IN_NOISE = {"snake": (500, 5), "maskrcnn": (5, 5)}
USUAL_IN_NOISE = (20, 0)  # of the kinds that name pixels
SHAKEN = {"maskrcnn": 0.5}  # by how much less its weights are shaken: exponents scatter its boxes
# Of a snake that is sooner learned, where neither its edge nor its quality is asked for.
QUICK: dict[str, Any] = {"stages": 2, "edge": {"kind": "none"}, "quality": False}
REPAIRED = {"snake"}  # kinds whose outlines may cross themselves; those traced from pixels never do


def settings(kind: str, **changes: Any) -> Settings:
    """The `tiny` preset for grey images."""
    return catalog.config(kind, {"channels": 1, **changes}, preset="tiny")


def steps_of(kind: str) -> int:
    """How long it takes to know `learning_scene` by heart."""
    return STEPS.get(kind, USUAL_STEPS)


def network(kind: str, config: Settings | None = None, *, seed: int = 0) -> Segmenter:
    """A new network; the same one for the same seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return catalog.segmenter(kind, config or settings(kind))


def network_with(kind: str, **changes: Any) -> Segmenter:
    """A new network of the test's settings, some of them changed."""
    return network(kind, settings(kind, **changes))


def as_if_learned(module: ModuleT) -> ModuleT:
    """The module with what begins at 0 a little off it: gradients and inputs get through."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in module.parameters():
            if weight.ndim > 1 and not weight.any():
                weight.copy_(torch.randn(weight.shape, generator=generator) * 0.1)
    return module


def card(kind: str, config: Settings, *, score: float = 0.3, overlap: float = 0.3) -> Card:
    return Card(
        name="learned",
        kind=kind,
        config=config.model_dump(mode="json"),
        thresholds=Thresholds(score=score, overlap=overlap),
        object_size=11.0,  # of `learning_scene`
        version="0",
    )


def predictor(segmenter: Segmenter, kind: str, **thresholds: float) -> Predictor:
    return Predictor(TorchEngine(segmenter), card(kind, segmenter.config, **thresholds))


def decode(
    kind: str,
    graphs: Graphs,
    images: np.ndarray,
    config: Settings,
    thresholds: Thresholds,
    sizes: Sequence[tuple[int, int]],
) -> list[Resolved]:
    """Propose and resolve: the objects of each image of a batch."""
    candidates = catalog.family(kind).propose(graphs, images, config, thresholds.score, sizes)
    return [resolve(each, thresholds) for each in candidates]


def as_image(sample: Sample) -> Tensor:
    """`(1, c, h, w)`, as the network sees it."""
    return torch.from_numpy(normalise(sample.image).transpose(2, 0, 1)[None])


def as_targets(
    kind: str, config: Settings, *images: Instances, rng: np.random.Generator | None = None
) -> Any:
    """The targets of a batch as tensors."""
    joined = catalog.family(kind).collate(
        [catalog.family(kind).encode(each, config, rng) for each in images]
    )
    return type(joined)(*(torch.from_numpy(array) for array in joined))


def learning_scene() -> Sample:
    """Six blobs and ellipses that lie apart, some at the border."""
    return scene(
        np.random.default_rng(3),
        size=(SIDE, SIDE),
        count=6,
        radius=(6, 10),
        shapes=("blob", "ellipse"),
        touching=0,
        noise=0.02,
    )


@functools.cache
def scenes() -> dict[str, Sample]:
    """Images from empty to crowded, all of one size; drawn once, nobody may change them."""
    rng = np.random.default_rng(0)
    options: dict[str, Any] = {"size": (SIDE, SIDE), "radius": (2, 5)}
    crowd = scene(rng, count=60, touching=0.5, **options)
    nothing = scene(rng, count=0, **options)
    dots = Instances.of(shapely.box([9, 63, 20], [9, 63, 0], [10, 64, 21], [10, 64, 1]))
    one_pixel = nothing.replace(instances=dots.replace(size=(SIDE, SIDE)))
    ignored = crowd.instances.replace(ignore=np.arange(len(crowd.instances)) % 2 == 0)
    all_ignored = crowd.instances.replace(ignore=np.ones(len(crowd.instances), bool))
    return {
        "many": crowd,
        "none": nothing,
        "one pixel": one_pixel,
        "half ignored": crowd.replace(instances=ignored),
        "all ignored": crowd.replace(instances=all_ignored),
    }


def train(kind: str, steps: int, *, seed: int = 0, config: Settings | None = None) -> Segmenter:
    """A network after so many steps on `learning_scene`, as `kontur train` would make them."""
    sample = learning_scene()
    segmenter = network(kind, config, seed=seed).to(memory_format=torch.channels_last)
    image = as_image(sample).contiguous(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(segmenter.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RATE, total_steps=max(steps, steps_of(kind))
    )
    rng = np.random.default_rng(seed)

    def step() -> None:
        targets = as_targets(kind, segmenter.config, sample.instances, rng=rng)
        total = segmenter.total(segmenter.loss(image, targets))
        optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(segmenter.parameters(), 5.0)
        optimiser.step()
        schedule.step()

    step()
    with unchecked():  # which the first step was
        for _ in range(steps - 1):
            step()
    return segmenter


@contextlib.contextmanager
def unchecked() -> Iterator[None]:
    """Annotations are not checked, which takes a third of the time of a small network's step."""
    jaxtyping.config.jaxtyping_disable, before = True, jaxtyping.config.jaxtyping_disable
    try:
        yield
    finally:
        jaxtyping.config.jaxtyping_disable = before


@dataclass(frozen=True, eq=False)
class Learned:
    """A network that knows `sample` by heart, the model file that it would be, what it finds."""

    sample: Sample
    segmenter: Segmenter
    card: Card
    model: Model
    found: Instances

    @property
    def predictor(self) -> Predictor:
        """Its torch engine."""
        return Predictor(TorchEngine(self.segmenter), self.card)


def made_once(name: str, make: Callable[[], Made]) -> Made:
    """What is made in one process of a test run, and read in the others, the same to the bit."""
    path = Path(os.environ["KONTUR_MADE_ONCE"]) / name
    if path.exists():
        return pickle.loads(path.read_bytes())
    made = make()
    beside = path.with_name(f"{name}.{os.getpid()}")
    beside.write_bytes(pickle.dumps(made))
    beside.replace(path)
    return made


@functools.cache
def learned(kind: str) -> Learned:
    """Trained once in a test run (some five seconds); nobody may change it."""
    return made_once(f"learned-{kind}", lambda: _learn(kind))


def _learn(kind: str) -> Learned:
    sample, segmenter = learning_scene(), train(kind, steps_of(kind)).eval()
    made = card(kind, segmenter.config)
    found = predictor(segmenter, kind).predict(sample.image)
    return Learned(sample, segmenter, made, to_model(segmenter, made), found)


def best_iou(truth: Instances, found: Instances) -> np.ndarray:
    """For each true object the IoU of the found one that fits best; 0 where none was found."""
    return naive.polygon_iou(truth.polygons, found.polygons).max(axis=1, initial=0)


def assert_same(a: Instances, b: Instances, *, pixels: float = 0.01, scores: float = 1e-4) -> None:
    """The same objects in the same order, no outline farther than so many pixels from its twin."""
    assert (len(a), a.size, a.classes) == (len(b), b.size, b.classes)
    np.testing.assert_array_equal(a.labels, b.labels)
    np.testing.assert_allclose(a.scores, b.scores, atol=scores)
    apart = shapely.hausdorff_distance(shapely.boundary(a.polygons), shapely.boundary(b.polygons))
    assert apart.max(initial=0) <= pixels


def assert_sound(found: Instances, size: tuple[int, int]) -> None:
    """Valid polygons with area inside the image, scores from best to worst."""
    assert found.size == size
    assert shapely.is_valid(found.polygons).all()
    assert (found.areas > 0).all()
    x0, y0, x1, y1 = found.boxes.T
    assert (x0 >= 0).all()
    assert (y0 >= 0).all()
    assert (x1 <= size[1]).all()
    assert (y1 <= size[0]).all()
    assert (np.diff(found.scores) <= 0).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
