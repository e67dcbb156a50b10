"""One training a value, going on where it ended, and the table of what came out."""

import io
import json

import pytest
from PIL import Image
from rich.console import Console

from kontur.errors import InputError
from kontur.models import catalog
from kontur.train.config import RunConfig
from kontur.train.folder_lock import folder_lock
from kontur.train.module import Diverged
from kontur.train.progress import ProgressDisplay
from kontur.train.study import sweep as module
from kontur.train.study.sweep import SweepResult, count_parameters, draw, sweep, table

DECAYS = "optimiser.weight_decay=0,1e-2"
SCORES = {"0": (0.9, 0.5), "1e-2": (0.7, 0.6)}  # on training and validation images


@pytest.fixture
def trained(monkeypatch):
    """What is asked of `train`, which leaves what a training leaves; `1e-2` may be cut short."""
    calls = []

    def train(data, *, out, settings, resume, force, display, **options):
        calls.append((data, out.name, settings, resume))
        out.mkdir(parents=True, exist_ok=True)
        model = catalog.config("snake", {}, preset="tiny").model_dump(mode="json")
        if not resume:
            given = {"data": {"path": str(data)}, "preset": "tiny", "model": model}
            config = RunConfig.resolve(file=None, settings=settings, given=given)
            (out / "config.toml").write_text(chosen(config).to_toml())
        if getattr(train, "cut", False) and not resume and "1e-2" in out.name:
            raise KeyboardInterrupt
        rows = [{"step": step, "train/total": 10.0 - step} for step in range(10)]
        rows += [{"step": 5, "val/loss": 4.0}, {"step": 9, "val/loss": 3.0}]
        (out / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        fit, val = SCORES[out.name.rpartition("=")[2]]
        (out / "metrics.json").write_text(json.dumps({"scores": {"AP": val}, "training_AP": fit}))
        (out / "model.kontur").touch()

    monkeypatch.setattr(module, "train", train)
    return train, calls


def chosen(config):
    """What a run chooses by its images as it begins."""
    crop = config.augment.crop or 128
    return config.replace(
        augment=config.augment.replace(crop=crop),
        training=config.training.replace(batch=config.training.batch or 2**17 // crop**2),
        model={**config.model, "reference_size": 16.0},
    )


def quiet():
    return ProgressDisplay(Console(record=True, file=io.StringIO(), width=200))


def test_every_value_is_trained_in_its_folder_and_the_best_comes_first(trained, tmp_path):
    _, calls = trained
    display = quiet()
    fits = sweep("data", out=tmp_path, over=[DECAYS], settings=["augment.crop=64"], display=display)
    assert [name for _, name, _, _ in calls] == [
        "optimiser.weight_decay=0",
        "optimiser.weight_decay=1e-2",
    ]
    assert calls[1][2] == [
        "training.judge_train=8",
        "augment.crop=64",
        "optimiser.weight_decay=1e-2",
    ]
    assert [fit.setting for fit in fits] == [
        "optimiser.weight_decay=1e-2",
        "optimiser.weight_decay=0",
    ]
    assert [round(fit.gap, 6) for fit in fits] == [0.1, 0.4]
    assert fits[0].train_loss == 1.0
    written = (tmp_path / "sweep.md").read_text()
    best = [cell.strip() for cell in written.splitlines()[2].strip("|").split("|")]
    assert best[2:] == ["1.000", "3.000", "0.700", "0.600", "0.100"]
    assert written in display.console.export_text()
    with Image.open(tmp_path / "sweep.png") as picture:
        assert picture.size == (800, 960)


def test_a_sweep_that_was_cut_short_goes_on_and_finished_trainings_stay(trained, tmp_path):
    train, calls = trained
    train.cut = True
    with pytest.raises(KeyboardInterrupt):
        sweep("data", out=tmp_path, over=[DECAYS], display=quiet())
    with pytest.raises(InputError, match=r"weight_decay=0\).*--resume.*--force"):
        sweep("data", out=tmp_path, over=[DECAYS], display=quiet())
    calls.clear()
    longer = "optimiser.weight_decay=0,1e-2,0"
    with pytest.raises(InputError, match="a value twice"):
        sweep("data", out=tmp_path, over=[longer], display=quiet())
    sweep("data", out=tmp_path, over=[DECAYS], resume=True, display=quiet())
    assert calls == [(None, "optimiser.weight_decay=1e-2", [], True)]


def test_a_sweep_over_crops_goes_on_though_each_has_chosen_its_batch(trained, tmp_path):
    train, calls = trained
    train.cut = True
    over = ["augment.crop=128,256", DECAYS]
    with pytest.raises(KeyboardInterrupt):
        sweep("data", out=tmp_path, over=over, preset="tiny", display=quiet())
    train.cut = False
    calls.clear()
    sweep("data", out=tmp_path, over=over, preset="tiny", resume=True, display=quiet())
    assert [name for _, name, _, _ in calls] == [
        "augment.crop=128+optimiser.weight_decay=1e-2",
        "augment.crop=256+optimiser.weight_decay=0",
        "augment.crop=256+optimiser.weight_decay=1e-2",
    ]


def test_several_settings_give_all_combinations(trained, tmp_path):
    _, calls = trained
    over = ["optimiser.drops=[0.1,0.2],[0.3,0.4]", DECAYS]
    sweep("data", out=tmp_path, over=over, display=quiet())
    assert [name for _, name, _, _ in calls] == [
        "optimiser.drops=0.1-0.2+optimiser.weight_decay=0",
        "optimiser.drops=0.1-0.2+optimiser.weight_decay=1e-2",
        "optimiser.drops=0.3-0.4+optimiser.weight_decay=0",
        "optimiser.drops=0.3-0.4+optimiser.weight_decay=1e-2",
    ]


def test_a_training_that_diverges_is_left_out_and_all_of_them_are_an_error(
    trained, tmp_path, monkeypatch
):
    train, _ = trained

    def diverging(data, *, out, **options):
        if "1e-2" in out.name:
            raise Diverged("training diverged at step 3")
        train(data, out=out, **options)

    monkeypatch.setattr(module, "train", diverging)
    display = quiet()
    (fit,) = sweep("data", out=tmp_path, over=[DECAYS], display=display)
    assert fit.setting == "optimiser.weight_decay=0"
    assert "optimiser.weight_decay=1e-2: training diverged" in display.console.export_text()
    with pytest.raises(InputError, match="every training of the sweep diverged"):
        sweep("data", out=tmp_path / "b", over=["optimiser.rate=1e-2"], display=quiet())


def test_a_wrong_value_is_refused_before_anything_is_trained(trained, tmp_path):
    _, calls = trained
    for over, sentence in {
        "optimiser.rate=1e-3,fast": "optimiser.rate",
        "model.points=32,many": "points",
        "optimiser.rat=1,2": "did you mean 'rate'",
    }.items():
        with pytest.raises(InputError, match=sentence):
            sweep("data", out=tmp_path, over=[over], display=quiet())
    assert calls == []


def test_a_sweep_that_goes_on_is_not_mixed_with_other_settings(trained, tmp_path):
    _, calls = trained
    first, second = "optimiser.weight_decay=0", "optimiser.weight_decay=1e-2"
    nine = {"settings": ["training.steps=9"], "preset": "tiny", "out": tmp_path}
    sweep("data", over=[first], display=quiet(), **nine)
    calls.clear()
    for data, change, sentence in [
        ("data", {"settings": []}, r"training\.steps would be 9 in .* and 4000 in"),
        ("data", {"preset": "fast"}, "cannot change preset"),
        ("data", {"kind": "unet"}, "cannot change kind"),
        ("data", {"start": "nuclei"}, "cannot change start"),
        ("data", {"val": "0.5"}, r"cannot change data\.val"),
        ("data", {"settings": [*nine["settings"], "model.points=16"]}, "cannot change model"),
        ("other", {}, "learns from data, .* trainings on other; give --resume the DATA"),
    ]:
        with pytest.raises(InputError, match=sentence):
            sweep(data, over=[DECAYS], resume=True, display=quiet(), **{**nine, **change})
    assert calls == []
    sweep("data", over=[DECAYS], resume=True, display=quiet(), **nine)
    assert [name for _, name, _, _ in calls] == [second]
    calls.clear()
    longer = {**nine, "settings": ["training.steps=20"]}
    sweep("data", over=[first], resume=True, display=quiet(), **longer)  # on for longer
    assert calls == [(None, first, ["training.steps=20"], True)]


def test_a_sweep_on_which_another_process_works_is_refused(trained, tmp_path):
    with folder_lock(tmp_path), pytest.raises(InputError, match="is being written by process"):
        sweep("data", out=tmp_path, over=[DECAYS], resume=True, display=quiet())
    assert trained[1] == []


def test_options_reach_trainings_that_have_begun(trained, tmp_path, monkeypatch):
    train, _ = trained
    train.cut = True
    options = {"over": [DECAYS], "out": tmp_path / "sweep", "display": quiet()}
    with pytest.raises(KeyboardInterrupt):
        sweep("data", settings=["data.val=there"], **options)
    got = []
    monkeypatch.setattr(module, "train", lambda *_, **how: got.append(how))
    sweep("data", val="moved", resume=True, **options)
    assert [(how["out"].name[-4:], how["val"], how["resume"]) for how in got] == [
        *(("ay=0", "moved", True), ("1e-2", "moved", True))
    ]


def test_the_parameters_are_those_of_the_network():
    config = catalog.config("snake", {}, preset="tiny")
    network = catalog.segmenter("snake", config)
    expected = sum(p.numel() for p in network.parameters())
    assert count_parameters("snake", config.model_dump(mode="json")) == expected


def test_scores_that_are_missing_are_left_out_of_table_and_figure():
    fits = [
        SweepResult("a=1", 10, 0.5, 0.6, float("nan"), 0.3),
        SweepResult("a=2", 1000, 0.4, 0.6, 0.5, 0.2),
    ]
    assert table(fits).splitlines()[2].count("–") == 2
    assert draw(fits).size == (800, 960)
