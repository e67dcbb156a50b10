"""The first picture comes with the page: before its modules, as it is drawn afterwards."""

import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile
from PIL import Image
from starlette.testclient import TestClient

from kontur.images.image_file import open_image
from kontur.web.guard import Guard
from kontur.web.page_files import PageFiles
from kontur.web.pixels import picture_of
from tests.web.conftest import ADDRESS, TOKEN, nuclei, opened, served, write_images
from tests.web.test_page import on_screen, open_page, until

FIRST = b'<img id="first-picture" data-key="'


def key_of(page):
    _, _, rest = page.content.partition(FIRST)
    return rest.partition(b'"')[0].decode()


def test_the_page_carries_the_picture_that_its_address_names_and_only_for_the_token(tmp_path):
    folder = write_images(tmp_path / "plate", 3)
    (folder / "cells1.png").write_bytes(b"no image")
    with opened(folder) as api:
        first, broken, last = (i["key"] for i in api.get("/api/folder").json()["images"])
        assert key_of(api.get("/")) == first
        assert key_of(api.get(f"/?image={last}")) == last
        assert key_of(api.get("/?image=no-such-key")) == first
        assert key_of(api.get(f"/?image={broken}")) == ""  # the page says why
        Image.fromarray(np.zeros((30, 40), np.uint8)).save(folder / "cells0.png")
        assert len(api.get("/").content) < len(api.get(f"/?image={last}").content) / 2  # it is new
        del api.headers["Authorization"]
        assert key_of(api.get("/")) == key_of(api.get("/?token=wrong")) == ""
        assert b"</html>" in api.get("/").content


def test_a_folder_without_images_has_a_page_without_picture(tmp_path):
    with opened(tmp_path) as api:
        assert key_of(api.get("/")) == ""
        assert b"<!-- first picture -->" in api.get("/").content


@pytest.fixture(scope="module")
def stained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stains") / "plate"
    folder.mkdir()
    stains = np.stack([nuclei(i, size=(201, 333)).astype(np.uint16) * 40 for i in range(3)])
    metadata = {"axes": "CYX", "Channel": {"Name": ["DNA", "actin", "tubulin"]}}
    tifffile.imwrite(folder / "a.ome.tif", stains, metadata=metadata)
    colours = np.stack([nuclei(i, size=(160, 120)) for i in range(3)], axis=2)
    Image.fromarray(colours).save(folder / "b.png")
    with served(folder) as server:
        yield folder, server


@pytest.mark.parametrize("name", ["a.ome.tif", "b.png"])
def test_the_page_gives_numbers_the_colours_that_the_first_picture_has(browser, stained, name):
    folder, server = stained
    page = open_page(browser, server)
    page.locator(".thumb", has_text=name).click()
    shown = picture_of(open_image(folder / name, page=None)).shown(0)
    tile = "kontur.viewer.picture.tiles.get('0/0/0')"
    until(page, f"{tile}?.canvas && {tile}.width === {shown.shape[1]}")
    drawn = page.evaluate("""() => {
      const {canvas} = kontur.viewer.picture.tiles.get("0/0/0");
      return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data] }""")
    np.testing.assert_array_equal(np.reshape(drawn, (*shown.shape[:2], 4))[:, :, :3], shown)
    page.close()


def test_the_channel_that_a_model_sees_is_chosen_by_its_name(browser, stained):
    _, server = stained
    page = open_page(browser, server)
    page.locator(".thumb", has_text="a.ome.tif").click()
    page.click("#tab-model")
    choice = page.locator("#channel")
    assert choice.locator("option").all_text_contents() == ["DNA", "actin", "tubulin"]
    assert choice.input_value() == "0"
    choice.select_option(label="tubulin")
    until(page, "kontur.work.channel === 'tubulin'")
    page.close()
    page = open_page(browser, server)  # as it was left
    page.locator(".thumb", has_text="a.ome.tif").click()
    page.click("#tab-model")
    assert page.locator("#channel").input_value() == "2"
    page.close()


def test_the_picture_is_seen_without_any_module_where_it_stays_afterwards(browser, stained):
    _, server = stained
    early = browser.new_page(viewport={"width": 1400, "height": 860}, color_scheme="light")
    ground = "getComputedStyle(document.getElementById('frame')).backgroundColor"
    early.route("**/*.js", lambda route: route.abort())
    early.goto(server.address)
    place = "e => { const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height] }"
    x, y, width, height = early.locator("#first-picture").evaluate(place)
    natural = early.locator("#first-picture").evaluate("e => [e.naturalWidth, e.naturalHeight]")
    assert natural == [333, 201]
    scale = min(width / natural[0], height / natural[1])  # object-fit: contain
    assert early.evaluate(ground) == "rgb(201, 206, 212)"  # light from the first moment
    early.close()

    page = open_page(browser, server)
    until(page, "performance.getEntriesByName('ready').length")
    assert page.locator("#first-picture").count() == 0
    assert page.evaluate("kontur.viewer.background") == page.evaluate(ground)
    for corner in ((0, 0), natural):
        seen = [
            start + side / 2 + scale * (at - whole / 2)
            for start, side, at, whole in zip((x, y), (width, height), corner, natural, strict=True)
        ]
        np.testing.assert_allclose(on_screen(page, *corner), seen, atol=1.5)
    page.close()


@pytest.mark.parametrize("seconds", [0, 5])
def test_a_picture_that_fails_or_comes_late_does_not_keep_the_page_waiting(seconds):
    def picture(key):
        time.sleep(seconds)
        raise ValueError(key)

    client = TestClient(Guard(PageFiles(lambda: None, picture), token=TOKEN), base_url=ADDRESS)
    began = time.monotonic()
    page = client.get("/", headers={"Authorization": f"Bearer {TOKEN}"})
    assert page.status_code == 200
    assert key_of(page) == ""
    assert time.monotonic() - began < 3


SLOW = """
import time
from kontur.web.page_files import PageFiles
PageFiles(lambda: None, lambda key: time.sleep(60))
"""


def test_a_server_ends_while_a_picture_is_still_being_read():
    subprocess.run([sys.executable, "-c", SLOW], check=True, timeout=30)
