#!/usr/bin/env bash
# ONNX Runtime's Pad with mode "wrap" (opset 19), around rings before circular convolutions.
#
# Guess: one node that lengthens each ring by its own other end is faster than three (two Slice and a Concat),
#   as exporters of circular padding write them.
# What happens: with the pooling between, it takes about half as long again.
# Matters: rewriting exported circular padding as one Pad makes a network slower; leave the three nodes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check onnxruntime==1.32.0 onnx==1.22.0 numpy==2.4.6
cd "$place"
venv/bin/python -W ignore - <<'PY'
import statistics
import sys
import time
from importlib.metadata import version

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

CHANNELS, POINTS, REACH, LAYERS, TURNS = 64, 64, 4, 8, 300
NUMBERS = {"last": [POINTS - REACH], "end": [POINTS], "axis": [3], "zero": [0], "reach": [REACH], "one": [1]}
NUMBERS["pads"] = [0, 0, 0, REACH, 0, 0, 0, REACH]


def wrapped(kind, given, name):
    if kind == "Pad":
        return [helper.make_node("Pad", [given, "pads"], [name], mode="wrap")]
    before, after = f"{name}-before", f"{name}-after"
    return [
        helper.make_node("Slice", [given, "last", "end", "axis", "one"], [before]),
        helper.make_node("Slice", [given, "zero", "reach", "axis", "one"], [after]),
        helper.make_node("Concat", [before, given, after], [name], axis=3),
    ]


def session(kind):
    """Eight layers that lengthen rings, each followed by what makes them as short as before."""
    nodes, given = [], "rings"
    for layer in range(LAYERS):
        nodes += wrapped(kind, given, f"long{layer}")
        given = f"ring{layer}" if layer < LAYERS - 1 else "found"
        window = {"kernel_shape": [1, 2 * REACH + 1], "strides": [1, 1]}
        nodes.append(helper.make_node("MaxPool", [f"long{layer}"], [given], **window))
    rings = helper.make_tensor_value_info("rings", TensorProto.FLOAT, ["m", CHANNELS, 1, POINTS])
    found = helper.make_tensor_value_info("found", TensorProto.FLOAT, None)
    numbers = [helper.make_tensor(name, TensorProto.INT64, [len(v)], v) for name, v in NUMBERS.items()]
    graph = helper.make_graph(nodes, kind, [rings], [found], numbers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


print(*(f"{name} {version(name)}" for name in ("onnxruntime", "onnx", "numpy")), sep=", ")
rings = np.random.default_rng(0).random((24, CHANNELS, 1, POINTS), np.float32)
sessions = {kind: session(kind) for kind in ("Pad", "Slice")}
seconds = {kind: [] for kind in sessions}
for _ in range(TURNS):  # in turns, so that other work meets both
    for kind, one in sessions.items():
        start = time.perf_counter()
        one.run(None, {"rings": rings})
        seconds[kind].append(time.perf_counter() - start)
pad, slices = (statistics.median(seconds[kind]) * 1000 for kind in sessions)
same = np.array_equal(*(one.run(None, {"rings": rings})[0] for one in sessions.values()))
print("guess: Pad takes no longer than Slice, Slice and Concat")
print(f"found: {pad:.2f} ms beside {slices:.2f} ms ({pad / slices:.2f} times), the same numbers: {same}")
sys.exit(0 if same and pad > 1.2 * slices else "the behaviour has changed")
PY
