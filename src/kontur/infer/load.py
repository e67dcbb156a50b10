"""Models by name: the shipped ones, `.kontur` files, training runs; and a predictor of one."""

from pathlib import Path

from kontur.errors import InputError
from kontur.infer.engines.choose_engine import check_choice, engine_for
from kontur.infer.engines.engine import Device, Precision
from kontur.infer.model_files import MODEL_ENDING, find_model, shipped_models
from kontur.infer.predict import Predictor
from kontur.models import archive

__all__ = ["MODEL_ENDING", "find_model", "load", "shipped_models"]


def load(
    model: str | Path,
    *,
    device: Device = "auto",
    threads: int | None = None,
    precision: Precision = "auto",
) -> Predictor:
    """A predictor from a shipped model's name, a `.kontur` file, or a training run's folder.

    `device`: "cpu" (ONNX Runtime), "cuda" (torch on a GPU) or "auto". `threads` defaults to the
    processors this process may use. `precision`: "float32", "int8" (the graphs that the model has
    in 8-bit integers, on a CPU), "bf16" (floats of 16 bits, on a GPU) or "auto", which takes these
    where they are faster.

    Raises:
        InputError: there is no such model (the nearest name is suggested), or its file is damaged.
    """
    path = find_model(model)
    loaded = archive.read_model(path)
    check_choice(loaded, device, precision)  # a wrong word is reported before a damaged file
    try:
        return Predictor(
            engine_for(loaded, device, threads=threads, precision=precision), loaded.card
        )
    except InputError as error:
        raise InputError(f"{path} cannot be used: {error} (copy or train it again)") from None
