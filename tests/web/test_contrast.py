"""The contrast that is chosen on the page: clicks and predictions see images in it alike."""

import numpy as np
import pytest
import shapely
from PIL import Image

from kontur.infer.load import load
from kontur.web.contrast import contrast_of
from kontur.web.jobs import Cancelled, Job
from kontur.web.workspace import open_workspace
from tests.web.conftest import nuclei, opened, served, wait_for_job, write_images
from tests.web.test_app import edit, key_of, objects_of
from tests.web.test_page import open_page, until


def predicted(api, **body):
    given = {"model": "nuclei", "images": [key_of(api)], **body}
    job = wait_for_job(api, api.post("/api/predict", json=given).json()["number"])
    assert job["state"] == "done", job
    return job["result"]["objects"]


def choose(api, contrast):
    answer = api.put("/api/model", json={"name": "nuclei", "contrast": contrast})
    assert answer.status_code == 200, answer.json()
    return answer.json()["contrast"]


def percentiles_of(folder):
    files = sorted(folder.glob("*.png"))
    pixels = np.concatenate([np.asarray(Image.open(file)).ravel() for file in files])
    return np.percentile(pixels, (1, 99.8)).tolist()


def test_a_click_sees_the_image_in_the_range_that_was_chosen(api, images):
    model, file = load("nuclei", device="cpu"), images / "cells0.png"
    given = (60.0, 250.0)
    found = model.predict(file, contrast=given)
    click = found.boxes[0].reshape(2, 2).mean(0).tolist()
    assert choose(api, " 60,250") == "60,250"
    assert api.get("/api/folder").json()["contrast"] == "60,250"
    made = edit(api, key_of(api), 0, move="outline", model="nuclei", click=click).json()
    ring = shapely.Polygon(np.reshape(made["objects"][0]["parts"][0][0], (-1, 2)))
    with_range, without = (
        model.session(file, contrast=contrast).outline(click=click) for contrast in (given, None)
    )
    apart = [shapely.hausdorff_distance(ring, one) for one in (with_range, without)]
    assert apart[0] < 0.02 < apart[1]
    assert predicted(api) == len(found)
    assert choose(api, "") == ""
    assert predicted(api) == len(model.predict(file))


def test_folder_is_one_range_of_all_images_until_it_is_chosen_again(tmp_path):
    write_images(tmp_path, 2)
    Image.fromarray(nuclei(5) // 3).save(tmp_path / "dim.png")
    with opened(tmp_path) as api:

        def outlines(**body):
            predicted(api, **body)
            return [each["parts"] for each in objects_of(api, key_of(api))]

        choose(api, "folder")
        found = outlines()
        assert outlines(contrast=percentiles_of(tmp_path)) == found == outlines(contrast="folder")
        Image.fromarray(np.full((300, 300), 255, np.uint8)).save(tmp_path / "white.png")
        api.post("/api/folder/refresh")
        assert outlines() == found
        choose(api, "folder")
        assert outlines() == outlines(contrast=percentiles_of(tmp_path)) != found
        refused = api.put("/api/model", json={"name": "nuclei", "contrast": "1,2;3,4"})
        assert "normalises all channels together" in refused.json()["detail"]
        refused = api.put("/api/model", json={"name": "nuclei", "contrast": "250,60"})
        assert "LOW below HIGH" in refused.json()["detail"]
        assert api.get("/api/folder").json()["contrast"] == "folder"


def test_a_job_tells_how_far_measuring_a_folder_is_and_stops_there(tmp_path):
    here = open_workspace(write_images(tmp_path, 3))
    model, seen = here.models.predictor("nuclei"), []
    job = Job(1, "predict", lambda job: None, here.events)
    job.tell = lambda: seen.append((job.done, job.total, job.message))
    job.stop.set()
    with pytest.raises(Cancelled):
        contrast_of(here, model, "nuclei", "folder", job=job)
    job.stop.clear()
    given = contrast_of(here, model, "nuclei", "folder", job=job)
    assert seen == [(done, 3, "measuring the contrast") for done in (1, 1, 2, 3)]
    assert contrast_of(here, model, "nuclei", "folder", job=job) == given
    assert len(seen) == 4
    here.close()


def test_an_image_of_another_depth_than_those_measured_is_refused_as_by_the_command_line(tmp_path):
    write_images(tmp_path, 1)
    with opened(tmp_path) as api:
        choose(api, "folder")
        assert predicted(api) > 0
        Image.fromarray(nuclei(1).astype(np.uint16) * 200).save(tmp_path / "later.png")
        api.post("/api/folder/refresh")
        later = key_of(api, "later.png")
        began = api.post("/api/predict", json={"model": "nuclei", "images": [later]})
        job = wait_for_job(api, began.json()["number"])
        assert job["state"] == "failed"
        assert "uint8 (those before) and uint16 (later.png)" in job["message"]
        clicked = api.post(f"/api/images/{later}/features", json={"name": "nuclei"})
        assert clicked.status_code == 400
        assert "uint8 (those before) and uint16 (later.png)" in clicked.json()["detail"]
        assert predicted(api) > 0


def test_the_contrast_is_typed_on_the_page(browser, tmp_path):
    with served(write_images(tmp_path, 1)) as server:
        page = open_page(browser, server)
        page.keyboard.press("Alt+2")
        page.fill("#contrast", "1,0")
        page.keyboard.press("Enter")
        until(page, "document.querySelector('#contrast').value === ''")  # refused, in a sentence
        page.fill("#contrast", "250,255")
        page.keyboard.press("Enter")
        until(page, "document.querySelector('#contrast').value === '250,255'")
        page.click("#predict-one")
        page.locator("#model .job .message", has_text="Objects: ").wait_for()
        with server.client() as client:
            assert client.get("/api/folder").json()["contrast"] == "250,255"
        page.close()
