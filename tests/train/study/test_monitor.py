"""How long a study still takes, and what is said of it."""

import io
import json

import pytest
from rich.console import Console

from kontur.select import Outcome, Split, trials
from kontur.train.study.monitor import StudyMonitor, last_row
from kontur.train.study.study_files import FitFiles

SPLITS = [Split(["a"], ["b"]), Split(["b"], ["a"])]
PLANNED = trials(["snake", "baseline"], SPLITS)


def running(monitor, finished=lambda trial: None):
    return monitor.running(
        PLANNED, finished, refitted=True, trains=lambda trial: trial.setting == "snake"
    )


def make_monitor(**options):
    return StudyMonitor(Console(record=True, file=io.StringIO(), width=120, **options))


def done(monitor, trial, seconds):
    monitor.current = None
    monitor.fit_started(trial, monitor.fit)
    monitor.fit_finished(Outcome(trial, {"AP": 0.5, "seconds": seconds}), "AP")


@pytest.fixture
def fit(tmp_path):
    """The files of a fit of a hundred steps."""
    (tmp_path / "config.toml").write_text("[training]\nsteps = 100\n")
    return FitFiles(tmp_path, tmp_path / "run")


def test_the_time_left_is_that_of_the_likes_of_what_is_left(fit):
    monitor = make_monitor()
    monitor.fit = fit
    with running(monitor):
        done(monitor, PLANNED[0], 300.0)
        done(monitor, PLANNED[1], 10.0)
        # the snake and the baseline of the second fold, and the best on all images
        assert monitor.seconds_left(0.0) == pytest.approx(300 + 10 + 300)
        monitor.fit_started(PLANNED[2], fit)
        assert monitor.seconds_left(0.5) == pytest.approx(150 + 10 + 300)
    output = monitor.console.export_text().splitlines()
    assert output[0] == "[1/3] snake, fold 1: AP 0.500, 5:00, 10:00 left"
    assert output[1] == "baseline, fold 1: AP 0.500, 0:10, 10:10 left"


def test_a_fit_is_as_far_as_the_lines_of_its_run_say(fit, tmp_path):
    monitor = make_monitor()
    with running(monitor):
        monitor.fit_started(PLANNED[0], fit)
        assert monitor.share_done() == 0
        (fit.run).mkdir()
        lines = [json.dumps({"step": step}) for step in (10, 20)]
        (fit.run / "metrics.jsonl").write_text("\n".join([*lines, '{"step": 3']))
        assert monitor.share_done() == pytest.approx(0.2)
    assert last_row(tmp_path / "none.jsonl") == {"step": 0}


def test_what_was_finished_before_is_printed_once(fit):
    monitor = make_monitor()
    there = {"AP": 0.5, "seconds": 60.0}
    with running(monitor, lambda trial: there if trial.fold == 0 else None):
        monitor.fit_finished(Outcome(PLANNED[0], there), "AP")
        monitor.fit_finished(Outcome(PLANNED[1], there), "AP")
    assert monitor.console.export_text() == "1 training is finished already\n"
    assert monitor.seconds_left(0.0) == 60 + 60 + 60


def test_on_a_terminal_there_is_a_bar(fit):
    monitor = make_monitor(force_terminal=True)
    with running(monitor):
        monitor.fit_started(PLANNED[0], fit)
        monitor.bar.refresh()
    output = monitor.console.export_text()
    assert "1/3 snake, fold 1" in output
    assert "left" in output


def test_minutes_of_the_processor_go_by_what_the_run_says_of_its_progress(fit):
    (fit.folder / "config.toml").write_text("[training]\nsteps = 1000000\nminutes = 1.0\n")
    fit.run.mkdir()
    rows = [{"step": 40, "progress": 0.4, "train/total": 1.0}, {"step": 50, "val/AP": 0.5}]
    (fit.run / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    monitor = make_monitor()
    with running(monitor):
        monitor.fit_started(PLANNED[0], fit)
        assert monitor.share_done() == pytest.approx(0.4)


def test_the_training_on_all_images_is_the_last_of_them_and_goes_on_while_it_is_judged(fit):
    refit = PLANNED[0]._replace(fold=None)
    monitor = make_monitor(force_terminal=True)
    monitor.fit = fit
    fit.run.mkdir()
    with running(monitor):
        for trial in PLANNED:
            done(monitor, trial, 60.0)
        (fit.run / "metrics.jsonl").write_text('{"step": 50, "progress": 0.5}\n')
        monitor.fit_started(refit, fit)
        monitor.bar.refresh()
        assert monitor.seconds_left(monitor.share_done()) == pytest.approx(30)
        (fit.run / "metrics.jsonl").write_text('{"step": 100, "progress": 1.0}\n')
        monitor.refresh()
        monitor.bar.refresh()
    output = monitor.console.export_text()
    assert "3/3 snake, all images " in output
    assert "3/3 snake, all images, tuning and judging" in output
