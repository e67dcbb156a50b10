"""The workers of a Dask cluster: the tasks of a folder on as many machines as there are.

Each worker process has one engine, which its threads share with a processor each. Images, outputs
and the model lie on a disk that all machines see; what a worker lacks is told in a sentence, not
guessed around. The scheduler hands the task of a worker that died to another one. Needs the
package distributed (extra `cluster`).
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Self

import kontur
from kontur import extra
from kontur.data.file_names import CLUSTER_FILE
from kontur.errors import InputError, reason_of
from kontur.files.atomic import write_text
from kontur.files.left_overs import hidden_beside
from kontur.images.object_storage import url_of
from kontur.infer import memory
from kontur.infer.engines.choose_engine import precision_of
from kontur.infer.engines.engine import Device, Precision
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.load import load
from kontur.infer.model_files import find_model, shipped_models
from kontur.infer.predict import Predictor
from kontur.infer.records.source_file import file_digest
from kontur.infer.tasks.image_task import Outcome, Task, TaskResult, Work
from kontur.infer.tasks.image_worker import ImageWorker
from kontur.wording import plural

CONNECT = 10.0  # seconds in which a scheduler has to answer
PATIENCE = 120.0  # seconds for which a cluster may have no worker
ENDING = 60.0  # seconds that tasks which have begun get to end after Ctrl-C; a second one cuts it
POLL = 1.0  # seconds between two looks at the workers while tasks run
AHEAD = 2  # tasks a thread that are submitted, so that none waits for the next
FEWEST = 32  # tasks that are submitted, for clusters that grow with what is asked of them
DEVICE_OF: dict[Precision, Device] = {"int8": "cpu", "bf16": "cuda"}  # of precisions of one
MEMORY = 0.7  # of a worker's limit: Dask gives a worker nothing more to do from 0.8 on
EXTRA = "cluster"
# Where Dask's clients log tracebacks of what we say in a sentence: that the scheduler is gone. And
# the names of tasks that are done once more, for the worker died that held what they gave.
CLIENT_LOG = logging.getLogger("distributed.client")
DONE_AGAIN = "Couldn't gather"


@dataclass(frozen=True)
class Setup:
    """What a worker needs for every task of a call.

    `model` is a shipped model's name or a path; `digest` that of its file; `mark` the name of a
    hidden file in the outputs folder, by which a worker knows that it sees the same disk, and that
    the command has not ended.
    """

    work: Work
    model: str
    digest: str
    device: Device
    precision: Precision
    version: str
    mark: str


class DaskWorkers:
    """The workers behind a scheduler, which may come and go.

    Args:
        cluster: the scheduler's address (`tcp://host:8786`), the file that it wrote
            (`scheduler.json`), or a `distributed.Client`, which stays open.
        model: as in `load`; every worker has to find it by the same name or path.
        device: as in `load`, on each worker.
        patience: seconds for which there may be no worker, as in a queue.
        say: is told in a sentence what is waited for.

    Raises:
        InputError: nothing answers at the address, or the package distributed is missing.
    """

    def __init__(
        self,
        cluster: Any,
        *,
        model: str | Path = "nuclei",
        device: Device = "auto",
        patience: float = PATIENCE,
        notify: Callable[[str], None] = lambda sentence: None,
    ):
        distributed = extra.package("distributed", extra=EXTRA, what="a cluster")
        self._own = not isinstance(cluster, distributed.Client)
        self._client: Any = _connected(distributed, cluster) if self._own else cluster
        self._name = str(cluster) if isinstance(cluster, str | Path) else _address(self._client)
        self._model, self._device, self._notify = model, device, notify
        self._patience = patience
        self._executor: Executor | None = None
        self._setup: Setup | None = None
        self._running: set[Future[TaskResult]] = set()
        self.threads = 0  # of all workers that there are
        self._last_worker = time.monotonic()  # when there was one
        if self._own:  # the log of a client that was given is its owner's
            CLIENT_LOG.addFilter(self._is_told)

    def begin(self, predictor: Predictor, work: Work) -> None:
        """Wait for the first worker, and see that all have this version of Kontur.

        Raises `InputError` where none comes, or one has another version.
        """
        self._last_worker = time.monotonic()
        if not self._workers():
            self._notify(f"the cluster at {self._name} has no workers yet; waiting for the first")
        while not self._workers():
            time.sleep(POLL / 4)
        self._check_versions()
        precision = precision_of(predictor.engine)  # of all alike, or their outlines would differ
        out = work.out.absolute()
        self._setup = Setup(
            replace(work, out=out),
            _everywhere(self._model),
            file_digest(find_model(self._model)),
            DEVICE_OF.get(precision, self._device),
            precision,
            kontur.__version__,
            hidden_beside(out / CLUSTER_FILE).name,
        )
        write_text(out / self._setup.mark, f"kontur predict --cluster {self._name}\n")
        self._executor = self._client.get_executor(pure=False)

    def at_a_time(self) -> int:
        """How many tasks are worth having submitted."""
        return max(AHEAD * self.threads, FEWEST)

    def submit(self, task: Task) -> "Future[TaskResult]":
        """Have a task done by some worker, and by another one where that dies."""
        assert self._executor is not None
        result: Future[TaskResult] = Future()
        assert self._setup is not None
        given = self._executor.submit(do_task, self._setup, _absolute(task))
        self._running.add(result)
        given.add_done_callback(partial(self._pass_on, task, result))
        return result

    def wait(self, futures: "set[Future[TaskResult]]") -> "set[Future[TaskResult]]":
        """Those that are done, at least one. Raises `InputError` where no worker is left."""
        while not (done := wait(futures, POLL, FIRST_COMPLETED).done):
            self._workers()
        return done

    def __enter__(self) -> Self:
        """The workers themselves."""
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the cluster."""
        self.close()

    def close(self) -> None:
        """Begin no further task; those that run are waited for, a minute at most."""
        try:
            if self._setup is not None:
                (self._setup.work.out / self._setup.mark).unlink(missing_ok=True)
            if self._executor is not None:
                self._wait_for_running()
        finally:
            self._leave()

    def _leave(self) -> None:
        """Let go of the client, whose log is whole again."""
        try:
            if self._executor is not None:
                self._executor.shutdown(wait=False)
            self._executor = self._setup = None
            if self._own:
                self._client.close(timeout=CONNECT)
        finally:
            CLIENT_LOG.removeFilter(self._is_told)

    def _is_told(self, record: logging.LogRecord) -> bool:
        """Whether a record is shown: all but these two, which other clients may log, too."""
        return not record.exc_info and not str(record.msg).startswith(DONE_AGAIN)

    def _wait_for_running(self) -> None:
        """Let what workers have begun come to its end, while they refuse the rest.

        Nothing is cancelled: of a task that was done a moment ago the word may be on its way, and
        what it wrote would be in no record.
        """
        try:
            if not self._client.nthreads():
                return  # nobody who could end anything
        except (OSError, TimeoutError):
            return  # the scheduler is gone
        wait(list(self._running), ENDING)

    def _workers(self) -> int:
        """The number of threads of all workers now, 0 for a while at most."""
        now = time.monotonic()
        try:
            self.threads = sum(self._client.nthreads().values())
        except (OSError, TimeoutError) as error:
            raise self._lost() from error
        if self.threads:
            self._last_worker = now
        elif now - self._last_worker > self._patience:
            raise InputError(
                f"the cluster at {self._name} has had no worker for {self._patience:.0f} s; start "
                f"some (dask worker {_address(self._client)}) and give the same command again"
            )
        return self.threads

    def _check_versions(self) -> None:
        """Refuse workers with another Kontur: they might do the tasks otherwise."""
        found = self._client.get_versions(packages=["kontur"])["workers"]
        for worker, about in found.items():
            version = (about or {}).get("packages", {}).get("kontur")
            if version != kontur.__version__:
                raise _other_version(worker, version)

    def _pass_on(self, task: Task, result: "Future[TaskResult]", given: "Future[Any]") -> None:
        """What came of a task on the cluster, as what comes of one here."""
        self._running.discard(result)
        distributed = extra.package("distributed", extra=EXTRA, what="a cluster")
        error = None if given.cancelled() else given.exception()
        if given.cancelled():
            result.set_exception(self._lost())
        elif isinstance(error, distributed.KilledWorker):
            killed = plural(error.allowed_failures + 1, "worker")
            failure = (
                f"{task.job.input.path}: {killed} died while at it, which happens where memory is "
                "short or its time was up; give the same command again, with larger workers"
            )
            result.set_result(TaskResult(task.job, Outcome(task.job.input, failure=failure)))
        elif error is not None:
            result.set_exception(error)
        else:
            result.set_result(_here(task, given.result()))

    def _lost(self) -> InputError:
        return InputError(
            f"the cluster at {self._name} is gone; what is finished is whole, and the same command "
            "goes on with the rest"
        )


class _Desk(NamedTuple):
    """What a worker process has made ready for a call; `turn` is what one task at a time holds."""

    mark: str
    worker: ImageWorker
    turn: AbstractContextManager[Any]


_desks: list[_Desk] = []  # of this worker process: the last one
_arranging = Lock()


def do_task(setup: Setup, task: Task) -> TaskResult:
    """Do a task on a worker; the first of a call loads the model.

    Raises `InputError` where this worker cannot do any: of another version, without the model, or
    without the disk.
    """
    with _arranging:
        if not _desks or _desks[0].mark != setup.mark:
            _desks[:] = [_desk(setup)]
        desk = _desks[0]
    with desk.turn:
        if not (setup.work.out / setup.mark).exists():
            raise InputError("the command has ended, and with it what was not begun")
        return desk.worker.do(task)


def _desk(setup: Setup) -> _Desk:
    from distributed import get_worker

    this = get_worker()
    if setup.version != kontur.__version__:
        raise _other_version(this.address, kontur.__version__)
    out = setup.work.out
    if not (out / setup.mark).exists():
        raise InputError(
            f"the worker {this.address} does not see the folder {out}; images and outputs of a "
            "cluster lie on a disk that all its machines share"
        )
    shared = "put it on a disk that all machines of the cluster share, and give its path"
    try:
        path = find_model(setup.model)
    except InputError:
        raise InputError(
            f"the worker {this.address} finds no model {setup.model}; {shared}"
        ) from None
    if file_digest(path) != setup.digest:
        raise InputError(f"the worker {this.address} has another model {setup.model}; {shared}")
    limit = this.memory_manager.memory_limit
    if limit is not None:
        memory.keep_within(MEMORY * limit)
    predictor = load(path, device=setup.device, threads=1, precision=setup.precision)
    several = isinstance(predictor.engine, OnnxEngine)  # at a time on one engine
    return _Desk(
        setup.mark, ImageWorker(predictor, setup.work), nullcontext() if several else Lock()
    )


def _connected(distributed: Any, cluster: Any) -> Any:
    """A client of the scheduler at an address or in a file, or of a cluster object."""
    if isinstance(cluster, Path) or (isinstance(cluster, str) and cluster.endswith(".json")):
        if not Path(cluster).is_file():
            raise InputError(f"there is no scheduler file {cluster}")
        given = {"scheduler_file": str(cluster)}
    else:
        given = {"address": cluster}
    try:
        return distributed.Client(**given, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError, TimeoutError) as error:
        reason = reason_of(error, most=120)
        raise InputError(
            f"no Dask scheduler answers at {cluster} ({reason}); wanted the address that dask "
            "scheduler prints, such as tcp://host:8786"
        ) from None


def _address(client: Any) -> str:
    return str(client.scheduler.address) if client.scheduler is not None else "an address unknown"


def _other_version(worker: str, version: str | None) -> InputError:
    has = "has no Kontur" if version in (None, "MISSING") else f"has Kontur {version}"
    return InputError(
        f"the worker {worker} {has} and this is {kontur.__version__}; install the same version "
        "on all machines"
    )


def _everywhere(model: str | Path) -> str:
    """A name or path of the model that means the same on every machine."""
    path = find_model(model)
    return str(model) if path in shipped_models().values() else str(path.absolute())


def _absolute(task: Task) -> Task:
    """The task with paths that do not depend on where a process was started."""
    job, image = task.job, task.job.input
    return replace(
        task,
        job=replace(
            job,
            input=image._replace(path=_absolute_path(image.path)),
            files=tuple(file.absolute() for file in job.files),
            stale=tuple(file.absolute() for file in job.stale),
        ),
    )


def _absolute_path(path: Path) -> Path:
    return path if url_of(path) else path.absolute()


def _here(task: Task, result: TaskResult) -> TaskResult:
    """The result of a task with the paths that it has here."""
    job = replace(task.job, source=result.job.source, journal=result.job.journal)
    outcome = result.outcome
    if outcome is not None:
        there, here = str(_absolute_path(job.input.path)), str(job.input.path)
        failure = outcome.failure and outcome.failure.replace(there, here)
        removed = job.stale if outcome.removed else ()
        outcome = replace(outcome, input=job.input, failure=failure, removed=removed)
    return result._replace(job=job, outcome=outcome)
