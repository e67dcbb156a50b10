"""Studies with true fits: trained here and not in processes, which would load torch each time."""

import json
import os
import signal
import threading
import time
from contextlib import ExitStack

import pytest

from kontur.data.folder import open_folder
from kontur.data.synthetic import write_dataset
from kontur.errors import InputError
from kontur.infer import held_out
from kontur.infer.load import load
from kontur.train.folder_lock import folder_lock
from kontur.train.study import fit
from kontur.train.study import jobs as room
from tests.train import runs
from tests.train.study.studies import study, write_coco

QUICK = [word for word in runs.SMALL if not word.startswith(("training.steps", "model."))]
QUICK += [f"snake:{word}" for word in runs.SMALL if word.startswith("model.")]
QUICK += [f"snake:{word}" for word in runs.FEW_GRAPHS]
GIVEN = (
    "polarity=bright",
    "smooth=1",
    "level=1",
    "min_distance=0",
    "smallest=20",
)  # nothing to tune
QUICK += [f"baseline:model.{word}" for word in GIVEN]


@pytest.fixture
def interruptions(monkeypatch):
    """The fits that were interrupted, now that all are made in this process."""
    stopped = []

    def here(module, words, *, log, tick):
        work = fit if module.endswith(".fit") else held_out
        monkeypatch.setattr(work, "end_with_parent", lambda: None)
        monkeypatch.setattr("sys.argv", [module, *words])
        code = work.main()
        if code > 128:
            stopped.append(words[0])
            raise KeyboardInterrupt
        assert code == 0

    monkeypatch.setattr(room, "run_worker", here)
    return stopped


def test_a_fit_that_was_interrupted_goes_on_and_the_best_is_trained_on_all(
    tmp_path, monkeypatch, interruptions
):
    folder, out = tmp_path / "data", tmp_path / "study"
    write_dataset(folder, 4, size=(40, 48), count=2, radius=(4.0, 7.0))
    options = {
        "folds": 2,
        "steps": 4,
        "settings": [*QUICK, "training.save_every=2", "augment.crop=32"],
    }
    with monkeypatch.context() as patch:
        runs.at_step(patch, 3, end_in_order)
        with pytest.raises(KeyboardInterrupt):
            study(folder, out, **options)
    assert len(interruptions) == 1
    found, output = study(folder, out, **options)
    assert set(found.order) == {"snake", "baseline"}
    assert found.failures == []
    first = out / "fits" / "snake" / "fold-1"
    rows = [json.loads(line) for line in (first / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "rate" in row] == [4]
    assert not list(first.rglob("*.ckpt"))
    assert json.loads((first / "result.json").read_text())["parameters"] > 1000
    assert len(load(out / "best").predict(open_folder(folder).samples[0].image)) >= 0
    assert "training" in output


def test_a_fit_waits_for_that_of_a_study_that_was_killed_just_now(tmp_path, monkeypatch):
    begun = []

    def end():
        time.sleep(0.05)
        lock.close()

    monkeypatch.setattr("kontur.train.run.train", lambda **_: begun.append(time.monotonic()))
    with ExitStack() as lock:
        lock.enter_context(folder_lock(tmp_path))
        thread = threading.Thread(target=end)
        thread.start()
        with pytest.raises(InputError, match="no checkpoint"):
            fit.train(tmp_path / "config.toml", tmp_path)
        thread.join()
    assert len(begun) == 1


def end_in_order():
    """What a closed pipe does to a training."""
    os.kill(os.getpid(), signal.SIGTERM)


def test_two_classes_in_16_bit_images_of_odd_sizes_are_compared(tmp_path, interruptions):
    write_coco(tmp_path / "data", ["cn", "cc", "ccn", "c"])
    out = tmp_path / "study"
    settings = [word for word in QUICK if not word.startswith("snake:")]
    settings += ["augment.crop=32", "unet:model.widths=[8,8]", "unet:model.depths=[1,1]"]
    found, output = study(
        *(tmp_path / "data", out),
        **{"kinds": ["unet"], "folds": 2, "steps": 1, "settings": settings, "refitted": False},
    )
    assert found.failures == []
    assert output.startswith("2 trainings of 1 step; how long that takes is known after the first")
    assert found.accuracy_rows()[0][-2:] == ["AP, mean over classes", "AP, class-agnostic"]
    for number in (1, 2):
        held = json.loads((out / "fits" / "unet" / f"fold-{number}" / "judge.json").read_text())
        assert len({*held["names"]} & {"0", "2"}) == 1  # each fold has a nerve to judge
    scores = json.loads((out / "fits" / "baseline" / "fold-1" / "held-out.json").read_text())[
        "scores"
    ]
    assert {"AP of cell", "AP of nerve", "AP, mean over classes"} <= {*scores}
    assert "AP of nerve" in (out / "comparison.csv").read_text().splitlines()[0]
