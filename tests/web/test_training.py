"""Training from the page: what was corrected is learned, compared on what was held out, offered."""

import pytest

from kontur import formats
from tests.web.conftest import opened, wait_for_job
from tests.web.test_app import DISC, edit, keys

pytest.importorskip("torch")


def test_corrected_images_train_a_model_that_is_compared_and_offered(api, images):
    listed = keys(api)
    refused = api.post("/api/training", json={"model": "nuclei", "steps": 1})
    assert refused.status_code == 400
    assert "at least 2 corrected images" in refused.json()["detail"]
    body = {"model": "nuclei", "images": [*listed.values()]}
    assert (
        wait_for_job(api, api.post("/api/predict", json=body).json()["number"])["state"] == "done"
    )
    for key in listed.values():
        api.put(f"/api/images/{key}/status", json={"status": "done"})
    assert api.get("/api/training").json() == {"corrected": 3, "learned": 2, "held_out": 1}
    started = api.post("/api/training", json={"model": "nuclei", "steps": 1, "minutes": 1})
    job = wait_for_job(api, started.json()["number"], seconds=300)
    assert job["state"] == "done", job
    result = job["result"]
    assert result["before"] == 1.0  # of the outlines that this model has drawn
    assert 0 <= result["after"] <= 1
    run = images / result["name"]
    assert len(formats.read(run / "data" / "val" / "outlines" / "cells1.geojson")) > 5
    assert [model["name"] for model in api.get("/api/models").json()] == [result["name"], "nuclei"]
    assert api.put("/api/model", json={"name": result["name"]}).status_code == 200
    assert api.get("/api/folder").json()["model"] == result["name"]
    assert len(keys(api)) == 3  # what it learned from is no image of the folder


def test_a_training_that_is_stopped_leaves_nothing(images):
    with opened(images) as api:
        for key in keys(api).values():
            edit(api, key, 0, move="add", ring=DISC)
        started = api.post("/api/training", json={"model": "nuclei", "minutes": 60}).json()
        stopped = api.delete(f"/api/jobs/{started['number']}").json()
        assert wait_for_job(api, stopped["number"])["state"] == "cancelled"
    assert list((images / "kontur-models").glob("*")) == []
