"""Running a model on images of the page: what its result says."""

import numpy as np
from PIL import Image

from tests.web.conftest import nuclei, opened, wait_for_job
from tests.web.test_app import key_of


def test_label_images_given_as_images_get_the_hint_that_the_command_gives(tmp_path):
    Image.fromarray(nuclei(0)).save(tmp_path / "a.png")
    rows, columns = np.indices((120, 120)) // 20
    labels = np.where((rows + columns) % 2 == 0, rows * 6 + columns + 1, 0).astype(np.uint8)
    for name in ("b", "c"):
        Image.fromarray(labels).save(tmp_path / f"{name}.png")
    with opened(tmp_path) as api:
        images = [key_of(api, f"{name}.png") for name in "abc"]
        began = api.post("/api/predict", json={"model": "nuclei", "images": images})
        result = wait_for_job(api, began.json()["number"])["result"]
    assert result["failed"] == []
    (hint,) = result["hints"]
    assert hint.startswith("b.png, c.png: the pixels are flat numbers, as of a label image")
