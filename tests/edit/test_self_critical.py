"""The gradient of a drawn outline's reward is that of the IoU, and a snake learns by it."""

import numpy as np
import pytest
import shapely
import torch
from numpy.testing import assert_allclose

from kontur.edit.self_critical import (
    SelfCriticalConfig,
    fine_tune,
    fine_tuning_image,
    mean_iou,
    self_critical_loss,
)
from kontur.errors import InputError
from kontur.geometry.area_field import AreaFields, overlap
from kontur.infer.engines.torch_engine import TorchEngine, rebuild
from kontur.infer.predict import Predictor
from tests.models import contract

ANGLES = np.linspace(0, 2 * np.pi, 32, endpoint=False)
CONFIG = SelfCriticalConfig(pairs=400, noise=0.01)


def circle(radius, x=30.0):
    points = np.stack([np.sin(ANGLES), -np.cos(ANGLES)], axis=-1) * radius
    return torch.tensor(points + np.array([x, 30]))[None].float()


def test_the_gradient_of_the_loss_is_that_of_the_iou_along_the_normals():
    fields = AreaFields.of(np.array([shapely.Point(30, 30).buffer(10)]))
    contours = circle(9.0, x=31.5).requires_grad_()
    loss, _ = self_critical_loss(
        contours, fields, np.sqrt(fields.areas), CONFIG, np.random.default_rng(0)
    )
    loss.backward()
    out = (contours - circle(1e-6, x=31.5)).detach()
    out /= out.norm(dim=-1, keepdim=True)
    learned = -(contours.grad * out).sum(-1)[0].numpy()
    ring = contours.detach().numpy()
    exact = np.zeros(32)
    for point in range(32):
        ious = []
        for step in (-0.3, 0.3):
            moved = ring.copy()
            moved[0, point] += step * out[0, point].numpy()
            ious.append(overlap(fields, moved).iou[0])
        exact[point] = (ious[1] - ious[0]) / 0.6
    assert np.corrcoef(learned, exact)[0, 1] > 0.9
    assert_allclose(learned.sum(), exact.sum(), rtol=0.2)


def test_contours_that_cross_themselves_and_no_contours_teach_nothing():
    fields = AreaFields.of(np.array([shapely.Point(30, 30).buffer(10)]))
    crossed = circle(9.0)
    crossed[0, :16, 0] = 60 - crossed[0, :16, 0]
    few = CONFIG.replace(pairs=1)
    for contours in (crossed, crossed[:0]):
        contours.requires_grad_()
        own = fields.take(np.zeros(len(contours), int))
        loss, _ = self_critical_loss(
            contours, own, np.sqrt(own.areas), few, np.random.default_rng(0)
        )
        loss.backward()
        assert loss.item() == 0 or len(contours)
        assert contours.grad is not None
        assert (contours.grad == 0).all()


def shaken():
    """A snake whose last stage goes too far outwards, and what its frozen part sees."""
    learned = contract.learned("snake")
    network = rebuild(learned.model)
    with torch.no_grad():
        network.edge.head.offsets.bias += 0.6
    predictor = Predictor(TorchEngine(network), learned.card)
    return network, fine_tuning_image(predictor, learned.sample)


def test_a_snake_gains_iou_on_what_it_is_fine_tuned_on_and_its_detector_stays():
    network, seen = shaken()
    frozen = {name: value.clone() for name, value in network.detector.state_dict().items()}
    before = mean_iou(network, [seen])
    config = SelfCriticalConfig(rate=2e-3)
    updates = fine_tune(network, [seen], config, seconds=60, seed=0)
    for _ in range(40):
        next(updates)
    assert mean_iou(network, [seen]) > before + 0.02
    for name, value in network.detector.state_dict().items():
        assert torch.equal(value, frozen[name])
    updates.close()


def test_images_without_found_objects_are_left_out_and_none_at_all_is_answered():
    learned = contract.learned("snake")
    empty = learned.sample.replace(instances=learned.sample.instances[:0])
    assert fine_tuning_image(learned.predictor, empty) is None
    with pytest.raises(InputError, match="finds none of the objects"):
        next(fine_tune(rebuild(learned.model), [], CONFIG, seconds=1, seed=0))
    assert np.isnan(mean_iou(rebuild(learned.model), []))
