"""Maps passed on in integers: the same floats, of those pixels alone that are looked up."""

import numpy as np
import onnx
import pytest
import torch
from numpy.testing import assert_array_equal
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from kontur.infer.engines.onnx_graph import IntegerMap, OnnxGraph
from kontur.models.archive import SavedGraph
from kontur.models.family import GraphExample
from kontur.train.export import export_graph
from kontur.train.integer_maps import pass_integers
from kontur.train.quantise import quantise


class Detect(nn.Module):
    """Images to a map with channels last, and to scores."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(2, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 5, 3, padding=1)
        self.scores = nn.Conv2d(5, 1, 1)

    def forward(self, images):
        x = torch.relu(self.second(torch.relu(self.first(images))))
        return x.permute(0, 2, 3, 1), self.scores(x)


class LookUp(nn.Module):
    """The mean of the pixels at some places of the map, and of their neighbours below."""

    def forward(self, features, places):
        rows = features.reshape(-1, features.shape[3])
        return (rows[places] + rows[places + features.shape[2]]) / 2


class Whole(nn.Module):
    def forward(self, features):
        return features.mean(dim=(1, 2))


def exported(network, inputs, outputs, dynamic):
    state = network.eval().state_dict(keep_vars=True)
    example = GraphExample(inputs, outputs, dynamic)
    names = {tensor.data_ptr(): name for name, tensor in state.items()}
    weights = {name: tensor.detach().numpy() for name, tensor in state.items()}
    return export_graph(network, example, names), weights


IMAGES = np.random.default_rng(0).normal(size=(4, 1, 2, 8, 12)).astype(np.float32)
PLACES = np.array([0, 17, 40, 83])
SIDES = {1: "h", 2: "w"}


@pytest.fixture(scope="module")
def detect():
    """The graph in integers, and its weights."""
    dynamic = {"images": {2: "h", 3: "w"}, "features": SIDES, "scores": {2: "h", 3: "w"}}
    graph, weights = exported(Detect(), {"images": IMAGES[0]}, ("features", "scores"), dynamic)
    integers = quantise(graph, weights, [(image,) for image in IMAGES], maps=["features"])
    return integers, weights


def of_map(network, **more):
    features = {"features": np.zeros((1, 8, 12, 5), np.float32), **more}
    dynamic = {"features": SIDES, **({"places": {0: "m"}} if more else {})}
    return exported(network, features, ("result",), dynamic)[0]


@pytest.fixture(scope="module")
def look_up():
    return of_map(LookUp(), places=PLACES)


def test_what_is_looked_up_are_the_same_floats(detect, look_up):
    graphs = {"detect": detect[0], "look": look_up}
    passed = pass_integers(graphs)
    assert set(passed) == set(graphs)
    floats, scores = OnnxGraph(detect[0], detect[1], 1)(IMAGES[1])
    integers, same = OnnxGraph(passed["detect"], detect[1], 1)(IMAGES[1])
    assert isinstance(integers, IntegerMap)
    assert integers.nbytes * 4 == floats.nbytes
    assert_array_equal(np.asarray(integers), floats)
    assert_array_equal(same, scores)
    before = OnnxGraph(look_up, {}, 1)
    (expected,) = before(floats, PLACES)
    (got,) = OnnxGraph(passed["look"], {}, 1)(integers, PLACES)
    assert_array_equal(got, expected)
    assert_array_equal(before(integers, PLACES)[0], expected)  # a graph of floats beside it


def test_only_what_is_looked_up_becomes_floats(detect, look_up, tmp_path):
    import onnxruntime

    passed = pass_integers({"detect": detect[0], "look": look_up})["look"]
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 4
    onnxruntime.InferenceSession(passed.onnx, options, ["CPUExecutionProvider"])
    nodes = onnx.load(tmp_path / "optimised.onnx").graph.node
    gathered = {node.output[0] for node in nodes if node.op_type == "Gather"}
    made = [node.input[0] for node in nodes if node.op_type == "DequantizeLinear"]
    assert len(made) == 2
    assert gathered.issuperset(made)


@pytest.mark.parametrize("others", [["whole"], ["look", "whole"], []])
def test_a_map_that_is_not_only_looked_up_stays_floats(detect, look_up, others):
    graphs = {"look": look_up, "whole": of_map(Whole())}
    chosen = {"detect": detect[0], **{name: graphs[name] for name in others}}
    assert pass_integers(chosen) == {}


def test_a_map_that_is_made_of_floats_stays_floats(look_up):
    dynamic = {"images": {2: "h", 3: "w"}, "features": SIDES, "scores": {2: "h", 3: "w"}}
    graph, _ = exported(Detect(), {"images": IMAGES[0]}, ("features", "scores"), dynamic)
    assert pass_integers({"detect": graph, "look": look_up}) == {}


def test_a_map_whose_channels_have_scales_of_their_own_is_refused(look_up):
    """By hand: integers of five channels, each of another scale, become the map."""
    values = {"scales": np.linspace(0.1, 0.5, 5, dtype=np.float32), "zeros": np.zeros(5, np.uint8)}
    read = helper.make_tensor_value_info("x", TensorProto.UINT8, [1, "h", "w", 5])
    made = helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, "h", "w", 5])
    node = helper.make_node("DequantizeLinear", ["x", *values], ["features"], axis=3)
    stored = [numpy_helper.from_array(value, name) for name, value in values.items()]
    model = helper.make_model(helper.make_graph([node], "detect", [read], [made], stored))
    detect = SavedGraph(model.SerializeToString(), ())
    with pytest.raises(ValueError, match="of one scale, and 'features' has 5, one for each chan"):
        pass_integers({"detect": detect, "look": look_up})
