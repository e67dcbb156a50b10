import json
import sys

import pytest

from kontur import extra
from kontur.cli import compare as command
from kontur.data.synthetic import write_dataset
from tests.train.study import studies


@pytest.fixture
def data(tmp_path):
    write_dataset(tmp_path / "data", 6, size=(32, 40), count=2, radius=(4.0, 6.0))
    return tmp_path / "data"


@pytest.fixture
def processes(monkeypatch):
    fake = studies.Processes()
    monkeypatch.setattr("kontur.train.study.jobs.run_worker", fake)
    return fake


def test_it_prints_tables_and_says_which_is_best(kontur, data, tmp_path, processes):
    out = tmp_path / "study"
    output = kontur(
        *("compare", data, "--out", out, "--kinds", "snake", "--folds", "2", "--steps", "5"),
        *("--also", "wide:kind=snake,model.refiner.width=64", "--learning-curve"),
        *("--set", "training.batch=2", "augment.crop=64"),
    )
    for part in ("AP .75", "ms per image", "wide", "baseline", "snake is best for these images"):
        assert part in output
    assert "more labels" in output
    assert f"kontur predict IMAGES --model {out / 'best'} --out" in output
    config = (out / "fits" / "wide" / "fold-1" / "config.toml").read_text()
    for line in (
        "[model.refiner]\nwidth = 64",
        "batch = 2",
        "crop = 64",
        "steps = 5",
        'preset = "tiny"',
    ):
        assert line in config


def test_without_a_word_on_how_long_a_fit_takes_ten_minutes(kontur, data, tmp_path, processes):
    kontur("compare", data, "--out", tmp_path / "study", "--folds", "2", "--no-refit", "--quiet")
    study = json.loads((tmp_path / "study" / "study.json").read_text())
    assert study["folds"] == 2
    config = (tmp_path / "study" / "fits" / "snake" / "fold-1" / "config.toml").read_text()
    assert "minutes = 10.0" in config
    assert 'clock = "processor"' in config
    assert not (tmp_path / "study" / "best").exists()


def test_what_failed_is_reported_at_the_end_and_by_the_exit_code(kontur, data, tmp_path, processes):
    from kontur.select import FitFailed

    processes.fails = {"snake/fold-2": FitFailed("its process was killed")}
    output = kontur("compare", data, "--out", tmp_path / "s", "--folds", "2", code=1)
    assert "AP .75" in output
    assert "1 fit failed:\n  snake, fold 2: its process was killed\n" in output
    assert "the same command tries them again" in output


def test_ctrl_c_says_that_the_same_command_goes_on(kontur, data, tmp_path, processes):
    processes.fails = {"snake/fold-2": KeyboardInterrupt()}
    output = kontur("compare", data, "--out", tmp_path / "s", "--folds", "2", code=130)
    assert "Stopped: the same command goes on with the study in" in output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--kinds", "snake,unett"], "there is no kind of model 'unett'; "),
        (["--folds", "7"], "7 folds need at least 7 names, got 6; use fewer folds"),
        (["--group", "slide"], "no metadata.csv in"),
        (["--rank", "Dise"], "did you mean 'Dice'"),
        (["--preset", "fats"], "did you mean 'fast'"),
        (["--set", "training.stesp=3"], "did you mean 'steps'"),
    ],
)
def test_bad_input_is_one_sentence(kontur, data, tmp_path, processes, words, sentence):
    output = kontur("compare", data, "--out", tmp_path / "study", *words, code=1)
    assert output.startswith("Error: ")
    assert sentence in output
    assert len(output.splitlines()) == 1
    assert processes.calls == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--kinds", "unett"], "there is no kind of model 'unett'; "),
        (["--rank", "Dise"], "did you mean 'Dice'"),
        (["--set", "training.stesp=3"], "did you mean 'steps'"),
        (["--set", "model.points=many"], "'points' is 'many'"),
        (["--also", "snake:points=3"], "did you mean 'model.points'"),
    ],
)
def test_what_is_wrong_without_a_look_at_the_images_is_told_before_torch_is_imported(
    kontur, data, tmp_path, monkeypatch, words, sentence
):
    for name in ("plan", "jobs"):  # which import it
        monkeypatch.setitem(sys.modules, f"kontur.train.study.{name}", None)  # an error
    assert sentence in kontur("compare", data, "--out", tmp_path / "study", *words, code=1)


def test_a_study_of_other_data_is_not_overwritten(kontur, data, tmp_path, processes):
    out = tmp_path / "study"
    kontur("compare", data, "--out", out, "--folds", "2", "--quiet")
    output = kontur("compare", data, "--out", out, "--folds", "3", code=1)
    assert output.startswith(f"Error: {out} holds another study (folds: 2 before, 3 now)")
    kontur("compare", data, "--out", out, "--folds", "3", "--quiet", "--force")


def test_without_the_extra_it_says_how_to_get_it(kontur, data, monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    output = kontur("compare", data, "--out", "study", code=1)
    assert f"{extra.install('train')} brings it" in output
