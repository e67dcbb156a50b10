"""The API: what it answers, whom it refuses, and that no request breaks it."""

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import numpy as np
import pytest
import tifffile
from PIL import Image

from kontur import formats
from kontur.infer.load import load
from kontur.instances import Instances
from tests.formats import cut_images
from tests.web.conftest import TOKEN, nuclei, opened, wait_for_job

DISC = [[10, 10], [30, 10], [30, 30], [10, 30]]


def keys(api):
    return {image["name"]: image["key"] for image in api.get("/api/folder").json()["images"]}


def key_of(api, name="cells0.png"):
    return keys(api)[name]


def edit(api, key, revision, page=0, **move):
    body = {"edit": move, "revision": revision, "page": page}
    return api.post(f"/api/images/{key}/edits", json=body)


def objects_of(api, key, page=0):
    return api.get(f"/api/images/{key}/objects", params={"page": page}).json()["objects"]


def test_an_object_is_drawn_changed_undone_and_redone_and_the_file_follows(api, images):
    key = key_of(api)
    drawn = edit(api, key, 0, move="add", ring=DISC).json()
    assert (drawn["revision"], drawn["undo"], drawn["status"]) == (1, 1, "corrected")
    number = drawn["objects"][0]["id"]
    assert drawn["classes"] == ["object"]
    moved = edit(api, key, 1, move="drag", object=number, start=[30, 30], end=[36, 38]).json()
    assert moved["objects"][0]["parts"][0][0].count(36.0) == 1
    file = images / "cells0.geojson"
    assert formats.read(file).areas.tolist() == [540.0]
    back = api.post(f"/api/images/{key}/steps", json={"direction": "undo", "revision": 2}).json()
    assert (back["undo"], back["redo"]) == (1, 1)
    assert formats.read(file).areas.tolist() == [400.0]
    gone = api.post(f"/api/images/{key}/steps", json={"direction": "undo", "revision": 3}).json()
    assert gone["deleted"] == [number]
    assert gone["status"] == "untouched"
    again = api.post(f"/api/images/{key}/steps", json={"direction": "redo", "revision": 4}).json()
    assert again["objects"][0]["id"] == number
    nothing = api.post(f"/api/images/{key}/steps", json={"direction": "redo", "revision": 5})
    assert nothing.status_code == 200
    nothing = api.post(f"/api/images/{key}/steps", json={"direction": "redo", "revision": 6})
    assert nothing.status_code == 400
    assert nothing.json()["detail"] == "there is nothing to redo"


def test_what_another_window_changed_is_not_changed_unseen(api):
    key = key_of(api)
    edit(api, key, 0, move="add", ring=DISC)
    edit(api, key, 1, move="add", ring=[[50, 50], [60, 50], [60, 60]])
    edit(api, key, 2, move="shift", objects=[1], by=[2, 0])
    late = edit(api, key, 2, move="delete", objects=[1])
    assert late.status_code == 409
    assert late.json()["reason"] == "conflict"
    other = edit(api, key, 2, move="delete", objects=[2])  # of which the window knows all
    assert other.status_code == 200
    assert {each["id"] for each in other.json()["objects"]} == {1}  # it hears of the shift, too
    undo = api.post(f"/api/images/{key}/steps", json={"direction": "undo", "revision": 3})
    assert undo.status_code == 409


def test_a_status_is_no_edit_and_comes_back_with_undo_and_redo(api, images):
    key = key_of(api)
    edit(api, key, 0, move="add", ring=DISC)
    done = api.put(f"/api/images/{key}/status", json={"status": "done"}).json()
    assert done["status"] == "done"
    steps = [
        api.post(f"/api/images/{key}/steps", json={"direction": way, "revision": seen})
        for way, seen in (("undo", 1), ("redo", 2), ("undo", 3))
    ]  # the first by a window that did not hear of the status
    assert [each.json()["status"] for each in steps] == ["untouched", "done", "untouched"]
    api.put(f"/api/images/{key_of(api, 'cells1.png')}/status", json={"status": "done"})
    assert len(formats.read(images / "cells1.geojson")) == 0  # an image without objects is data


def test_an_edit_of_another_plane_does_not_hinder_undo(tmp_path):
    stack = np.stack([nuclei(1), nuclei(2)])
    tifffile.imwrite(tmp_path / "stack.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    with opened(tmp_path) as api:
        key = key_of(api, "stack.tif")
        edit(api, key, 0, page=0, move="add", ring=DISC)
        edit(api, key, 1, page=1, move="add", ring=DISC)
        body = {"direction": "undo", "revision": 1, "page": 0}
        assert api.post(f"/api/images/{key}/steps", json=body).status_code == 200


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


def test_every_format_can_be_exported_and_says_what_it_loses(api):
    key = key_of(api)
    edit(api, key, 0, move="add", ring=DISC)
    edit(api, key, 1, move="carve", object=1, region=[[15, 15], [20, 15], [20, 20]])
    for format in api.get("/api/folder").json()["formats"]:
        made = api.post("/api/export", json={"format": format["name"], "images": [key]})
        assert made.status_code == 200, (format, made.text)
        assert len(made.content) > 20
    labelme = api.post("/api/export", json={"format": "labelme", "images": None})
    assert "cells0" in labelme.headers["content-disposition"]
    assert api.post("/api/export", json={"format": "labelmee"}).status_code == 400


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


def test_without_the_token_or_from_elsewhere_nothing_is_answered(api):
    paths = [
        route for route in api.get("/openapi.json").json()["paths"] if route.startswith("/api")
    ]
    assert len(paths) > 15
    for path in paths:
        for headers in ({"Authorization": ""}, {"Authorization": "Bearer wrong"}):
            for method in ("GET", "POST", "PUT", "DELETE"):
                assert api.request(method, path, headers=headers).status_code == 401, path
    assert api.get("/api/folder", headers={"Host": "evil.example"}).status_code == 403
    assert api.get("/", headers={"Host": "evil.example:8765"}).status_code == 403
    assert api.get("/api/folder", headers={"Origin": "http://evil.example"}).status_code == 403
    assert api.get("/api/folder", headers={"Origin": "null"}).status_code == 403
    assert api.get("/api/folder", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    own = api.get("/api/folder", headers={"Origin": "http://127.0.0.1:8765"})
    assert own.status_code == 200
    assert "access-control-allow-origin" not in own.headers
    assert api.get(f"/api/folder?token={TOKEN}", headers={"Authorization": ""}).status_code == 200


def test_pages_forbid_what_they_do_not_need_and_no_path_leaves_the_folder(api, images):
    (images.parent / "secret.txt").write_text("secret")
    page = api.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert api.get("/main.js").headers["content-type"].startswith("text/javascript")
    for path in (
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/%2e%2e/app.py",
        "/etc/passwd",
        "app.py",
    ):
        assert api.get(f"/{path}").status_code == 404
        assert api.get(f"/api/images/{quote(path, safe='')}/thumbnail").status_code in (404, 422)
    huge = api.post("/api/predict", content=b"x", headers={"Content-Length": str(10**12)})
    assert huge.status_code == 413


def test_a_body_without_a_stated_length_is_cut_off_too(api, monkeypatch):
    monkeypatch.setattr("kontur.web.guard.LARGEST_BODY", 1000)

    def chunks():
        for _ in range(100):
            yield b" " * 100

    assert api.post("/api/predict", content=chunks()).status_code == 413


def test_an_image_that_cannot_be_read_says_why(images):
    (images / "broken.png").write_bytes((images / "cells0.png").read_bytes()[:200])
    for name in cut_images.HOW:
        cut_images.save(images, name)
    with opened(images) as api:
        for name in cut_images.HOW:
            for path in ("/thumbnail", "/tiles/0/0/0"):
                answer = api.get(f"/api/images/{key_of(api, name)}{path}")
                assert answer.status_code == 400
                assert answer.json()["detail"] == cut_images.sentence(images / name)
        key = key_of(api, "broken.png")
        for path in ("", "/thumbnail", "/objects", "/tiles/0/0/0"):
            answer = api.get(f"/api/images/{key}{path}")
            assert answer.status_code == 400
            assert answer.json()["detail"] == cut_images.sentence(images / "broken.png")
        (images / "cells1.png").unlink()
        gone = api.get(f"/api/images/{key_of(api, 'cells1.png')}")
        assert gone.status_code == 400
        assert "there is no image" in gone.json()["detail"]


def test_deep_images_stacks_channels_and_names_of_every_kind_are_shown(tmp_path):
    folder = tmp_path / "ünïcode <b>名"
    folder.mkdir()
    deep = nuclei(1).astype(np.uint16) * 200
    tifffile.imwrite(folder / "deep.tif", deep)
    stack = np.stack([deep, deep // 2, deep // 4])
    tifffile.imwrite(folder / "stack.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    stains = np.stack([deep, deep.T[: deep.shape[0]].repeat(2, 1)[:, : deep.shape[1]]])
    tifffile.imwrite(folder / "stains.tif", stains, imagej=True, metadata={"axes": "CYX"})
    np.save(folder / "float.npy", np.where(deep > 9000, deep / 7.0, np.nan).astype(np.float32))
    for mode, name in (
        ("RGBA", "<img src=x>.png"),
        ("RGB", "名.png"),
        ("1", "bits.png"),
        ("L", "1x1.png"),
    ):
        size = (1, 1) if name == "1x1.png" else (33, 21)
        Image.new(mode, size, 1).save(folder / name)
    with opened(folder) as api:
        for name, key in keys(api).items():
            about = api.get(f"/api/images/{key}").json()
            tile = api.get(f"/api/images/{key}/tiles/0/0/0").content
            channels = len(about["channels"])
            assert len(tile) == about["height"] * about["width"] * channels * about["bits"] // 8
            assert api.get(f"/api/images/{key}/thumbnail").content[:2] == b"\xff\xd8"
            assert channels == {"stains.tif": 2, "<img src=x>.png": 3, "名.png": 3}.get(name, 1)
        key = keys(api)["deep.tif"]
        tile = api.get(f"/api/images/{key}/tiles/0/0/0").content
        assert np.array_equal(np.frombuffer(tile, "<u2").reshape(deep.shape), deep)
        key = keys(api)["stack.tif"]
        assert api.get(f"/api/images/{key}?page=2").json()["pages"] == 3
        edit(api, key, 0, page=0, move="add", ring=DISC)
        edit(api, key, 1, page=2, move="add", ring=DISC)
        assert api.get(f"/api/images/{key}/objects?page=1").json()["objects"] == []
        beside = formats.read_images(folder / "stack.geojson")
        assert [entry.instances.plane.z for entry in beside] == [0, 2]
        assert api.get(f"/api/images/{key}?page=3").status_code == 400
    with opened(folder) as api:
        assert len(api.get(f"/api/images/{key}/objects?page=2").json()["objects"]) == 1


def test_levels_of_a_large_image_are_means_and_tiles_join_without_a_gap(tmp_path):
    rng = np.random.default_rng(0)
    large = rng.integers(0, 255, (1100, 1500), dtype=np.uint8)
    Image.fromarray(large).save(tmp_path / "large.png")
    with opened(tmp_path) as api:
        key = key_of(api, "large.png")
        about = api.get(f"/api/images/{key}").json()
        assert about["levels"] == [[1100, 1500], [550, 750], [275, 375]]
        half = large.reshape(550, 2, 750, 2).mean(axis=(1, 3))
        right = api.get(f"/api/images/{key}/tiles/1/1/1").content
        right = np.frombuffer(right, np.uint8).reshape(550 - 512, 750 - 512)
        assert np.abs(right - half[512:, 512:]).max() <= 0.5
        assert api.get(f"/api/images/{key}/tiles/1/2/0").status_code == 404
        assert api.get(f"/api/images/{key}/tiles/9/0/0").status_code == 404


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
