"""Predicting many images into a folder: what is finished stays, what fails does not stop the rest.

Every file is written whole or not at all (`formats.atomic`), so a file that is there is finished:
a call that follows an interruption skips it and goes on with the others.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kontur import formats
from kontur.errors import InputError
from kontur.formats.images import read_image
from kontur.formats.overlay import write_overlay
from kontur.infer.inputs import Input
from kontur.infer.options import AS_TRAINED, PredictOptions
from kontur.infer.predict import Predictor
from kontur.infer.record import Record
from kontur.settings import nearest

OVERLAY = "overlay"
ENDINGS = {  # of the outputs, by the word that asks for them
    **{word: format.ending for word, format in formats.FORMATS.items()},
    OVERLAY: ".overlay.png",
}


@dataclass(frozen=True)
class Outcome:
    """What became of one image: objects in `seconds`, or `failure`, or it was there already."""

    input: Input
    objects: int = 0
    repaired: int = 0
    scale: float = 1.0
    contrast: float | None = None
    seconds: float = 0.0
    skipped: bool = False
    failure: str | None = None


def parse_outputs(words: str) -> tuple[str, ...]:
    """The outputs that a word such as `geojson,csv` asks for; `InputError` for an unknown one."""
    wanted = tuple(dict.fromkeys(word.strip().lower() for word in words.split(",") if word.strip()))
    known = [word for word in ENDINGS if word != OVERLAY]
    for word in wanted:
        if word not in ENDINGS:
            raise InputError(f"there is no output format {word!r}; {nearest(word, known)}")
    if not wanted:
        raise InputError(f"name at least one output format: {', '.join(known)}")
    return wanted


def predict_folder(
    predictor: Predictor,
    inputs: Sequence[Input],
    out: Path,
    *,
    outputs: Sequence[str] = ("geojson",),
    options: PredictOptions = AS_TRAINED,
    model: dict[str, Any] | None = None,
    overwrite: bool = False,
) -> Generator[Outcome, None, None]:
    """Find the objects of each image and write them to `out/NAME` + the outputs' `ENDINGS`.

    What became of each image is given when it is finished. Outputs that exist are kept and, where
    all of an image do, the image is skipped; `overwrite` makes them anew. An image that cannot be
    read or looked at is an outcome with a `failure`. `model` (name, digest) goes into the record.

    Raises:
        InputError: `out` is a file, or holds outlines of the same images made with other settings.
        OSError: `out` cannot be written, or the disk is full; names the path.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"the outputs want a folder, and {out} is a file; give another --out")
    record = Record.open(
        out, {**(model or {}), **asdict(options), **predictor.thresholds(options).model_dump()}
    )
    if not overwrite:
        _refuse_mixture(record, inputs, out, outputs)
    changed = False
    try:
        for each in inputs:
            files = [out / (each.name + ENDINGS[word]) for word in outputs]
            missing = [file for file in files if overwrite or not _finished(file)]
            if not missing:
                yield Outcome(each, skipped=True)
                continue
            if not changed:
                record.write()  # an `out` that cannot be written is told before any work
                changed = True
            outcome = _predict_one(predictor, each, options, missing)
            if outcome.failure is None:
                facts = {"objects": outcome.objects, "repaired": outcome.repaired}
                seen = {"scale": round(outcome.scale, 4), "contrast": outcome.contrast}
                record.add(each.name, {**facts, **seen})
            yield outcome
    finally:
        if changed:
            record.write()


def _refuse_mixture(
    record: Record, inputs: Sequence[Input], out: Path, outputs: Sequence[str]
) -> None:
    files = {each.name: [out / (each.name + ENDINGS[word]) for word in outputs] for each in inputs}
    there = {name: [*filter(_finished, places)] for name, places in files.items()}
    other = record.made_otherwise({name: places for name, places in there.items() if places})
    if other:
        name, difference = next(iter(other.items()))
        more = f" and of {len(other) - 1} more" if len(other) > 1 else ""
        raise InputError(
            f"{out} holds outlines of {name}{more} that were made with other settings "
            f"({difference}); make them anew with --force, or give another --out"
        )


def _finished(file: Path) -> bool:
    """Files are written whole or not at all; an empty one is somebody's left-over."""
    return file.exists() and file.stat().st_size > 0


def _predict_one(
    predictor: Predictor, each: Input, options: PredictOptions, files: Sequence[Path]
) -> Outcome:
    start = time.perf_counter()
    try:
        with _naming(each.path):
            image = read_image(each.path, channel=options.channel, page=options.page)
            seen = predictor.predict_detailed(image, replace(options, channel=None, page=None))
    except InputError as error:
        return Outcome(each, failure=str(error), seconds=time.perf_counter() - start)
    for file in files:
        if file.name == each.name + ENDINGS[OVERLAY]:
            write_overlay(file, image.pixels, seen.instances, brightest=seen.contrast)
        else:
            formats.write(file, seen.instances, image_name=each.path.name)
    return Outcome(
        each,
        objects=len(seen.instances),
        repaired=seen.repaired,
        scale=seen.scale,
        contrast=seen.contrast,
        seconds=time.perf_counter() - start,
    )


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Every sentence about an image names its file, also that of one too large for the memory."""
    try:
        yield
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"{path}: {str(error).removeprefix('the image: ')}") from None
    except MemoryError:
        raise InputError(
            f"{path} does not fit into memory; cut it into parts or make it smaller"
        ) from None
