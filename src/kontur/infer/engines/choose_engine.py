"""Which engine runs a model: torch where there is a GPU, else ONNX Runtime."""

import os
from importlib.util import find_spec
from typing import get_args

from kontur import extra
from kontur.errors import InputError
from kontur.infer.engines.engine import Device, Engine, Precision
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import TorchEngine, rebuild
from kontur.models.archive import Model

DRIVER = "/proc/driver/nvidia/version"  # where it is missing, "auto" does not import torch


def engine_for(
    model: Model,
    device: Device = "auto",
    *,
    threads: int | None = None,
    precision: Precision = "auto",
) -> Engine:
    """ONNX Runtime on a CPU; torch on a GPU, where torch is installed and finds one.

    Raises `InputError` as `check_choice` does, or where a graph is damaged.
    """
    check_choice(model, device, precision)
    if on_gpu(device) and model.graphs:  # the baseline has none
        return _torch_engine(model, precision)
    return OnnxEngine(model, threads=threads, precision=precision)


def _torch_engine(model: Model, precision: Precision) -> TorchEngine:
    import torch

    if precision == "auto":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        precision = "bf16" if fast else "float32"
    network = rebuild(model).to("cuda", memory_format=torch.channels_last)  # type: ignore[call-overload]
    return TorchEngine(network, precision)


def precision_of(engine: Engine) -> Precision:
    """The numbers that an engine computes in, where it can choose; else float32."""
    return engine.precision if isinstance(engine, OnnxEngine | TorchEngine) else "float32"


def check_choice(model: Model, device: Device, precision: Precision) -> None:
    """Raises `InputError` where a model cannot run on a device in a precision.

    `device` is "cuda" and there is no torch or no GPU, `precision` is "int8" and there is one or
    the model has no graphs in 8-bit integers, it is "bf16" and there is none, or one of both is an
    unknown word.
    """
    if precision not in get_args(Precision):
        words = ", ".join(get_args(Precision))
        raise InputError(f"a precision is one of {words}, got {precision!r}")
    gpu = on_gpu(device)
    if precision == "int8" and gpu:
        raise InputError("8-bit integers are a CPU's; add --device cpu or leave --precision out")
    if precision == "bf16" and not gpu:
        raise InputError(
            "floats of 16 bits are a GPU's, and none is used; leave --precision out, which takes "
            "what this machine has"
        )
    if precision == "int8" and not model.int8:
        raise InputError(
            "the model has no graphs in 8-bit integers (kontur train makes them, where they are as "
            "good); leave --precision out"
        )


def on_gpu(device: Device) -> bool:
    """Whether `device` selects torch on a GPU; errors as in `engine_for`."""
    if device not in get_args(Device):
        raise InputError(f"a device is one of {', '.join(get_args(Device))}, got {device!r}")
    if device == "cpu" or (device == "auto" and not os.path.exists(DRIVER)):
        return False
    if not _cuda() and device == "cuda":
        raise InputError(
            f"--device cuda needs a GPU and torch ({extra.install('train')}); none was found: "
            "leave --device out to use the CPU"
        )
    return _cuda()


def _cuda() -> bool:
    """Whether torch is installed and sees a GPU."""
    if find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()
