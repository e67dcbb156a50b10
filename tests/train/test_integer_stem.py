"""Pixels of a row read together: the same integers, by the standard's own evaluation."""

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.testing import assert_array_equal
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from kontur.train.integer_stem import PIXELS, Row, read_pixels_together

OUTPUTS = 5


def convolving(
    kernel=3, step=2, before=1, *, channels=3, read_twice=False, inner=False, **settings
):
    """uint8 (b, c, h, w) → numbers → convolved with a bias → integers of a step → numbers.

    With `inner` what is convolved is made of the input, and has a width of its own.
    """
    rng = np.random.default_rng(kernel + step)
    groups = settings.get("group", 1)
    scales = rng.uniform(0.01, 0.02, OUTPUTS * groups).astype(np.float32)
    weight = rng.integers(-63, 64, (len(scales), channels // groups, kernel, kernel))
    values = {
        "step": np.float32(0.02),
        "zero": np.uint8(9),
        "weight": weight.astype(np.float32) * scales[:, None, None, None],
        "weight scale": scales,
        "weight zero": np.zeros(len(scales), np.int8),
        "bias": rng.integers(-3000, 3000, len(scales)).astype(np.int32),
        "bias scale": scales * np.float32(0.02),
        "bias zero": np.zeros(len(scales), np.int32),
        "result step": np.float32(0.3),
        "result zero": np.uint8(120),
    }
    image = "turned" if inner else "x"
    nodes = [
        *([helper.make_node("Transpose", ["x"], ["turned"], perm=[0, 1, 3, 2])] if inner else []),
        helper.make_node("DequantizeLinear", [image, "step", "zero"], ["numbers"]),
        helper.make_node(
            "QuantizeLinear", ["weight", "weight scale", "weight zero"], ["steps"], axis=0
        ),
        helper.make_node(
            "DequantizeLinear", ["steps", "weight scale", "weight zero"], ["weights"], axis=0
        ),
        helper.make_node(
            "DequantizeLinear", ["bias", "bias scale", "bias zero"], ["biases"], axis=0
        ),
        helper.make_node(
            "Conv", ["numbers", "weights", "biases"], ["sums"],
            strides=[step, step], pads=[before] * 4, **settings,
        ),
        helper.make_node("QuantizeLinear", ["sums", "result step", "result zero"], ["integers"]),
        helper.make_node("DequantizeLinear", ["integers", "result step", "result zero"], ["y"]),
    ]  # fmt: skip
    if read_twice:
        nodes.append(helper.make_node("Neg", ["sums"], ["z"]))
    given = helper.make_tensor_value_info("x", TensorProto.UINT8, ["b", channels, "h", "w"])
    results = ["y", *(["z"] if read_twice else [])]
    last = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None] * 4) for n in results]
    stored = [numpy_helper.from_array(np.asarray(v), name) for name, v in values.items()]
    graph = helper.make_graph(nodes, "graph", [given], last, stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)


def by_engine(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"x": x})[0]


@pytest.mark.parametrize(
    ("kernel", "step", "before"),
    [(3, 2, 1), (7, 2, 3), (3, 1, 1), (1, 1, 0), (4, 4, 0), (4, 2, 1), (11, 4, 5), (5, 2, 2)],
)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_results_are_the_same_integers(kernel, step, before, channels):
    model = convolving(kernel, step, before, channels=channels)
    rng, before_it = np.random.default_rng(0), len(model.graph.node)
    read = [rng.integers(0, 256, (b, channels, 12, w), np.uint8) for b, w in ((1, 8), (2, 20))]
    expected = [ReferenceEvaluator(model).run(None, {"x": x})[0] for x in read]
    ran = [by_engine(model, x) for x in read]
    read_pixels_together(model.graph, 8)
    onnx.checker.check_model(model, full_check=True)
    assert len(model.graph.node) > before_it
    for x, one, other in zip(read, expected, ran, strict=True):
        assert len(np.unique(one)) > 20
        assert_array_equal(ReferenceEvaluator(model).run(None, {"x": x})[0], one)
        assert_array_equal(by_engine(model, x), other)


@pytest.mark.parametrize(
    ("model", "multiple"),
    [
        pytest.param(convolving(), 2, id="of rows that do not part"),
        pytest.param(convolving(channels=5), 8, id="of many channels"),
        pytest.param(convolving(channels=4, group=2), 8, id="in groups"),
        pytest.param(convolving(dilations=[2, 2], before=2), 8, id="of pixels apart"),
        pytest.param(convolving(3, 3, 1), 8, id="whose step does not part them"),
        pytest.param(convolving(3, 1, 0), 8, id="that loses the border"),
        pytest.param(convolving(3, 1, 2), 8, id="that grows one"),
        pytest.param(convolving(inner=True, kernel=1, step=1, before=0), 8, id="of no input"),
        pytest.param(convolving(read_twice=True), 8, id="whose numbers others read"),
    ],
)
def test_other_convolutions_stay(model, multiple):
    before = model.SerializeToString()
    read_pixels_together(model.graph, multiple)
    assert model.SerializeToString() == before


def test_pixels_around_are_those_that_the_outputs_read():
    for row in (Row(3, 1, 2), Row(7, 3, 2), Row(3, 1, 1), Row(4, 0, 4), Row(11, 5, 4)):
        read = [
            row.step * output - row.before + tap
            for output in range(row.together)
            for tap in range(row.width)
        ]
        blocks = [pixel // PIXELS for pixel in read]
        assert row.around == (-min(blocks), max(blocks))
