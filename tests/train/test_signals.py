"""What ends a training before its steps are done: a signal, the clock, nothing getting better."""

import json
import os
import re
import signal
import time

import numpy as np
import pytest
from PIL import Image

from kontur.instances import Instances
from kontur.models.archive import read_model
from kontur.train import validation
from kontur.train.checkpoint import read_checkpoint
from kontur.train.run_folder import LAST
from kontur.train.signals import ENDING, Signals, Stopped
from tests.train.runs import (
    FEW_GRAPHS,
    VAL,
    assert_same_weights,
    at_step,
    run,
    run_to_last_step,
)


@pytest.fixture(autouse=True)
def not_in_the_background():
    """A test run in the background ignores Ctrl-C; here it must not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def send(*numbers):
    def happens():
        for number in numbers:
            os.kill(os.getpid(), number)
            time.sleep(0.001)  # let the interpreter see it

    return happens


def test_a_signal_ends_the_run_after_the_step_and_it_goes_on_as_if_nothing_had_been(
    finished, folder, tmp_path, monkeypatch
):
    out = tmp_path / "run"
    for number, step in ((signal.SIGINT, 3), (signal.SIGTERM, 8)):
        with monkeypatch.context() as patch:
            at_step(patch, step, send(number))
            with pytest.raises(Stopped) as stopped:
                run(folder, out, val=VAL) if step == 3 else run(None, out, resume=True)
        assert stopped.value.number == number
        kept = read_checkpoint(out / LAST)["global_step"]
        assert str(stopped.value) == f"stopped at step {kept}; go on with --resume"
        assert kept in (step, step + 1)  # the step at hand was finished
    run_to_last_step(None, out, resume=True)
    assert_same_weights(finished / LAST, out / LAST)


def test_a_second_signal_does_not_wait_for_the_step(folder, tmp_path, monkeypatch):
    at_step(monkeypatch, 6, send(signal.SIGINT, signal.SIGINT))
    with pytest.raises(Stopped, match="stopped at step 4; go on with --resume"):
        run(folder, tmp_path / "run")
    assert read_checkpoint(tmp_path / "run" / LAST)["global_step"] == 4


def test_a_signal_cuts_a_validation_short(folder, tmp_path, monkeypatch):
    def find(segmenter, card, samples, places):
        send(signal.SIGTERM)()
        yield from (Instances.empty(samples[i].size) for i in places)

    monkeypatch.setattr(validation, "predict_samples", find)
    with pytest.raises(Stopped, match="stopped at step 6;"):
        run(folder, tmp_path / "run")
    assert "val/AP" not in (tmp_path / "run" / "metrics.jsonl").read_text()
    assert not (tmp_path / "run" / "best.ckpt").exists()


def test_a_signal_before_the_first_step_leaves_nothing(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("kontur.train.run.open_data", lambda *_, **__: send(signal.SIGINT)())
    with pytest.raises(Stopped, match="stopped before training began"):
        run(folder, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_signals_are_given_back_and_ignored_ones_stay_ignored():
    outer = [signal.getsignal(number) for number in ENDING]
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with Signals() as signals:
            send(signal.SIGINT)()  # as under `nohup`
            signals.graceful = True
            send(signal.SIGTERM)()
            assert signals.received == signal.SIGTERM
            with pytest.raises(Stopped):
                send(signal.SIGHUP)()  # of a closed terminal
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) == outer[1]
    finally:
        for number, handler in zip(ENDING, outer, strict=True):
            signal.signal(number, handler)


def test_minutes_end_a_training_and_the_rate_follows_the_clock(folder, tmp_path):
    words = (*FEW_GRAPHS, "training.minutes=0.01", "training.steps=1000000")
    run_to_last_step(folder, tmp_path / "run", *words)
    last = read_checkpoint(tmp_path / "run" / LAST)
    assert last["seconds"] >= 0.6
    rows = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    rates = [row["rate"] for row in map(json.loads, rows) if "rate" in row]
    assert rates[-1] == pytest.approx(0.002 * 0.005)  # by steps it would be climbing still
    before = (tmp_path / "run" / LAST).stat().st_mtime_ns
    output = run(None, tmp_path / "run", resume=True)  # the minutes are over: only finishes
    assert "training.minutes=0.01 is used up" in output
    assert re.search(r"train longer \(--resume --set training.minutes=N, N above 0\.\d+\)", output)
    assert (tmp_path / "run" / LAST).stat().st_mtime_ns == before


def test_without_objects_it_trains_finds_nothing_and_patience_ends_it(tmp_path):
    for i in range(3):
        for name, kind in (("images", np.uint8), ("labels", np.uint16)):
            path = tmp_path / "data" / name / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((40, 40), i * (name == "images"), kind)).save(path)
    output = run(
        tmp_path / "data",
        tmp_path / "run",
        *("training.steps=1000", "training.validate_every=2", "training.patience=3"),
        "training.stages=joint",  # no patience ends a training before its last stage
    )
    assert "stopped at step 8: no better validation for 3 times (training.patience=3)" in output
    model = read_model(tmp_path / "run" / "model.kontur")
    assert model.card.object_size is None
    assert all(np.isfinite(value).all() for value in model.weights.values())
    output = run_to_last_step(None, tmp_path / "run", resume=True)
    assert "nothing is left to train at step 8, for training.patience=3 is used up" in output
    assert read_checkpoint(tmp_path / "run" / LAST)["global_step"] == 8
