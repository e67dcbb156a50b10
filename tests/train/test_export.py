"""A segmenter becomes a model file: its graphs hold no weights, its weights are there once."""

import io

import numpy as np
import onnx
import pytest
import torch

from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.models import catalog
from kontur.models.archive import WEIGHTS, read_model
from kontur.train.export import export, to_model
from tests.models import contract

KIND = "snake"


@pytest.fixture(scope="module")
def learned():
    return contract.learned(KIND)


def test_every_weight_is_in_the_file_once(learned):
    model = learned.model
    state = learned.segmenter.state_dict()
    expected = {name for name in state if not name.endswith("num_batches_tracked")}
    assert set(model.weights) == expected
    for name in expected:
        np.testing.assert_array_equal(model.weights[name], state[name].numpy())
    used = [name for graph in model.graphs.values() for name in graph.weights]
    assert len(used) == len(set(used))
    assert set(used) <= expected
    for name in expected - set(used):  # of equal ones the exporter keeps one: biases that are added
        twins = [n for n in used if np.array_equal(model.weights[n], model.weights[name])]
        assert twins, name


def test_the_graphs_hold_names_instead_of_weights(learned):
    for graph in learned.model.graphs.values():
        onnx_model = onnx.load_model(io.BytesIO(graph.onnx), load_external_data=False)
        outside = {
            tensor.name
            for tensor in onnx_model.graph.initializer
            if tensor.data_location == onnx.TensorProto.EXTERNAL
        }
        assert outside == set(graph.weights)
        for tensor in onnx_model.graph.initializer:
            if tensor.name in outside:
                (entry,) = tensor.external_data
                assert (entry.key, entry.value, tensor.raw_data) == ("location", WEIGHTS, b"")
            else:
                assert np.prod(tensor.dims) <= 8  # constants of the arithmetic


def test_the_same_segmenter_gives_the_same_graphs(learned):
    again = to_model(learned.segmenter, learned.card)
    assert again.graphs == learned.model.graphs


def test_a_segmenter_in_training_is_exported_as_it_predicts_and_goes_on_training(tmp_path):
    config = contract.settings(
        KIND, stages=1, refiner={"dilations": (1, 2)}, widths=(8,), depths=(1,)
    )
    segmenter = contract.network(KIND, config).train()
    before = {name: value.clone() for name, value in segmenter.state_dict().items()}
    path = tmp_path / "model.kontur"
    export(path, segmenter, contract.card(KIND, config))
    assert all(module.training for module in segmenter.modules())
    assert all(torch.equal(before[name], v) for name, v in segmenter.state_dict().items())
    image = np.random.default_rng(0).random((1, 1, 32, 32), dtype=np.float32)
    expected = TorchEngine(segmenter).graphs["detect"](image)
    found = OnnxEngine(read_model(path), threads=1).graphs["detect"](image)
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {"refiner": {"form": "dense", "order": "paper"}, "stride": 4, "points": 24},
        {"channels": 3, "classes": ("a", "b"), "widths": (8, 12), "depths": (1, 1), "points": 9},
    ],
)
def test_every_shape_of_snake_can_be_exported(changes):
    small = {"stages": 2, "refiner": {"dilations": (1, 2, 4)}, "widths": (8,), "depths": (1,)}
    config = contract.settings(KIND, **(small | changes))
    segmenter = contract.network(KIND, config).eval()
    model = to_model(segmenter, contract.card(KIND, config))
    engines = TorchEngine(segmenter).graphs, OnnxEngine(model, threads=1).graphs
    rng = np.random.default_rng(0)
    for name, example in catalog.family(KIND).graphs(config).items():
        arrays = [
            rng.random(array.shape, dtype=np.float32) * 16 if array.dtype == np.float32 else array
            for array in example.inputs.values()
        ]
        for a, b in zip(*(graphs[name](*arrays) for graphs in engines), strict=True):
            np.testing.assert_allclose(a, b, atol=0.01)


def test_a_card_of_another_network_is_refused():
    config = contract.settings(KIND, stages=1)
    card = contract.card(KIND, contract.settings(KIND, stages=2))
    with pytest.raises(ValueError, match="the card's config is not the segmenter's"):
        to_model(contract.network(KIND, config), card)
