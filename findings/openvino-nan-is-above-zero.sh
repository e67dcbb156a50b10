#!/usr/bin/env bash
# OpenVINO: Greater, Relu, Clip and Max of an ONNX model, of NaN.
#
# Guess: as NumPy, ONNX Runtime and ONNX's own reference: NaN is not above 0, and the others give NaN.
# What happens: NaN is above 0. Relu and Clip give 0 (the lower bound), and Max and Min give the second number when
#   the first is NaN, NaN when the second is, so that they depend on the order.
# Matters: a model whose activations overflow tells by NaN scores elsewhere. Here the NaN is washed out by the next
#   Relu and passes a threshold as an object, so that a broken model looks like a poor one.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    openvino==2026.4.1 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import onnxruntime
import openvino
from onnx import helper, numpy_helper

print(*(f"{name} {version(name)}" for name in ("openvino", "onnxruntime", "onnx", "numpy")), sep=", ")
OPSETS = [helper.make_opsetid("", 20)]


def graph(kind, inputs, constants=(), **attributes):
    """A model of one node; the constants are numbers of inputs."""
    names = [f"input{number}" for number in range(len(inputs))]
    node = helper.make_node(kind, names, ["output"], **attributes)
    given = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for number, (name, array) in enumerate(zip(names, inputs))
        if number not in constants
    ]
    kept = [numpy_helper.from_array(inputs[number], names[number]) for number in constants]
    result = helper.make_empty_tensor_value_info("output")
    one = helper.make_graph([node], "one", given, [result], kept)
    model = helper.make_model(one, opset_imports=OPSETS, ir_version=9)
    feeds = {name: array for number, (name, array) in enumerate(zip(names, inputs)) if number not in constants}
    return model.SerializeToString(), feeds


def onnxruntime_(kind, inputs, constants=(), **attributes):
    model, feeds = graph(kind, inputs, constants, **attributes)
    return onnxruntime.InferenceSession(model).run(None, feeds)[0]


def openvino_(kind, inputs, constants=(), **attributes):
    model, feeds = graph(kind, inputs, constants, **attributes)
    core = openvino.Core()
    return np.array(core.compile_model(core.read_model(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(feeds)[0])


nan, one = np.array([np.nan], np.float32), np.array([1], np.float32)
low, high = np.array(0, np.float32), np.array(2, np.float32)
CASES = {
    "NaN > 0": ("Greater", [nan, np.zeros(1, np.float32)], ()),
    "Relu of NaN": ("Relu", [nan], ()),
    "Clip of NaN": ("Clip", [nan, low, high], (1, 2)),
    "Max(NaN, 1)": ("Max", [nan, one], ()),
    "Max(1, NaN)": ("Max", [one, nan], ()),
}
found = {
    name: tuple(float(run(kind, inputs, constants)[0]) for run in (onnxruntime_, openvino_))
    for name, (kind, inputs, constants) in CASES.items()
}
print("guess: 0, NaN, NaN, NaN, NaN of both")
for name, (runtime, vino) in found.items():
    print(f"found: {name}: ONNX Runtime {runtime:g}, OpenVINO {vino:g}")
wanted = [[0, np.nan, np.nan, np.nan, np.nan], [1, 0, 0, 1, np.nan]]
seen = np.array_equal(np.transpose(list(found.values())), wanted, equal_nan=True)
sys.exit(0 if seen else "the behaviour has changed")
PY
