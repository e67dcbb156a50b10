"""Models by name: the shipped ones, `.kontur` files, training runs; and a predictor of one."""

from pathlib import Path

from kontur.errors import InputError
from kontur.infer.engines.choose_engine import check_choice, engine_for, on_gpu, precision_of
from kontur.infer.engines.engine import Device, Precision
from kontur.infer.model_files import MODEL_ENDING, find_model, shipped_models
from kontur.infer.model_origin import ModelOrigin
from kontur.infer.predict import Predictor
from kontur.infer.records.source_file import file_digest
from kontur.models import archive
from kontur.wording import printable

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
    where the model and the GPU have them. On one machine it is always the same
    (`engines.precision_choice`).

    Raises:
        InputError: there is no such model (the nearest name is suggested), or its file is damaged.
    """
    path = find_model(model)
    name, digest = printable(str(model)), file_digest(path)
    loaded = archive.read_model(path)
    check_choice(loaded, device, precision)  # a wrong word is reported before a damaged file
    try:
        engine = engine_for(loaded, device, threads=threads, precision=precision)
        origin = ModelOrigin(name, path, digest, device, threads, precision)
        return Predictor(engine, loaded.card, origin)
    except InputError as error:
        raise InputError(f"{path} cannot be used: {error} (copy or train it again)") from None


def in_noted_precision(predictor: Predictor, noted: str | None) -> Predictor:
    """The predictor in a precision that is noted beside outlines that it is to go on with.

    As it is where a person asked for another, where its device has no such, and where nothing is
    noted or its file is another one by now.
    """
    origin = predictor.origin
    if origin is None or origin.precision != "auto" or noted == precision_of(predictor.engine):
        return predictor
    known: tuple[Precision, ...] = ("float32", "bf16" if on_gpu(origin.device) else "int8")
    precision = next((each for each in known if each == noted), None)
    if precision is None or file_digest(origin.path) != origin.digest:
        return predictor
    made = load(origin.path, device=origin.device, threads=origin.threads, precision=precision)
    return Predictor(made.engine, made.card, origin)
