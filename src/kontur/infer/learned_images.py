"""Which images a run learned from and which it held out, as files of its folder say it.

An image is known again by its content (`image_statistics.fingerprint`), wherever it lies now.
"""

from collections.abc import Iterable
from pathlib import Path

from kontur.files.atomic import write_bytes
from kontur.infer.model_files import MODEL_ENDING, find_model

LEARNED = "learned.txt"
NAMES = "validation.txt"


def run_of(model: str | Path) -> Path | None:
    """The folder of the run that made a model; None of a file that stands alone."""
    path = find_model(model)
    is_of_run = path.name == f"model{MODEL_ENDING}" and (path.parent / LEARNED).exists()
    return path.parent if is_of_run else None


def write_learned(run: Path, fingerprints: Iterable[str | None]) -> None:
    """Add the images to those that the run has learned from; constant ones, of None, are not."""
    known = read_learned(run) | {mark for mark in fingerprints if mark is not None}
    write_bytes(run / LEARNED, "".join(f"{mark}\n" for mark in sorted(known)).encode())


def read_learned(run: Path) -> frozenset[str]:
    """The fingerprints of the images that a run has learned from; none where it does not say."""
    if not (run / LEARNED).exists():
        return frozenset()
    return frozenset((run / LEARNED).read_text(encoding="utf-8", errors="replace").split())


def write_names(run: Path, names: Iterable[str]) -> None:
    """Write the names of the validation images, one a line."""
    lines = "".join(f"{name}\n" for name in names)
    write_bytes(run / NAMES, lines.encode("utf-8", "surrogatepass"))  # not every name is UTF-8


def read_names(run: Path) -> list[str] | None:
    """The names of the validation images of a run; None where it has not chosen them yet."""
    if not (run / NAMES).exists():
        return None
    return (run / NAMES).read_bytes().decode("utf-8", "surrogatepass").split("\n")[:-1]
