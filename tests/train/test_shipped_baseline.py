import json

import numpy as np
import pytest
import shapely

from kontur import load
from kontur.data.sample import Sample
from kontur.evaluate import evaluate_all
from kontur.instances import Instances
from kontur.train.shipped_baseline import LARGEST, shipped_baseline
from tests.train import runs


def discs(count=6, *, side=128, channels=1, empty=False):
    """An image of bright discs on a dark ground, which the model of nuclei knows."""
    y, x = np.mgrid[:side, :side]
    centres = [(24 + 40 * (i % 3), 30 + 56 * (i // 3)) for i in range(count)]
    image = np.full((side, side), 0.05)
    for cx, cy in centres:
        image += 0.7 * np.clip(9.5 - np.hypot(x - cx, y - cy), 0, 1)
    outlines = [shapely.Point(cx + 0.5, cy + 0.5).buffer(9) for cx, cy in centres]
    pixels = np.repeat(np.round(200 * image).astype(np.uint8)[..., None], channels, axis=-1)
    return Sample(pixels, Instances.of([] if empty else outlines, size=(side, side)), "discs")


def baseline(samples, classes=("object",), *, kind="snake", start=None):
    return shipped_baseline(samples, classes, kind=kind, start=start)


@pytest.fixture(scope="module")
def known():
    return baseline([discs(), discs(3)])


def test_the_ap_is_that_of_the_shipped_model_with_the_diameter_measured(known):
    samples = [discs(), discs(3)]
    model = load("nuclei")
    pairs = [(one.instances, model.predict(one.image, diameter="auto")) for one in samples]
    assert known.name == "nuclei"
    assert known.places == [0, 1]
    assert known.ap == pytest.approx(evaluate_all(pairs).mean_ap, abs=1e-9)
    assert known.ap > 0.5


@pytest.mark.parametrize(
    ("samples", "classes"),
    [
        ([discs()], ("dead", "live")),
        ([discs(empty=True)], ("object",)),
        ([discs(channels=5)], ("object",)),
        ([], ("object",)),
    ],
    ids=["two classes", "no objects", "five channels", "no images"],
)
def test_where_no_shipped_model_can_be_compared_there_is_none(samples, classes):
    assert baseline(samples, classes) is None


def test_large_images_are_left_out_and_of_many_a_few_are_taken():
    small, large = discs(), discs(side=int(LARGEST**0.5) + 1)
    assert baseline([large, small]).places == [1]
    assert baseline([large]) is None
    assert len(baseline([small] * 40).places) == 8


def test_what_it_does_not_know_is_not_compared():
    noise = np.random.default_rng(0).integers(0, 255, (96, 96, 1), dtype=np.uint8)
    outlines = Instances.of([shapely.box(10, 10, 70, 80)], size=(96, 96))
    assert baseline([Sample(noise, outlines, "noise")]) is None


def test_a_training_is_told_to_begin_with_it_only_where_it_can_and_does_not(known):
    assert "; --from nuclei would begin with it" in known.describe()
    assert "on 2 validation images (" in known.describe()
    assert "--from" not in baseline([discs()], kind="unet").describe()
    assert "--from" not in baseline([discs()], start="nuclei").describe()


def test_only_what_is_worse_on_the_same_images_is_warned_of(known):
    samples = [discs(), discs(3)]
    truths = [one.instances for one in samples]
    nothing = [Instances.empty(one.size) for one in samples]
    assert known.advice(samples, truths) == ""
    assert f"AP {known.ap:.3f}, this one 0.000" in known.advice(samples, nothing)
    assert known.advice(samples, nothing).startswith("! on 2 validation images the shipped model ")


def test_a_run_says_it_at_the_beginning_and_at_its_end_and_notes_it(
    folder, tmp_path, monkeypatch, known
):
    monkeypatch.setattr("kontur.train.run.shipped_baseline", lambda *_, **__: known)
    monkeypatch.setattr("kontur.train.run.FEWEST_STEPS", 1)
    said = runs.run(folder, tmp_path, "training.steps=1", *runs.FEW_GRAPHS, val=runs.VAL)
    assert known.describe() in said
    assert "on 2 validation images the shipped model nuclei is better: AP" in said
    (noted,) = (
        line
        for line in json.loads((tmp_path / "metrics.json").read_text())["warnings"]
        if "shipped" in line
    )
    assert "--from nuclei" in noted


def test_a_trial_of_few_steps_and_a_training_of_a_study_are_compared_with_nothing(
    folder, tmp_path, monkeypatch
):
    def fail(*_, **__):
        raise AssertionError

    monkeypatch.setattr("kontur.train.run.shipped_baseline", fail)
    short = ("training.steps=1", *runs.FEW_GRAPHS)
    runs.run_to_last_step(folder, tmp_path / "trial", *short, val=runs.VAL)
    monkeypatch.setattr("kontur.train.run.FEWEST_STEPS", 1)
    runs.run_to_last_step(folder, tmp_path / "one", *short, val=runs.VAL, baseline=False)
