"""Prediction of many images into a folder: finished outputs stay, failures do not stop the rest.

Every file is written whole or not at all (`formats.atomic`), and `predict.json` notes of which
image it was made. So a call that follows an interruption skips what is finished, outlines an image
anew that has changed since, and refuses to mix another image of the same name with what is there.
"""

import errno
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Lock, Semaphore
from typing import Any

import numpy as np
from jaxtyping import Float

from kontur import formats
from kontur.data.concurrently import concurrently
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.images import open_image
from kontur.formats.lazy_pixels import OpenImage, thinned
from kontur.formats.overlay import shrunk, write_overlay
from kontur.formats.page_count import count_pages
from kontur.infer.hints import channel_hint, size_hint
from kontur.infer.inputs import InputImage
from kontur.infer.memory import available_memory
from kontur.infer.options import DEFAULT_OPTIONS, PredictOptions
from kontur.infer.parts import PredictedParts
from kontur.infer.predict import Predictor
from kontur.infer.record import Record, SourceFile
from kontur.infer.stack_prediction import (
    check_outputs_keep_planes,
    check_tracks_are_kept,
    predict_stack,
)
from kontur.infer.tile_store import TileStore
from kontur.infer.tiled import BUDGET, SHARE, ObjectTooLargeError
from kontur.instances import Instances
from kontur.wording import nearest

OVERLAY = "overlay"
LARGE = 4e6  # pixels of an image whose network takes the memory of many small ones
ENDINGS = {  # of the outputs, by their name
    **{word: format.ending for word, format in formats.WRITABLE.items()},
    OVERLAY: ".overlay.png",
}
OnTile = Callable[[InputImage, int, int], None]  # an image, its finished tiles, and all of them
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
    workers: int = 1,
    on_tile: OnTile = lambda image, done, total: None,
) -> Generator[Outcome, None, None]:
    """Find the objects of each image and write them to `out/NAME` + the outputs' `ENDINGS`.

    The images' outcomes are yielded in order when they are finished; `workers` images at a time are
    read, predicted and written, of those beyond `LARGE` pixels as many as fit into free memory.
    Several need an engine that bears several calls (ONNX Runtime's does), best with a thread for
    each. Outputs that were made of the same content with the same settings are kept and, where all
    of an image exist, the image is skipped; an image that has changed since is outlined anew, and
    `overwrite` makes all anew. An image that cannot be read or looked at is an outcome with a
    `failure`. `model` (name, digest) goes into the record. Several processes may work on one
    folder.

    `on_tile(image, done, total)` is called after each tile of an image that is too large for one
    view; finished tiles are kept beside the outputs until the image is finished, so that a run that
    is killed goes on with the missing ones.

    Raises:
        InputError: `out` is a file, or holds outlines of the same names made with other settings
            or of other images.
        OSError: `out` cannot be written, or the disk is full; names the path.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"the outputs need a folder, and {out} is a file; give another --out")
    predictor.check_options(options)
    settings = {key: value for key, value in asdict(options).items() if key != "tile"}
    settings["polish"] = options.polish or None  # older records have no word
    record = Record(out, {**(model or {}), **settings, **_thresholds(predictor, options)})
    jobs = [_job(record, image, out, outputs, overwrite) for image in inputs]
    if not overwrite:
        _refuse_mixture(record, jobs, out)
    if options.page == "all":
        check_outputs_keep_planes(outputs)
    if options.link is not None:
        check_tracks_are_kept(outputs, options)
    if any(job.files for job in jobs):
        record.begin()  # an `out` that cannot be written is known before any work
    room, recording = Semaphore(_large_at_a_time()), Lock()

    def outcome_of(job: _Job) -> Outcome:
        if not job.files:
            return Outcome(job.input, skipped=True, unverified=job.unverified)
        outcome = _predict_one(predictor, job, options, record, room, on_tile)
        if outcome.failure is None:
            results = {"objects": outcome.objects, "repaired": outcome.repaired}
            view = {"scale": round(outcome.scale, 4), "contrast": outcome.contrast}
            with recording:
                record.add(job.input.name, {**results, **view}, job.source)
        return outcome

    try:
        with closing(concurrently(outcome_of, jobs, workers)) as outcomes:
            yield from outcomes
    finally:
        record.finish()


def _large_at_a_time() -> int:
    """How many images whose views take all of `BUDGET` may be predicted together; at least one."""
    enough = 1000 * BUDGET
    return max(1, int(SHARE * min(available_memory(enough), enough) / BUDGET))


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


def _predict_one(
    predictor: Predictor,
    job: _Job,
    options: PredictOptions,
    record: Record,
    room: Semaphore,
    on_tile: OnTile,
) -> Outcome:
    start = time.perf_counter()
    image = job.input
    if options.page == "all":
        return _predict_pages(predictor, job, options, room, on_tile)
    store = TileStore(_tiles_of(record, image), {**record.settings, "source": job.source})
    try:
        with _naming(image.path):
            picture = open_image(image.path, channel=options.channel, page=options.page)
            height, width = picture.pixels.shape[:2]
            with room if height * width > LARGE else nullcontext():
                of_picture = replace(options, channel=None, page=None)
                parts = predictor.predict_in_parts(
                    picture,
                    of_picture,
                    store=store,
                    progress=lambda done, total: on_tile(image, done, total),
                )
                written = (job.files, image.path.name, picture)
                try:
                    repaired, areas = _write(*written, parts, predictor)
                except ObjectTooLargeError:
                    if options.tile is not None:
                        raise
                    parts = predictor.predict_in_parts(picture, of_picture, shown="whole")
                    repaired, areas = _write(*written, parts, predictor)
            store.remove()
            channels = channel_hint(thinned(picture.pixels), options)
    except InputError as error:
        return Outcome(image, failure=str(error), seconds=time.perf_counter() - start)
    return Outcome(
        image,
        objects=len(areas),
        repaired=repaired,
        scale=parts.scale,
        contrast=parts.contrast,
        seconds=time.perf_counter() - start,
        changed=job.changed,
        hint=channels or size_hint(areas, predictor.card, options),
    )


def _predict_pages(
    predictor: Predictor, job: _Job, options: PredictOptions, room: Semaphore, on_tile: OnTile
) -> Outcome:
    """Every page of an image."""
    start, image = time.perf_counter(), job.input
    try:
        with _naming(image.path), room:
            found = predict_stack(
                predictor,
                image.path,
                count_pages(image.path),
                job.files,
                options,
                lambda done, total: on_tile(image, done, total),
            )
    except InputError as error:
        return Outcome(image, failure=str(error), seconds=time.perf_counter() - start)
    return Outcome(
        image,
        objects=len(found.areas),
        repaired=found.repaired,
        scale=found.scale,
        contrast=found.contrast,
        seconds=time.perf_counter() - start,
        changed=job.changed,
        hint=size_hint(found.areas, predictor.card, options),
    )


def _write(
    files: Sequence[Path],
    name: str,
    picture: OpenImage,
    parts: PredictedParts,
    predictor: Predictor,
) -> tuple[int, Float[np.ndarray, " k"]]:
    """Write an image's files while its parts come: how many outlines were repaired, all areas."""
    none = Instances.empty(parts.size, predictor.card.classes).replace(plane=parts.plane)
    image = ImageAnnotation(name, parts.size, none, pixel_size=picture.pixel_size)
    overlays = [file for file in files if file.name.endswith(ENDINGS[OVERLAY])]
    repaired, areas, drawn = 0, [np.zeros(0)], [none]
    with ExitStack() as writing:
        adds = [
            writing.enter_context(formats.stream_image(file, image))
            for file in files
            if file not in overlays
        ]
        for part in parts.resolved:
            for add in adds:
                add(part.instances)
            repaired += part.repaired
            areas.append(part.instances.areas)
            drawn += [part.instances] * bool(overlays)
        for file in overlays:
            objects = drawn[1] if len(drawn) == 2 else Instances.concat(drawn)
            pixels, objects = shrunk(picture.pixels, objects)
            write_overlay(file, pixels, objects, brightest=parts.contrast)
    return repaired, np.concatenate(areas)


def _tiles_of(record: Record, image: InputImage) -> Path:
    """The hidden folder of the tiles of an image that is not finished."""
    place = record.path.parent / image.name
    return place.with_name(f".{place.name}.tiles")


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
