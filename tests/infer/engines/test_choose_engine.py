"""A GPU is used where there is one, and asked for only where there may be one."""

import pytest
import torch

from kontur.errors import InputError
from kontur.infer.engines import choose_engine
from kontur.infer.engines.choose_engine import engine_for, precision_of
from kontur.infer.engines.onnx_engine import OnnxEngine


def test_on_a_cpu_onnx_runtime_is_taken_and_on_a_gpu_torch(learned, monkeypatch):
    monkeypatch.setattr(choose_engine, "DRIVER", "/nowhere")
    monkeypatch.setattr(choose_engine, "_cuda", _must_not_be_asked)
    assert isinstance(engine_for(learned.model, "auto"), OnnxEngine)
    assert isinstance(engine_for(learned.model, "cpu"), OnnxEngine)


def _must_not_be_asked():
    raise AssertionError("torch is imported only where there is a driver")


def test_a_gpu_that_is_not_there_is_reported(learned, monkeypatch):
    monkeypatch.setattr(choose_engine, "_cuda", lambda: False)
    with pytest.raises(
        InputError, match=r"--device cuda needs a GPU.*pip install .*\[train\].*CPU"
    ):
        engine_for(learned.model, "cuda")


def test_where_a_driver_is_but_no_gpu_the_cpu_is_taken(learned, monkeypatch):
    monkeypatch.setattr(choose_engine, "DRIVER", "/")
    monkeypatch.setattr(choose_engine, "_cuda", lambda: False)
    assert isinstance(engine_for(learned.model, "auto"), OnnxEngine)


@pytest.mark.parametrize(
    ("asked", "native", "taken"),
    [
        ("auto", True, "bf16"),
        ("auto", False, "float32"),  # an older card emulates bf16, and is slower
        ("float32", True, "float32"),
        ("bf16", False, "bf16"),
    ],
)
def test_a_gpu_computes_in_bf16_where_it_has_it_or_it_is_asked_for(
    learned, monkeypatch, asked, native, taken
):
    placed = {}
    monkeypatch.setattr(choose_engine, "_cuda", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native)
    monkeypatch.setattr(
        torch.nn.Module, "to", lambda self, device, **how: placed.update({device: how}) or self
    )
    engine = engine_for(learned.model, "cuda", precision=asked)
    assert precision_of(engine) == taken
    assert placed == {"cuda": {"memory_format": torch.channels_last}}


def test_bf16_without_a_gpu_and_integers_on_one_are_refused_with_what_to_do(learned, monkeypatch):
    monkeypatch.setattr(choose_engine, "_cuda", lambda: False)
    with pytest.raises(InputError, match=r"16 bits are a GPU's.*leave --precision out"):
        engine_for(learned.model, "auto", precision="bf16")
    monkeypatch.setattr(choose_engine, "_cuda", lambda: True)
    with pytest.raises(InputError, match="integers are a CPU's; add --device cpu"):
        engine_for(learned.model, "cuda", precision="int8")
