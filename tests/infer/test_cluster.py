"""A Dask cluster of processes: the same files as here, also where one of them is killed."""

import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
import tifffile
from PIL import Image

import kontur
from kontur.data.file_names import CLUSTER_FILE
from kontur.errors import InputError
from kontur.files.left_overs import hidden_of
from kontur.infer import cluster as cluster_module
from kontur.infer.cluster import DaskWorkers
from kontur.infer.folder import predict_folder
from kontur.infer.inputs import InputImage, find_inputs
from kontur.infer.options import PredictOptions
from kontur.infer.tasks.image_task import Job, Task

distributed = pytest.importorskip("distributed")

MODEL = "nuclei"
TILES = PredictOptions(tile=256)  # of every image that is larger


@pytest.fixture(scope="module")
def client():
    """A cluster of two processes, which its nannies start again when they die."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def predictor():
    return kontur.load(MODEL, device="cpu", threads=1, precision="float32")


@pytest.fixture(scope="module")
def nuclei():
    from kontur.data.packaged_images import NUCLEI

    with Image.open(NUCLEI.path()) as image:
        return np.asarray(image.convert("L"))[:256, :256]


@pytest.fixture(scope="module")
def images(tmp_path_factory, nuclei):
    """Small images, one in six tiles, one without objects, one that is no image."""
    folder = tmp_path_factory.mktemp("images") / "images"
    folder.mkdir()
    for number in range(4):
        part = np.roll(nuclei, 31 * number, axis=1)[:96, :120]
        Image.fromarray(part).save(folder / f"a{number}.png")
    tifffile.imwrite(folder / "large.tif", np.tile(nuclei, (2, 3))[:300, :520])
    Image.fromarray(np.zeros((70, 33), np.uint8)).save(folder / "empty.png")
    (folder / "notes.png").write_text("these are my notes")
    return folder


def run(
    predictor, images, out, workers=1, outputs=("geojson", "csv", "labels"), options=TILES, **how
):
    outcomes = predict_folder(
        predictor,
        find_inputs(images if isinstance(images, list) else [images]),
        out,
        outputs=outputs,
        options=options,
        workers=workers,
        **how,
    )
    with closing(outcomes) as given:
        return list(given)


def contents(out):
    """Every file but the report, which says how long things took, and what a kill cut off."""
    files = [path for path in out.rglob("*") if path.is_file() and path.suffix != ".parquet"]
    files = [path for path in files if not path.name.startswith(".kontur-")]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def rows(path):
    return pyarrow.parquet.read_table(path).to_pylist()


@pytest.fixture(scope="module")
def here(predictor, images):
    """What this process alone makes of the images."""
    out = images.parent / "here"
    run(predictor, images, out)
    return contents(out)


@pytest.fixture
def out(images, request):
    """A folder for outputs beside the images, which the record names relative to it."""
    return images.parent / request.function.__name__


def kill_one(client):
    """SIGKILL for a worker in the middle of a task."""
    busy = [worker for worker, tasks in client.processing().items() if tasks]
    os.kill(client.run(os.getpid, workers=busy[:1])[busy[0]], signal.SIGKILL)


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(
    client, predictor, images, here, out, tmp_path
):
    told = []

    def on_part(image, done, total):
        if image.name == "large":
            told.append((done, total))
            if done == 2:
                kill_one(client)

    report = tmp_path / "report.parquet"
    outcomes = run(
        predictor, images, out, DaskWorkers(client, model=MODEL), on_part=on_part, report=report
    )
    assert contents(out) == here
    assert told == [(done, 6) for done in range(1, 7)]
    table = rows(report)
    assert list(table[0]) == ["name", "objects", "seconds", "error"]
    assert [row["name"] for row in table] == ["a0", "a1", "a2", "a3", "empty", "large", "notes"]
    counts = {outcome.input.name: outcome.objects for outcome in outcomes}
    assert counts["large"] > counts["a0"] > counts["empty"] == 0
    for row in table[:-1]:
        assert (row["objects"], row["error"]) == (counts[row["name"]], None)
        assert row["seconds"] > 0
    assert table[-1]["objects"] is None
    assert table[-1]["error"].startswith(f"{images / 'notes.png'} is not an image that Kontur")


def test_ctrl_c_cancels_what_waits_and_the_rest_is_done_later(client, predictor, images, here, out):
    def interrupt(image, done, total):
        if image.name == "large" and done == 2:
            assert len(hidden_of(out / CLUSTER_FILE)) == 1  # which names this process
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(predictor, images, out, DaskWorkers(client, model=MODEL), on_part=interrupt)
    while client.run_on_scheduler(tasks_known) or any(client.run(tasks_running).values()):
        time.sleep(0.05)
    made = contents(out)
    assert not any(name.startswith("large.") for name in made)  # its tiles were not joined
    assert sum(name.endswith(".npz") for name in made) >= 2
    assert not hidden_of(out / CLUSTER_FILE)
    (recorded,) = json.loads(made["predict.json"])["made"]
    assert {f"{name}.geojson" for name in recorded["images"]} == {
        name for name in made if name.endswith(".geojson")
    }
    done = []
    run(predictor, images, out, on_part=lambda image, *counts: done.append((image.name, *counts)))
    assert all(count > 2 for name, count, _ in done if name == "large")  # those are kept
    assert contents(out) == here


def test_the_planes_of_a_film_are_tasks_of_their_own_in_the_range_of_the_command(
    client, predictor, nuclei, images, tmp_path
):
    film, told = images.parent / "film.tif", []
    frames = np.stack([np.roll(nuclei[:96, :120], 2 * t, axis=1) for t in range(6)])
    tifffile.imwrite(film, frames, imagej=True, metadata={"axes": "TYX"})
    options = PredictOptions(page="all", link=True, contrast=(40, 200))
    how = {"outputs": ("geojson",), "options": options}
    (outcome,) = run(predictor, film, tmp_path / "here", **how)
    assert outcome.failure is None

    def on_part(image, done, total):
        told.append((done, total))
        if done == 2:
            kill_one(client)

    workers = DaskWorkers(client, model=MODEL)
    (there,) = run(predictor, film, tmp_path / "there", workers, on_part=on_part, **how)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    assert there.contrast == outcome.contrast == (40.0, 200.0)
    assert told == [(done, 6) for done in range(1, 7)]


def tasks_known(dask_scheduler):
    return len(dask_scheduler.tasks)


def tasks_running(dask_worker):
    return len(dask_worker.state.executing)


def test_a_report_keeps_the_seconds_of_what_is_skipped(predictor, images, tmp_path):
    out, report = tmp_path / "out", tmp_path / "out" / "predict.parquet"
    small = [images / name for name in ("a0.png", "empty.png", "notes.png")]
    run(predictor, small, out, report=report)
    first = rows(report)
    outcomes = run(predictor, small, out, report=report)
    assert [outcome.skipped for outcome in outcomes] == [True, True, False]
    again = rows(report)
    assert again[:2] == first[:2]
    assert again[2]["error"] == first[2]["error"]


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (
            "tcp://127.0.0.1:9",
            r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 .*wanted the add",
        ),
        ("what://nowhere", "no Dask scheduler answers at what://nowhere"),
        ("missing/scheduler.json", "there is no scheduler file missing/scheduler.json"),
    ],
)
def test_a_wrong_address_is_a_sentence(address, sentence, monkeypatch):
    monkeypatch.setattr(cluster_module, "CONNECT", 0.3)
    with pytest.raises(InputError, match=sentence):
        DaskWorkers(address)


def test_a_cluster_without_workers_is_waited_for_and_then_named(
    predictor, images, tmp_path, monkeypatch
):
    monkeypatch.setattr(cluster_module, "POLL", 0.1)
    said = []
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster:
        workers = DaskWorkers(cluster.scheduler_address, patience=0.3, notify=said.append)
        with pytest.raises(
            InputError, match=r"has had no worker for 0 s; start some \(dask worker"
        ):
            run(predictor, images, tmp_path / "out", workers)
    assert said == [
        f"the cluster at {cluster.scheduler_address} has no workers yet; waiting for the first"
    ]
    assert set(contents(tmp_path / "out")) == {"predict.json"}


def test_workers_of_another_version_are_refused(client, predictor, images, tmp_path, monkeypatch):
    monkeypatch.setattr(kontur, "__version__", "9.9")
    with pytest.raises(InputError, match=r"the worker tcp://.* has Kontur .* and this is 9\.9"):
        run(predictor, images, tmp_path / "out", DaskWorkers(client, model=MODEL))


def test_a_worker_without_the_model_or_with_another_one_says_so(
    client, predictor, images, tmp_path, monkeypatch
):
    monkeypatch.setattr(cluster_module, "_everywhere", lambda model: "/nowhere/m.kontur")
    with pytest.raises(InputError, match=r"worker tcp://.* finds no model /nowhere/m\.kontur; put"):
        run(predictor, images, tmp_path / "one", DaskWorkers(client, model=MODEL))
    monkeypatch.undo()
    monkeypatch.setattr(cluster_module, "file_digest", lambda path: "0" * 16)
    with pytest.raises(InputError, match=r"worker tcp://.* has another model nuclei; put it on"):
        run(predictor, images, tmp_path / "two", DaskWorkers(client, model=MODEL))


def test_a_worker_that_does_not_see_the_outputs_says_so(
    client, predictor, images, tmp_path, monkeypatch
):
    monkeypatch.setattr(cluster_module, "write_text", lambda path, text: None)
    with pytest.raises(InputError, match=r"worker tcp://.* does not see the folder .*shar"):
        run(predictor, images, tmp_path / "out", DaskWorkers(client, model=MODEL))


class Executor:
    """One that has a future for every task."""

    def __init__(self, future):
        self.future = future

    def submit(self, *task):
        return self.future


def result_of(client, future, tmp_path):
    workers = DaskWorkers(client, model=MODEL)
    workers._executor, workers._setup = Executor(future), object()
    image = InputImage("a", tmp_path / "a.png")
    return workers.submit(Task(Job(image, None, (tmp_path / "a.csv",)))).result()


def test_a_task_that_kills_every_worker_is_its_image_s_failure(client, tmp_path):
    from distributed.scheduler import WorkerState

    future = Future()
    worker = WorkerState(
        address="tcp://a:1",
        name="a",
        nthreads=1,
        memory_limit=0,
        server_id="a",
        pid=0,
        local_directory="",
        status=distributed.Status.running,
        nanny="",
        services={},
        versions={},
        extra={},
        scheduler=None,
    )
    future.set_exception(distributed.KilledWorker("task", worker, 3))
    outcome = result_of(client, future, tmp_path).outcome
    assert f"{tmp_path / 'a.png'}: 4 workers died while at it" in outcome.failure


def test_a_scheduler_that_went_away_is_a_sentence(client, tmp_path):
    future = Future()
    future.cancel()
    with pytest.raises(InputError, match=r"the cluster at .* is gone; what is finished is whole"):
        result_of(client, future, tmp_path)


def has(log, **said):
    """Whether a log lets a record pass."""
    return bool(log.filter(logging.makeLogRecord({"msg": "lost", **said})))


def test_a_client_of_our_own_logs_no_tracebacks_before_that_sentence_nor_what_is_done_again(client):
    log = logging.getLogger("distributed.client")
    traceback = {"exc_info": (OSError, OSError("lost"), None)}
    with DaskWorkers(client, model=MODEL):
        assert has(log, **traceback)  # the log of a client that was given is its owner's
    with DaskWorkers(client.scheduler.address, model=MODEL):
        assert not has(log, **traceback)
        assert not has(log, msg="Couldn't gather %s keys, rescheduling %s", args=(1, {}))
        assert has(log)  # what is neither is of any client's
    assert has(log, **traceback)


def test_the_log_is_whole_again_whatever_ends_the_workers(client, monkeypatch):
    log = logging.getLogger("distributed.client")
    before = [*log.filters]

    def fail(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cluster_module, "_address", fail)
        with pytest.raises(KeyboardInterrupt):  # a cluster object has no address of its own
            DaskWorkers(client.cluster, model=MODEL)
    assert log.filters == before
    workers = DaskWorkers(client.scheduler.address, model=MODEL)
    workers._executor = client.get_executor()
    monkeypatch.setattr(workers, "_wait_for_running", fail)
    with pytest.raises(KeyboardInterrupt):
        workers.close()
    assert log.filters == before
    assert workers._client.status == "closed"


def test_the_script_for_a_queue_runs_with_the_stand_in_for_slurm(images, tmp_path):
    """The very script of the page, its jobs started on this machine."""
    page = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(from pathlib.*?)```", page, re.DOTALL)
    assert "SLURMCluster" in script
    for ours, stand_in in (
        ("from dask_jobqueue import", "from dask_jobqueue.local import"),
        ("SLURMCluster", "LocalCluster"),
        ("maximum_jobs=20", "maximum_jobs=1"),
    ):
        script = script.replace(ours, stand_in)
    (tmp_path / "script.py").write_text(script)
    (tmp_path / "plates").mkdir()
    for name in ("a0.png", "notes.png"):
        shutil.copy(images / name, tmp_path / "plates")
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^a0 [1-9]\d*\s*$", done.stdout, re.MULTILINE), done.stdout
    errors = [row["error"] for row in rows(tmp_path / "predicted" / "predict.parquet")]
    assert errors[0] is None
    assert "notes.png is not an image" in errors[1]
