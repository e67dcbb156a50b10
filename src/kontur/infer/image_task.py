"""Tasks: what is done to an image, by whichever thread, process or machine.

An image that one view shows is a task. One that is looked at in tiles, or a stack of planes, is a
task that says which of these parts are missing, a task for each of them, and one that joins what
they gave. Files and parts are written whole or not at all and depend on nothing but the image and
the settings, so a task that is done twice, because whoever did it first died or was thought dead,
does no harm.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, Semaphore
from typing import Any, Literal, NamedTuple

from kontur.errors import InputError
from kontur.formats.images import open_image
from kontur.formats.lazy_pixels import LazyPixels, OpenImage, thinned
from kontur.infer.hints import channel_hint, size_hint
from kontur.infer.image_errors import naming_image
from kontur.infer.inputs import InputImage
from kontur.infer.journal import ImagePage
from kontur.infer.memory import available_memory
from kontur.infer.options import PredictOptions
from kontur.infer.outputs import ENDINGS, output_file, writing_outputs
from kontur.infer.parts import ImagePlan
from kontur.infer.predict import Predictor
from kontur.infer.record import SourceFile, page_of
from kontur.infer.region import of_image
from kontur.infer.source_stamp import SourceStamp, changed_sentence, then
from kontur.infer.stack_prediction import Stack
from kontur.infer.tile_store import TileStore
from kontur.infer.tiled import BUDGET, SHARE, ObjectTooLargeError
from kontur.infer.unfinished import Unfinished

LARGE = 4e6  # pixels of an image whose network takes the memory of many small ones
KEPT = 2  # images in tiles that a worker keeps open: the one that ends and the one that begins
OnPart = Callable[[InputImage, int, int], None]  # an image, its finished parts, and all of them
# An image, or the parts of it that are missing; one part; what all of them gave, written; an image
# in one view whatever its size.
Step = Literal["image", "part", "join", "whole"]
Part = tuple[int, ...]  # row and column of a tile, or the page of a plane


@dataclass(frozen=True)
class Outcome:
    """The result of one image: objects in `seconds`, or `failure`, or it was there already.

    `seconds` are those of all its tasks. `changed`: its file has changed since the outlines that
    were there. `unverified`: outlines were there without a record of their image file.
    `removed`: earlier files of ours that cannot hold all pages. `left`: files of other formats that
    stayed as they were. `hint`: a sentence on what to try.
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
    removed: tuple[Path, ...] = ()
    left: tuple[Path, ...] = ()
    failure: str | None = None
    hint: str | None = None

    def results(self) -> dict[str, Any]:
        """What the record says of it."""
        results = {"objects": self.objects, "repaired": self.repaired}
        return {**results, "scale": round(self.scale, 4), "contrast": self.contrast}


@dataclass(frozen=True)
class Job:
    """An image and the files to write of it; none where all are there.

    `source` is its content, where that is known already; `outputs` are the words of all files that
    are ours once these are written, `stale` files of ours that are to go then, `left` files of
    other formats that no record says are ours, and `objects` the number of outlines that are there.
    `stamp` was taken before the content was noted. `page` is the hidden file that says what was
    written, until the record does.
    """

    input: InputImage
    source: SourceFile | None
    files: tuple[Path, ...]
    outputs: tuple[str, ...] = ()
    changed: bool = False
    unverified: bool = False
    stale: tuple[Path, ...] = ()
    left: tuple[Path, ...] = ()
    objects: int = 0
    stamp: SourceStamp | None = None
    page: Path | None = None

    def changed_since(self) -> bool:
        """Whether the image is another one than its stamp is of, if it has one."""
        return self.stamp is not None and self.stamp.differs(self.input.path)

    def check(self) -> None:
        """Raise `InputError` where the image has changed since."""
        if self.changed_since():
            raise InputError(changed_sentence(self.input.path))

    def check_part(self) -> None:
        """The same after a part; the many files of a store are looked at once, at the end."""
        if not self.input.path.is_dir():
            self.check()

    def skipped(self) -> Outcome:
        """The outcome of an image of which nothing is to be written."""
        return Outcome(self.input, objects=self.objects, skipped=True, unverified=self.unverified)


@dataclass(frozen=True)
class Work:
    """What is the same for all images of a call: options, the folder `out`, and its settings.

    `settings` are those of the record: model, thresholds, precision and options.
    """

    options: PredictOptions
    out: Path
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """A step of the work on an image; the part that is meant, and the side of all tiles."""

    job: Job
    step: Step = "image"
    part: Part | None = None
    side: int | None = None


class TaskResult(NamedTuple):
    """What a task gave, in so many `seconds`.

    `outcome` of its image where that is decided. Of an image in parts, the `missing` ones of
    `total`, and the `side` where they are tiles. `too_large`: an object is larger than tiles show.
    `job` is that of the task, with the content of the image.
    """

    job: Job
    outcome: Outcome | None = None
    missing: tuple[Part, ...] = ()
    total: int = 0
    side: int | None = None
    too_large: bool = False
    seconds: float = 0.0


class ImageWorker:
    """A predictor that does the tasks of a folder; several threads may share it.

    Tiles, and images and planes of more than `LARGE` pixels, are looked at as many at a time as fit
    into memory.
    """

    def __init__(self, predictor: Predictor, work: Work):
        self.predictor, self.work = predictor, work
        self._room = Semaphore(large_at_a_time())
        self._plans: OrderedDict[tuple[str, int | None], tuple[OpenImage, ImagePlan]]
        self._plans, self._planning = OrderedDict(), Lock()

    def do(self, task: Task) -> TaskResult:
        """Do a task. What is wrong with the image is an outcome with a failure.

        Raises `OSError` where the folder cannot be written.
        """
        start = time.perf_counter()
        steps: dict[Step, Callable[[Task], TaskResult]]
        if self.work.options.page == "all":
            steps = {"image": self._stack, "part": self._plane, "join": self._join_planes}
        else:
            steps = {"image": self._image, "part": self._tile, "join": self._join}
            steps["whole"] = self._whole
        try:
            with naming_image(task.job.input.path):
                result = steps[task.step](task)
        except InputError as error:
            other = task.job.changed_since()  # it may also not have been readable because of that
            for parts in ("tiles", "planes"):
                unfinished = Unfinished(self._unfinished_folder(task.job, parts), parts, {})
                unfinished.remove() if other else unfinished.remove_if_empty()
            failure = changed_sentence(task.job.input.path) if other else str(error)
            outcome = Outcome(task.job.input, failure=failure, changed=task.job.changed)
            result = TaskResult(task.job, outcome)
        return result._replace(seconds=time.perf_counter() - start)

    def _image(self, task: Task) -> TaskResult:
        job = self._with_source(task.job)
        picture = self._opened(job)
        store = self._store(job)
        with self._room_for(picture):
            plan = self.predictor.plan(picture, self._of_picture(job), side=store.side)
            if plan.tiled is None:
                return self._written(job, picture, plan)
        tiling = plan.tiled.tiling
        store.begin(tiling)
        with self._planning:
            self._keep((job.input.name, tiling.side), (picture, plan))
        missing = tuple((t.row, t.column) for t in plan.tiled.tiles if not store.holds(tiling, t))
        total = len(plan.tiled.tiles)
        return TaskResult(job, missing=missing, total=total, side=tiling.side)

    def _tile(self, task: Task) -> TaskResult:
        _, plan = self._plan(task)
        assert plan.tiled is not None
        assert task.part is not None
        tiled, store = plan.tiled, self._store(task.job)
        try:
            with self._room:
                tile = tiled.tiling.tile(*task.part)
                store.add(tiled.tiling, tile, tiled.candidates(tile, plan.thresholds))
        except ObjectTooLargeError:
            if self.work.options.tile is not None:
                raise
            return TaskResult(task.job, too_large=True)
        return TaskResult(task.job)

    def _join(self, task: Task) -> TaskResult:
        picture, plan = self._plan(task)
        store = self._store(task.job)
        with self._room:  # tiles that were lost since are looked at again
            result = self._written(task.job, picture, plan, store)
        self._forget(task)
        return result

    def _whole(self, task: Task) -> TaskResult:
        picture = self._opened(task.job)
        with self._room:
            plan = self.predictor.plan(picture, self._of_picture(task.job), shown="whole")
            result = self._written(task.job, picture, plan)
        self._forget(task)
        return result

    def _written(
        self, job: Job, picture: OpenImage, plan: ImagePlan, store: TileStore | None = None
    ) -> TaskResult:
        """The files of an image whose tiles, if any, are in a store; which is then removed."""
        card, parts = self.predictor.card, self.predictor.parts_of(plan, store=store)
        if isinstance(picture.pixels, LazyPixels):
            parts = replace(parts, resolved=then(parts.resolved, job.check))
        path = job.input.path
        channels = channel_hint(thinned(picture.pixels), card, self.work.options)
        with writing_outputs(job.files, path, picture, parts, card.classes) as (repaired, areas):
            outcome = Outcome(
                job.input,
                objects=len(areas),
                repaired=repaired,
                scale=parts.scale,
                contrast=parts.contrast,
                changed=job.changed,
                left=job.left,
                hint=channels or size_hint(areas, card, self.work.options),
            )
            page = self._page(job, outcome)
        page.end()
        self._store(job).remove()
        return TaskResult(replace(job, page=page.file), outcome)

    def _stack(self, task: Task) -> TaskResult:
        job = self._with_source(task.job)
        total, missing = self._planes(job).begin()
        return TaskResult(job, missing=tuple((page,) for page in missing), total=total)

    def _plane(self, task: Task) -> TaskResult:
        assert task.part is not None
        planes, (page,) = self._planes(task.job), task.part
        with naming_image(task.job.input.path, page):
            picture = planes.open(page)
            with self._room_for(picture):
                planes.predict(page, picture)
        return TaskResult(task.job)

    def _join_planes(self, task: Task) -> TaskResult:
        job, options = task.job, self.work.options
        planes = self._planes(job)
        with self._room:
            job.check()
            with planes.writing(job.files) as found:
                outcome = Outcome(
                    job.input,
                    objects=len(found.areas),
                    repaired=found.repaired,
                    scale=found.scale,
                    contrast=found.contrast,
                    changed=job.changed,
                    removed=job.stale,
                    left=job.left,
                    hint=size_hint(found.areas, self.predictor.card, options),
                )
                page = self._page(job, outcome)
        for file in job.stale:
            file.unlink(missing_ok=True)
        page.end()
        planes.remove()
        return TaskResult(replace(job, page=page.file), outcome)

    def _page(self, job: Job, outcome: Outcome) -> ImagePage:
        """Note which files are about to get their names, and which are about to go."""
        out, name = self.work.out, job.input.name
        results = {**outcome.results(), "outputs": [*job.outputs]}
        page = page_of(name, results, job.source, out=out, settings=self.work.settings)
        page.begin([word for word in ENDINGS if output_file(name, out, word) in job.stale])
        return page

    def _planes(self, job: Job) -> Stack:
        return Stack(
            self.predictor,
            job.input.path,
            self.work.options,
            folder=self._unfinished_folder(job, "planes"),
            identity=self._identity(job),
            check=job.check_part,
        )

    def _of_picture(self, job: Job) -> PredictOptions:
        """The options of an image of which channel, page and region are picked already."""
        region = of_image(self.work.options.region, job.input.path)
        return replace(self.work.options, channel=None, page=None, region=region)

    def _opened(self, job: Job) -> OpenImage:
        options = self.work.options
        assert options.page != "all"
        picture = open_image(job.input.path, channel=options.channel, page=options.page)
        job.check()
        return picture

    def _room_for(self, picture: OpenImage) -> AbstractContextManager[Any]:
        """What a picture is looked at within, so that not too many large ones are at a time."""
        height, width = picture.pixels.shape[:2]
        return self._room if height * width > LARGE else nullcontext()

    def _with_source(self, job: Job) -> Job:
        path = job.input.path
        stamp = job.stamp or SourceStamp.of(path)  # before the digest, which takes its time
        return replace(job, stamp=stamp, source=job.source or SourceFile.of(path, self.work.out))

    def _store(self, job: Job) -> TileStore:
        """The tiles of an image that is not finished."""
        return TileStore(self._unfinished_folder(job, "tiles"), self._identity(job), job.check_part)

    def _identity(self, job: Job) -> Mapping[str, Any]:
        """Of which content and settings the finished parts of an image are."""
        return {**self.work.settings, "source": job.source}

    def _unfinished_folder(self, job: Job, parts: str) -> Path:
        """The hidden folder of the finished parts of an image that is not finished."""
        place = self.work.out / job.input.name
        return place.with_name(f".{place.name}.{parts}")

    def _plan(self, task: Task) -> tuple[OpenImage, ImagePlan]:
        """An image in tiles, measured once for all its tiles that come here."""
        key = task.job.input.name, task.side
        with self._planning:
            known = self._plans.get(key)
            if known is None:
                picture = self._opened(task.job)
                options = self._of_picture(task.job)
                known = picture, self.predictor.plan(picture, options, side=task.side)
            self._keep(key, known)
        return known

    def _keep(self, key: tuple[str, int | None], known: tuple[OpenImage, ImagePlan]) -> None:
        self._plans[key] = known
        self._plans.move_to_end(key)
        while len(self._plans) > KEPT:
            self._plans.popitem(last=False)

    def _forget(self, task: Task) -> None:
        with self._planning:
            self._plans.pop((task.job.input.name, task.side), None)


def large_at_a_time() -> int:
    """How many images whose views take all of `BUDGET` may be predicted together; at least one."""
    enough = 1000 * BUDGET
    return max(1, int(SHARE * min(available_memory(enough), enough) / BUDGET))
