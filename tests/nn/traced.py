"""A module as ONNX Runtime runs it, exported as model files are."""

import io
import warnings

import onnxruntime
import torch

from kontur.train.export import OPSET


def traced(module, example, dynamic):
    """`run(array) -> array`; `dynamic` are the axes that may differ, of the input alone."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as `kontur.train.export` does, and why
        torch.onnx.export(
            module.eval(),
            (example,),
            buffer,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": {axis: f"axis{axis}" for axis in dynamic}},
            opset_version=OPSET,
            dynamo=False,
            do_constant_folding=False,
        )
    session = onnxruntime.InferenceSession(buffer.getvalue())
    return lambda x: torch.from_numpy(session.run(None, {"x": x.numpy()})[0])
