"""A trained snake fine-tuned on IoU itself, which no loss on points can do.

The snake's outline is taken as the mean of a policy: π(a | s) moves every point along its normal by
a normal deviate a of a small share of the object's side. A drawn outline that fits better than the
snake's own is made more likely, one that fits worse less. The baseline is what the snake gets
itself, without noise: the greedy roll-out of self-critical training (Rennie et al., Self-Critical
Sequence Training, CVPR 2017), so no value has to be learned. Both outlines are compared point by
point (`kontur.geometry.area_field.gains`), and drawn in pairs that mirror one another.

The detector and its features stay as they are; contour stages and edge stage learn.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pydantic
import torch
from jaxtyping import Float
from torch import Tensor, nn

from kontur.data.sample import Sample
from kontur.edit.cases import own_contours
from kontur.errors import InputError
from kontur.geometry.area_field import AreaFields, gains, overlap, swept
from kontur.geometry.polygons import polygons_from_rings
from kontur.infer.predict import Predictor
from kontur.models.snake.contours import trace_contours
from kontur.models.snake.moves import simple
from kontur.models.snake.network import DeepSnake
from kontur.models.snake.propose import detect
from kontur.nn.normals import normals
from kontur.settings import Settings

LARGEST_GRADIENT = 1.0


class SelfCriticalConfig(Settings):
    """How a snake is fine-tuned.

    Attributes:
        noise: standard deviation of a point's way along its normal, a share of the unit.
        pairs: of mirrored outlines drawn of each contour.
        rate: of Adam, falling to 0.
    """

    noise: float = pydantic.Field(0.02, gt=0)
    pairs: int = pydantic.Field(2, ge=1)
    rate: float = pydantic.Field(1e-4, gt=0)


class FineTuningImage(NamedTuple):
    """What the frozen part of a snake found in an image, and the objects that it belongs to.

    Attributes:
        maps: features, and those of full resolution, of a batch of one.
        starts: where the contour stages start.
        fields, sides: the true objects, one a contour, and the sides of squares of their areas.
    """

    maps: tuple[Tensor, ...]
    starts: Float[Tensor, "m n 2"]
    fields: AreaFields
    sides: Float[np.ndarray, " m"]


def fine_tuning_image(predictor: Predictor, sample: Sample) -> FineTuningImage | None:
    """The objects of an image that the snake finds; None where there are none."""
    config, thresholds = predictor.config, predictor.card.thresholds
    graphs, view = predictor.engine.graphs, predictor.prepare(sample.image).view()
    maps, detected = detect(graphs, view.images, config, thresholds.score, [view.size])
    history = trace_contours(graphs, maps, detected, config, judged=False).stages
    polygons, _ = polygons_from_rings(history[-1].astype(np.float64))
    truth = sample.instances.scale(view.scale, view.scale)
    truth = truth[~truth.ignore]
    found = own_contours(truth.polygons, polygons)
    objects = np.flatnonzero(found >= 0)
    if not len(objects):
        return None
    tensors = tuple(torch.from_numpy(np.array(each)) for each in maps)
    fields = AreaFields.of(truth.polygons[objects])
    return FineTuningImage(
        tensors, torch.from_numpy(history[0][found[objects]]), fields, np.sqrt(fields.areas)
    )


def outlines(network: DeepSnake, image: FineTuningImage) -> Float[Tensor, "m n 2"]:
    """The contours of the snake; gradients flow to its contour and edge stages."""
    index = torch.zeros(len(image.starts), dtype=torch.int64)
    contours = network.evolve(image.maps[0], image.starts, index)[-1]
    return contours if network.edge is None else network.edge(*image.maps, contours, index)


def mean_iou(network: DeepSnake, images: Sequence[FineTuningImage]) -> float:
    """Of the snake's outlines with their objects, over all objects; NaN without any."""
    with torch.inference_mode():
        found = [overlap(image.fields, outlines(network, image).numpy()).iou for image in images]
    return float(np.concatenate(found).mean()) if found else float("nan")


def fine_tune(
    network: DeepSnake,
    images: Sequence[FineTuningImage],
    config: SelfCriticalConfig,
    *,
    seconds: float,
    seed: int,
) -> Iterator[dict[str, float]]:
    """Fine-tune the stages for so many seconds of processor time; what each step showed.

    Batch norms keep what they have measured. Raises `InputError` where no object was found.
    """
    if not images:
        raise InputError("the model finds none of the objects; fine-tune one that finds some")
    rng = np.random.default_rng(seed)
    learned: list[nn.Module] = [network.evolve]
    if network.edge is not None:
        learned.append(network.edge)
    network.eval().requires_grad_(False)
    parameters: list[Any] = []
    for module in learned:
        module.requires_grad_(True)
        parameters += module.parameters()
    optimiser = torch.optim.Adam(parameters, lr=config.rate)
    begin, updates = time.process_time(), 0
    while (spent := time.process_time() - begin) < seconds:
        for group in optimiser.param_groups:
            group["lr"] = config.rate * (1 - spent / seconds)
        image = images[int(rng.integers(len(images)))]
        contours = outlines(network, image)
        loss, gain = self_critical_loss(contours, image.fields, image.sides, config, rng)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
        optimiser.step()
        updates += 1
        yield {"elapsed": spent, "updates": updates, "advantage": gain}
    network.requires_grad_(True)


def self_critical_loss(
    contours: Float[Tensor, "m n 2"],
    fields: AreaFields,
    sides: Float[np.ndarray, " m"],
    config: SelfCriticalConfig,
    rng: np.random.Generator,
) -> tuple[Tensor, float]:
    """-Σ A log π of drawn outlines, A their gain over the greedy ones; and Σ |A|.

    Contours that cross themselves have no reward and do not count; without any the loss is 0.
    """
    greedy = contours.detach().numpy()
    out = normals(contours.detach())
    along = (contours * out).sum(dim=-1)  # the mean of the policy, with its gradient
    spread = (config.noise * sides).astype(np.float32)[:, None]
    before = overlap(fields, greedy)
    advantage = np.zeros(greedy.shape[:2], np.float32)
    whole = simple(greedy)
    for _ in range(config.pairs):
        drawn = rng.standard_normal(greedy.shape[:2]).astype(np.float32)
        for sign in (1, -1):
            moved = greedy + out.numpy() * (sign * drawn * spread)[..., None]
            passed = swept(fields, greedy, before, moved, after := overlap(fields, moved))
            shares = gains(before, after, passed) * (simple(moved) & whole)[:, None]
            advantage += sign * drawn * shares  # of log π the gradient is a / σ
    # A point has half of what its two edges brought: all that depends on it is twice that.
    advantage /= config.pairs
    weights = torch.from_numpy(advantage / spread)
    return -(weights * along).sum() / max(1, len(contours)), float(np.abs(advantage).sum())
