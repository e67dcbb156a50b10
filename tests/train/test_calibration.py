"""The range of every value of a graph, and graphs in integers whatever their inputs show."""

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper

from kontur.train.calibration import BINS, SHARE, value_ranges
from kontur.train.quantise import quantise
from tests.train.test_quantise import STEPS, Small, exported, images, session

SHAPE = (1, 2, 40, 50)
VARIED = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)


def model():
    """Twice the input, and the input beside it; the sizes of the input, which are no floats."""
    nodes = [
        helper.make_node("Mul", ["x", "two"], ["a"], name="double"),
        helper.make_node("Concat", ["x", "a"], ["y"], name="join", axis=1),
        helper.make_node("Shape", ["x"], ["sizes"], name="sizes"),
    ]
    x, y = (helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, None) for n in "xy")
    two = numpy_helper.from_array(np.array(2, np.float32), "two")
    graph = helper.make_graph(nodes, "small", [x], [y], [two])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


@pytest.mark.parametrize("inputs", [[VARIED], [VARIED, 3 * VARIED, VARIED - 5], [VARIED + 9]])
def test_nearly_all_numbers_of_all_inputs_lie_in_the_range_of_their_value(inputs):
    ranges = value_ranges(model(), ["double"], [(each,) for each in inputs])
    assert list(ranges) == ["x", "a"]  # no weight
    for name, factor in (("x", 1), ("a", 2)):
        numbers = factor * np.stack(inputs).astype(float)
        reach, bin_ = (
            np.quantile(np.abs(numbers), SHARE, method="higher"),
            np.abs(numbers).max() / BINS,
        )
        low, high = ranges[name]
        assert low == pytest.approx(max(numbers.min(), -reach), abs=bin_)
        assert high == pytest.approx(min(numbers.max(), reach), abs=bin_)


def test_a_single_number_far_out_does_not_count():
    one = np.zeros((1, 2, 300, 400), np.float32)
    one[:] = np.linspace(-1, 2, 400)
    one[0, 0, 0, 0] = 100
    assert value_ranges(model(), ["double"], [(one,)])["x"] == pytest.approx((-1, 2), abs=0.05)


def test_what_is_no_finite_number_or_no_float_does_not_count():
    broken = VARIED.copy()
    broken[0, 0, 0, :3] = np.nan, np.inf, -np.inf
    ranges = value_ranges(model(), ["double", "sizes"], [(broken,)])
    assert list(ranges) == ["x", "a"]
    assert np.isfinite([*ranges["x"], *ranges["a"]]).all()
    nothing = value_ranges(model(), ["double"], [(np.full(SHAPE, np.nan, np.float32),)])
    assert nothing["x"] == (0, 0)


def test_values_that_are_all_zero_or_the_same_have_that_range():
    for value in (0.0, 0.7, -300.0, 1e-42):
        even = np.full(SHAPE, value, np.float32)
        low, high = value_ranges(model(), ["double"], [(even,)])["x"]
        assert low == high == even.flat[0]
    assert value_ranges(model(), [], [(VARIED,)]) == {}


def assert_near(integers, weights, network, image):
    expected = [out.detach().numpy() for out in network(torch.from_numpy(image))]
    got = session(integers, weights).run(None, {"images": image})
    for one, other in zip(got, expected, strict=True):
        assert np.abs(one - other).mean() < 4 * np.ptp(other) / STEPS


@pytest.mark.parametrize("off", [0, 1e-6, 1e-3])
def test_a_graph_is_made_in_integers_though_its_first_input_is_even(off):
    """As of an even part of an image of 16 bits."""
    network = Small()
    graph, weights = exported(network)
    even = np.float32(0.7) + images()[0] * np.float32(off)
    integers = quantise(graph, weights, [(even,), *((image,) for image in images())])
    assert_near(integers, weights, network, images()[0])


@pytest.mark.parametrize("weight", [0, 1e-42, 1e-20])
def test_a_graph_is_made_in_integers_though_a_layer_learned_nothing(weight):
    network = Small()
    norm = network.second[1]
    for each in (norm.running_mean, norm.bias.data, network.second[0].bias.data):
        each.zero_()
    norm.weight.data.fill_(weight)
    graph, weights = exported(network)
    integers = quantise(graph, weights, [(image,) for image in images()])
    assert_near(integers, weights, network, images()[0])
