"""Stores of Zarr by URL: what a disk holds, through fsspec; and what cannot be reached."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import fsspec
import numpy as np
import pytest

from kontur.errors import InputError
from kontur.images import image_file
from kontur.images.image_file import open_image, read_image
from kontur.images.lazy_pixels import LazyPixels
from kontur.infer.folder import predict_folder
from kontur.infer.inputs import find_inputs
from tests.images import stores
from tests.infer.painted import Bright

pytest.importorskip("zarr")
PIXELS = np.zeros((90, 70), np.uint8)
PIXELS[3:8, 4:9] = 200
PIXELS[30:42, 40:52] = 201


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("bucket")
    stores.save(path / "a.ome.zarr", PIXELS, "yx")
    return path


@pytest.fixture(scope="module")
def urls(folder):
    """The same store on a disk, in memory and on a server of this machine."""
    memory = fsspec.filesystem("memory")
    memory.put(str(folder / "a.ome.zarr"), "/bucket/a.ome.zarr", recursive=True)
    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {
            "file": f"file://{folder}/a.ome.zarr",
            "memory": "memory://bucket/a.ome.zarr",
            "http": f"http://127.0.0.1:{server.server_port}/a.ome.zarr",
        }
        server.shutdown()


@pytest.mark.parametrize("kind", ["file", "memory", "http"])
def test_pixels_at_a_url_are_those_of_the_disk(urls, kind, monkeypatch):
    assert (read_image(urls[kind]).pixels[..., 0] == PIXELS).all()
    monkeypatch.setattr(image_file, "LAZY", 0)
    lazy = open_image(urls[kind]).pixels
    assert isinstance(lazy, LazyPixels)
    assert (lazy[28:45, 39:60][..., 0] == PIXELS[28:45, 39:60]).all()


@pytest.mark.parametrize("kind", ["file", "memory", "http"])
def test_images_at_urls_are_outlined(urls, kind, tmp_path):
    (outcome,) = predict_folder(Bright(), find_inputs([urls[kind]]), tmp_path)
    assert (outcome.objects, outcome.failure) == (2, None)
    assert (tmp_path / "a.geojson").exists()


def test_what_is_not_there_or_cannot_be_reached_is_a_sentence(urls, folder, tmp_path):
    for url, sentence in {
        urls["memory"].replace("a.ome", "b.ome"): "memory://bucket/b.ome.zarr is no Zarr group",
        urls["http"].replace("a.ome", "b.ome"): "b.ome.zarr is no Zarr group or array",
        "what://bucket/a.ome.zarr": "what://bucket/a.ome.zarr cannot be reached .Protocol",
        "s3://bucket/a.ome.zarr": "s3://bucket/a.ome.zarr cannot be reached .",
        "memory://bucket/a.ome.zarr.zip": "unpack",
        "http://127.0.0.1:9/a.ome.zarr": r"http://127\.0\.0\.1:9/a\.ome\.zarr ",
    }.items():
        with pytest.raises(InputError, match=sentence):
            read_image(url)
    with pytest.raises(InputError, match=r"s3://b/a\.tif: what is read from object storage are st"):
        find_inputs(["s3://b/a.tif"])
    outcomes = list(predict_folder(Bright(), find_inputs(["memory://bucket/b.zarr"]), tmp_path))
    assert "is no Zarr group or array" in outcomes[0].failure
