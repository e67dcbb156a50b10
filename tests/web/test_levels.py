"""Levels: those of an image on a disk are those of the same image in memory."""

import numpy as np
import pytest
import tifffile

from kontur.images.lazy_pixels import LazyPixels
from kontur.web import levels
from kontur.web.levels import DiskLevels, HeldLevels
from tests.web.conftest import nuclei, opened, wait_for_job
from tests.web.edits import edit, key_of


class OnDisk(LazyPixels):
    """An array that is read in windows, with copies so many times smaller; counts what is read."""

    def __init__(self, array, copies=()):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.largest = 0
        self.levels = tuple(OnDisk(shrunk(array, times)) for times in copies)

    def read(self, top, left, height, width):
        self.largest = max(self.largest, height * width)
        window = self.array[top : top + height, left : left + width]
        assert window.shape[:2] == (height, width)
        return window


def shrunk(array, times):
    """As programs make them: the last rows and columns that do not fill a block are dropped."""
    height, width = (side // times for side in array.shape[:2])
    blocks = array[: height * times, : width * times].reshape(height, times, width, times, -1)
    means = blocks.mean(axis=(1, 3))
    return (means if array.dtype.kind == "f" else means.round()).astype(array.dtype)


def pixels(kind, height, width):
    rng = np.random.default_rng(0)
    smooth = np.add.outer(np.arange(height), np.arange(width)) / (height + width)
    base = smooth[:, :, None] * rng.uniform(0.5, 1, 1 if "grey" in kind else 3)
    values = base + rng.uniform(0, 0.05, base.shape)
    if "float" in kind:
        values[3:9, 5:8] = np.nan
        return (values * 0.01 - 0.003).astype(np.float32)
    return (values * (40_000 if "16" in kind else 200)).astype("u2" if "16" in kind else "u1")


@pytest.mark.parametrize("kind", ["grey 8", "colour 8", "grey 16", "colour float"])
@pytest.mark.parametrize("copies", [(), (2, 4, 8), (3, 9), (4, 16)])
def test_levels_on_a_disk_are_those_in_memory(monkeypatch, kind, copies):
    monkeypatch.setattr(levels, "TILE", 40)
    monkeypatch.setattr(levels, "HELD", 90)
    array = pixels(kind, 301, 517)
    held, lazy = HeldLevels(array), DiskLevels(OnDisk(array, copies))
    assert held.sizes == lazy.sizes == [(301, 517), (151, 259), (76, 130), (38, 65), (19, 33)]
    assert held.spans == lazy.spans
    top = np.iinfo(held.largest_held.dtype).max
    for level, (height, width) in enumerate(held.sizes):
        window = slice(height // 3, height), slice(width // 2, width)
        expected, found = held.read(level, *window), lazy.read(level, *window)
        assert expected.shape == found.shape
        error = np.abs(expected.astype(float) - found)
        inner = error[:-2, :-2]  # a copy that drops half a pixel shows another at the border
        rounding = 1 + (0.02 * top if copies and "float" in kind else 0)  # NaN in copies
        assert (inner if copies else error).max() <= rounding, level
    assert lazy.read(0, slice(400, 440), slice(0, 40)).size == 0


def test_only_the_window_and_the_smallest_copy_are_read():
    array = np.zeros((8192, 8192, 1), np.uint8)
    disk = OnDisk(array, [4, 16])
    lazy = DiskLevels(disk)
    lazy.read(1, slice(512, 1024), slice(0, 512))
    assert disk.largest == 1024**2
    assert 0 < disk.levels[0].largest <= 2048**2  # band by band
    assert lazy.memory < 2 * 2048**2


@pytest.fixture
def read_in_windows(monkeypatch):
    monkeypatch.setattr("kontur.images.image_file.LAZY", 0)
    monkeypatch.setattr("kontur.images.image_file.SMALL", 0)


def test_a_pyramid_is_shown_outlined_and_corrected_in_windows(tmp_path, read_in_windows):
    """Of a file that is never read whole, with a model that sees a part of it at a time."""
    image = np.tile(nuclei(1, (340, 380), 8), (1, 5))
    with tifffile.TiffWriter(tmp_path / "slide.tif") as file:
        options = {"tile": (256, 256), "photometric": "minisblack"}
        file.write(image, subifds=1, **options)
        file.write(shrunk(image[:, :, None], 2)[:, :, 0], subfiletype=1, **options)
    with opened(tmp_path) as api:
        key = key_of(api, "slide.tif")
        about = api.get(f"/api/images/{key}").json()
        assert about["levels"] == [[340, 1900], [170, 950], [85, 475]]
        tile = api.get(f"/api/images/{key}/tiles/0/1/0").content
        tile = np.frombuffer(tile, np.uint8).reshape(340, 512)
        assert np.array_equal(tile, image[:, 512:1024])
        assert api.get(f"/api/images/{key}/thumbnail").status_code == 200
        y, x = np.unravel_index(image[:, :380].argmax(), (340, 380))
        drawn = edit(api, key, 0, move="outline", model="nuclei", click=[x + 0.5, y + 0.5]).json()
        area = np.reshape(drawn["objects"][0]["parts"][0][0], (-1, 2))
        assert 15 < np.ptp(area[:, 0]) < 45
        body = {"model": "nuclei", "images": [key]}
        job = wait_for_job(api, api.post("/api/predict", json=body).json()["number"], 120)
        assert job["state"] == "done", job
        assert 35 <= job["result"]["objects"] <= 45
        table = api.get(f"/api/images/{key}/table").json()
        assert "intensity_mean" in {column["name"] for column in table["columns"]}
