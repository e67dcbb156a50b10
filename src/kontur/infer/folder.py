"""Prediction of many images into a folder: finished outputs stay, failures do not stop the rest.

Every file is written whole or not at all (`formats.atomic`), and `predict.json` notes of which
image it was made. So a call that follows an interruption skips what is finished, outlines an image
anew that has changed since, and refuses to mix another image of the same name with what is there.
"""

import errno
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.images import read_image
from kontur.formats.overlay import write_overlay
from kontur.infer.hints import channel_hint, size_hint
from kontur.infer.inputs import InputImage
from kontur.infer.options import DEFAULT_OPTIONS, PredictOptions
from kontur.infer.predict import Predictor
from kontur.infer.record import Record, SourceFile
from kontur.wording import nearest

OVERLAY = "overlay"
ENDINGS = {  # of the outputs, by their name
    **{word: format.ending for word, format in formats.WRITABLE.items()},
    OVERLAY: ".overlay.png",
}
# Messages of engines without enough memory, which raise exceptions of their own.
NO_MEMORY = ("allocate memory", "bad allocation", "bad_alloc", "out of memory", "not enough memory")


@dataclass(frozen=True)
class Outcome:
    """The result of one image: objects in `seconds`, or `failure`, or it was there already.

    `changed`: its file has changed since the outlines that were there. `unverified`: outlines were
    there without a record of their image file. `hint`: a sentence on what to try.
    """

    input: InputImage
    objects: int = 0
    repaired: int = 0
    scale: float = 1.0
    contrast: float | None = None
    seconds: float = 0.0
    skipped: bool = False
    changed: bool = False
    unverified: bool = False
    failure: str | None = None
    hint: str | None = None


@dataclass(frozen=True)
class _Job:
    """An image, its content now, and the files to write; none where all are there."""

    input: InputImage
    source: SourceFile | None
    files: tuple[Path, ...]
    changed: bool = False
    unverified: bool = False


def parse_outputs(words: str) -> tuple[str, ...]:
    """The outputs of a list such as `geojson,csv`; `InputError` for an unknown one."""
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
    inputs: Sequence[InputImage],
    out: Path,
    *,
    outputs: Sequence[str] = ("geojson",),
    options: PredictOptions = DEFAULT_OPTIONS,
    model: dict[str, Any] | None = None,
    overwrite: bool = False,
) -> Generator[Outcome, None, None]:
    """Find the objects of each image and write them to `out/NAME` + the outputs' `ENDINGS`.

    Each image's outcome is yielded when it is finished. Outputs that were made of the same
    content with the same settings are kept and, where all of an image exist, the image is skipped;
    an image that has changed since is outlined anew, and `overwrite` makes all anew. An image that
    cannot be read or looked at is an outcome with a `failure`. `model` (name, digest) goes into the
    record. Several processes may work on one folder.

    Raises:
        InputError: `out` is a file, or holds outlines of the same names made with other settings
            or of other images.
        OSError: `out` cannot be written, or the disk is full; names the path.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"the outputs need a folder, and {out} is a file; give another --out")
    predictor.check_options(options)
    settings = asdict(options) | {"polish": options.polish or None}  # older records have no word
    record = Record(out, {**(model or {}), **settings, **_thresholds(predictor, options)})
    jobs = [_job(record, image, out, outputs, overwrite) for image in inputs]
    if not overwrite:
        _refuse_mixture(record, jobs, out)
    if any(job.files for job in jobs):
        record.begin()  # an `out` that cannot be written is known before any work
    try:
        for job in jobs:
            if not job.files:
                yield Outcome(job.input, skipped=True, unverified=job.unverified)
                continue
            outcome = _predict_one(predictor, job, options)
            if outcome.failure is None:
                results = {"objects": outcome.objects, "repaired": outcome.repaired}
                view = {"scale": round(outcome.scale, 4), "contrast": outcome.contrast}
                record.add(job.input.name, {**results, **view}, job.source)
            yield outcome
    finally:
        record.finish()


def _thresholds(predictor: Predictor, options: PredictOptions) -> dict[str, Any]:
    return predictor.thresholds(options).model_dump()


def _outputs(image: InputImage, out: Path, words: Sequence[str]) -> tuple[Path, ...]:
    return tuple(out / (image.name + ENDINGS[word]) for word in words)


def _job(
    record: Record, image: InputImage, out: Path, outputs: Sequence[str], overwrite: bool
) -> _Job:
    wanted, source = _outputs(image, out, outputs), SourceFile.of(image.path, out)
    results = record.results_of(image.name)
    before = (results or {}).get("sha256")
    changed = before is not None and (source is None or before != source.sha256)
    if overwrite or changed:
        # Outputs of other formats would otherwise show outlines that are no longer in the record.
        known = _outputs(image, out, tuple(ENDINGS)) if results else ()
        older = [file for file in known if _finished(file) and file not in wanted]
        return _Job(image, source, (*wanted, *older), changed=changed)
    missing = tuple(file for file in wanted if not _finished(file))
    return _Job(image, source, missing, unverified=not missing and before is None)


def _refuse_mixture(record: Record, jobs: Sequence[_Job], out: Path) -> None:
    others: dict[str, str] = {}  # what is wrong with the outlines that are there, by image
    for job in jobs:
        files = [*filter(_finished, _outputs(job.input, out, tuple(ENDINGS)))]
        run = record.run_of(job.input.name, files) if files else None
        if run is None:
            continue
        difference = record.difference(run)
        place = (record.results_of(job.input.name) or {}).get("source")
        if difference:
            others[job.input.name] = f"made with other settings ({difference})"
        elif job.changed and job.source is not None and job.source.source != place:
            others[job.input.name] = f"made of another image than {job.input.path} ({place})"
    if others:
        name, reason = next(iter(others.items()))
        more = f" and of {len(others) - 1} more" if len(others) > 1 else ""
        raise InputError(
            f"{out} holds outlines of {name}{more} that were {reason}; give another --out, or "
            "replace them with --force"
        )


def _finished(file: Path) -> bool:
    """Files are written whole or not at all; an empty one is somebody's left-over."""
    try:
        return file.stat().st_size > 0
    except OSError:
        return False


def _predict_one(predictor: Predictor, job: _Job, options: PredictOptions) -> Outcome:
    start = time.perf_counter()
    image = job.input
    try:
        with _naming(image.path):
            picture = read_image(image.path, channel=options.channel, page=options.page)
            prediction = predictor.predict_detailed(
                picture, replace(options, channel=None, page=None)
            )
            found = prediction.instances
            entry = ImageAnnotation(
                image.path.name, found.size, found, pixel_size=picture.pixel_size
            )
            for file in job.files:
                if file.name.endswith(ENDINGS[OVERLAY]):
                    pixels, brightest = picture.pixels, prediction.contrast
                    write_overlay(file, pixels, found, brightest=brightest)
                else:
                    formats.write_images(file, [entry])
    except InputError as error:
        return Outcome(image, failure=str(error), seconds=time.perf_counter() - start)
    return Outcome(
        image,
        objects=len(prediction.instances),
        repaired=prediction.repaired,
        scale=prediction.scale,
        contrast=prediction.contrast,
        seconds=time.perf_counter() - start,
        changed=job.changed,
        hint=channel_hint(picture.pixels, options)
        or size_hint(prediction.instances, predictor.card, options),
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
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise  # of the disk or the folder, so that it would meet every image
        raise InputError(f"{path}: its name is too long for its outputs'; rename it") from None
    except MemoryError:
        raise InputError(_too_large(path)) from None
    except Exception as error:  # those of ONNX Runtime have no class of their own below Exception
        if not any(words in str(error).lower() for words in NO_MEMORY):
            raise
        raise InputError(_too_large(path)) from None


def _too_large(path: Path) -> str:
    return f"{path} does not fit into memory; cut it into parts or make it smaller"
