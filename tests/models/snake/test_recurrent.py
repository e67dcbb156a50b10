"""The recurrent refiner: few weights, any number of stages, rest, and through what it learns."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from kontur.infer.engines.torch_engine import TorchEngine
from kontur.models.graphs import Graphs
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.evolve import evolve
from kontur.models.snake.loss import contour_losses
from kontur.models.snake.propose import decode_variants
from kontur.models.snake.stages import build_stages
from kontur.nn.losses import smooth_l1
from kontur.train.gradient_flow import measure_flow
from tests.models import contract
from tests.models.snake.test_stages import SMALL, features, rings, settings

CELLS = ["rnn", "gru", "lstm"]
SHARE = 0.6  # of the weights of three circular stages: issue 12


def recurrent(cell="gru", **changes):
    return {"kind": "recurrent", "cell": cell, **changes}


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("cell", CELLS)
def test_it_has_at_most_three_fifths_of_the_weights_of_three_circular_stages(cell):
    circular = count(build_stages(SnakeConfig()))
    assert count(build_stages(SnakeConfig.read({"refiner": recurrent(cell)}))) <= SHARE * circular


@pytest.mark.parametrize("cell", CELLS)
def test_each_stage_is_the_same_refiner_with_the_memory_of_the_one_before(cell):
    config = settings(recurrent(cell), stages=4, stages_used=6)
    module = build_stages(config)
    points, index = rings(config, 3)
    assert len(module.train()(features(config), points, index)) == 4
    found = module.eval()(features(config), points, index)
    assert len(found) == 6
    memory = torch.zeros(1, 3, config.points, config.refiner.memory)
    for stage in found:
        points, memory = module.refiner(features(config), points, index, memory)
        assert_close(stage, points)
    forgotten, _ = module.refiner(features(config), points, index, 0 * memory)
    assert not torch.allclose(forgotten, module.refiner(features(config), points, index, memory)[0])


def test_a_stage_learns_through_the_memory_and_not_through_the_places():
    config = settings(recurrent(), stages=3)
    module = build_stages(config).train()
    points, index = rings(config, 3)
    maps = features(config).requires_grad_()
    module(maps, points.requires_grad_(), index)[-1].sum().backward()
    assert points.grad is None
    assert maps.grad.abs().sum() > 0
    assert module.refiner.network.cells[0].from_hidden.weight.grad.abs().sum() > 0


class Counting:
    """A graph that writes down how many objects each of its runs has."""

    def __init__(self, graph):
        self.graph, self.objects = graph, []

    def __call__(self, features, contours, image_index, memory):
        self.objects.append(len(contours))
        return self.graph(features, contours, image_index, memory)


def fading(features, contours, image_index, memory):
    """Moves object k by 2^-(k + stage) pixels to the right; the stage is remembered."""
    far = 0.5 ** (contours[:, :1, 1:] + memory[0, :, :1, :1])
    return contours + far * [1.0, 0.0], memory + 1


def test_an_object_that_no_longer_moves_is_left_out_and_the_others_go_on():
    config = settings(recurrent(hidden=1, least_move=0.2), **SMALL, stages=4)
    contours = np.zeros((3, config.points, 2), np.float32)
    contours[:, :, 1] = np.arange(3)[:, None]  # y tells them apart
    graph = Counting(fading)
    arrays = (None,), contours, np.zeros(3, int), config
    moved = evolve(Graphs({"iterate": graph}), *arrays, sure=np.ones(3, bool))
    assert graph.objects == [3, 3, 2, 1]  # the last moves by 1/4, 1/8; the middle by 1/2, 1/4, 1/8
    np.testing.assert_allclose(moved[:, 0, 0, 0], [1, 1.5, 1.75, 1.875])
    np.testing.assert_allclose(moved[:, 1, 0, 0], [0.5, 0.75, 0.875, 0.875])
    np.testing.assert_allclose(moved[:, 2, 0, 0], [0.25, 0.375, 0.375, 0.375])
    never = config.replace(refiner={**config.refiner.model_dump(), "least_move": 0.0})
    again = Counting(fading)
    evolve(Graphs({"iterate": again}), *arrays[:3], never, sure=np.ones(3, bool))
    assert again.objects == [3, 3, 3, 3]


def test_when_all_are_at_rest_the_graph_is_not_run_again():
    config = settings(recurrent(hidden=1, least_move=9.0), **SMALL, stages=4)
    graph = Counting(fading)
    contours = np.zeros((2, config.points, 2), np.float32)
    moved = evolve(Graphs({"iterate": graph}), (None,), contours, np.zeros(2, int), config,
                   sure=np.ones(2, bool))  # fmt: skip
    assert graph.objects == [2]
    assert (moved == moved[0]).all()


def test_of_many_objects_each_rests_by_itself():
    config = settings(recurrent(least_move=1.0), **SMALL, stages=5)
    graphs = TorchEngine(contract.network("snake", config).eval()).graphs
    maps, (points, index) = (features(config).numpy(),), (r.numpy() for r in rings(config, 12))
    together = evolve(graphs, maps, points, index, config, sure=np.ones(12, bool))
    for k in range(12):
        own = slice(k, k + 1)
        alone = evolve(graphs, maps, points[own], index[own], config, sure=np.ones(1, bool))
        np.testing.assert_allclose(together[:, own], alone, atol=1e-4)
    assert (together[-1] == together[-2]).all(axis=(1, 2)).any()


@pytest.mark.parametrize("supervise", ["all", "last"])
def test_later_stages_count_more(supervise):
    config = settings(recurrent(growth=2.0), stages=3, supervise=supervise)
    targets = contract.as_targets("snake", config, contract.scenes()["many"].instances)
    moved = torch.stack([targets.contours + each for each in (8.0, 4.0, 1.0)])
    each = [smooth_l1(s, targets.contours, targets.weights, beta=config.beta) for s in moved]
    expected = each[2] if supervise == "last" else (each[0] + 2 * each[1] + 4 * each[2]) / 7
    found = contour_losses(targets.octagons, moved, targets, config)["contour"]
    assert_close(found, expected)
    assert sum(SnakeConfig().stage_weights) == pytest.approx(1)
    assert len(set(SnakeConfig().stage_weights)) == 1


def test_tuning_tries_more_stages_up_to_twice_as_many_as_were_trained():
    config = settings(recurrent(), stages=2)
    assert [v.config.stages_used for v in decode_variants(config)] == [1, 3]
    assert [v.config.stages_used for v in decode_variants(config.replace(stages_used=4))] == [
        3,
        2,
        1,
    ]
    circular = settings({"kind": "circular"}, stages=2)
    assert [v.config.stages_used for v in decode_variants(circular)] == [1]


@pytest.mark.parametrize("steps", [3, 6, 12])
@pytest.mark.parametrize("cell", CELLS)
def test_a_training_is_told_the_gradient_of_every_iteration(cell, steps):
    network = contract.network("snake", settings(recurrent(cell), stages=steps))
    scene = contract.scenes()["many"]
    targets = contract.as_targets("snake", network.config, scene.instances)
    image = contract.as_image(scene)
    layers = measure_flow(network, lambda n: n.total(n.loss(image, targets)))
    told = [layer for layer in layers if "cells.0 step" in layer.name]
    names = [f"evolve.refiner.network.cells.0 step {t}" for t in range(1, steps + 1)]
    assert [layer.name for layer in told] == names
    assert all(layer.gradient > 0 for layer in told)
