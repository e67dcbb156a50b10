"""Does the tasks of images with a predictor, of large ones as many at a time as fit into memory."""

import errno
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Lock, Semaphore
from typing import Any

from kontur.errors import InputError
from kontur.images.image_file import open_image
from kontur.images.lazy_pixels import LazyPixels, OpenImage, thinned
from kontur.infer.hints import channel_hint, labels_hint, size_hint, track_hint, values_hint
from kontur.infer.memory import available_memory
from kontur.infer.options import PredictOptions
from kontur.infer.outputs import ENDINGS, output_file, writing_outputs
from kontur.infer.predict import Predictor
from kontur.infer.records.journal import ImageJournal
from kontur.infer.records.record import journal_of
from kontur.infer.records.source_file import SourceFile
from kontur.infer.records.source_stamp import SourceStamp, changed_sentence, then
from kontur.infer.region import of_image
from kontur.infer.stacks.stack_prediction import Stack
from kontur.infer.tasks.image_task import Job, OnJoin, Outcome, Task, TaskKind, TaskResult, Work
from kontur.infer.tiling.parts import ImagePlan
from kontur.infer.tiling.tile_store import TileStore
from kontur.infer.tiling.tiled import BUDGET, SHARE, ObjectTooLargeError
from kontur.infer.unfinished import Unfinished

LARGE = 4e6  # pixels of an image whose network takes the memory of many small ones
KEPT = 2  # images in tiles that a worker keeps open: the one that ends and the one that begins
# Messages of engines without enough memory, which raise exceptions of their own.
NO_MEMORY = ("allocate memory", "bad allocation", "bad_alloc", "out of memory", "not enough memory")


class ImageWorker:
    """A predictor that does the tasks of a folder; several threads may share it.

    Tiles, and images and planes of more than `LARGE` pixels, are looked at as many at a time as fit
    into memory.
    """

    def __init__(
        self,
        predictor: Predictor,
        work: Work,
        on_join: OnJoin = lambda doing, done, total: None,
    ):
        self.predictor, self.work, self._on_join = predictor, work, on_join
        self._room = Semaphore(large_at_a_time())
        self._plans: OrderedDict[tuple[str, int | None], tuple[OpenImage, ImagePlan]]
        self._plans, self._planning = OrderedDict(), Lock()

    def do(self, task: Task) -> TaskResult:
        """Do a task. What is wrong with the image is an outcome with a failure.

        Raises `OSError` where the folder cannot be written.
        """
        start = time.perf_counter()
        methods: dict[TaskKind, Callable[[Task], TaskResult]]
        if self.work.options.page == "all":
            methods = {"image": self._stack, "part": self._plane, "join": self._join_planes}
        else:
            methods = {"image": self._image, "part": self._tile, "join": self._join}
            methods["whole"] = self._whole
        try:
            with _naming(task.job.input.path):
                result = methods[task.kind](task)
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
                row, column = task.part
                tile = tiled.tiling.tile(row, column)
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
        looked_at = thinned(picture.pixels)
        hint = labels_hint(looked_at) or values_hint(plan.chosen.image.normalisation)
        hint = hint or channel_hint(looked_at, card, self.work.options)
        with writing_outputs(job.files, path, picture, parts, card.classes) as (repaired, areas):
            outcome = Outcome(
                job.input,
                objects=len(areas),
                repaired=repaired,
                scale=parts.scale,
                contrast=parts.contrast,
                range=plan.chosen.image.normalisation.range,
                changed=job.changed,
                removed=job.stale,
                left=job.left,
                hint=hint or size_hint(areas, card, self.work.options),
            )
            journal = self._journal(job, outcome)
        self._end(job, journal)
        self._store(job).remove()
        return TaskResult(replace(job, journal=journal.file), outcome)

    def _stack(self, task: Task) -> TaskResult:
        job = self._with_source(task.job)
        total, missing = self._planes(job).begin()
        return TaskResult(job, missing=tuple((page,) for page in missing), total=total)

    def _plane(self, task: Task) -> TaskResult:
        assert task.part is not None
        planes, (page,) = self._planes(task.job), task.part
        with _naming(task.job.input.path, page):
            picture = planes.open(page)
            with self._room_for(picture):
                planes.predict(page, picture)
        return TaskResult(task.job)

    def _join_planes(self, task: Task) -> TaskResult:
        job, options = task.job, self.work.options
        planes = self._planes(job)
        with self._room:
            job.check()
            with planes.writing(job.files, self._on_join) as found:
                outcome = Outcome(
                    job.input,
                    objects=len(found.areas),
                    repaired=found.repaired,
                    scale=found.scale,
                    contrast=found.contrast,
                    changed=job.changed,
                    removed=job.stale,
                    left=job.left,
                    hint=track_hint(found.pages, options)
                    or found.hint
                    or size_hint(found.areas, self.predictor.card, options),
                )
                journal = self._journal(job, outcome)
        self._end(job, journal)
        planes.remove()
        return TaskResult(replace(job, journal=journal.file), outcome)

    def _journal(self, job: Job, outcome: Outcome) -> ImageJournal:
        """Note which files are about to get their names, and which are about to go."""
        out, name = self.work.out, job.input.name
        results = {**outcome.results(), "outputs": [*job.outputs]}
        journal = journal_of(name, results, job.source, out=out, settings=self.work.settings)
        journal.begin([word for word in ENDINGS if output_file(name, out, word) in job.stale])
        return journal

    def _end(self, job: Job, journal: ImageJournal) -> None:
        """The files have their names: what shows other outlines goes."""
        for file in job.stale:
            file.unlink(missing_ok=True)
        journal.end()

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


@contextmanager
def _naming(path: Path, page: int | None = None) -> Iterator[None]:
    """Every sentence about an image names its file, also that of one too large for the memory.

    And the `page`, if one is given, of which it is.
    """
    try:
        yield
    except InputError as error:
        if str(path) in str(error):
            raise
        where = path if page is None else f"{path}, page {page}"
        raise InputError(f"{where}: {str(error).removeprefix('the image: ')}") from None
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
