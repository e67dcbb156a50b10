"""A GPU is used where there is one, and asked for only where there may be one."""

import pytest

from kontur.errors import InputError
from kontur.infer import choose_engine
from kontur.infer.choose_engine import engine_for
from kontur.infer.onnx_engine import OnnxEngine


def test_on_a_cpu_onnx_runtime_is_taken_and_on_a_gpu_torch(learned, monkeypatch):
    monkeypatch.setattr(choose_engine, "DRIVER", "/nowhere")
    monkeypatch.setattr(choose_engine, "_cuda", _must_not_be_asked)
    assert isinstance(engine_for(learned.model, "auto"), OnnxEngine)
    assert isinstance(engine_for(learned.model, "cpu"), OnnxEngine)


def _must_not_be_asked():
    raise AssertionError("torch is imported only where there is a driver")


def test_a_gpu_that_is_not_there_is_reported(learned, monkeypatch):
    monkeypatch.setattr(choose_engine, "_cuda", lambda: False)
    with pytest.raises(InputError, match=r"--device cuda needs a GPU.*kontur\[train\].*CPU"):
        engine_for(learned.model, "cuda")


def test_where_a_driver_is_but_no_gpu_the_cpu_is_taken(learned, monkeypatch):
    monkeypatch.setattr(choose_engine, "DRIVER", "/")
    monkeypatch.setattr(choose_engine, "_cuda", lambda: False)
    assert isinstance(engine_for(learned.model, "auto"), OnnxEngine)
