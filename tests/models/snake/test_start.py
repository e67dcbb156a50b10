"""A learned start: where it begins, what it may depend on, and that it is trained and exported."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from kontur.errors import InputError
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.models.snake.start import LearnedStart
from kontur.models.snake.start_shapes import start_diamonds
from kontur.nn.grid import PARTS
from kontur.train.export import to_model
from tests.models import contract

SCENE = contract.scenes()["many"]


def config(**changes):
    return contract.settings("snake", initial="learned", anchors="four", **changes)


def start(settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return LearnedStart(settings).eval()


def diamonds(*boxes):
    return torch.from_numpy(start_diamonds(torch.tensor(boxes).double().numpy())).float()


def test_before_it_has_learned_anything_it_is_the_ellipse_in_the_box():
    settings = config()
    module = start(settings)
    for layer in (module.guess[-1], module.deform[-1]):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    features = torch.zeros(1, 32, 32, settings.features)
    rings = module(features, diamonds([10.0, 20, 30, 60]), torch.zeros(1, dtype=torch.long))
    assert_close(rings[0], rings[1])
    from_middle = (rings[1, 0] - torch.tensor([20.0, 40])) / torch.tensor([10.0, 20])
    assert_close(from_middle.norm(dim=-1), torch.ones(settings.points), atol=1 / PARTS / 10, rtol=0)
    assert_close(rings[1, 0, 0], torch.tensor([20.0, 20]), atol=1e-4, rtol=0)  # from the top
    assert from_middle[1, 0] > 0  # clockwise on a screen


def test_an_object_elsewhere_has_the_same_contour_there():
    settings = config()
    module = start(settings)
    features = torch.randn(1, 40, 40, settings.features)
    index = torch.zeros(1, dtype=torch.long)
    here = module(features, diamonds([20.0, 20, 36, 44]), index)
    moved = module(features.roll((3, 2), dims=(1, 2)), diamonds([24.0, 26, 40, 50]), index)
    assert_close(moved, here + torch.tensor([4.0, 6.0]), atol=1e-4, rtol=1e-5)


def test_no_boxes_have_no_contours():
    settings = config()
    none = torch.zeros(0, 40, 2), torch.zeros(0, dtype=torch.long)
    rings = start(settings)(torch.zeros(1, 8, 8, settings.features), *none)
    assert rings.shape == (2, 0, settings.points, 2)


def test_a_snake_with_a_learned_start_has_no_extremes_and_trains_every_weight():
    network = contract.network("snake", config())
    assert list(network.graphs()) == ["detect", "start", "evolve", "edge", "quality"]
    targets = contract.as_targets("snake", network.config, SCENE.instances)
    losses = network.loss(contract.as_image(SCENE), targets)
    assert set(losses) == {name for stage in network.stages().values() for name in stage}
    network.total(losses).backward()
    without = [n for n, p in network.named_parameters() if p.grad is None]
    assert without == []


def test_a_learned_start_is_always_the_network_s_own():
    with pytest.raises(InputError, match="leave start out"):
        config(start="predicted")


@pytest.mark.parametrize("objects", [0, 1, 1000])
def test_exported_it_gives_the_same(objects):
    network = contract.network("snake", config(refiner={"width": 8, "fusion": 8, "profile": 3}))
    model = to_model(network.eval(), contract.card("snake", network.config))
    engines = TorchEngine(network).graphs, OnnxEngine(model, threads=1).graphs
    rng = np.random.default_rng(0)
    features = rng.normal(size=(2, 20, 24, network.config.features)).astype(np.float32)
    boxes = np.sort(rng.uniform(0, 40, (objects, 2, 2)), axis=1).reshape(-1, 4)
    index = rng.integers(0, 2, objects)
    starts = start_diamonds(boxes).astype(np.float32)
    (expected,), (found,) = (graphs["start"](features, starts, index) for graphs in engines)
    np.testing.assert_allclose(found, expected, atol=8 / PARTS)  # rounded up or down
    stages = (graphs["evolve"](features, expected[-1], index)[0] for graphs in engines)
    np.testing.assert_allclose(next(stages), next(stages), atol=1e-2)
