"""Prediction of many images into a folder: finished outputs stay, failures do not stop the rest.

Every file is written whole or not at all (`files.atomic`), and `predict.json` notes of which
image it was made. So a call that follows an interruption skips what is finished, outlines an image
anew that has changed since, and refuses to mix another image of the same name with what is there.
"""

import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kontur import formats
from kontur.data.file_names import CLUSTER_FILE, partner_name, stem
from kontur.data.layouts.work_in_folder import refuse_annotated
from kontur.errors import InputError
from kontur.files.atomic import check_writable
from kontur.files.left_overs import ABANDONED, remove_left_overs
from kontur.infer.folder_contrast import (
    FolderContrast,
    Images,
    Progress,
    measure_folder,
    opened,
    outside,
)
from kontur.infer.inputs import InputImage, without_duplicates
from kontur.infer.load import in_noted_precision
from kontur.infer.options import DEFAULT_OPTIONS, PredictOptions
from kontur.infer.outputs import (
    check_is_folder,
    check_packages,
    finished_outputs,
    keeps_pages,
    output_files,
    outputs_of,
)
from kontur.infer.predict import Predictor
from kontur.infer.records.record import Record, identity_of
from kontur.infer.records.record_file import FOLDER_CONTRAST, noted_precision
from kontur.infer.records.source_file import SourceFile
from kontur.infer.records.source_stamp import SourceStamp
from kontur.infer.region import Regions, parse_region
from kontur.infer.report import Report
from kontur.infer.stacks.stack_prediction import (
    check_has_pages_to_link,
    check_links_every_page,
    check_outputs_keep_planes,
)
from kontur.infer.tasks.image_queue import ImageQueue
from kontur.infer.tasks.image_task import Job, OnJoin, OnPart, Outcome, Work
from kontur.infer.tasks.workers import Threads, Workers

log = logging.getLogger("kontur.infer")


def predict_folder(
    predictor: Predictor,
    inputs: Sequence[InputImage],
    out: Path,
    *,
    outputs: Sequence[str] = ("geojson",),
    options: PredictOptions = DEFAULT_OPTIONS,
    overwrite: bool = False,
    workers: int | Workers = 1,
    report: Path | None = None,
    on_part: OnPart = lambda image, done, total: None,
    on_measured: Progress = lambda done, total: None,
    on_join: OnJoin = lambda doing, done, total: None,
) -> Generator[Outcome, None, None]:
    """Find the objects of each image and write them to `out/NAME` + the outputs' `ENDINGS`.

    The images' outcomes are yielded when they are finished; of files that are one image together
    the first stands for all, which a line of logging (`kontur.infer`) says. `workers` is a number
    of threads that share the predictor, which then has to bear several calls (ONNX Runtime's does),
    best with a thread for each; or a cluster (`cluster.DaskWorkers`). Images, the tiles of one that
    is too large for one view, and the planes of a stack are done several at a time, of those beyond
    `LARGE` pixels as many as fit into memory. Outputs that were made of the same content with the
    same settings are kept and, where all of an image exist, the image is skipped; an image that has
    changed since is outlined anew, and `overwrite` makes all anew, in the formats asked for and in
    those that the record notes; of these the ones that cannot hold what is predicted now, all pages
    or one, are removed. Other files are the outcome's `left`. An image that cannot be read or
    looked at is an outcome with a `failure`. `report` is a Parquet file with a row for each image,
    see `report`. Several processes may work on one folder.

    The record notes the file of the model and in which numbers it computed. A predictor that was
    loaded with the precision "auto" goes on in those that are noted of its file.

    `on_part(image, done, total)` is called after each tile of an image in tiles and each plane of a
    stack; finished ones are kept beside the outputs until the image is finished, so that a run that
    is killed goes on with the missing ones. Then the planes are linked and written into one file
    after another, of which `on_join(doing, done, total)` tells, in the thread that does it; not
    where that is of a cluster.

    With the contrast "folder" the range of all images is measured first (`folder_contrast`), of
    which `on_measured(done, total)` tells. The record notes it: a later call with the same settings
    takes it, also for new and changed images, and a line of logging says where those hold other
    values; `overwrite` measures it anew, over the images of its call, where those are all of the
    record.

    Raises:
        InputError: `out` is no folder of a disk (`check_is_folder`), holds annotated images, or
            outlines of the same names made with other settings or of other images; the package
            of a format is missing; a cluster cannot do the work.
        OSError: `out` cannot be written, or the disk is full; names the path.
    """
    inputs, again = without_duplicates(inputs)
    for line in again:
        log.warning("%s", line)
    outputs = outputs_of(outputs, options.page)
    check_is_folder(out)
    predictor.check_options(options)
    if predictor.origin is not None and not overwrite:
        noted = noted_precision(out, predictor.origin.digest)
        predictor = in_noted_precision(predictor, noted)
    if options.region is not None:  # read once, whoever does the work
        options = options.replace(region=parse_region(options.region))
    record = Record(out, _settings(predictor, options))
    if not record.runs:
        refuse_annotated(out, "predictions", own=_may_share_folder(inputs, out, outputs))
    jobs = [_job(record, image, out, outputs, overwrite, options) for image in inputs]
    if not overwrite:
        _refuse_mixture(record, jobs, out)
    if options.page == "all":
        check_outputs_keep_planes(outputs)
    check_links_every_page(options)
    if options.link:
        check_has_pages_to_link([image.path for image in inputs])
    if any(job.files for job in jobs):
        check_writable(record.path)  # an `out` that cannot be written is known before any work
    if isinstance(workers, int):  # the machines of a cluster have packages of their own
        check_packages(word for job in jobs if job.files for word in job.outputs)
    forced = [image.name for image in inputs] if overwrite else []
    note = record.noted(FOLDER_CONTRAST, anew=forced)
    if options.contrast == "folder" and (note is not None or any(job.files for job in jobs)):
        measured = _settled_contrast(predictor, record, jobs, options, note, on_measured)
        record = Record(out, {**record.settings, FOLDER_CONTRAST: measured.noted()})
        options = options.replace(contrast=measured.range)
        if not overwrite:  # another process may have noted another one meanwhile
            _refuse_mixture(record, jobs, out)
    rows = Report(report)
    if any(job.files for job in jobs):
        record.begin()
        remove_left_overs([out / CLUSTER_FILE])
        remove_left_overs((file for job in jobs for file in job.files), abandoned=ABANDONED)
    else:
        record.complete()
    pool = Threads(workers, on_join) if isinstance(workers, int) else workers
    work = Work(options, out, record.settings)
    queue = ImageQueue(pool, jobs, on_part, lambda *ended: _note(record.note, *ended))
    try:
        if any(job.files for job in jobs):
            pool.begin(predictor, work)
        for job, outcome in queue.outcomes():
            _note(record.add, job, outcome)
            rows.add(outcome)
            yield outcome
    finally:
        try:
            pool.close()
        finally:
            for job, outcome in queue.ended_since():
                _note(record.add, job, outcome)
                rows.add(outcome)
            record.finish()
            if not isinstance(workers, int):  # of those that were killed meanwhile
                record.complete()
                remove_left_overs(file for job in jobs for file in job.files)
            rows.write()


def _settings(predictor: Predictor, options: PredictOptions) -> dict[str, Any]:
    """All that decides about outlines, as the record has it; the region was read before."""
    settings = asdict(options.replace(region=None))  # whose outlines are not noted
    del settings["tile"]
    if isinstance(options.region, Regions):
        settings["region"] = options.region.name
        if options.region.digest is not None:
            settings["region_digest"] = options.region.digest
    settings["polish"] = options.polish or None  # older records have no word
    settings["link"] = options.link or None
    return {**identity_of(predictor), **settings, **predictor.thresholds(options).model_dump()}


def _settled_contrast(
    predictor: Predictor,
    record: Record,
    jobs: Sequence[Job],
    options: PredictOptions,
    note: Mapping[str, Any] | None,
    progress: Progress,
) -> FolderContrast:
    """The range that the record notes, to which new images are compared; else one of all images."""
    images = [job.input for job in jobs]
    if note is not None:
        new = [job for job in jobs if job.changed or record.results_of(job.input.name) is None]
        images = [job.input for job in new if job.files]
    measured = _measured(predictor, opened(images, options), note, progress)
    if note is None:  # of processes that begin together the first to note its range decides
        first = record.settle(FOLDER_CONTRAST, measured.noted())
        if FolderContrast.of_note(first) != measured:
            return _measured(predictor, opened(images, options), first, progress)
    return measured


def _measured(
    predictor: Predictor, images: Images, note: Mapping[str, Any] | None, progress: Progress
) -> FolderContrast:
    """The contrast of the images; or what the record notes, to which others are compared."""
    if note is None:
        return measure_folder(predictor, images, progress=progress)
    measured = FolderContrast.of_note(note)
    line = outside(predictor, images, measured, progress=progress)
    if line is not None:
        log.warning("%s", line)
    return measured


def _note(enter: Callable[..., None], job: Job, outcome: Outcome) -> None:
    """Enter an image that was finished now."""
    if outcome.failure is None and not outcome.skipped:
        results = {**outcome.results(), "outputs": [*job.outputs]}
        enter(job.input.name, results, job.source, job.journal)


def _job(
    record: Record,
    image: InputImage,
    out: Path,
    outputs: Sequence[str],
    overwrite: bool,
    options: PredictOptions,
) -> Job:
    finished = finished_outputs(image.name, out)
    results = record.results_of(image.name) or {}
    ours = [word for word in finished if word in results.get("outputs", ())]
    before = results.get("sha256")
    # Of an image without a record whoever reads it looks at its content.
    stamp = None if before is None else SourceStamp.of(image.path)
    source = None if before is None else SourceFile.of(image.path, out)
    changed = before is not None and (source is None or before != source.sha256)
    if overwrite or changed or record.is_unfinished(image.name):
        # Ours of other formats would otherwise show outlines that are no longer in the record;
        # they go where they cannot hold those of all pages, or of one.
        stale = [word for word in ours if not keeps_pages(word, options.page)]
        made = tuple(dict.fromkeys([*outputs, *(word for word in ours if word not in stale)]))
        left = [word for word in finished if word not in (*made, *stale)]
        files, gone, others = (output_files(image.name, out, w) for w in (made, stale, left))
        return Job(
            *(image, source, files, made),
            changed=changed,
            stale=gone,
            left=others,
            stamp=stamp,
        )
    missing = [word for word in outputs if word not in finished]
    unknown = [word for word in outputs if missing and word in finished and word not in ours]
    return Job(
        *(image, source, output_files(image.name, out, missing), (*ours, *missing)),
        unverified=not missing and before is None,
        left=output_files(image.name, out, unknown),
        objects=results.get("objects", 0),
        stamp=stamp,
    )


def _may_share_folder(
    inputs: Sequence[InputImage], out: Path, outputs: Sequence[str]
) -> Callable[[Path], bool]:
    """Whether an annotation and predictions may lie in one folder.

    It is a file that the prediction writes, or the one of another image and of the same format: a
    person who has outlined some images corrects what is predicted of the rest.
    """
    names = {image.name for image in inputs}
    written = {file for name in names for file in output_files(name, out, outputs)}

    def may_share(annotation: Path) -> bool:
        if annotation in written:
            return True
        if annotation.parent != out or partner_name(stem(annotation)) in names:
            return False
        kind = formats.find_format(annotation)
        return kind is not None and kind.name in outputs and not kind.several_images

    return may_share


def _refuse_mixture(record: Record, jobs: Sequence[Job], out: Path) -> None:
    others: dict[str, str] = {}  # what is wrong with the outlines that are there, by image
    for job in jobs:
        results = record.results_of(job.input.name) or {}
        finished = finished_outputs(job.input.name, out)
        ours = [word for word in finished if word in results.get("outputs", finished)]
        run = record.run_of(job.input.name) if ours else None
        if run is None:
            continue
        difference, place = record.difference(run), results.get("source")
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
