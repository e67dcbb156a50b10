"""A graph in 8-bit integers: near float32, of the model's own weights, its end as before."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from kontur.models.archive import WEIGHTS, SavedGraph
from kontur.models.family import GraphExample
from kontur.nn.circular import wrap
from kontur.train.export import export_graph
from kontur.train.quantise import quantise

STEPS = 255  # between the lowest and the highest number of an integer


class Small(nn.Module):
    """Two convolutions with norms, a sum, and a last one; `halves` makes its weight of a larger."""

    def __init__(self, *, halves=False):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Sequential(nn.Conv2d(2, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6))
        self.second = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6))
        self.both = nn.Conv2d(6, 12, 1)
        self.last = nn.Conv2d(6, 1, 1)
        self.halves = halves
        for norm in (self.first[1], self.second[1]):
            norm.running_mean.uniform_(-1, 1)
            norm.running_var.uniform_(0.3, 3)
            nn.init.uniform_(norm.weight, 0.5, 2)
            nn.init.uniform_(norm.bias, -1, 1)

    def forward(self, images):
        x = torch.relu(self.first(images))
        x = torch.relu(x + self.second(x))
        if self.halves:
            weight, bias = self.both.weight.chunk(2)[1], self.both.bias.chunk(2)[1]
            x = torch.relu(nn.functional.conv2d(x, weight, bias))
        return self.last(x), x


def exported(network):
    """The graph without weights, and these, as in a model file."""
    state = network.eval().state_dict(keep_vars=True)
    example = GraphExample(
        {"images": np.zeros((1, 2, 8, 8), np.float32)},
        ("last", "features"),
        {"images": {2: "h", 3: "w"}, "last": {2: "h", 3: "w"}, "features": {2: "h", 3: "w"}},
    )
    graph = export_graph(network, example, {t.data_ptr(): name for name, t in state.items()})
    return graph, {name: tensor.detach().numpy() for name, tensor in state.items()}


def session(graph, weights):
    options = onnxruntime.SessionOptions()
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(weights[name]) for name in graph.weights]
    options.add_external_initializers(list(graph.weights), values)
    return onnxruntime.InferenceSession(graph.onnx, options, ["CPUExecutionProvider"])


def images(count=4, side=16):
    return np.random.default_rng(0).normal(size=(count, 1, 2, side, side)).astype(np.float32)


@pytest.mark.parametrize("halves", [False, True])
def test_the_outputs_are_near_those_of_float32(halves):
    network = Small(halves=halves)
    graph, weights = exported(network)
    integers = quantise(graph, weights, [(image,) for image in images()])
    for size in ((16, 16), (9, 31)):
        image = np.random.default_rng(1).normal(size=(1, 2, *size)).astype(np.float32)
        expected = [out.detach().numpy() for out in network(torch.from_numpy(image))]
        got = session(integers, weights).run(None, {"images": image})
        for one, other in zip(got, expected, strict=True):
            assert np.abs(one - other).mean() < 4 * np.ptp(other) / STEPS
            assert (one != other).any()  # it is another precision


def test_the_weights_are_the_model_s_own_whatever_they_become(tmp_path):
    """With other weights of the same names the same graph is another network."""
    network = Small()
    graph, weights = exported(network)
    integers = quantise(graph, weights, [(image,) for image in images()])
    stored = onnx.load_from_string(integers.onnx).graph.initializer
    outside = [t for t in stored if t.data_location == onnx.TensorProto.EXTERNAL]
    assert {t.name for t in outside} == set(integers.weights) <= set(weights)
    assert {entry.value for t in outside for entry in t.external_data} == {WEIGHTS}
    assert max(np.prod(t.dims) for t in stored if t not in outside) <= 12  # of a channel each
    half = {**weights, "first.0.weight": weights["first.0.weight"] * np.float32(0.5)}
    network.first[0].weight.data *= 0.5
    expected = [out.detach().numpy() for out in network(torch.from_numpy(images()[0]))]
    for one, other in zip(
        session(integers, half).run(None, {"images": images()[0]}), expected, strict=True
    ):
        assert np.abs(one - other).mean() < 4 * np.ptp(other) / STEPS


def test_norms_that_are_equal_are_kept_once_and_folded_for_each_convolution():
    """As before the first step of a training: the exporter writes one of them, and copies."""
    network = Small()
    for norm in (network.first[1], network.second[1]):
        norm.reset_parameters()
    network.second[1].eps = network.first[1].eps = 0.1
    graph, weights = exported(network)
    assert len(graph.weights) < len(weights) - 2  # the counts of batches are no weights
    integers = quantise(graph, weights, [(image,) for image in images()])
    assert set(integers.weights) <= set(weights)
    expected = [out.detach().numpy() for out in network(torch.from_numpy(images()[0]))]
    got = session(integers, weights).run(None, {"images": images()[0]})
    for one, other in zip(got, expected, strict=True):
        assert np.abs(one - other).mean() < 4 * np.ptp(other) / STEPS


def test_norms_are_folded_as_by_hand():
    """Half of an integer's step is what a folded weight may be off."""
    network = Small()
    graph, weights = exported(network)
    integers = quantise(graph, weights, [(image,) for image in images()])
    model = onnx.load_from_string(integers.onnx)
    names = [o for node in model.graph.node for o in node.output if o.endswith("/folded")]
    assert len(names) == 2
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    values = session(SavedGraph(model.SerializeToString(), integers.weights), weights).run(
        names, {"images": images()[0]}
    )
    for part, got in zip((network.first, network.second), values, strict=True):
        gain = (part[1].weight / (part[1].running_var.double() + part[1].eps).sqrt()).detach()
        expected = part[0].weight.detach().double() * gain[:, None, None, None]
        np.testing.assert_allclose(got, expected.numpy(), rtol=1e-6)


def optimised(integers, weights, folder):
    """The kinds of the nodes that ONNX Runtime runs."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(weights[n]) for n in integers.weights]
    options.add_external_initializers(list(integers.weights), values)
    onnxruntime.InferenceSession(integers.onnx, options, ["CPUExecutionProvider"])
    return [node.op_type for node in onnx.load(folder / "optimised.onnx").graph.node]


def test_the_convolutions_compute_in_integers_and_the_last_gives_floats(tmp_path):
    graph, weights = exported(Small())
    integers = quantise(graph, weights, [(image,) for image in images()])
    kinds = optimised(integers, weights, tmp_path)
    assert kinds.count("QLinearConv") == 2
    assert kinds.count("MatMulInteger") == 1  # whose sums are floats
    assert not any(kind in ("Conv", "FusedConv") for kind in kinds)


class Closed(nn.Module):
    """Rows closed to rings before they are convolved, and joined with what they were before."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList(nn.Conv2d(inputs, 6, (1, 3)) for inputs in (2, 6, 6))
        self.join = nn.Conv2d(18, 8, 1)
        self.last = nn.Conv2d(8, 1, 1)

    def forward(self, images):
        states = [torch.relu(self.layers[0](wrap(images, 1)))]
        for layer in self.layers[1:]:
            states.append(states[-1] + torch.relu(4 * layer(wrap(states[-1], 1))))
        return self.last(torch.relu(self.join(torch.cat(states, dim=1)))), states[-1]


def test_what_is_only_moved_stays_the_same_integers(tmp_path):
    """Rings are closed, and states joined, without a number between that is a float."""
    network, shown = Closed(), images(side=8)
    graph, weights = exported(network)
    integers = quantise(graph, weights, [(image,) for image in shown])
    expected = [out.detach().numpy() for out in network(torch.from_numpy(shown[0]))]
    got = session(integers, weights).run(None, {"images": shown[0]})
    for one, other in zip(got, expected, strict=True):
        assert np.abs(one - other).mean() < 4 * np.ptp(other) / STEPS
    kinds = optimised(integers, weights, tmp_path)
    assert kinds.count("QLinearConv") == 4
    assert kinds.count("QuantizeLinear") == 1  # the images
    assert kinds.count("DequantizeLinear") == 1  # the result that is no product


class Enlarged(nn.Module):
    """A map whose cells become pixels, from the images and from what is made of them."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(2, 8, 4, stride=2, padding=1)
        self.coarse = nn.Conv2d(8, 12, 1)
        self.fine = nn.Conv2d(2, 12, 4, stride=2, padding=1)

    def forward(self, images):
        x = torch.relu(self.first(images))
        cells = (self.coarse(x) + self.fine(images)).permute(0, 2, 3, 1)
        b, h, w, _ = cells.shape
        rows = torch.stack(cells.chunk(2, dim=3), dim=2).reshape(b, 2 * h, 2 * w, 3)
        return self.coarse(x), rows


def test_a_map_that_other_graphs_read_is_made_in_integers_alone(tmp_path):
    network, shown = Enlarged(), images(side=8)
    graph, weights = exported(network)
    integers = quantise(graph, weights, [(image,) for image in shown], maps=["features"])
    expected = [out.detach().numpy() for out in network(torch.from_numpy(shown[0]))]
    got = session(integers, weights).run(None, {"images": shown[0]})
    for one, other in zip(got, expected, strict=True):
        assert np.abs(one - other).mean() < 4 * np.ptp(other) / STEPS
    kinds = optimised(integers, weights, tmp_path)
    assert kinds.count("QLinearConv") == 3
    assert kinds.count("QuantizeLinear") == 1  # the images
    assert kinds.count("DequantizeLinear") == 2  # both results: none for a shape


def test_what_no_graph_reads_stays_floats_to_its_last_convolution(tmp_path):
    graph, weights = exported(Enlarged())
    integers = quantise(graph, weights, [(image,) for image in images(side=8)])
    kinds = optimised(integers, weights, tmp_path)
    assert kinds.count("QLinearConv") == 1


def test_a_graph_whose_only_convolution_is_the_last_stays_as_it_is():
    class Single(nn.Module):
        def __init__(self):
            super().__init__()
            self.last = nn.Conv2d(2, 3, 3)

        def forward(self, images):
            x = self.last(images)
            return torch.sigmoid(x), x

    network = Single()
    graph, weights = exported(network)
    assert quantise(graph, weights, [(image,) for image in images()]) is None
