"""Two processes that torchrun started, on processors: the training of one with twice the batch."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import torch

from kontur.data.synthetic import write_dataset
from kontur.errors import InputError
from kontur.train.devices import Devices, choose_devices
from tests.train.runs import SMALL, run

PROGRAM = "from kontur.cli import main; main()"
# Every crop is the same: a loss or a normalisation over half of them is that over all of them.
ALIKE = (
    *("augment.crop=64", "augment.scale_probability=0", "augment.rotate=none", "augment.flip=none"),
    *("augment.object_crops=0", "augment.elastic=0", "augment.intensity=0", "augment.invert=0"),
    *("augment.desaturate=0", "augment.shuffle=0", "augment.shading=0", "augment.blur=0"),
    *("augment.noise=0", "data.scale=1", "training.steps=3", "training.validate_every=3"),
)


@pytest.fixture(scope="module")
def alike(tmp_path_factory):
    """One image of the size of a crop."""
    path = tmp_path_factory.mktemp("data") / "alike"
    write_dataset(path, 1, size=(64, 64), count=4, radius=(6.0, 12.0))
    shutil.copytree(path, path.with_name("copy"))
    return path


def torchrun(data, out, *settings):
    """What two processes print."""
    words = [word for setting in (*SMALL, *ALIKE, *settings) for word in ("--set", setting)]
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"),
        *("--no-python", sys.executable, "-c", PROGRAM),
        *(
            "train",
            str(data),
            "--val",
            str(data.with_name("copy")),
            "--out",
            str(out),
            "--preset",
            "tiny",
            *words,
        ),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_two_processes_train_what_one_trains_with_twice_the_batch(alike, tmp_path):
    printed = torchrun(alike, tmp_path / "two", "training.batch=1")
    assert printed.count("step 3 ") == 1  # the first process alone tells
    run(alike, tmp_path / "one", *ALIKE, "training.batch=2", val=str(alike.with_name("copy")))
    two, one = (losses(tmp_path / name) for name in ("two", "one"))
    assert two["val/loss"] == pytest.approx(one["val/loss"], rel=1e-3)
    for name in ("heatmap", "size", "offset"):  # the others begin from boxes that are shaken
        assert two[f"train/{name}"] == pytest.approx(one[f"train/{name}"], rel=1e-2)
    assert (tmp_path / "two" / "model.kontur").exists()


def losses(out):
    """The losses of all three steps, and of the network after them."""
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert {row["step"] for row in rows} == {3}
    return {name: value for row in rows for name, value in row.items()}


@pytest.fixture
def as_launched(monkeypatch):
    def set_up(rank=3, number=4, here=2):
        values = {"RANK": rank, "WORLD_SIZE": number, "LOCAL_WORLD_SIZE": here}
        for name, value in {**values, "TORCHELASTIC_RUN_ID": "none"}.items():
            monkeypatch.setenv(name, str(value))

    return set_up


def test_a_device_for_each_process_on_all_machines(as_launched):
    as_launched()
    found = choose_devices("cpu", 0)
    assert found == Devices("cpu", 4, rank=3, machines=2)
    assert found.here == 2
    assert choose_devices("cpu", 4) == found


def test_another_number_of_devices_than_of_processes_is_refused(as_launched, monkeypatch):
    as_launched()
    with pytest.raises(InputError, match=r"torchrun started 4 processes and training\.devices=2"):
        choose_devices("cpu", 2)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(InputError, match="2 processes on this machine, which has 1 cuda devices"):
        choose_devices("gpu", 0)
