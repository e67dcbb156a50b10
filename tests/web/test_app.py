"""The API: what it answers, whom it refuses, and that no request breaks it."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile
from PIL import Image

from kontur.infer.load import load
from kontur.instances import Instances
from tests.web.conftest import nuclei, opened, wait_for_job
from tests.web.edits import DISC, edit, key_of, keys


def objects_of(api, key, page=0):
    return api.get(f"/api/images/{key}/objects", params={"page": page}).json()["objects"]


def test_a_model_outlines_an_image_and_leaves_what_a_hand_drew(api, images):
    key = key_of(api)
    drawn = edit(api, key, 0, move="add", ring=[[1, 180], [9, 180], [9, 190]]).json()
    job = api.post("/api/predict", json={"model": "nuclei", "images": [key]}).json()
    job = wait_for_job(api, job["number"])
    assert (job["state"], job["image"]) == ("done", "cells0.png"), job
    found = api.get(f"/api/images/{key}/objects").json()
    assert {each["by"] for each in found["objects"]} == {"hand", "model"}
    assert found["status"] == "corrected"
    assert [o for o in found["objects"] if o["by"] == "hand"] == drawn["objects"]
    count = len(found["objects"])
    again = wait_for_job(
        api, api.post("/api/predict", json={"model": "nuclei", "images": [key]}).json()["number"]
    )
    assert again["state"] == "done"
    assert len(api.get(f"/api/images/{key}/objects").json()["objects"]) == count
    table = api.get(f"/api/images/{key}/table", params={"model": "nuclei"}).json()
    assert len(table["ids"]) == count
    assert {"quality", "area", "intensity_mean"} <= {column["name"] for column in table["columns"]}


def test_a_range_of_intensities_is_the_same_on_the_page_and_in_python(api, images):
    key, found = key_of(api), []
    for given in ([0, 255], [100, 250]):
        body = {"model": "nuclei", "images": [key], "contrast": given}
        job = wait_for_job(api, api.post("/api/predict", json=body).json()["number"])
        found.append(job["result"]["objects"])
        model = load("nuclei", device="cpu")
        assert found[-1] == len(model.predict(images / "cells0.png", contrast=(given[0], given[1])))
    for wrong in ([250, 100], [1], [0, "a"], [0, 1, 2]):
        answer = api.post("/api/predict", json={"model": "nuclei", "contrast": wrong})
        assert answer.status_code in (400, 422), wrong
        assert answer.json()["detail"]


def test_all_planes_of_a_film_are_outlined_where_all_are_asked_for(tmp_path):
    stack = np.stack([nuclei(1), nuclei(2)])
    tifffile.imwrite(tmp_path / "film.tif", stack, imagej=True, metadata={"axes": "TYX"})
    Image.fromarray(nuclei(3)).save(tmp_path / "single.png")
    (tmp_path / "text.tif").write_text("no image")
    with opened(tmp_path) as api:
        body = {"model": "nuclei", "page": "all"}
        job = wait_for_job(api, api.post("/api/predict", json=body).json()["number"])
        film, single = (key_of(api, name) for name in ("film.tif", "single.png"))
        found = [objects_of(api, film), objects_of(api, film, 1), objects_of(api, single)]
    assert job["result"]["images"] == 2
    assert "text.tif" in job["result"]["message"]
    assert job["done"] == job["total"] == 4
    assert min(map(len, found)) > 5
    assert job["result"]["objects"] == sum(map(len, found))


@pytest.mark.parametrize("prompt", ["click", "box", "extremes", "polygon"])
def test_a_prompt_becomes_the_outline_that_a_session_gives(api, images, prompt):
    from kontur.infer.load import load

    model = load("nuclei")
    session = model.session(images / "cells0.png")
    x0, y0, x1, y1 = session.instances.boxes[0]
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    given = {
        "click": [x, y],
        "box": [x0, y0, x1, y1],
        "extremes": [[x, y0], [x1, y], [x, y1], [x0, y]],
        "polygon": [[x, y0], [x1, y], [x, y1], [x0, y]],
    }[prompt]
    made = edit(api, key_of(api), 0, move="outline", model="nuclei", **{prompt: given}).json()
    ring = np.reshape(made["objects"][0]["parts"][0][0], (-1, 2))
    expected = Instances.of([session.outline(**{prompt: given})]).rings()[0]
    assert len(ring) == len(expected)
    assert abs(np.sort(ring[:, 0]) - np.sort(expected[:, 0])).max() < 1e-3
    refit = edit(api, key_of(api), 1, move="refit", model="nuclei", objects=[1])
    assert refit.status_code == 200


@pytest.mark.parametrize("kind", ["even", "noise", "colour"])
def test_a_click_where_there_is_nothing_says_so_and_changes_nothing(tmp_path, kind):
    rng = np.random.default_rng(0)
    even = np.full((200, 260), 90, np.uint8)
    image = {
        "even": even,
        "noise": np.clip(even + rng.normal(0, 8, even.shape), 0, 255).astype(np.uint8),
        "colour": np.full((200, 260, 3), (240, 210, 230), np.uint8),
    }[kind]
    Image.fromarray(image).save(tmp_path / "nothing.png")
    with opened(tmp_path) as api:
        key = key_of(api, "nothing.png")
        for click in ([130, 100], [60, 70], [1, 198]):
            nothing = edit(api, key, 0, move="outline", model="nuclei", click=click)
            assert nothing.status_code == 400
            assert "sees no object there" in nothing.json()["detail"]
        assert api.get(f"/api/images/{key}/objects").json()["revision"] == 0


def test_a_model_that_is_not_there_outlines_nothing(api):
    key = key_of(api)
    unknown = edit(api, key, 0, move="outline", model="nucleii", click=[1, 1])
    assert unknown.json()["detail"].startswith("there is no model 'nucleii' here")


def test_status_and_classes_are_kept_over_a_restart(images):
    with opened(images) as api:
        key = key_of(api)
        assert api.put("/api/classes", json={"names": ["nucleus", "debris"]}).status_code == 200
        edit(api, key, 0, move="add", ring=DISC, label=1)
        api.put(f"/api/images/{key}/status", json={"status": "done"})
        assert api.put("/api/classes", json={"names": ["nucleus"]}).status_code == 400
    with opened(images) as api:
        folder = api.get("/api/folder").json()
        assert folder["classes"] == ["nucleus", "debris"]
        assert [i["status"] for i in folder["images"]] == ["done", "untouched", "untouched"]
        back = api.post(f"/api/images/{key}/steps", json={"direction": "undo", "revision": 1})
        assert back.json()["deleted"] == [1]


def test_fifty_clients_at_once_are_all_answered(api):
    listed = list(keys(api).values())

    def client(i):
        key = listed[i % len(listed)]
        answers = [
            api.get("/api/folder"),
            api.get(f"/api/images/{key}/thumbnail"),
            api.get(f"/api/images/{key}/tiles/0/0/0"),
            api.post(
                f"/api/images/{key}/edits",
                json={"revision": 0, "edit": {"move": "add", "ring": DISC}},
            ),
        ]
        return [answer.status_code for answer in answers]

    with ThreadPoolExecutor(50) as pool:
        assert {code for codes in pool.map(client, range(50)) for code in codes} == {200}
    counts = [i["objects"] for i in api.get("/api/folder").json()["images"]]
    assert sum(counts) == 50


def test_the_api_is_described_and_json_is_never_nan(api):
    described = api.get("/openapi.json").json()
    assert described["info"]["title"] == "Kontur"
    for path, methods in described["paths"].items():
        for method in methods.values():
            assert method["summary"], path
    text = api.post(
        f"/api/images/{key_of(api)}/edits",
        content='{"revision": 0, "edit": {"move": "add", "ring": [[NaN, 1], [2, 2], [3, 1]]}}',
    )
    assert text.status_code == 422
    json.loads(text.text, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{revision", "the body of the request is no JSON: Expecting"),
        ("", "the body of the request: it is missing"),
        ('{"edit": {"move": "add"}}', "revision: it is missing"),
    ],
)
def test_a_body_that_is_not_what_was_wanted_is_answered_in_a_sentence(api, content, sentence):
    answer = api.post(
        f"/api/images/{key_of(api)}/edits",
        content=content,
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]
