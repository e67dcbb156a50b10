"""Training from the page: what was corrected is learned, compared on what was held out, offered."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import shapely
import tifffile
from PIL import Image

from kontur import formats
from kontur.data.folder import open_folder
from kontur.edit import moves
from kontur.errors import InputError
from kontur.evaluate import evaluate_all
from kontur.images.image_file import read_image
from kontur.infer.load import load
from kontur.settings import overrides
from kontur.train.config import RunConfig
from kontur.web import training
from kontur.web.contrast import choose, settings_to_learn
from kontur.web.image_folder import FolderImage
from kontur.web.jobs import Job
from kontur.web.schema import TrainRequest
from kontur.web.training import (
    _normalisation_words,
    _score,
    _write_data,
    channel_of_model,
    corrected_planes,
    hold_out,
)
from kontur.web.workspace import CHANNEL_NOTE, open_workspace
from tests.web.conftest import nuclei, opened, served, wait_for_job
from tests.web.edits import DISC, edit, keys
from tests.web.test_page import drag, on_screen, open_page, outlines, until

pytest.importorskip("torch")


def test_a_person_corrects_three_images_trains_by_the_button_and_uses_the_new_model(
    browser, images
):
    with served(images) as server, server.client() as api:
        refused = api.post("/api/training", json={"model": "nuclei", "steps": 1})
        assert refused.status_code == 400
        assert "at least 2 corrected images" in refused.json()["detail"]
        page = open_page(browser, server)
        page.route("**/api/training", of_one_step)
        page.click("#tab-model")
        page.keyboard.press("Shift+g")
        page.locator("#hint", has_text="Outlining").wait_for()
        until(page, "[...kontur.models.jobs.values()].some(job => job.state === 'done')")
        for place in range(3):
            until(
                page, f"document.getElementById('image-number').textContent === '{place + 1} / 3'"
            )
            until(page, "kontur.image().status === 'predicted' && kontur.image().outlines.size")
            ring = next(iter(outlines(page).values()))
            page.mouse.click(*on_screen(page, *ring.mean(axis=0)))
            x, y = on_screen(page, *ring[0])
            drag(page, (x, y), (x - 9, y - 7))
            until(page, "kontur.image().status === 'corrected'")
            page.keyboard.press("n")
        page.get_by_text("3 corrected images: 2 to learn from, 1 held out").wait_for()
        page.click("#train")
        page.locator(".job .message", has_text="5 min left").wait_for()
        page.locator("#use-model").wait_for(timeout=300_000)
        before, after = page.locator(".versus b").all_inner_texts()
        assert float(before) > 0.8  # nearly the outlines that this model has drawn
        assert 0 <= float(after) <= 1
        (run,) = (path.name for path in (images / "kontur-models").iterdir())
        page.click("#use-model")
        page.get_by_text(f"kontur-models/{run} is in use").wait_for()
        page.click("#predict-one")
        until(page, "[...kontur.models.jobs.values()].at(-1).kind === 'predict'")
        until(page, "[...kontur.models.jobs.values()].at(-1).state === 'done'")
        folder = api.get("/api/folder").json()
        offered = [model["name"] for model in api.get("/api/models").json()]
        assert page.problems == []
        page.close()
    assert folder["model"] == f"kontur-models/{run}"
    assert offered == [f"kontur-models/{run}", "nuclei"]
    assert len(folder["images"]) == 3  # what it learned from is no image of the folder
    held_out = images / "kontur-models" / run / "data" / "val" / "outlines" / "cells1.geojson"
    assert len(formats.read(held_out)) > 5


def of_one_step(route):
    """The training that the page has asked for, made short."""
    if route.request.method == "POST":
        route.continue_(post_data=json.dumps(route.request.post_data_json | {"steps": 1}))
    else:
        route.continue_()


def planes_of(folder, name, pages, *, axes="TYX"):
    shape = (3, 4) if axes == "TZYX" else (12,)
    tifffile.imwrite(
        folder / name,
        np.zeros((*shape, 8, 9), np.uint8),
        ome=True,
        metadata={"axes": axes},
        photometric="minisblack",
    )
    return [(FolderImage(name, name, folder / name), page) for page in pages]


def test_planes_of_one_film_are_not_on_both_sides_of_the_comparison(tmp_path):
    films = [planes_of(tmp_path, f"{name}.ome.tif", [3, 4, 5, 9]) for name in "abc"]
    single = [(FolderImage(f"{n}.png", f"{n}.png", tmp_path / f"{n}.png"), 0) for n in range(3)]
    for planes in (films[0] + films[1], [*films[0], *films[1], *films[2], *single]):
        learned, held = hold_out(planes)
        assert {image.key for image, _ in learned}.isdisjoint({image.key for image, _ in held})
        assert sorted(learned + held) == sorted(planes)
        assert 1 <= len(held) <= len(planes) / 2


def test_of_one_film_the_last_corrected_planes_are_held_out_and_their_neighbours_left_out(tmp_path):
    planes = planes_of(tmp_path, "film.ome.tif", [0, 3, 4, 5, 6])
    learned, held = hold_out(planes)
    assert [[page for _, page in part] for part in (learned, held)] == [[0, 3, 4], [6]]
    learned, held = hold_out(planes[3:])
    assert [[page for _, page in part] for part in (learned, held)] == [[5], [6]]
    deep = planes_of(tmp_path, "deep.ome.tif", range(12), axes="TZYX")
    learned, held = hold_out(deep)
    assert {page % 4 for _, page in held} == {3}
    assert {page % 4 for _, page in learned} == {0, 1}


def test_a_training_that_is_stopped_leaves_nothing(images):
    with opened(images) as api:
        for key in keys(api).values():
            edit(api, key, 0, move="add", ring=DISC)
        started = api.post("/api/training", json={"model": "nuclei", "minutes": 60}).json()
        stopped = api.delete(f"/api/jobs/{started['number']}").json()
        assert wait_for_job(api, stopped["number"])["state"] == "cancelled"
    assert list((images / "kontur-models").glob("*")) == []


def test_images_that_differ_in_their_ending_alone_keep_their_own_outlines(tmp_path):
    """`a.png` and `a.tif` are two images of what a training learns from."""
    folder = tmp_path / "plate"
    folder.mkdir()
    for name, side in (("a.png", 20), ("a.tif", 10)):
        Image.fromarray(nuclei(side)).save(folder / name)
    here = open_workspace(folder)
    for image, side in zip(here.folder.images.values(), (20, 10), strict=True):
        square = shapely.box(5, 5, 5 + side, 5 + side)
        here.annotations.edit(
            image, 0, "add", lambda found, s=square: moves.add(found, s), known_revision=0
        )
    _write_data(here, tmp_path / "data", corrected_planes(here))
    here.close()
    learned = open_folder(tmp_path / "data")
    assert sorted(s.instances.areas.tolist() for s in learned.samples) == [[100.0], [400.0]]


@pytest.mark.parametrize("chosen", [1, 7, "GFP"])
def test_a_training_learns_from_the_channel_that_the_model_sees(tmp_path, chosen):
    """Of a stack as of an image; what was copied has the names of the stains."""
    stains = np.stack([nuclei(1), nuclei(2)])
    about = {"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"]}}
    tifffile.imwrite(tmp_path / "a.ome.tif", stains, metadata=about)
    about["axes"] = "TCYX"
    tifffile.imwrite(tmp_path / "b.ome.tif", np.stack([stains, stains]), metadata=about)
    Image.fromarray(nuclei(1)).save(tmp_path / "grey.png")
    here = open_workspace(tmp_path)
    here.history.set_note(CHANNEL_NOTE, chosen)
    planes = [(image, 0) for image in here.folder.images.values()]
    assert [image.name for image, _ in planes] == ["a.ome.tif", "b.ome.tif", "grey.png"]
    seen = 1 if chosen == 7 else chosen
    assert channel_of_model(here, load("nuclei"), planes) == seen
    assert channel_of_model(here, load("nuclei"), planes[2:]) is None
    _write_data(here, tmp_path / "data", planes)
    here.close()
    for image in (tmp_path / "data" / "images").glob("*.tif"):
        taken = read_image(image, channel=seen).pixels
        assert np.array_equal(taken[..., 0], nuclei(2))


def test_images_that_a_model_sees_in_two_ways_are_not_trained_on_together(tmp_path):
    tifffile.imwrite(
        tmp_path / "stains.tif", np.stack([nuclei(1)] * 2), imagej=True, metadata={"axes": "CYX"}
    )
    Image.fromarray(np.stack([nuclei(1)] * 3, axis=2)).save(tmp_path / "rgb.png")
    here = open_workspace(tmp_path)
    planes = [(image, 0) for image in here.folder.images.values()]
    sentence = "sees all channels of rgb.png and channel 0 of stains.tif"
    with pytest.raises(InputError, match=sentence):
        channel_of_model(here, load("nuclei"), planes)
    here.close()


def test_models_are_compared_in_the_contrast_that_was_chosen(images, monkeypatch):
    here, seen, given = open_workspace(images), [], []
    planes = [(image, 0) for image in here.folder.images.values()]
    job = Job(1, "train", lambda job: None, here.events)
    monkeypatch.setattr(training, "check_trainable", lambda here: planes)
    monkeypatch.setattr(
        training,
        "_run",
        lambda job, data, run, start, request, words, **how: (
            given.append(words),
            (run / "model.kontur").touch(),
        ),
    )
    monkeypatch.setattr(training, "_score", lambda *_, contrast, **how: seen.append(contrast) or 0)
    choose(here, "60,250", "nuclei")
    training.train(here, TrainRequest(model="nuclei"), job)
    assert seen == [(60.0, 250.0)] * 2
    ((*words,),) = given
    config = RunConfig.read(overrides(words))
    own = here.models.predictor("nuclei").normalise
    assert config.normalise == own.replace(mode="range", range=(60, 250))
    here.close()


@pytest.mark.parametrize(("contrast", "high"), [(None, None), ("auto", None), (99.0, 99.0)])
def test_a_training_learns_in_the_percentile_that_was_chosen_if_one_was(contrast, high):
    predictor = load("nuclei")
    words = _normalisation_words(settings_to_learn(predictor, contrast))
    if high is None:
        assert words == []
    else:
        learned = RunConfig.read(overrides(words)).normalise
        assert learned == predictor.normalise.replace(high=high)


def test_ap_is_that_of_the_command_line_and_a_number_without_objects(images):
    here = open_workspace(images)
    first, second, _ = here.folder.images.values()
    half = shapely.box(20, 20, 60, 60)
    here.annotations.edit(first, 0, "add", lambda found: moves.add(found, half), known_revision=0)
    job = Job(1, "train", lambda job: None, here.events)
    predicted = load("nuclei").predict(first.path)
    true = here.annotations.open(first, 0).instances
    expected = evaluate_all([(true, predicted)], metrics=["ap"]).agnostic.ap.mean()
    assert _score(here, "nuclei", [(first, 0)], job) == expected
    dim = load("nuclei").predict(first.path, contrast=(60, 250))
    expected = evaluate_all([(true, dim)], metrics=["ap"]).agnostic.ap.mean()
    assert _score(here, "nuclei", [(first, 0)], job, contrast=(60, 250)) == expected
    Image.fromarray(np.full((200, 260), 50, np.uint8)).save(second.path)
    assert _score(here, "nuclei", [(second, 0)], job) == 1.0
    here.close()


SERVER = """
import subprocess, sys, time
from kontur.web.jobs import Job
from kontur.web.training import TRAINING
program = TRAINING.replace("from kontur.cli import main", "import time").replace(
    "main()", "print('begun', flush=True); time.sleep(60)")
worker = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=1)
print(worker.pid, flush=True)
time.sleep(60)
"""


def test_a_training_ends_where_the_server_is_killed():
    """What the training's process does first, with a nap in place of a training."""
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    with server.stdout as said_by_both:
        said = {said_by_both.readline().strip(), said_by_both.readline().strip()}
    assert "begun" in said
    (pid,) = (int(line) for line in said - {"begun"})
    server.send_signal(signal.SIGKILL)
    server.wait()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError("it goes on without its server")
