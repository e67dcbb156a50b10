#!/usr/bin/env bash
# OpenVINO: NonMaxSuppression of an ONNX model, boxes whose overlap is exactly the threshold.
#
# Guess: as ONNX Runtime and the words of ONNX: boxes go whose overlap is above the threshold.
# What happens: boxes at the threshold go too. With 0.5, a box that is half of a better one is gone; with 1, the
#   second of two equal boxes; and with 0, where only overlap counts as too much, boxes that do not touch are gone as
#   well: one is left of a whole image.
# Matters: a model whose threshold is 0 finds one object an image after it is moved to OpenVINO. Boxes on whole pixels
#   meet simple thresholds often, so counts differ in the last few objects.
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


boxes = np.array([[[0, 0, 10, 10], [0, 0, 10, 5], [20, 20, 30, 30], [0, 0, 10, 10]]], np.float32)
scores = np.array([[[0.9, 0.8, 0.7, 0.85]]], np.float32)


def kept(run, threshold):
    limits = np.array([10], np.int64), np.array([threshold], np.float32), np.array([0.1], np.float32)
    return run("NonMaxSuppression", [boxes, scores, *limits], constants=(2, 3, 4))[:, 2].tolist()


found = {threshold: (kept(onnxruntime_, threshold), kept(openvino_, threshold)) for threshold in (0.0, 0.5, 1.0, 0.6)}
print("guess: the same boxes of both")
for threshold, (runtime, vino) in found.items():
    print(f"found: threshold {threshold}: ONNX Runtime {runtime}, OpenVINO {vino}")
wanted = {0.0: ([0, 2], [0]), 0.5: ([0, 1, 2], [0, 2]), 1.0: ([0, 3, 1, 2], [0, 1, 2]), 0.6: ([0, 1, 2], [0, 1, 2])}
sys.exit(0 if found == wanted else "the behaviour has changed")
PY
