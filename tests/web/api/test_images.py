"""Images over the wire: of every kind, in levels, and what cannot be read."""

import numpy as np
import tifffile
from PIL import Image

from kontur import formats
from tests.images import cut_images
from tests.web.conftest import nuclei, opened
from tests.web.edits import DISC, edit, key_of, keys


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


def test_the_command_of_training_comes_with_how_large_its_packages_are(api, monkeypatch):
    monkeypatch.setattr("kontur.extra.torch_size", lambda: "; it is large")
    assert api.get("/api/folder").json()["train_size"] == "; it is large"
