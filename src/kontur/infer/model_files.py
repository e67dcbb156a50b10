"""Model files by name: the shipped ones, `.kontur` files, training runs; without loading one."""

from importlib import resources
from pathlib import Path

from kontur.errors import InputError
from kontur.wording import nearest

MODEL_ENDING = ".kontur"

CHECKPOINT = "last.ckpt"  # of a training, which has no model file before its end


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
    if (path / CHECKPOINT).exists():
        raise InputError(
            f"the training in {path} is not finished; kontur train --out {path} --resume goes on "
            "with it, and writes the model at its end"
        )
    if path.is_dir():
        raise InputError(
            f"{path} is a folder without model{MODEL_ENDING}; give a finished run's folder, "
            "a .kontur file or a shipped model's name"
        )
    if path.suffix == MODEL_ENDING or path.name != str(model):
        raise InputError(f"there is no model file {model}")
    raise InputError(
        f"there is no run or model file {model}, and no shipped model {str(model)!r}; "
        f"{nearest(str(model), shipped)}"
    )


def shipped_models() -> dict[str, Path]:
    """The models inside the package, by name."""
    folder = Path(str(resources.files("kontur"))) / "shipped"
    return {path.stem: path for path in sorted(folder.glob(f"*{MODEL_ENDING}"))}
