#!/usr/bin/env bash
# OpenVINO: Resize of an ONNX model with antialias=1, a row of 8 pixels with one bright one made smaller.
#
# Guess: as ONNX Runtime, or an error when the model is compiled.
# What happens: the attribute is left out: the result is that of antialias=0. Of a pixel of 8, a quarter of the size
#   is 0 and 0 in place of 1.25 and 0.75, and the cubic one -0.75 and 0 in place of 1.5 and 0.85.
# Matters: preprocessing inside the model, which was put there so that all engines see the same image, is not the
#   same: small and thin things flicker or vanish, and scores fall without an error.
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


row = np.zeros((1, 1, 1, 8), np.float32)
row[..., 3] = 8


def smaller(run, mode, antialias):
    sizes = np.array([], np.float32), np.array([1, 1, 1, 0.25], np.float32)
    cells = run("Resize", [row, *sizes], constants=(1, 2), mode=mode, antialias=antialias).ravel()
    return [round(float(cell), 2) for cell in cells]


found = {
    mode: [smaller(run, mode, antialias) for run in (onnxruntime_, openvino_) for antialias in (0, 1)]
    for mode in ("linear", "cubic")
}
print("guess: the same with antialias as ONNX Runtime")
for mode, (plain, smooth, vino_plain, vino_smooth) in found.items():
    print(f"found: {mode}, with antialias {smooth} and OpenVINO {vino_smooth}; without, {plain} and {vino_plain}")
wanted = {
    "linear": [[0, 0], [1.25, 0.75], [0, 0], [0, 0]],
    "cubic": [[-0.75, 0], [1.5, 0.85], [-0.75, 0], [-0.75, 0]],
}
sys.exit(0 if found == wanted else "the behaviour has changed")
PY
