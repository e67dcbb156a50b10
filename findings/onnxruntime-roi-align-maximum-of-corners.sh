#!/usr/bin/env bash
# ONNX Runtime: RoiAlign with mode "max" on a map that has one value everywhere.
#
# Guess: that value in every cell: each sample is interpolated, then the largest is taken.
# What happens: the largest of the four neighbours, each times its weight, is taken, without their sum: of a map of 4
#   and a box that begins at a quarter of a pixel, 2.25; of -4, the value nearest to 0. With mode "avg" all is 4 and
#   -4, and a box on whole pixels hides it where values are positive. ONNX's reference does the same.
# Matters: features of small boxes shrink by where the box lies between pixels, up to four times; whoever trains with
#   a maximum of interpolated samples gets other scores from the exported model.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check \
    onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - 2> log.txt <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper

print(*(f"{name} {version(name)}" for name in ("onnxruntime", "onnx", "numpy")), sep=", ")
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


def aligned(value, start, mode):
    box = np.array([[start, start, start + 4, start + 4]], np.float32)
    features, image = np.full((1, 1, 8, 8), value, np.float32), np.zeros(1, np.int64)
    sizes = {"output_height": 2, "output_width": 2, "sampling_ratio": 2}
    cells = onnxruntime_("RoiAlign", [features, box, image], mode=mode, **sizes)
    return sorted({round(float(cell), 4) for cell in cells.ravel()})


average = aligned(4, 1.25, "avg"), aligned(-4, 1.25, "avg")
largest, negative, whole = aligned(4, 1.25, "max"), aligned(-4, 1.25, "max"), aligned(4, 1, "max")
print("guess: [4], and [-4] of a map of -4")
print(f"found: {largest}, of -4 {negative}; of a box on whole pixels {whole}; averages {average}")
seen = average == ([4], [-4]) and whole == [4] and largest == [2.25] and negative == [-0.25]
sys.exit(0 if seen else "the behaviour has changed")
PY
