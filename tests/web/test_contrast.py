"""The contrast that is chosen on the page: clicks and predictions see images in it alike."""

import numpy as np
import pytest
import shapely
import tifffile
from PIL import Image

from kontur.infer.load import load
from kontur.web.contrast import choose as choose_here
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


def test_model_channel_and_contrast_are_chosen_together_or_not_at_all(tmp_path):
    stains = np.stack([nuclei(1), nuclei(2) // 3])
    tifffile.imwrite(tmp_path / "a.ome.tif", stains, metadata={"axes": "CYX"})
    with opened(tmp_path) as api:

        def known():
            folder = api.get("/api/folder").json()
            return {word: folder[word] for word in ("model", "channel", "contrast")}

        before = known()
        for contrast in ("250,60", "1,2;3,4", "wa"):
            body = {"name": "nuclei", "channel": 1, "contrast": contrast}
            assert api.put("/api/model", json=body).status_code == 400
            assert known() == before
        assert api.put("/api/model", json={"name": "no", "channel": 1}).status_code == 400
        assert known() == before
        body = {"name": "nuclei", "channel": 1, "contrast": "folder"}
        assert api.put("/api/model", json=body).status_code == 200
        assert known() == {"model": "nuclei", "channel": 1, "contrast": "folder"}


def test_a_range_is_measured_in_the_channel_that_is_chosen_with_it_and_windows_are_told(tmp_path):
    stains = np.stack([nuclei(1), nuclei(2) // 3])
    for name in "ab":
        tifffile.imwrite(tmp_path / f"{name}.ome.tif", stains, metadata={"axes": "CYX"})
    here, told = open_workspace(tmp_path), []
    here.events.publish = lambda kind, **values: told.append((kind, *values.values()))
    choose_here(here, "folder", "nuclei", 1)
    assert told == [("measuring", 1, 2), ("measuring", 2, 2)]
    given = contrast_of(here, here.models.predictor("nuclei"), "nuclei").contrast
    assert given == pytest.approx(np.percentile(stains[1], (1, 99.8)), abs=1)
    assert len(told) == 2  # it is noted
    here.close()


def test_a_job_tells_how_far_measuring_a_folder_is_and_stops_there(tmp_path):
    here = open_workspace(write_images(tmp_path, 3))
    model, seen = here.models.predictor("nuclei"), []
    job = Job(1, "predict", lambda job: None, here.events)
    job.publish = lambda: seen.append((job.done, job.total, job.message))
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
        key = key_of(api)
        table = api.get(f"/api/images/{key}/table", params={"model": "nuclei"})
        quality = next(c for c in table.json()["columns"] if c["name"] == "quality")
        assert None not in quality["values"]
        for word, why in (
            ("folder", "uint8 (cells0.png) and uint16 (later.png)"),
            ("FOLDER", "wa"),
        ):
            refused = api.put("/api/model", json={"name": "nuclei", "contrast": word})
            assert refused.status_code == 400
            assert why in refused.json()["detail"]
        assert predicted(api) > 0  # in the range that was measured before


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
