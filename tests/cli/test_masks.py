"""Every kind of mask at every command that reads masks: noticed, and read by --task."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

BINARY = np.zeros((40, 60), np.uint8)
for top, left in ((4, 4), (4, 20), (20, 8), (24, 40)):
    BINARY[top : top + 10, left : left + 10] = 1
CLASSES = BINARY.copy()
CLASSES[20:] *= 2
MASKS = {
    "0 and 1": (BINARY, "ONE object", "components"),
    "0 and 255": (BINARY * 255, "ONE object", "components"),
    "colour and alpha": (
        np.dstack([*[BINARY * 255] * 3, np.full_like(BINARY, 255)]),
        "ONE object",
        "components",
    ),
    "classes": (CLASSES, "ONE object", "semantic"),
    "inverted": (255 - BINARY * 255, "inverted", None),
    "smoothed": (
        np.asarray(Image.fromarray(BINARY * 255).filter(ImageFilter.GaussianBlur(1))),
        "threshold",
        None,
    ),
}
DOORS = {
    "inspect": ("inspect", "data"),
    "measure": ("measure", "a_mask.png", "data/images/a.png", "--out", "t.csv"),
    "measure a folder": ("measure", "masks", "--out", "t.csv"),
    "measure a training folder": ("measure", "data", "--out", "t.csv"),
    "convert": ("convert", "a_mask.png", "a.geojson"),
    "evaluate": ("evaluate", "masks", "data"),
    "evaluate without images": ("evaluate", "a_mask.png", "masks"),
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("data/images", "data/masks", "masks"):
        (tmp_path / folder).mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 255, BINARY.shape, dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "data/images/a.png")
    return tmp_path


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", MASKS)
def test_a_mask_is_noticed_and_read_by_its_task(kontur, place, door, kind):
    mask, sentence, task = MASKS[kind]
    for file in ("data/masks/a.png", "masks/a_mask.png", "a_mask.png"):
        Image.fromarray(mask).save(place / file)
    words = DOORS[door]
    assert sentence in kontur(*words)
    if task is None:
        return
    (place / "t.csv").unlink(missing_ok=True)
    (place / "t.units.csv").unlink(missing_ok=True)
    (place / "a.geojson").unlink(missing_ok=True)
    output = kontur(*words, "--task", task)
    assert sentence not in output
    assert "4 " in output
