"""Stores of Zarr: folders, archives, and what is none."""

import shutil

import numpy as np
import pytest
import zarr

from kontur.errors import InputError
from kontur.images import image_file
from tests.images import stores

PIXELS = np.arange(2 * 3 * 20 * 24, dtype=np.uint16).reshape(2, 3, 20, 24)


def test_a_store_may_be_an_archive(tmp_path):
    archive = stores.zipped(stores.save(tmp_path / "a.ome.zarr", PIXELS[0], "cyx"))
    shutil.rmtree(tmp_path / "a.ome.zarr")
    np.testing.assert_array_equal(
        image_file.read_image(archive).pixels, PIXELS[0].transpose(1, 2, 0)
    )


def test_what_is_no_store_is_one_sentence(tmp_path):
    (tmp_path / "a.ome.zarr").mkdir()
    with pytest.raises(InputError, match="is no Zarr group or array"):
        image_file.read_image(tmp_path / "a.ome.zarr")
    with pytest.raises(InputError, match="there is no image"):
        image_file.read_image(tmp_path / "b.ome.zarr")
    zarr.create_group(str(tmp_path / "c.zarr"))
    with pytest.raises(InputError, match=r"is no image of OME-Zarr \(it holds nothing\)"):
        image_file.read_image(tmp_path / "c.zarr")
    archive = stores.zipped(stores.save(tmp_path / "e.ome.zarr", PIXELS[0], "cyx"))
    with pytest.raises(InputError, match="nowhere is no Zarr group or array in the archive"):
        image_file.read_image(archive / "nowhere")
    (tmp_path / "d.zarr.zip").write_bytes(b"PK\3\4 and nothing more")
    with pytest.raises(InputError, match="damaged or cut short"):
        image_file.read_image(tmp_path / "d.zarr.zip")
