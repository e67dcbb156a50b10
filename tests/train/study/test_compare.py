"""The study from end to end, with fits that take no time (true ones: `test_fit.py`)."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from kontur.data.folder import open_folder
from kontur.data.synthetic import write_dataset
from kontur.errors import InputError
from kontur.infer.load import find_model, load
from kontur.models.archive import read_card
from kontur.select import FitFailed
from kontur.settings import read_toml
from kontur.train.config import RunConfig
from kontur.train.folder_lock import folder_lock
from kontur.train.study import jobs as room
from kontur.train.training_data import open_data
from tests.train.study import studies
from tests.train.study.studies import study, write_coco


@pytest.fixture
def processes(monkeypatch):
    fake = studies.Processes()
    monkeypatch.setattr(room, "run_worker", fake)
    return fake


def test_every_kind_is_fitted_on_every_fold_and_the_best_on_all_images(folder, tmp_path, processes):
    found, output = study(folder, tmp_path / "study")
    assert processes.fitted == [
        *(f"{kind}/fold-{fold}" for fold in (1, 2, 3) for kind in ("snake", "baseline")),
        "refit",
    ]
    assert found.order == ["snake", "baseline"]
    assert found.verdict.best == "snake"
    assert found.failures == []
    assert "[3/4] snake, fold 3: AP 0." in output
    assert "\nbaseline, fold 3: AP 0." in output
    assert (tmp_path / "study" / "comparison.png").exists()
    rows = list(csv.DictReader((tmp_path / "study" / "comparison.csv").read_text().splitlines()))
    assert [(row["setting"], row["fold"]) for row in rows[:3]] == [
        *(("snake", "1"), ("baseline", "1"), ("snake", "2"))
    ]
    assert {row["parameters"] for row in rows if row["setting"] == "snake"} == {"300000"}


def test_what_is_held_out_is_neither_learned_from_nor_validated_on(folder, tmp_path, processes):
    study(folder, tmp_path / "study")
    names = set(open_folder(folder).names)
    held = []
    for fold in (1, 2, 3):
        place = tmp_path / "study" / "fits" / "snake" / f"fold-{fold}"
        split = json.loads((place / "split.json").read_text())
        judged = set(json.loads((place / "judge.json").read_text())["names"])
        train, val = set(split["train"]), set(split["val"])
        assert train
        assert val
        assert sorted([*train, *val, *judged]) == sorted(names)  # each in one part only
        held += judged
    assert sorted(held) == sorted(names)


def test_groups_stay_together(folder, tmp_path, processes):
    data = tmp_path / "grouped"
    shutil.copytree(folder, data)
    names = open_folder(data).names
    lines = [f"{name},{i // 2}" for i, name in enumerate(names)]
    (data / "metadata.csv").write_text("\n".join(["id,slide", *lines]) + "\n")
    study(data, tmp_path / "study", group="slide")
    for fold in (1, 2, 3):
        place = tmp_path / "study" / "fits" / "snake" / f"fold-{fold}"
        split = json.loads((place / "split.json").read_text())
        judged = json.loads((place / "judge.json").read_text())["names"]
        slides = [{names.index(name) // 2 for name in part} for part in (*split.values(), judged)]
        assert sorted(slide for part in slides for slide in part) == [0, 1, 2]
    with pytest.raises(InputError, match="4 folds need at least 4 groups, got 3"):
        study(data, tmp_path / "other", group="slide", folds=4)
    with pytest.raises(InputError, match="no column 'plate'; its columns are: slide"):
        study(data, tmp_path / "other", group="plate")


def test_the_same_call_repeats_nothing_that_is_finished(folder, tmp_path, processes):
    out = tmp_path / "study"
    first, _ = study(folder, out)
    processes.calls.clear()
    again, output = study(folder, out)
    assert processes.calls == []
    assert again == first
    assert "3 trainings are finished already" in output


@pytest.mark.parametrize(
    ("what", "where"),
    [("fit", "snake/fold-2"), ("fit", "refit"), ("held_out", "baseline/fold-1")],
)
def test_killed_at_any_moment_it_goes_on_from_there(folder, tmp_path, processes, what, where):
    out = tmp_path / "study"
    whole, _ = study(folder, tmp_path / "whole")
    planned = list(processes.fitted)
    processes.calls.clear()
    processes.fails = {where: KeyboardInterrupt()}
    processes.fails_at = what
    with pytest.raises(KeyboardInterrupt):
        study(folder, out)
    processes.fails = {}
    found, _ = study(folder, out)
    assert found.accuracy_rows() == whole.accuracy_rows()
    assert processes.fitted == planned


def test_a_fit_that_crashes_does_not_stop_the_study_and_is_tried_again(folder, tmp_path, processes):
    processes.fails = {"snake/fold-2": FitFailed("its process was killed")}
    found, output = study(folder, tmp_path / "study")
    assert found.failures == ["snake, fold 2: its process was killed"]
    assert "snake, fold 2: failed" in output
    assert found.verdict.best == "baseline"  # of all folds, which the snake has not
    assert [row[1] for row in found.accuracy_rows()] == ["folds", "3", "2"]
    processes.fails = {}
    processes.calls.clear()
    found, _ = study(folder, tmp_path / "study")
    assert processes.fitted == ["snake/fold-2", "refit"]
    assert (found.verdict.best, found.failures) == ("snake", [])


def test_a_refit_that_fails_is_reported(folder, tmp_path, processes):
    processes.fails = {"refit": FitFailed("the disk is full")}
    found, _ = study(folder, tmp_path / "study")
    assert found.failures == ["the training on all images: the disk is full"]


def test_the_refitted_model_has_the_thresholds_and_scores_of_the_folds(folder, tmp_path, processes):
    out = tmp_path / "study"
    found, _ = study(folder, out)
    card = read_card(find_model(out / "best"))
    assert card.thresholds.score == pytest.approx(0.6)  # of every fold; its own was another
    assert card.scores["AP"] == pytest.approx(found.scores("snake")["AP"].mean, abs=1e-4)
    assert "3 folds" in card.training["cross_validation"]
    metrics = json.loads((out / "best" / "metrics.json").read_text())
    assert metrics["scores"] == card.scores
    assert load(out / "best").card == card


def test_a_baseline_that_is_best_stays_as_all_images_made_it(folder, tmp_path, processes):
    out = tmp_path / "study"
    study(folder, out, kinds=["baseline"])
    card = read_card(find_model(out / "best"))
    assert card.thresholds.score == pytest.approx(0.5)  # of the run itself, not of any fold
    assert card.training["cross_validation"] == "scores are means over 3 folds"


def test_scores_of_folds_that_were_tried_again_reach_the_best(folder, tmp_path, processes):
    out = tmp_path / "study"
    processes.fails = {"fold-2": FitFailed("its process was killed")}
    found, _ = study(folder, out)
    assert found.verdict.best == "snake"
    assert "over 2 folds" in read_card(find_model(out / "best")).training["cross_validation"]
    processes.fails = {}
    study(folder, out)
    assert "over 3 folds" in read_card(find_model(out / "best")).training["cross_validation"]


def test_a_folder_with_a_part_to_validate_on_keeps_it_for_the_best(tmp_path, processes):
    for part in ("train", "val"):
        write_dataset(tmp_path / "data" / part, 4, size=(32, 40), count=2, radius=(4.0, 6.0))
    out = tmp_path / "study"
    study(tmp_path / "data", out, folds=2, settings=["data.val=0.5"])
    judged = json.loads((out / "fits" / "snake" / "fold-1" / "judge.json").read_text())["names"]
    assert all(name.startswith("train/") for name in judged)
    for fit, part in {"fits/snake/fold-1": "train/", "refit": "val/"}.items():
        config = RunConfig.resolve(file=out / fit / "config.toml", settings=(), given={})
        names = open_data(config.data, seed=0).val.names
        assert all(name.startswith(part) for name in names)
    assert "cross_validation" not in read_card(find_model(out / "best")).training


def test_more_rows_join_a_study_and_a_new_best_is_fitted(folder, tmp_path, processes):
    out = tmp_path / "study"
    study(folder, out, kinds=["baseline"])
    processes.calls.clear()
    found, _ = study(folder, out, also=["narrow:kind=snake,model.points=16"])
    assert "baseline/fold-1" not in processes.fitted
    assert "narrow/fold-3" in processes.fitted
    assert "refit" in processes.fitted
    assert found.order[-1] == "baseline"


def test_another_study_is_not_mixed_with_one_that_is_there(folder, tmp_path, processes):
    out = tmp_path / "study"
    study(folder, out)
    with pytest.raises(InputError, match=r"another study \(folds: 3 before, 2 now\).*--force"):
        study(folder, out, folds=2)
    with pytest.raises(InputError, match="a fit of snake with other settings or images"):
        study(folder, out, steps=6)
    (out / "mine.txt").write_text("kept")
    found, _ = study(folder, out, folds=2, force=True)
    assert len(found.outcomes) == 4
    assert (out / "mine.txt").exists()


def test_a_study_on_which_another_process_works_is_left_alone(folder, tmp_path, processes):
    with folder_lock(tmp_path), pytest.raises(InputError, match="is being written by process"):
        study(folder, tmp_path, force=True)
    assert processes.fitted == []


def test_a_folder_that_is_no_study_is_left_alone(folder, tmp_path, processes):
    (tmp_path / "mine.txt").write_text("kept")
    for force in (False, True):
        with pytest.raises(InputError, match="holds other files and no study"):
            study(folder, tmp_path, force=force)
    with pytest.raises(InputError, match="is a file"):
        study(folder, tmp_path / "mine.txt")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"kinds": ["snaek"]}, "no kind of model 'snaek'; did you mean 'snake'"),
        ({"folds": 9}, "9 folds need at least 9 names, got 6; use fewer folds"),
        ({"folds": 1}, "at least 2 folds, got 1"),
        ({"group": "slide"}, "no column 'slide'"),
        ({"preset": "tinny"}, "did you mean 'tiny'"),
        ({"settings": ["training.stepz=3"]}, "did you mean 'steps'"),
        ({"settings": ["model.pointz=3"]}, "did you mean 'points'"),
        ({"minutes": -1}, "greater than 0"),
        ({"rank": "AP5"}, "no score 'AP5' to rank by; did you mean 'AP"),
    ],
)
def test_what_cannot_be_used_is_reported_before_anything_is_fitted(
    folder, tmp_path, processes, options, sentence
):
    with pytest.raises(InputError, match=sentence):
        study(folder, tmp_path / "study", **options)
    assert processes.calls == []
    assert not (tmp_path / "study").exists()


def test_images_without_any_object_are_refused(tmp_path, processes):
    write_dataset(tmp_path / "data", 4, size=(32, 32), count=0)
    with pytest.raises(InputError, match="have no object"):
        study(tmp_path / "data", tmp_path / "study")


def test_a_learning_curve_learns_from_nested_parts_of_each_fold(tmp_path, processes):
    write_dataset(tmp_path / "data", 24, size=(32, 40), count=2, radius=(4.0, 6.0))
    out = tmp_path / "study"
    found, _ = study(tmp_path / "data", out, folds=2, learning_curve=True, refitted=False)
    assert [images for images, _ in found.curve("snake")] == [2, 3, 6, 9, 12]
    place = out / "fits" / "snake"
    parts = []
    for name in ("fold-1-of-25-percent", "fold-1-of-50-percent", "fold-1"):
        split = json.loads((place / name / "split.json").read_text())
        parts.append({*split["train"], *split["val"]})
    assert parts[0] < parts[1] < parts[2]
    assert (out / "learning-curve.png").exists()
    assert not (out / "best").exists()
    (output,) = found.curve_sentences()
    assert output.startswith("snake: from 6 to 12 images AP changed by 0.060")
    assert output.endswith("more labels would help.")
    processes.calls.clear()
    study(tmp_path / "data", out, folds=2, refitted=False)
    assert processes.calls == []  # the comparison is the end of the curve


def test_a_study_of_annotations_that_were_edited_since_is_another_one(tmp_path, processes):
    data, out = tmp_path / "data", tmp_path / "study"
    names = write_dataset(data, 3, size=(64, 64), count=3, radius=(6.0, 9.0))
    study(data, out)
    file = data / "labels" / f"{names[0]}.png"
    ids = np.array(Image.open(file))
    ids[ids == 1] = 0  # one object less
    Image.fromarray(ids).save(file)
    with pytest.raises(InputError, match=r"another study \(of other annotations\).*--force"):
        study(data, out)


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_study_of_images_that_changed_since_is_another_one(tmp_path, processes, part):
    data, out = tmp_path / "data", tmp_path / "study"
    for each, count in (("train", 3), ("val", 1)):
        write_dataset(data / each, count, size=(64, 64), count=3, radius=(6.0, 9.0))
    study(data, out)
    file = next(iter(sorted((data / part / "images").iterdir())))
    Image.fromarray(255 - np.array(Image.open(file))).save(file)
    with pytest.raises(InputError, match=r"another study \(of other pixels\).*--force"):
        study(data, out)


def test_before_the_first_fit_it_says_what_is_wrong_and_how_much_is_to_do(tmp_path, processes):
    write_coco(tmp_path / "data", ["cn", "cc", "c", "c", "c", "c"])
    Image.new("L", (30, 30)).save(tmp_path / "data" / "alone.png")
    out = tmp_path / "study"
    _, output = study(tmp_path / "data", out, steps=None, minutes=4)
    lines = output.splitlines()
    assert lines[0].startswith("! 1 image (alone) without annotation: left out")
    assert lines[1].startswith("! no image to learn from has: nerve (fold ")
    assert lines[2] == (
        "4 trainings of 4 minutes, the last on all images: about 19 minutes with tuning and "
        "judging, on this machine one after the other, where nothing else runs on it"
    )
    assert "a first look" not in output
    shutil.rmtree(out / "fits" / "snake" / "fold-2")
    _, output = study(tmp_path / "data", out, steps=None, minutes=4)
    assert "2 trainings of 4 minutes" in output
    _, output = study(tmp_path / "data", tmp_path / "long", steps=None, minutes=40)
    assert "a first look takes about 8 minutes: --folds 2 --minutes 2, with another" in output


def test_images_that_a_network_cannot_take_are_refused_before_the_first_fit(tmp_path, processes):
    for part, channels in (("a", 1), ("b", 2)):
        write_dataset(tmp_path / part, 3, size=(32, 40), count=2, radius=(4.0, 6.0))
        for path in (tmp_path / part / "images").iterdir():
            pixels = np.array(Image.open(path))
            path.unlink()
            name = tmp_path / "data" / "images" / f"{part}-{path.stem}.tif"
            name.parent.mkdir(parents=True, exist_ok=True)
            planes = np.stack([pixels] * channels) if channels > 1 else pixels
            tifffile.imwrite(name, planes, metadata={"axes": "CYX"} if channels > 1 else None)
            labels = tmp_path / "data" / "labels" / f"{part}-{path.stem}.png"
            labels.parent.mkdir(exist_ok=True)
            shutil.copy(tmp_path / part / "labels" / path.name, labels)
    with pytest.raises(InputError, match="snake: the images have 1, 2 channels; choose one"):
        study(tmp_path / "data", tmp_path / "study")
    assert processes.calls == []
    study(tmp_path / "data", tmp_path / "study", settings=["augment.crop=64"], kinds=["baseline"])


def test_without_a_part_to_validate_on_the_best_sees_no_test_image(tmp_path, processes):
    for part in ("train", "test"):
        write_dataset(tmp_path / "data" / part, 4, size=(32, 40), count=2, radius=(4.0, 6.0))
    study(tmp_path / "data", tmp_path / "study", folds=2)
    split = json.loads((tmp_path / "study" / "refit" / "split.json").read_text())
    assert split["val"] == "train"
    assert [name.split("/")[0] for name in split["train"]] == ["train"] * 4


def test_where_every_score_is_0_nothing_is_trained_on_all(folder, tmp_path, processes):
    content = {"scores": {"AP": 0.0}, "milliseconds": 20.0, "memory": 90.0}
    processes.judge = lambda job: Path(job.out).write_text(json.dumps(content))
    found, _ = study(folder, tmp_path / "study")
    assert "refit" not in processes.fitted
    assert found.sentences()[0].startswith("Nothing that was tried outlines these images yet")


def test_a_score_of_several_classes_decides_only_where_there_are_several(folder, tmp_path):
    with pytest.raises(InputError, match="is for several classes"):
        study(folder, tmp_path / "study", rank="AP, mean over classes")


def lengths(out, kind="snake"):
    """What the settings of each of a row's fits say of its length."""
    files = [*sorted((out / "fits" / kind).glob("fold-*/config.toml")), out / "refit/config.toml"]
    return [read_toml(file)["training"] for file in files if file.exists()]


def test_where_minutes_decide_all_fits_take_the_steps_of_the_first(folder, tmp_path, processes):
    out = tmp_path / "study"
    study(folder, out, steps=None, minutes=2.0)
    first, *others = lengths(out)
    assert first == {"minutes": 2.0, "steps": 1_000_000, "clock": "processor"}
    assert others == [{"steps": 321}] * 3  # of the same network, and of that on all images
    before = len(processes.fitted)
    study(folder, out, steps=None, minutes=2.0)
    assert len(processes.fitted) == before  # the same command goes on, and finds all of it done


def test_a_study_that_knew_no_steps_yet_or_no_other_clock_goes_on_as_it_was_begun(
    folder, tmp_path, processes
):
    out = tmp_path / "study"
    processes.fails = {"fold-1": FitFailed("its process was killed")}
    study(folder, out, steps=None, minutes=2.0, refitted=False)
    processes.fails = {}
    for fold in (2, 3):  # as the build before wrote them
        file = out / "fits" / "snake" / f"fold-{fold}" / "config.toml"
        file.write_text(file.read_text().replace('clock = "processor"\n', ""))
    study(folder, out, steps=None, minutes=2.0, refitted=False)
    by_minutes = {"minutes": 2.0, "steps": 1_000_000}
    assert lengths(out) == [{**by_minutes, "clock": "processor"}, by_minutes, by_minutes]
    with pytest.raises(InputError, match="holds a fit of snake with other settings"):
        study(folder, out, steps=None, minutes=3.0, refitted=False)


def test_several_classes_are_ranked_by_their_mean_and_one_by_its_ap(folder, tmp_path, processes):
    write_coco(tmp_path / "classes", ["cn", "c", "cn", "n", "cc", "cn"])
    found, _ = study(tmp_path / "classes", tmp_path / "several", refitted=False)
    assert found.rank == "AP, mean over classes"
    found, _ = study(folder, tmp_path / "one", refitted=False)
    assert found.rank == "AP"
