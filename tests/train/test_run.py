"""A whole training, small: steps, validation, checkpoints, tuning, the model file, going on."""

import json
import re
import shutil
import tomllib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from kontur.data.checks.image_statistics import fingerprint
from kontur.data.folder import open_folder
from kontur.errors import InputError
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.predict import Predictor
from kontur.models.archive import read_model, write_model
from kontur.train.checkpoint import read_checkpoint
from kontur.train.folder_lock import folder_lock
from kontur.train.run_folder import BEST, LAST, PREVIOUS, remove_run_files
from kontur.train.saved_settings import read_config
from tests.train.runs import (
    FEW_GRAPHS,
    VAL,
    assert_same_weights,
    at_step,
    run,
    run_to_last_step,
    weights,
)

HARDLY_MOVES = ("training.steps=1", "optimiser.rate=1e-9")
SHORT = ("training.steps=3", "training.validate_every=3", "training.save_every=1")


class Killed(BaseException):
    """What a power cut would be, were it an exception."""


def power_cut() -> None:
    raise Killed


def lines(path):
    return [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]


def test_a_run_leaves_a_model_its_settings_its_scores_and_pictures(finished):
    made = {path.name for path in finished.iterdir()}
    assert made == {
        *("config.toml", "last.ckpt", "previous.ckpt", "best.ckpt", "model.kontur"),
        *("metrics.json", "metrics.jsonl", "curves.png", "validation.txt", "learned.txt"),
        *("overlays", "tensorboard"),
    }
    model = read_model(finished / "model.kontur")
    card = model.card
    assert "detect" in model.int8
    assert (card.kind, card.classes, card.training["objects"]) == ("snake", ("object",), 16)
    assert card.training["steps"] in (6, 12)
    assert 10 < card.object_size < 25
    metrics = json.loads((finished / "metrics.json").read_text())
    assert metrics["thresholds"] == card.thresholds.model_dump()
    assert metrics["scores"]["AP50"] == card.scores["AP50"]
    saved = tomllib.loads((finished / "config.toml").read_text())
    assert (saved["training"]["steps"], saved["model"]["points"]) == (12, 16)
    (picture, _) = sorted((finished / "overlays").glob("*.png"))
    with Image.open(picture) as opened:
        assert opened.size == (2 * 5 * 80 + 4, 5 * 72 + 20)  # enlarged, below their names


def test_the_held_out_images_are_named_and_not_learned_from(finished, folder):
    names = (finished / "validation.txt").read_text().split()
    assert len(names) == 2
    assert set(names) < set(open_folder(folder).names)
    assert read_model(finished / "model.kontur").card.training["images"] == 4
    marks = {fingerprint(sample.image): sample.name for sample in open_folder(folder).samples}
    learned = {marks[mark] for mark in (finished / "learned.txt").read_text().split()}
    assert learned == {*open_folder(folder).names} - {*names}


def test_the_history_has_named_losses_the_rate_and_the_validations(finished):
    names = {name for row in lines(finished) for name in row}
    assert names >= {"train/heatmap", "train/size", "train/offset", "train/extreme"}
    assert names >= {"train/contour", "train/total", "rate", "val/AP", "val/AP at IoU 0.5"}
    assert [row["step"] for row in lines(finished) if "val/AP" in row] == [6, 12]


def test_tensorboard_shows_losses_rate_scores_and_images_with_contours(finished):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(finished / "tensorboard"))
    events.Reload()
    tags = events.Tags()
    assert {"train/contour", "train/total", "rate", "val/AP", "val/loss"} <= set(tags["scalars"])
    assert [event.step for event in events.Scalars("val/AP")] == [6, 12]
    sizes = {tag.partition("/")[0]: [] for tag in tags["images"]}
    for tag in tags["images"]:
        shown = events.Images(tag)[0]
        sizes[tag.partition("/")[0]].append((shown.width, shown.height))
    assert sizes == {
        "outlines": [(2 * 5 * 80 + 4, 20 + 5 * 72)] * 2,  # truth and found, below their names
        "crops": [(2 * 64 + 4, 64)],  # the two crops of a step
        "stages": [(4 * 5 * 80 + 3 * 4, 20 + 5 * 72)],  # octagon, two stages and edge
    }
    assert tags["graph"]
    kinds = {tag.partition("/")[0] for tag in tags["histograms"]}
    assert kinds == {"weights", "gradients"}
    (file,) = (finished / "tensorboard").iterdir()
    assert file.stat().st_size < 1_000_000


def test_over_and_underfitting_and_the_gradients_are_reported(folder, tmp_path):
    out = tmp_path / "run"
    words = ("training.judge_train=2", "training.diagnose_every=5", "optimiser.l1=1e-5")
    output = run(folder, out, *words, "model.dropout=0.2", val=VAL)
    assert output.count("on training images 0.") == 3  # two validations and the end
    assert "a gap of" in output
    assert "not even the training images are fitted" in output
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["gap"] == metrics["training_AP"] - (metrics["scores"]["AP"] or 0)
    rows = lines(out)
    assert [row["step"] for row in rows if "val/AP on training images" in row] == [6, 12]
    assert [row["step"] for row in rows if "weight gradient/detector.heads" in row] == [5, 10]
    assert all(row["train/l1"] > 0 for row in rows if "train/l1" in row)
    assert all(np.isfinite(row["val/loss"]) for row in rows if "val/loss" in row)
    with Image.open(out / "gradients.png") as picture:
        assert picture.size == (800, 4 * 480)  # no sigmoid or tanh: nothing to saturate
    with Image.open(out / "curves.png") as picture:
        assert picture.size == (800, 960)
    remove_run_files(out)
    assert list(out.iterdir()) == []


def test_what_is_exported_is_the_averaged_network(finished):
    averaged = weights(finished / BEST)
    for name, value in read_model(finished / "model.kontur").weights.items():
        np.testing.assert_array_equal(value, averaged[f"average.module.{name}"].numpy())


def test_a_run_at_a_working_scale_says_so_and_its_model_outlines_images_as_they_are(
    folder, tmp_path
):
    said = run(folder, tmp_path, "data.scale=0.5", *HARDLY_MOVES, *FEW_GRAPHS, val=VAL)
    assert "working scale 0.5, images shrunk for the network: as data.scale says" in said
    model = read_model(tmp_path / "model.kontur")
    assert model.card.scale == 0.5
    assert 10 < model.card.object_size < 25  # of the images as they are
    assert read_config(tmp_path).data.scale == 0.5
    sample = open_folder(folder).samples[0]
    found = Predictor(OnnxEngine(model, threads=1), model.card).predict(sample.image, score=0.0)
    assert found.size == sample.size
    with pytest.raises(InputError, match=r"cannot change data\.scale"):
        run(None, tmp_path, "data.scale=1", resume=True)


def test_a_run_from_before_there_was_a_scale_goes_on_with_the_images_as_they_are(
    finished, tmp_path
):
    assert read_config(finished).data.scale == 1  # small objects
    saved = (finished / "config.toml").read_text()
    assert "scale = 1.0\n" in saved
    (tmp_path / "config.toml").write_text(saved.replace("scale = 1.0\n", "", 1))
    assert read_config(tmp_path).data.scale == 1


def test_an_interrupted_run_that_goes_on_ends_with_the_same_weights(
    finished, folder, tmp_path, monkeypatch
):
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        at_step(patch, 7, power_cut)
        with pytest.raises(Killed):
            run(folder, out, val=VAL)
    assert read_checkpoint(out / LAST)["global_step"] == 6
    assert not (out / "model.kontur").exists()
    run_to_last_step(None, out, resume=True)
    assert read_checkpoint(out / LAST)["global_step"] == 12
    assert_same_weights(finished / LAST, out / LAST)
    assert [row["step"] for row in lines(out)] == [6, 10, 12, 12]


def test_a_run_cut_before_its_first_checkpoint_goes_on_from_where_it_started(
    finished, folder, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch:
        at_step(patch, 0, power_cut)
        with pytest.raises(Killed):
            run(folder, tmp_path, *HARDLY_MOVES, val=VAL, start=str(finished))
    output = run(None, tmp_path, resume=True)
    assert "no checkpoint yet" in output
    assert "weights taken over" in output
    expected, got = (read_model(path / "model.kontur").weights for path in (finished, tmp_path))
    matrices = [name for name in expected if expected[name].ndim > 1]
    for name in matrices:
        np.testing.assert_allclose(got[name], expected[name], atol=1e-5, err_msg=name)


def test_a_run_from_weights_that_know_no_side_goes_on_as_the_same_network(
    finished, folder, tmp_path, monkeypatch
):
    """As the shipped model's, which were trained before there was one."""
    model = read_model(finished / "model.kontur")
    config = {k: v for k, v in model.card.config.items() if k != "reference_size"}
    start = tmp_path / "start.kontur"
    write_model(start, replace(model, card=model.card.replace(config=config)))
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        at_step(patch, 2, power_cut)
        with pytest.raises(Killed):
            run(folder, out, *SHORT, *FEW_GRAPHS, val=VAL, start=str(start))
    assert read_checkpoint(out / LAST)["global_step"] == 1
    assert read_config(out).model["reference_size"] == 0
    run(None, out, resume=True)
    assert read_model(out / "model.kontur").card.config["reference_size"] == 0


def test_a_checkpoint_of_another_network_is_refused_and_stays(finished, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(finished, out)
    settings = (out / "config.toml").read_text()
    (out / "config.toml").write_text(re.sub(r"\bpyramid = \d+", "pyramid = 40", settings))
    with pytest.raises(InputError, match=r"holds the weights of another network .* begin a new"):
        run(None, out, resume=True)
    assert (out / LAST).read_bytes() == (finished / LAST).read_bytes()


def test_a_broken_last_checkpoint_is_reported_and_the_one_before_is_taken(finished, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(finished, out)
    whole = (out / LAST).read_bytes()
    (out / LAST).write_bytes(whole[: len(whole) // 2])
    output = run_to_last_step(None, out, resume=True)
    assert "last.ckpt is no whole checkpoint" in output
    assert f"going on from step {read_checkpoint(finished / PREVIOUS)['global_step']}" in output
    assert_same_weights(finished / LAST, out / LAST)


def test_a_finished_run_goes_on_with_more_steps_and_another_rate(finished, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(finished, out)
    changes = ["training.steps=14", "optimiser.rate=0.5", "optimiser.schedule=constant"]
    run(None, out, *changes, "optimiser.weight_decay=0.25", resume=True)
    assert read_model(out / "model.kontur").card.training["steps"] in (6, 12, 14)
    last = read_checkpoint(out / LAST)
    assert last["global_step"] == 14
    groups = last["optimizer_states"][0]["param_groups"]
    assert [group["lr"] for group in groups] == [0.5, 0.5]
    assert [group["weight_decay"] for group in groups] == [0.25, 0.0]
    assert lines(out)[-1]["step"] == 14


@pytest.mark.parametrize(
    ("setting", "above"),
    [
        ("training.steps=5", "12"),
        ("training.steps=12", "12"),
        ("training.minutes=0.0001", r"0\.\d+"),
    ],
)
def test_where_nothing_is_left_to_train_and_nothing_was_validated_it_says_how_to_go_on(
    finished, tmp_path, setting, above
):
    out = tmp_path / "run"
    shutil.copytree(finished, out)
    (out / BEST).unlink()  # as of a run that ended before its first validation
    saved = (out / "config.toml").read_text()
    name = setting.partition("=")[0]
    told = (
        f"nothing is left to train at step 12, for {setting} is used up, and no validation has "
        f"kept a network yet; to go on: --resume --set {name}=N, N above "
    )
    with pytest.raises(InputError, match=re.escape(told) + above + "$"):
        run(None, out, setting, resume=True)
    assert (out / "config.toml").read_text() == saved


@pytest.mark.parametrize("change", ["model.points=32", "kind=other", "start=nuclei"])
def test_another_network_is_no_way_to_go_on(finished, change):
    name = change.partition("=")[0].partition(".")[0]
    with pytest.raises(InputError, match=f"cannot change {name}"):
        run(None, finished, change, resume=True)


def test_a_run_that_goes_on_with_more_images_validates_on_none_that_it_learned_from(
    finished, folder, tmp_path
):
    out, data = tmp_path / "run", tmp_path / "data"
    shutil.copytree(finished, out)
    shutil.copytree(folder, data)
    for name in "abcdef":
        for part in ("images", "labels"):
            shutil.copy(data / part / "scene-0000.png", data / part / f"{name}.png")
    output = run_to_last_step(data, out, "training.steps=13", resume=True)
    assert "10 images to learn from, 2 to validate on" in output
    assert (out / "validation.txt").read_bytes() == (finished / "validation.txt").read_bytes()
    with pytest.raises(InputError, match=r"cannot change data\.val; .* --from"):
        run(None, out, val=0.5, resume=True)


def test_a_run_that_is_there_is_neither_overwritten_nor_mixed_up(finished, folder):
    before = (finished / "config.toml").read_bytes()
    with pytest.raises(InputError, match=r"holds a run already.*--resume.*--force"):
        run(folder, finished)
    assert (finished / "config.toml").read_bytes() == before
    with pytest.raises(InputError, match="give one"):
        run(folder, finished, resume=True, force=True)


@pytest.mark.parametrize("options", [{}, {"force": True}, {"resume": True}])
def test_a_run_in_which_another_process_trains_is_left_alone(finished, folder, options):
    before = {path: path.read_bytes() for path in finished.glob("*.*")}
    with (
        folder_lock(finished),
        pytest.raises(InputError, match=r"is being written by process .* give another --out"),
    ):
        run(None if "resume" in options else folder, finished, **options)
    assert {path: path.read_bytes() for path in finished.glob("*.*")} == before


def test_force_removes_what_the_run_before_wrote_and_nothing_else(
    finished, folder, tmp_path, monkeypatch
):
    out = tmp_path / "run"
    shutil.copytree(finished, out)
    (out / "overlays" / "notes.txt").write_text("mine")
    with pytest.raises(InputError):  # a mistake costs nothing
        run(folder, out, "training.stepz=3", force=True)
    with pytest.raises(InputError):
        run(tmp_path / "nowhere", out, force=True)
    assert (out / "model.kontur").exists()
    at_step(monkeypatch, 0, power_cut)
    with pytest.raises(Killed):
        run(folder, out, force=True)
    left = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    (events,) = (name for name in left if name.startswith("tensorboard/"))
    assert left == {"config.toml", "validation.txt", "metrics.jsonl", "overlays/notes.txt", events}


def test_a_file_is_no_folder_for_a_run(folder, tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(InputError, match="wants a folder"):
        run(folder, tmp_path / "run")


def test_going_on_where_nothing_is_says_so(tmp_path):
    with pytest.raises(InputError, match="no run to go on with"):
        run(None, tmp_path / "none", resume=True)


def test_unknown_settings_are_named_with_the_nearest_right_one(folder, tmp_path):
    out, file = tmp_path / "out", tmp_path / "run.toml"
    with pytest.raises(InputError, match=r"training.step'; did you mean 'steps'"):
        run(folder, out, "training.step=3")
    with pytest.raises(InputError, match="'pints'; did you mean 'points'"):
        run(folder, out, "model.pints=3")
    file.write_text("[data]\nchanel = 2\n")
    with pytest.raises(InputError, match=r"run.toml: .*data.chanel'; did you mean 'channel'"):
        run(folder, out, config=file)
    file.write_text("[training\n")
    with pytest.raises(InputError, match=r"run.toml is not a TOML file"):
        run(folder, out, config=file)
    with pytest.raises(InputError, match=r"augment.crop must be a multiple of 8.*take 72"):
        run(folder, out, "augment.crop=70")
    assert not out.exists()


def test_a_file_of_settings_is_laid_over_by_words(folder, tmp_path, monkeypatch):
    file = tmp_path / "run.toml"
    file.write_text("[optimiser]\nrate = 0.1\nclip = 2.0\n[training]\nseed = 3\n")
    at_step(monkeypatch, 0, power_cut)
    with pytest.raises(Killed):
        run(folder, tmp_path / "run", "optimiser.rate=0.2", config=file)
    saved = tomllib.loads((tmp_path / "run" / "config.toml").read_text())
    assert saved["optimiser"]["rate"] == 0.2
    assert saved["optimiser"]["clip"] == 2.0
    assert saved["training"]["seed"] == 3
    assert saved["training"]["patience"] == 12


def test_a_loss_that_is_no_number_stops_with_a_sentence(folder, tmp_path):
    settings = ("optimiser.rate=1e30", "optimiser.clip=0", "optimiser.warm_up=0")
    with pytest.raises(InputError, match=r"diverged at step \d+: .* smaller rate .*--force"):
        run(folder, tmp_path / "run", *settings)
