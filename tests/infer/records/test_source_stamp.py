"""The stamp of an image: what tells that it is another one by now."""

import os
import zipfile

import numpy as np
import pytest

from kontur.infer.records.source_stamp import SourceStamp
from tests.images import films


@pytest.fixture(params=["a.tif", "a.ome.zarr", "a.ome.zarr.zip/0", "f0.ome.tif"])
def image(request, tmp_path):
    """An image, and a file of which a change is one of the image."""
    path = tmp_path / request.param
    if path.suffix == ".zarr":
        path.mkdir()
        for name in ("zarr.json", "0", "1"):
            (path / name).write_bytes(b"first")
        return path, path / "1"
    if path.name == "f0.ome.tif":
        return films.save(tmp_path, np.zeros((2, 9, 10), np.uint8))
    file = path if path.suffix else path.parent
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("0/zarr.json", "first")
    return path, file


def test_what_is_read_again_is_the_same(image):
    path, _ = image
    stamp = SourceStamp.of(path)
    path.exists()
    assert not stamp.differs(path)
    assert min(stamp) > 0


@pytest.mark.parametrize("later", [-5_000_000, 2_000])
def test_another_file_of_the_same_size_differs_be_it_older_or_newer(image, later):
    path, file = image
    stamp, before = SourceStamp.of(path), file.stat().st_mtime_ns
    file.write_bytes(file.read_bytes())
    os.utime(file, ns=(before + later, before + later))
    assert stamp.differs(path)
    os.utime(file, ns=(before, before))
    assert not stamp.differs(path)


def test_a_file_that_is_longer_or_gone_differs(image):
    path, file = image
    stamp, before = SourceStamp.of(path), file.stat().st_mtime_ns
    file.write_bytes(file.read_bytes() + b"more")
    os.utime(file, ns=(before, before))
    assert stamp.differs(path)
    file.unlink()
    assert stamp.differs(path)


def test_what_is_no_file_has_no_stamp(tmp_path):
    assert SourceStamp.of(tmp_path / "missing.tif") is None
