"""What makes a step fastest, also beside other work: the ways take turns."""

import os
import subprocess
import sys
from unittest.mock import Mock

import pytest
import torch

from kontur.train import timing
from kontur.train.config import OptimiserConfig, TrainingConfig
from kontur.train.dataloader import Batch
from kontur.train.devices import Devices
from kontur.train.module import Training
from kontur.train.timing import (
    StepMode,
    StepTimer,
    adapt_threads,
    choose_mode,
    time_in_turns,
)
from tests.models import contract

ALL, HALF = StepMode(False, 2), StepMode(False, 1)


def never():
    raise AssertionError("nothing was to be timed")


@pytest.fixture
def steps(monkeypatch):
    """Two processors, and steps that take given seconds by mode, times the load of other work."""
    monkeypatch.setattr(timing, "cores", lambda: 2)

    def make(seconds, load=lambda number: 1.0):
        calls = []

        def timer(mode):
            calls.append(mode)
            return seconds[mode] * load(len(calls))

        timer.calls = calls
        return timer

    return make


def test_other_work_that_comes_and_goes_does_not_decide(steps):
    """One after the other, the mode that was timed beside other work would always lose."""
    for busy in (lambda number: 9.0 if number <= 6 else 1.0, lambda number: 1 + number):
        seconds = time_in_turns(steps({ALL: 0.3, HALF: 0.4}, load=busy), [ALL, HALF])
        assert seconds[HALF] / seconds[ALL] == pytest.approx(4 / 3, rel=0.35)
        assert seconds[HALF] > seconds[ALL]


def test_the_ways_take_turns_until_time_is_up_and_first_steps_do_not_count(steps):
    timer = steps({ALL: 0.4, HALF: 0.1}, load=lambda number: 100.0 if number <= 2 else 1.0)
    assert time_in_turns(timer, [ALL, HALF]) == pytest.approx({ALL: 0.4, HALF: 0.1})
    assert timer.calls == [ALL, HALF] * (1 + 4)  # four turns of half a second are two seconds
    slow = steps({ALL: 60.0, HALF: 50.0})
    time_in_turns(slow, [ALL, HALF])
    assert len(slow.calls) == 2 + 2 * timing.MIN_TURNS


def test_one_long_turn_with_a_clear_winner_is_enough(steps):
    timer = steps({ALL: 14.0, HALF: 0.5})
    assert time_in_turns(timer, [ALL, HALF]) == pytest.approx({ALL: 14.0, HALF: 0.5})
    assert timer.calls == [ALL, HALF] * 2


CPU = Devices("cpu", 1)


@pytest.mark.parametrize(("half", "number"), [(0.2, 1), (0.31, 1), (0.5, 2)])
def test_all_threads_are_taken_where_they_are_clearly_faster(steps, half, number):
    choice = choose_mode("32", None, CPU, lambda: steps({ALL: 0.3, HALF: half}))
    assert choice[:2] == ("32", number)
    assert choice.reason.startswith(f"precision 32 on {number} thread")


@pytest.mark.parametrize(("half", "word"), [(0.2, "bf16"), (0.29, "32"), (0.5, "32")])
def test_bf16_is_taken_on_a_cpu_where_it_is_faster(steps, half, word):
    seconds = {StepMode(False, 5): 0.3, StepMode(True, 5): half}
    choice = choose_mode("auto", 5, CPU, lambda: steps(seconds))
    assert choice[:2] == (word, 5)


def test_threads_and_bf16_are_chosen_together(steps):
    """On two threads 32 bits are the fastest, and bf16 on one is faster still."""
    seconds = {ALL: 0.41, HALF: 0.44, StepMode(True, 2): 0.5, StepMode(True, 1): 0.28}
    assert choose_mode("auto", None, CPU, lambda: steps(seconds)) == (
        "bf16",
        1,
        "precision bf16 on 1 thread: a step takes 0.28 s, 0.44 in 32 on 1 thread, 0.41 in 32 on 2 "
        "threads, 0.50 in bf16 on 2 threads",
    )


def test_16_bits_are_bf16_on_a_cpu_where_lightning_has_no_others(steps):
    seconds = {StepMode(True, 2): 0.5, StepMode(True, 1): 0.2}
    assert choose_mode("16", None, CPU, lambda: steps(seconds))[:2] == ("bf16", 1)
    assert choose_mode("16", 2, CPU, never)[:2] == ("bf16", 2)


def test_what_is_set_or_known_is_not_timed(steps, monkeypatch):
    steps({})
    assert choose_mode("32", 3, CPU, never) == ("32", 3, "precision 32: as set")
    assert choose_mode("16", 3, Devices("cuda", 1), never) == ("16", 3, "precision 16: as set")
    assert choose_mode("32", None, Devices("cpu", 2), never)[:2] == ("32", 1)
    assert choose_mode("auto", None, Devices("mps", 1), never)[:2] == ("32", 2)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    assert choose_mode("auto", None, Devices("cuda", 1), never)[:2] == ("bf16", 2)
    monkeypatch.setattr(timing, "cores", lambda: 1)
    assert choose_mode("bf16", None, CPU, never)[:2] == ("bf16", 1)


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield torch.get_num_threads
    torch.set_num_threads(before)


def test_threads_are_chosen_again_where_other_work_comes_or_ends(steps, threads):
    def adapt(change, seconds):
        return adapt_threads(change, "32", None, CPU, lambda: steps(seconds))

    reason = "precision 32 on 1 thread: a step takes 0.20 s, 0.30 in 32 on 2 threads"
    assert adapt(0.5, {ALL: 0.3, HALF: 0.2}) == reason
    assert threads() == 1
    assert adapt(3.0, {ALL: 0.1, HALF: 0.2}).startswith("precision 32 on 2 threads")
    assert threads() == 2
    assert adapt(2.0, {ALL: 0.1, HALF: 0.2}) == ""  # faster still, and as it is


def test_steps_of_many_threads_are_not_timed_where_they_take_a_minute(steps, threads):
    steps({})
    assert "on 1 thread for now" in adapt_threads(0.1, "32", None, CPU, never)
    assert threads() == 1
    assert adapt_threads(0.1, "32", None, CPU, never) == ""  # there are no fewer


@pytest.mark.parametrize("way", [(2, CPU), (None, Devices("cpu", 2)), (None, Devices("cuda", 1))])
def test_threads_that_are_set_or_shared_stay(steps, threads, way):
    steps({})
    assert [adapt_threads(change, "32", *way, never) for change in (0.1, 0.5, 3.0)] == ["", "", ""]
    assert threads() == 2


def test_a_timed_step_leaves_the_network_and_the_threads_as_they_were():
    config = contract.settings("unet")
    network, sample = contract.network("unet", config), contract.scenes()["many"]
    batch = Batch(contract.as_image(sample), contract.as_targets("unet", config, sample.instances))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    threads = torch.get_num_threads()
    made = iter([batch] * 3)
    timer = StepTimer(network, made, OptimiserConfig())
    assert timer(StepMode(True, threads + 1)) > 0
    assert len(list(made)) == 1  # the first to compute with, and another made beside the step
    assert torch.get_num_threads() == threads
    assert all(torch.equal(network.state_dict()[name], value) for name, value in before.items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_waiting_threads_sleep_unless_the_user_says_otherwise():
    program = (
        "import os, sys; from kontur.train import set_passive_waiting as f; f(); "
        "print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
    )
    for given, expected in ((None, "PASSIVE False"), ("ACTIVE", "ACTIVE False")):
        environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
        environment |= {} if given is None else {"OMP_WAIT_POLICY": given}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True
        )
        assert done.stdout.strip() == expected, done.stderr


@pytest.mark.parametrize("clock", ["wall", "processor"])
def test_minutes_go_by_the_clock_of_the_settings(monkeypatch, clock):
    config = TrainingConfig(minutes=1, clock=clock, steps=10**6)
    module = Training(contract.network("unet"), OptimiserConfig(), config)
    now = [0.0, 0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.process_time", lambda: now[1])
    monkeypatch.setattr("lightning.pytorch.LightningModule.optimizer_step", lambda *_, **__: None)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    module._trainer = Mock(world_size=1, global_step=1)
    module.pause()
    now[:] = [30.0, 12.0]  # beside other work: two threads computed six seconds each
    module.optimizer_step()
    assert module.seconds == 30.0
    assert module.work == (30.0 if clock == "wall" else 6.0)
    assert module.progress == pytest.approx(0.5 if clock == "wall" else 0.1)
