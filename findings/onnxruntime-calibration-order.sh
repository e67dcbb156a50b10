#!/usr/bin/env bash
# ONNX Runtime's static quantisation by percentiles, where the first of the calibration inputs hardly varies.
#
# Guess: ranges are taken from all inputs, whatever their order, and only of what `nodes_to_quantize` names.
# What happens: every value of the given kinds of operations is counted, in bins as wide as the first input asks
#   for; values that differ too little in that one end it with a ValueError, though later inputs vary, and though
#   the node is not to be quantised. In another order the same inputs are fine.
# Matters: crops of images are calibration inputs, and a crop of an even background comes first by chance. Kontur
#   counts the ranges itself and hands them over.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check onnxruntime==1.32.0 onnx==1.22.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import logging
import sys
from contextlib import redirect_stdout
from importlib.metadata import version
from io import StringIO

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, quantize_static

logging.disable(logging.WARNING)
SHAPE = (1, 2, 16, 16)
rng = np.random.default_rng(0)
varied = rng.normal(size=SHAPE).astype(np.float32)
even = np.float32(0.7) + np.float32(1e-6) * varied


class Reader(CalibrationDataReader):
    def __init__(self, images):
        self.images = [{"x": image} for image in images]
        self.left = iter(self.images)

    def __len__(self):
        return len(self.images)

    def set_range(self, start_index, end_index):
        self.left = iter(self.images[start_index:end_index])

    def get_next(self):
        return next(self.left, None)


kernel = numpy_helper.from_array(rng.normal(size=(2, 2, 3, 3)).astype(np.float32), "kernel")
one = numpy_helper.from_array(np.ones((1, 2, 1, 1), np.float32), "one")
nodes = [
    helper.make_node("Add", ["x", "one"], ["sum"], name="add"),  # not to be quantised
    helper.make_node("Conv", ["wide", "kernel"], ["y"], name="conv", pads=[1, 1, 1, 1]),
]
nodes.insert(1, helper.make_node("Sin", ["big"], ["wide"], name="sin"))
nodes.insert(1, helper.make_node("Mul", ["sum", "million"], ["big"], name="mul"))
million = numpy_helper.from_array(np.array(1e6, np.float32), "million")
x = helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)
y = helper.make_tensor_value_info("y", TensorProto.FLOAT, SHAPE)
graph = helper.make_graph(nodes, "small", [x], [y], [kernel, one, million])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), "float.onnx")


def attempt(images):
    options = {"CalibStridedMinMax": 1}  # an input at a time
    try:
        with redirect_stdout(StringIO()):
            quantize_static(
                "float.onnx", "int8.onnx", Reader(images), nodes_to_quantize=["conv"],
                op_types_to_quantize=["Conv", "Add"], calibrate_method=CalibrationMethod.Percentile,
                extra_options=options,
            )
    except ValueError as error:
        return str(error)
    return "done"


print(*(f"{name} {version(name)}" for name in ("onnxruntime", "onnx", "numpy")), sep=", ")
first, last = attempt([even, varied]), attempt([varied, even])
print("guess: done in either order, for only `conv` is to be quantised, and what it reads varies")
print(f"found: the even one first: {first}; last: {last}")
sys.exit(0 if "bins" in first and last == "done" else "the behaviour has changed")
PY
