import re
import signal
import sys
import types

import pytest

from kontur import extra
from kontur.cli import train as command
from kontur.errors import InputError
from kontur.settings import overrides
from kontur.train.signals import Stopped


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """What `kontur train` asks of `kontur.train.run.train`, instead of a training."""
    asked = []
    for folder in ("a", "cells", "old"):
        (tmp_path / folder).mkdir()
    (tmp_path / "old" / "config.toml").touch()  # of a run
    (tmp_path / "run.toml").touch()
    monkeypatch.chdir(tmp_path)
    module = types.ModuleType("kontur.train.run")
    module.train = lambda data, **options: asked.append((data, options))
    monkeypatch.setitem(sys.modules, "kontur.train.run", module)
    return asked


def test_options_reach_the_training(kontur, calls, tmp_path):
    kontur(
        *("train", tmp_path, "--out", "run", "--val", "0.2", "--preset", "tiny"),
        *("--from", "nuclei", "--task", "components", "--config", "run.toml", "--force"),
        *("--set", "training.steps=20", "training.batch=2", "--set", "model.points=32"),
    )
    ((data, options),) = calls
    assert data == tmp_path
    assert str(options.pop("out")) == "run"
    assert str(options.pop("config")) == "run.toml"
    assert sorted(options.pop("settings")) == [
        *('data.task="components"', "model.points=32"),
        *("training.batch=2", "training.steps=20"),
    ]
    assert options == {
        "val": "0.2",
        "kind": None,
        "preset": "tiny",
        "start": "nuclei",
        "resume": False,
        "force": True,
    }


def test_minutes_and_groups_are_options_and_minutes_decide_unless_steps_are_given(kontur, calls):
    kontur("train", "cells", "--out", "run", "--minutes", "6", "--group", "5")
    kontur("train", "cells", "--out", "run", "--minutes", "6", "--set", "training.steps=20")
    kontur("train", "--out", "old", "--minutes", "6", "--resume")
    resolved = [overrides(options["settings"]) for _, options in calls]
    assert resolved == [
        {"training": {"minutes": 6.0, "steps": 1_000_000}, "data": {"group": "5"}},
        {"training": {"minutes": 6.0, "steps": 20}},
        {"training": {"minutes": 6.0, "steps": 1_000_000}},
    ]


def test_a_run_goes_on_without_naming_its_data(kontur, calls):
    kontur("train", "--out", "old", "--resume")
    ((data, options),) = calls
    assert data is None
    assert options["resume"] is True


def test_a_sweep_reaches_the_sweep_with_all_else(kontur, calls, monkeypatch):
    module = types.ModuleType("kontur.train.study.sweep")
    module.sweep = lambda data, **options: calls.append((data, options))
    monkeypatch.setitem(sys.modules, "kontur.train.study.sweep", module)
    kontur(
        *("train", "cells", "--out", "run", "--sweep", "optimiser.weight_decay=0,1e-2"),
        *("--sweep", "model.depths=[1,1,1,1],[2,2,2,2]", "--set", "training.steps=20"),
    )
    ((data, options),) = calls
    assert str(data) == "cells"
    assert options["over"] == ["optimiser.weight_decay=0,1e-2", "model.depths=[1,1,1,1],[2,2,2,2]"]
    assert options["settings"] == ["training.steps=20"]
    assert (options["resume"], options["force"]) == (False, False)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["cells", "--out", "old"], r"old holds a run already .config.toml.; go on with --resume"),
        (["cells", "--out", "new", "--resume"], "there is no run to go on with in new"),
        (["cells", "--out", "old", "--resume", "--force"], "give one"),
        (["cell", "--out", "new"], "there is no folder cell"),
        (["cells", "--out", "new", "--set", "training.stesp=3"], "did you mean 'steps'"),
        (["cells", "--out", "new", "--set", "model.points=many"], "'points' is 'many'"),
        (["cells", "--out", "new", "--preset", "fats"], "did you mean 'fast'"),
        (["cells", "--out", "new", "--config", "none.toml"], "there is no config file none.toml"),
        (["cells", "--out", "new", "--from", "nuclii"], "no shipped model 'nuclii'"),
        (["cells", "--out", "new", "--from", "nuclei", "--set", "model.point=3"], "mean 'points'"),
        (["--out", "old", "--resume", "--set", "model.points=32"], "cannot change model"),
        (["cells", "--out", "new", "--sweep", "model.points=32,many"], "'points' is 'many'"),
        (["cells", "--out", "new", "--sweep", "training.stesp=3,4"], "did you mean 'steps'"),
        (["cells", "--out", "new", "--sweep", "training.steps"], "--sweep wants KEY=VALUE,VALUE"),
    ],
)
def test_what_is_wrong_without_a_look_at_the_images_is_told_before_torch_is_imported(
    kontur, calls, monkeypatch, words, sentence
):
    for name in ("run", "study.sweep"):
        monkeypatch.setitem(sys.modules, f"kontur.train.{name}", None)  # importing it is an error
    assert re.search(sentence, kontur("train", *words, code=1))


def test_two_folders_are_wrong_usage(kontur, calls):
    said = " ".join(kontur("train", "a", "b", "--out", "run", code=2).split())
    assert "wanted one folder, got a and b; kontur convert a b ALL --format geojson" in said
    assert calls == []


def test_without_the_extra_it_says_how_to_get_it(kontur, monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    monkeypatch.setattr(extra, "torch_size", lambda: "; it is large")
    output = kontur("train", "a", "--out", "run", code=1)
    assert output == (
        f"Error: training needs torch and lightning: {extra.install('train')} brings it; "
        "it is large\n"
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_says_how_far_it_came_and_how_to_go_on(kontur, calls, number, code):
    def stopped(data, **options):
        raise Stopped("stopped at step 120; go on with --resume", number)

    sys.modules["kontur.train.run"].train = stopped
    output = kontur("train", "a", "--out", "run", code=code)
    assert output == "\nStopped at step 120; go on with --resume\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "training.stepz=3"], "'training.stepz'; did you mean 'steps'"),
        (["--set", "preset"], "KEY=VALUE"),
        (["--preset", "fastt"], "did you mean 'fast'"),
        (["--kind", "snak"], "did you mean 'snake'"),
        (["--config", "none.toml"], "there is no config file none.toml"),
        (["--from", "nucleii"], "nucleii"),
    ],
)
def test_wrong_settings_are_named_with_the_nearest_right_one(
    kontur, images, tmp_path, words, sentence
):
    import numpy as np
    from PIL import Image

    (tmp_path / "labels").mkdir()
    for name in "abc":
        labels = np.zeros((40, 56), np.uint8)
        labels[4:14, 4:14] = 1
        Image.fromarray(labels).save(tmp_path / "labels" / f"{name}.png")
    output = kontur("train", tmp_path, "--out", tmp_path / "run", *words, code=1)
    assert sentence in output
    assert output.startswith("Error: ") or "\nError: " in output
    assert isinstance(InputError(output), ValueError)
