"""The channel that a model sees on the page: chosen by a person, or the one it learned from."""

from dataclasses import replace

import numpy as np
import tifffile
from PIL import Image

from kontur.infer.load import load
from kontur.infer.model_files import find_model
from kontur.models.archive import read_model, write_model
from tests.web.conftest import nuclei, opened, served, wait_for_job
from tests.web.edits import edit, key_of
from tests.web.test_page import open_page, until


def test_a_model_sees_one_of_several_stains_and_a_person_says_which(tmp_path):
    stains = np.stack([np.full((200, 260), 20, np.uint8), nuclei(3)])
    tifffile.imwrite(tmp_path / "stains.tif", stains, imagej=True, metadata={"axes": "CYX"})
    with opened(tmp_path) as api:
        key = key_of(api, "stains.tif")
        found = []
        for channel in (0, 1, 5):  # of an image with fewer the last
            chosen = {"name": "nuclei", "channel": channel}
            assert api.put("/api/model", json=chosen).status_code == 200
            body = {"model": "nuclei", "images": [key]}
            job = wait_for_job(api, api.post("/api/predict", json=body).json()["number"])
            assert job["state"] == "done", job
            found.append(job["result"]["objects"])
        assert found == [0, 9, 9]
        assert api.get("/api/folder").json()["channel"] == 5


def test_a_channel_that_is_chosen_by_name_is_that_of_each_image_in_whatever_order(tmp_path):
    empty, full = np.full((200, 260), 20, np.uint8), nuclei(3)
    for file, stains, names in (
        ("a.ome.tif", [empty, full], ["GFP", "DAPI"]),
        ("b.ome.tif", [full, empty], ["DAPI", "GFP"]),
        ("c.ome.tif", [empty, full, empty], ["GFP", "Cy5", "Cy5"]),
    ):
        metadata = {"axes": "CYX", "Channel": {"Name": names}}
        tifffile.imwrite(tmp_path / file, np.stack(stains), metadata=metadata)
    with opened(tmp_path) as api:
        keys = [key_of(api, f"{name}.ome.tif") for name in "abc"]
        about = [api.get(f"/api/images/{key}").json()["channels"] for key in keys]
        choices = [[channel["choice"] for channel in channels] for channels in about]
        assert choices == [["GFP", "DAPI"], ["DAPI", "GFP"], ["GFP", 1, 2]]
        chosen = {"name": "nuclei", "channel": "DAPI"}
        assert api.put("/api/model", json=chosen).status_code == 200
        assert api.get("/api/folder").json()["channel"] == "DAPI"
        body = {"model": "nuclei", "images": keys[:2]}
        job = wait_for_job(api, api.post("/api/predict", json=body).json()["number"])
        assert (job["state"], job["result"]["objects"]) == ("done", 18), job
        body = {"model": "nuclei", "images": keys[2:]}
        job = wait_for_job(api, api.post("/api/predict", json=body).json()["number"])
        assert "has no channel 'DAPI'; it has 0: GFP" in str(job)


def test_features_of_the_channel_that_a_model_learned_are_not_those_of_the_first(tmp_path):
    """Nobody had chosen; then a person chooses channel 0, in which there is nothing."""
    stains = np.stack([np.full((200, 260), 20, np.uint8), nuclei(3)])
    tifffile.imwrite(tmp_path / "a.tif", stains, imagej=True, metadata={"axes": "CYX"})
    model = read_model(find_model("nuclei"))
    name = "kontur-models/of-1"
    (tmp_path / name).mkdir(parents=True)
    write_model(
        tmp_path / name / "model.kontur", replace(model, card=model.card.replace(channel=1))
    )
    click = load(tmp_path / name / "model.kontur").predict(tmp_path / "a.tif").boxes[0]
    outline = {"move": "outline", "model": name, "click": click.reshape(2, 2).mean(0).tolist()}
    with opened(tmp_path) as api:
        key = key_of(api, "a.tif")
        assert edit(api, key, 0, **outline).status_code == 200
        api.put("/api/model", json={"name": name, "channel": 0})
        refused = edit(api, key, 1, **outline)
    assert "sees no object there" in refused.json()["detail"]


def test_a_model_that_learned_from_a_channel_sees_it_until_another_is_chosen(tmp_path):
    empty, full = np.full((200, 260), 20, np.uint8), nuclei(3)
    for file, planes, names in (
        ("a.ome.tif", [empty, full], ["GFP", "DAPI"]),
        ("b.ome.tif", [empty, full], ["GFP", "Cy5"]),
    ):
        metadata = {"axes": "CYX", "Channel": {"Name": names}}
        tifffile.imwrite(tmp_path / file, np.stack(planes), metadata=metadata)
    model = read_model(find_model("nuclei"))
    name = "kontur-models/of-dapi"
    (tmp_path / name).mkdir(parents=True)
    of_dapi = replace(model, card=model.card.replace(channel="DAPI"))
    write_model(tmp_path / name / "model.kontur", of_dapi)
    with opened(tmp_path) as api:

        def predicted(image):
            body = {"model": name, "images": [key_of(api, image)]}
            return wait_for_job(api, api.post("/api/predict", json=body).json()["number"])

        assert predicted("a.ome.tif")["result"]["objects"] == 9  # nobody has chosen
        api.put("/api/model", json={"name": "nuclei", "channel": 0})
        assert api.put("/api/model", json={"name": name}).json()["channel"] == "DAPI"
        assert predicted("a.ome.tif")["result"]["objects"] == 9
        refused = predicted("b.ome.tif")["message"]
        assert "learned from channel 'DAPI', and b.ome.tif has no channel" in refused
        assert refused.endswith("; choose the one to look at in the panel Model")
        api.put("/api/model", json={"name": name, "channel": "GFP"})
        assert predicted("a.ome.tif")["result"]["objects"] == 0


def test_the_page_shows_what_a_model_of_one_channel_sees_and_lets_another_be_chosen(
    browser, tmp_path
):
    """Also of colours, and where the image has no such channel: there nothing is seen."""
    empty, full = np.full((200, 260), 20, np.uint8), nuclei(3)
    Image.fromarray(np.dstack([empty, full, empty])).save(tmp_path / "a.png")
    tifffile.imwrite(
        tmp_path / "b.tif", np.stack([empty, full]), imagej=True, metadata={"axes": "CYX"}
    )
    model = read_model(find_model("nuclei"))
    for name, channel in (("of-dapi", "DAPI"), ("of-7", 7)):
        file = tmp_path / "kontur-models" / name / "model.kontur"
        file.parent.mkdir(parents=True)
        write_model(file, replace(model, card=model.card.replace(channel=channel)))
    with served(tmp_path) as server:
        page = open_page(browser, server)
        page.keyboard.press("Alt+2")
        seen = page.locator("#channel option:checked")
        assert page.locator("#channel").count() == 0  # a model that learned from colours

        def choose(model, learned, option):
            page.select_option("#model-choice", f"kontur-models/{model}")
            seen.get_by_text(f"{learned} (not in this image)").wait_for(state="attached")
            before = page.evaluate("kontur.image().revision")
            page.click("#predict-one")
            page.locator("#model .job .bad", has_text="choose the one to look at").wait_for()
            page.select_option("#channel", label=option)
            until(page, "document.querySelector('#channel').selectedOptions[0].value === '1'")
            page.click("#predict-one")
            until(page, f"kontur.image().revision > {before}")
            page.locator("#model .job .message", has_text="Objects: 9.").wait_for()

        choose("of-dapi", "DAPI", "green")
        page.locator(".thumb").nth(1).click()
        until(page, "document.title.startsWith('b.tif') && kontur.image().loaded")
        choose("of-7", "channel 7", "channel 1")
        page.close()
