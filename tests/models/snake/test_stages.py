"""Contour stages of every kind: one signature, one answer of torch and ONNX, cards as before."""

import functools

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.testing import assert_close

from kontur.infer.engines import engine_threads, onnx_engine
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.models import catalog
from kontur.models.archive import read_model, write_model
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.evolve import evolve
from kontur.models.snake.stages import build_stages
from kontur.nn.grid import PARTS
from kontur.train.export import to_model
from tests.models import contract

KINDS = {
    "circular": {"kind": "circular"},
    "rnn": {"kind": "recurrent", "cell": "rnn"},
    "gru": {"kind": "recurrent", "cell": "gru"},
    "lstm of two layers": {"kind": "recurrent", "cell": "lstm", "layers": 2},
    "attention": {"kind": "attention"},
    "attention to neighbours": {"kind": "attention", "neighbours": 3},
    "attention to all": {"kind": "attention", "neighbours": 2, "image_tokens": 4, "profile": 3},
}
SIZES = [(20, 24), (33, 17)]  # of feature maps
SMALL = {"widths": (8,), "depths": (1,), "edge": {"kind": "none"}, "quality": False}
APART = 8 / PARTS  # pixels: the one engine rounds up what the other rounds down
every_kind = pytest.mark.parametrize("refiner", KINDS.values(), ids=KINDS)
every_name = pytest.mark.parametrize("name", KINDS)


def settings(refiner, **changes):
    return contract.settings("snake", refiner=refiner, **changes)


def stages(refiner, **changes):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_stages(settings(refiner, **changes)).eval()


def features(config, size=SIZES[0], b=2):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(b, *size, config.features, generator=generator)


def rings(config, m):
    rng = np.random.default_rng(2)
    points = rng.uniform(4, 40, (m, 1, 2)) + rng.normal(0, 5, (m, config.points, 2))
    return torch.from_numpy(points).float(), torch.from_numpy(rng.integers(0, 2, m))


@every_kind
@pytest.mark.parametrize("m", [0, 1, 5])
def test_every_kind_takes_contours_and_gives_them_after_every_stage(refiner, m):
    config, module = settings(refiner), stages(refiner)
    points, index = rings(config, m)
    moved = module(features(config), points, index)
    assert moved.shape == (3, m, config.points, 2)
    assert m == 0 or (moved[0] != points).any()


@every_kind
def test_an_object_elsewhere_is_moved_alike(refiner):
    config, module = settings(refiner), stages(refiner)
    points, index = rings(config, 4)
    points = ((points + 40) * 16).round() / 16  # far from the border, where shapes start
    whole = functional.pad(features(config, (64, 64)), (0, 0, 0, 1300, 0, 700))
    step = torch.tensor([1300.0, 700.0]) * config.stride
    moved = module(whole.roll((700, 1300), dims=(1, 2)), points + step, index)
    assert (moved == module(whole, points, index) + step).all()  # to the last bit


@every_kind
def test_a_ring_that_begins_elsewhere_ends_the_same(refiner):
    config, module = settings(refiner), stages(refiner)
    points, index = rings(config, 4)
    turned = module(features(config), points.roll(6, dims=1), index)  # the thinned points with it
    assert_close(turned, module(features(config), points, index).roll(6, dims=2))


@functools.cache
def exported(name):
    """A network of a kind and the model file that it would be."""
    config = settings(KINDS[name], **SMALL, stages=2)
    network = contract.network("snake", config).eval()
    return config, network, to_model(network, contract.card("snake", config))


@every_name
@pytest.mark.parametrize("objects", [0, 1, 300])  # the last are more than a part
@pytest.mark.parametrize("size", SIZES)
def test_exported_every_kind_gives_the_same(name, objects, size):
    config, network, model = exported(name)
    engines = TorchEngine(network).graphs, OnnxEngine(model, threads=2).graphs
    maps = (features(config, size).numpy(),)
    points, index = (each.numpy() for each in rings(config, objects))
    sure = np.ones(objects, bool)
    expected, found = (evolve(each, maps, points, index, config, sure=sure) for each in engines)
    assert expected.shape == (2, objects, config.points, 2)
    np.testing.assert_allclose(found, expected, atol=APART)
    for graph, example in catalog.family("snake").graphs(config).items():
        if graph == "detect":
            continue
        inputs = []  # the graph itself, also with nothing
        for key, array in example.inputs.items():
            axis = [i for i, word in example.dynamic[key].items() if word == "m"]
            own = array if not axis else np.repeat(array.take([0], axis[0]), objects, axis[0])
            inputs.append(maps[0][:1] if key == "features" else own)
        for a, b in zip(*(each[graph](*inputs) for each in engines), strict=True):
            np.testing.assert_allclose(b, a, atol=APART)


@every_kind
def test_the_stages_of_the_network_are_those_that_are_run(refiner):
    refiner = {**refiner, "least_move": 0.0} if refiner["kind"] == "recurrent" else refiner
    config = settings(refiner, **SMALL)
    network = contract.network("snake", config).eval()
    points, index = rings(config, 7)
    expected = network.evolve(features(config), points, index)
    arrays = (features(config).numpy(),), points.numpy(), index.numpy()
    graphs = TorchEngine(network).graphs
    found = evolve(graphs, *arrays, config, sure=np.ones(7, bool))
    np.testing.assert_allclose(found, expected.detach().numpy(), atol=1e-4)


@every_name
def test_chunks_and_threads_make_no_difference(name, monkeypatch):
    config, _, model = exported(name)
    arrays = (features(config).numpy(),), *(each.numpy() for each in rings(config, 30)), config
    whole = evolve(OnnxEngine(model, threads=1).graphs, *arrays, sure=np.ones(30, bool))
    monkeypatch.setattr(engine_threads, "PART", 7)
    monkeypatch.setattr(onnx_engine, "OBJECTS_OF_RUN", 3)
    parts = evolve(OnnxEngine(model, threads=3).graphs, *arrays, sure=np.ones(30, bool))
    np.testing.assert_allclose(parts, whole, atol=1e-4)


@every_kind
def test_an_object_whose_numbers_overflow_spoils_no_other(refiner):
    config = settings(refiner, **SMALL)
    graphs = TorchEngine(contract.network("snake", config).eval()).graphs
    points, index = (each.numpy() for each in rings(config, 6))
    points[2] = np.nan
    sure, others = np.ones(6, bool), np.arange(6) != 2
    maps = (features(config).numpy(),)
    found = evolve(graphs, maps, points, index, config, sure=sure)
    rest = evolve(graphs, maps, points[others], index[others], config, sure=sure[others])
    np.testing.assert_allclose(found[:, others], rest, atol=1e-5)


@every_kind
def test_every_weight_learns(refiner):
    network, sample = contract.network("snake", settings(refiner)), contract.learning_scene()
    targets = contract.as_targets("snake", network.config, sample.instances)
    network.total(network.loss(contract.as_image(sample), targets)).backward()
    assert [n for n, p in network.named_parameters() if p.grad is None] == []
    assert all(p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize("name", ["gru", "attention to all"])
def test_it_learns_a_scene_by_heart_and_its_file_finds_the_same(name, tmp_path):
    config = settings(KINDS[name], **SMALL, stages=2)
    network = contract.train("snake", 60, config=config).eval()
    card, sample = contract.card("snake", config), contract.learning_scene()
    found = Predictor(TorchEngine(network), card).predict(sample.image)
    assert contract.best_iou(sample.instances, found).mean() > 0.8
    path = tmp_path / "model.kontur"
    write_model(path, to_model(network, card))
    model = read_model(path)
    assert catalog.config("snake", model.card.config).refiner == config.refiner
    predictor = Predictor(OnnxEngine(model, threads=2), model.card)
    contract.assert_same(predictor.predict(sample.image), found, pixels=0.02)
    refined = predictor.session(sample.image).refine(found.polygons)
    assert contract.best_iou(found, found.replace(polygons=refined)).min() > 0.7


def test_a_card_without_a_kind_is_circular_and_its_weights_have_their_names():
    config = SnakeConfig.read({"refiner": {"width": 8, "fusion": 4}})
    assert (config.refiner.kind, config.refiner.fusion) == ("circular", 4)
    names = {name.partition(".")[0] for name in stages(KINDS["circular"]).refiners[0].state_dict()}
    assert names == {"head"}


@pytest.mark.parametrize("preset", ["paper", "fast", "tiny"])
@pytest.mark.parametrize("kind", ["circular", "recurrent", "attention"])
def test_the_kind_alone_can_be_set_on_every_preset(kind, preset):
    config = catalog.config("snake", {"refiner": {"kind": kind}}, preset=preset)
    assert config.refiner.kind == kind
    assert SnakeConfig.read(config.model_dump(mode="json")) == config
