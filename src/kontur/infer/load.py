"""Models by name: the shipped ones, `.kontur` files, training runs; and a predictor of one."""

from importlib import resources
from pathlib import Path

from kontur.errors import InputError
from kontur.infer.engine import Device, Precision, check_choice, engine_for
from kontur.infer.predict import Predictor
from kontur.models import archive
from kontur.wording import nearest

MODEL_ENDING = ".kontur"


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
    in 8-bit integers, on a CPU) or "auto", which takes these where they are faster.

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


def find_model(model: str | Path) -> Path:
    """The model file of a run's folder, of a path, or of a shipped model's name, in this order.

    Raises `InputError` where it is none of them.
    """
    path, shipped = Path(model), shipped_models()
    inside = path / f"model{MODEL_ENDING}"
    if inside.exists():
        return inside
    if path.exists() and not path.is_dir():
        return path
    if str(model) in shipped:  # also beside a folder of images of the same name
        return shipped[str(model)]
    if path.is_dir():
        raise InputError(
            f"{path} is a folder without model{MODEL_ENDING}; give a finished run's folder, "
            "a .kontur file or a shipped model's name"
        )
    if path.suffix == MODEL_ENDING or path.name != str(model):
        raise InputError(f"there is no model file {model}")
    raise InputError(f"there is no shipped model {str(model)!r}; {nearest(str(model), shipped)}")


def shipped_models() -> dict[str, Path]:
    """The models inside the package, by name."""
    folder = Path(str(resources.files("kontur"))) / "shipped"
    return {path.stem: path for path in sorted(folder.glob(f"*{MODEL_ENDING}"))}
