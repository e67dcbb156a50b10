#!/usr/bin/env bash
# onnx.version_converter: a graph with a linear Upsample (opset 9) or Resize (opset 10), converted to opset 13.
#
# Guess: the same output before and after, as the converter promises: up to opset 10 a pixel of the output lies at its
#   index over the scale, and from 11 on that rule has a name, "asymmetric", for the converter to write.
# What happens: it writes none, so the new default applies, "half_pixel": the map moves by half a pixel of the output at
#   a scale of 2, 1.5 at 4 and 3.5 at 8, and the checker and ONNX Runtime accept the model. Nearest stays as it was.
# Matters: every outline of a network converted this way lies to the lower right of where it lay, by the same amount,
#   while its areas hardly change, so counts and sizes show nothing; set the attribute after converting.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper, version_converter

print(*(f"{name} {version(name)}" for name in ("onnx", "onnxruntime", "numpy")), sep=", ")
ramp = np.arange(16, dtype=np.float32).reshape(1, 1, 1, 16)


def enlarging(kind, opset, mode, scale):
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node(kind, ["x", "scales"], ["y"], mode=mode)],
        "enlarging",
        [info("x", TensorProto.FLOAT, [1, 1, 1, 16])],
        [info("y", TensorProto.FLOAT, [1, 1, 1, 16 * scale])],
        [numpy_helper.from_array(np.array([1, 1, 1, scale], np.float32), "scales")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def row(model):
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": ramp})[0].ravel()


def place_of_eight(values):  # along the ramp the value 8 is reached at one place only
    return float(np.interp(8, values, np.arange(len(values))))


onnxruntime.set_default_logger_severity(3)
moved, same = [], []
for kind, opset in (("Upsample", 9), ("Resize", 10)):
    for scale in (2, 4, 8):
        model = enlarging(kind, opset, "linear", scale)
        after = version_converter.convert_version(model, 13)
        moved.append(place_of_eight(row(after)) - place_of_eight(row(model)))
    nearest = enlarging(kind, opset, "nearest", 4)
    same.append(np.array_equal(row(nearest), row(version_converter.convert_version(nearest, 13))))
print("guess: moved by 0 pixels of the output")
print(f"found: {moved} at scales of 2, 4, 8, of Upsample and of Resize; nearest the same: {same}")
sys.exit(0 if np.allclose(moved, [0.5, 1.5, 3.5] * 2) and all(same) else "the behaviour has changed")
PY
