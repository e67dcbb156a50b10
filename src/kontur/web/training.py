"""Training on what was corrected, from the page: `kontur train` on a copy of the corrected images.

Every training has a folder `kontur-models/NAME`: `data/` (images and outlines as they were, split
into `train/` and `val/`) and the run with its model. So it can be repeated on the command line. The
model that was in use and the new one are compared on the held-out images.
"""

import contextlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kontur import extra, formats
from kontur.data.file_names import stem
from kontur.data.held_planes import along_longer_axis
from kontur.errors import InputError
from kontur.formats.image_annotation import ImageAnnotation
from kontur.images.channels import Channel
from kontur.instances import CLASSES, Instances
from kontur.select import holdout, last_places, not_beside_held
from kontur.web.contrast import contrast_of, settings_to_learn
from kontur.web.image_folder import MODELS, FolderImage
from kontur.web.jobs import Cancelled, Job
from kontur.web.schema import TrainRequest
from kontur.web.workspace import CHANNEL_NOTE, Workspace
from kontur.wording import plural

if TYPE_CHECKING:
    from kontur.data.normalisation.normalise import NormaliseConfig
    from kontur.infer.options import Contrast
    from kontur.infer.predict import Predictor

FEWEST = 2  # corrected images: one to learn from, one to compare on
HELD_OUT = 5  # one of so many corrected planes is held out, at least one
POLL = 0.5  # seconds between two looks at a training
PATIENCE = 15  # seconds in which a stopped training may end by itself
GAIN = 0.02  # of AP from half of the images to all: above, more corrections would help

TRAINING = """
from kontur.infer.worker_process import end_with_parent
end_with_parent()
from kontur.cli import main
main()
"""

Plane = tuple[FolderImage, int]


def corrected_planes(workspace: Workspace) -> list[Plane]:
    """The planes whose outlines are right, of all images in the order of their names.

    Those that were corrected, and of images that are done all that were outlined; a plane that was
    only looked at has no outlines to learn from.
    """
    statuses = workspace.annotations.statuses.by_key()
    return [
        (image, page)
        for key, image in workspace.folder.images.items()
        for page in workspace.annotations.statuses.right_planes(image, statuses[key][0])
    ]


def check_trainable(workspace: Workspace) -> list[Plane]:
    """What a training would learn from; `InputError` where it cannot begin."""
    if not workspace.can_train:
        raise InputError(
            f"training needs torch and lightning: {extra.install('train')}{extra.torch_size()}"
        )
    planes = corrected_planes(workspace)
    if len(planes) < FEWEST:
        raise InputError(
            f"training needs at least {FEWEST} corrected images, one to learn from and one to "
            f"compare on, and {plural(len(planes), 'image')} of this folder is corrected; correct "
            "another, or mark one as done whose outlines are right"
        )
    return planes


def channel_of_model(
    workspace: Workspace, predictor: "Predictor", planes: Sequence[Plane]
) -> Channel | None:
    """The one channel in which a model sees the planes; None where it sees them as they are.

    Raises `InputError` where it is not the same for all: a training learns from one channel.
    """
    channels: dict[Channel | None, str] = {}
    for image, page in planes:
        whole, shown = (
            workspace.pictures.read(image, page).image,
            workspace.picture_for_model(predictor, image, page),
        )
        count = whole.pixels.shape[2]
        if count == 1:  # which is seen as it is, whichever was chosen
            continue
        channel: Channel | None = None
        if shown.pixels.shape[2] < count:
            learned = predictor.card.channel
            follows = learned is not None and workspace.history.note(CHANNEL_NOTE) is None
            channel = learned if follows else workspace.channel
            if isinstance(channel, int):
                channel = min(channel, count - 1)
        channels.setdefault(channel, image.name)
    if len(channels) > 1:
        descriptions = (
            f"{'all channels' if channel is None else f'channel {channel}'} of {name}"
            for channel, name in channels.items()
        )
        raise InputError(
            f"a training learns from one channel, and the model sees {' and '.join(descriptions)}; "
            "keep images of other channels in a folder of their own"
        )
    return next(iter(channels), None)


def hold_out(planes: Sequence[Plane]) -> tuple[list[Plane], list[Plane]]:
    """The planes to learn from, and those to compare on: about a fifth, and at least one.

    Neighbouring planes show the same objects: of several images whole ones are held out, of images
    of one plane each those spread evenly. Of a single one the last planes are held out, and planes
    next to them are in neither part, unless none would be left to learn from.
    """
    keys = [image.key for image, _ in planes]
    images = [*dict.fromkeys(keys)]
    if len(images) == 1:
        places = along_longer_axis(planes[0][0].path, [page for _, page in planes])
        last = last_places(places, 1 / HELD_OUT)
        left = not_beside_held(places, last)
        learned = [plane for place, plane in zip(places, planes, strict=True) if place in left]
        return learned, [p for place, p in zip(places, planes, strict=True) if place in last]
    if len(images) < len(planes):
        groups = {str(i): key for i, key in enumerate(keys)}
        held = {keys[int(i)] for i in holdout([*groups], 1 / HELD_OUT, 0, groups=groups).held}
    else:
        count = max(1, len(images) // HELD_OUT)
        held = {images[round((k + 0.5) * len(images) / count - 0.5)] for k in range(count)}
    return (
        [plane for plane in planes if plane[0].key not in held],
        [plane for plane in planes if plane[0].key in held],
    )


def train(workspace: Workspace, request: TrainRequest, job: Job) -> dict[str, Any]:
    """Train, compare before and after on the held-out images, and say where the new model is."""
    planes = check_trainable(workspace)
    learned, held = hold_out(planes)
    start = workspace.models.path(request.model)
    predictor = workspace.models.predictor(request.model)
    channel = channel_of_model(workspace, predictor, planes)
    run = _new_run(workspace.root)
    name = f"{MODELS}/{run.name}"
    job.result = {"name": name, "images": len(learned), "held_out": len(held), "curve": []}
    try:
        job.progress(0, 1, "copying images")
        _write_data(workspace, run / "data" / "val", held)
        sizes = [len(learned)]
        if request.curve and len(learned) >= 2:
            sizes.insert(0, len(learned) // 2)
        points = []
        # The page sees images in it with either model, in the range of the one that is in use, and
        # the new one learns from them as it will see them.
        contrast = contrast_of(workspace, predictor, request.model, job=job).contrast
        normalise = settings_to_learn(predictor, contrast)
        before = _score(workspace, request.model, held, job, contrast=contrast)
        for part, count in enumerate(sizes):
            folder = run if part == len(sizes) - 1 else run / "half"
            data = run / "data" if folder == run else folder / "data"
            _write_data(workspace, data / "train", learned[:count])
            if data != run / "data":
                _write_data(workspace, data / "val", held)
            part_of = part, len(sizes)
            words = [*_channel_words(channel), *_normalisation_words(normalise)]
            _run(job, data, folder, start, request, words, part=part_of)
            label = name if folder == run else f"{name}/half"
            made = folder / "model.kontur"
            after = _score(workspace, label, held, job, path=made, contrast=contrast)
            points.append({"images": count, "ap": after})
    except BaseException as error:
        if isinstance(error, Cancelled) or not (run / "model.kontur").exists():
            shutil.rmtree(run, ignore_errors=True)  # made here, and of no use without its model
        raise
    return job.result | {
        "before": before,
        "after": points[-1]["ap"],
        "points": points,
        "advice": _advice(points),
    }


def _advice(points: Sequence[dict[str, Any]]) -> str:
    """Whether more corrections would help; "more", "enough", or "" where nobody measured it."""
    if len(points) < 2:
        return ""
    return "more" if points[-1]["ap"] - points[0]["ap"] > GAIN else "enough"


def _new_run(root: Path) -> Path:
    """A new folder for a training, numbered within the day."""
    day = date.today().isoformat()
    number = 1
    while True:
        run = root / MODELS / f"{day}-{number}"
        try:
            run.mkdir(parents=True)
            return run
        except FileExistsError:
            number += 1


def _write_data(workspace: Workspace, folder: Path, planes: Sequence[Plane]) -> None:
    """Images and their outlines as a training folder; image files are linked where that works."""
    images, outlines = folder / "images", folder / "outlines"
    images.mkdir(parents=True, exist_ok=True)
    outlines.mkdir(exist_ok=True)
    for image, page in planes:
        found = workspace.annotations.open(image, page).instances
        flat = image.path.relative_to(workspace.root).as_posix().replace("/", "__")
        if image.path in workspace.folder.shared_stems:  # outlines find their image by its stem
            flat = flat.replace(".", "-") + image.path.name.removeprefix(stem(image.path))
        file = images / flat
        if (
            workspace.pictures.pages(image) > 1 or image.path.is_dir()
        ):  # a stack, or a store of Zarr
            import tifffile

            file = images / f"{flat}.page{page:04}.tif"
            plane = workspace.pictures.read(image, page).image
            pixels = np.asarray(plane.pixels)
            if plane.stains:
                about = {"axes": "CYX", "Channel": {"Name": list(plane.stains)}}
                tifffile.imwrite(file, pixels.transpose(2, 0, 1), ome=True, metadata=about)
            else:
                tifffile.imwrite(file, pixels.squeeze(axis=2) if pixels.shape[2] == 1 else pixels)
        elif not file.exists():
            try:
                os.link(image.path.resolve(), file)
            except OSError:  # another disk, or one without links
                shutil.copyfile(image.path, file)
        target = outlines / f"{stem(file)}.geojson"
        formats.write_images(target, [ImageAnnotation(file.name, found.size, _flat(found))])


def _flat(instances: Instances) -> Instances:
    """The objects without their plane: the copy of a plane is an image of its own."""
    return replace(instances, plane=None)


def _channel_words(channel: Channel | None) -> list[str]:
    return [] if channel is None else [f"data.channel={json.dumps(channel)}"]


def _normalisation_words(normalise: "NormaliseConfig | None") -> list[str]:
    """The settings of a normalisation, as `kontur train --set` takes them."""
    if normalise is None:
        return []
    changed = {"mode": normalise.mode, **normalise.model_dump(mode="json", exclude_defaults=True)}
    return [f"normalise.{name}={json.dumps(value)}" for name, value in changed.items()]


def _run(
    job: Job,
    data: Path,
    run: Path,
    start: Path,
    request: TrainRequest,
    settings: Sequence[str],
    *,
    part: tuple[int, int],
) -> None:
    """One `kontur train` in a process of its own; raises `InputError` with its last words."""
    arguments = ["train", str(data), "--out", str(run), "--from", str(start)]
    arguments += ["--minutes", str(request.minutes)]
    if request.steps is not None:
        arguments += ["--set", f"training.steps={request.steps}"]
    for setting in settings:
        arguments += ["--set", setting]
    log_file = run.parent / f".{run.name}.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", TRAINING, *arguments],
            stdin=subprocess.PIPE,  # which closes where this process is killed: the training ends
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is for the server, which ends this
        )
    try:
        began = time.monotonic()
        while process.poll() is None:
            given = request.minutes * 60
            elapsed = min(time.monotonic() - began, given)
            job.result["curve"] = _curve(run)
            job.result["seconds_left"] = round((part[1] - part[0]) * given - elapsed)
            job.progress((part[0] + elapsed / given) / part[1], 1)
            time.sleep(POLL)
        job.result["curve"] = _curve(run)
        if process.returncode != 0 or not (run / "model.kontur").exists():
            raise InputError(f"the training ended without a model: {_last_line(log_file)}")
    finally:
        _end(process)
        log_file.unlink(missing_ok=True)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Stop a training that still runs: politely, then not."""
    assert process.stdin is not None
    process.stdin.close()
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
    if process.poll() is None:
        process.kill()
        process.wait()


def _last_line(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    # ONNX Runtime's warnings, in colours of a terminal, are nothing to show
    lines = [line.strip() for line in text.splitlines() if line.strip() and "\x1b" not in line]
    return lines[-1].removeprefix("Error: ")[:300] if lines else ""


def _curve(run: Path) -> list[dict[str, Any]]:
    """Step, loss and validation AP of the rows that the run has logged so far."""
    path = run / "metrics.jsonl"
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):  # the line that is being written
            row = json.loads(line)
            rows.append(
                {
                    "step": row["step"],
                    "loss": row.get("train/total"),
                    "ap": row.get("val/AP"),
                }
            )
    return [row for row in rows if row["loss"] is not None or row["ap"] is not None][-500:]


def _score(
    workspace: Workspace,
    name: str,
    planes: Sequence[Plane],
    job: Job,
    *,
    path: Path | None = None,
    contrast: "Contrast | None" = None,
) -> float:
    """The mean AP of a model on planes whose outlines are right, in a contrast; without classes.

    The class-agnostic AP of `kontur evaluate`.
    """
    from kontur.evaluate import evaluate_all
    from kontur.infer.load import load
    from kontur.infer.options import PredictOptions

    options = PredictOptions(contrast=contrast)
    predictor = workspace.models.predictor(name) if path is None else load(path)
    pairs = []
    for image, page in planes:
        job.check()
        picture = workspace.picture_for_model(predictor, image, page)
        found = predictor.predict_detailed(picture, options).instances
        true = workspace.annotations.open(image, page).instances
        pairs.append((_one_class(true), _one_class(found)))
    ap = evaluate_all(pairs, metrics=["ap"]).mean_ap
    return 1.0 if math.isnan(ap) else ap  # no object, and none found


def _one_class(instances: Instances) -> Instances:
    zeros = np.zeros(len(instances), dtype=np.int64)
    return _flat(instances).replace(labels=zeros, classes=CLASSES)
