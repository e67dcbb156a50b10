"""Channels by number or name: in every kind of file, read whole or in windows."""

import numpy as np
import pytest
import tifffile

from kontur.errors import InputError
from kontur.images import image_file
from kontur.images.image_file import open_image, picked, read_image, read_stored
from tests.images.stores import save

STAINS = np.random.default_rng(0).integers(0, 4000, (3, 40, 50), dtype=np.uint16)
NAMES = ["DAPI", "GFP", "gfp"]


def save_ome(path, pixels, names):
    words = {"axes": "CYX", "Channel": {"Name": names}}
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata=words, tile=(16, 16))
    return path


def save_imagej(path, pixels, names):
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "CYX", "Labels": names})
    return path


SAVED = {
    "a.ome.tif": save_ome,
    "a.tif": save_imagej,
    "a.ome.zarr": lambda path, pixels, names: save(path, pixels, "cyx", omero=names),
}


@pytest.fixture(params=SAVED)
def save_as(request, tmp_path):
    return lambda pixels, names, place="": SAVED[request.param](
        tmp_path / (place + request.param), pixels, names
    )


@pytest.fixture(params=["whole", "in windows"])
def read(request, monkeypatch):
    if request.param == "whole":
        return read_image
    monkeypatch.setattr(image_file, "LAZY", 0)
    monkeypatch.setattr(image_file, "SMALL", 0)
    return open_image


def test_a_name_is_looked_up_in_each_file_by_itself(save_as, read):
    first = save_as(STAINS, NAMES)
    other = save_as(STAINS[[2, 0, 1]], ["gfp", "DAPI", "GFP"], "other-")
    for number, name in enumerate(NAMES):
        expected = STAINS[number][..., None]
        for file in (first, other):
            found = read(file, channel=name)
            assert found.stains == ()
            np.testing.assert_array_equal(np.asarray(found.pixels), expected)
        by_number = read(first, channel=number)
        np.testing.assert_array_equal(np.asarray(by_number.pixels), expected)


def test_capitals_matter_only_where_they_tell_channels_apart(save_as, read):
    file = save_as(STAINS, NAMES)
    np.testing.assert_array_equal(
        np.asarray(read(file, channel="dapi").pixels), STAINS[0][..., None]
    )
    with pytest.raises(InputError, match=r"2 channels named 'Gfp' \(1, 2\); choose by the number"):
        read(file, channel="Gfp")


def test_a_wrong_name_is_told_with_those_that_there_are(save_as, read):
    file = save_as(STAINS, NAMES)
    with pytest.raises(InputError, match=r"no channel 'Cy5'; it has 0: DAPI, 1: GFP, 2: gfp$"):
        read(file, channel="Cy5")
    with pytest.raises(InputError, match="named 0: DAPI, 1: GFP, 2: gfp; channel 405 is not among"):
        read(file, channel=405)


def test_a_number_as_a_word_is_a_name(save_as):
    file = save_as(STAINS, ["488", "405", "561"])
    np.testing.assert_array_equal(read_image(file, channel="405").pixels, STAINS[1][..., None])


@pytest.mark.parametrize("kind", ["a.ome.tif", "a.ome.zarr"])
def test_an_image_of_one_channel_has_its_name_too(tmp_path, read, kind):
    file = SAVED[kind](tmp_path / kind, STAINS[:1], ["DAPI"])
    found = read(file, channel="DAPI")
    np.testing.assert_array_equal(np.asarray(found.pixels), STAINS[0][..., None])
    with pytest.raises(InputError, match="no channel 'GFP'; it has 0: DAPI"):
        read(file, channel="GFP")


def test_names_that_are_alike_are_told_apart_by_number(tmp_path):
    for name in ("a.ome.tif", "a.ome.zarr"):
        file = SAVED[name](tmp_path / name, STAINS, ["DAPI", "DAPI", "GFP"])
        with pytest.raises(InputError, match=r"2 channels named 'DAPI' \(0, 1\)"):
            read_image(file, channel="DAPI")


def test_a_file_without_names_says_so(tmp_path, read):
    bare = [
        save(tmp_path / "bare.ome.zarr", STAINS, "cyx"),
        save_imagej(tmp_path / "same.tif", STAINS, ["a.tif"] * 3),  # ImageJ's label of every slice
        tmp_path / "plain.tif",
        tmp_path / "array.npy",
    ]
    tifffile.imwrite(bare[2], STAINS, photometric="minisblack")
    np.save(bare[3], STAINS)
    for file in bare:
        with pytest.raises(
            InputError, match=r"its 3 channels have no name, so not 'DAPI'; .*0 to 2"
        ):
            read(file, channel="DAPI")


def test_colours_have_their_names(tmp_path, read):
    colour = np.ascontiguousarray((STAINS % 256).astype(np.uint8).transpose(1, 2, 0))
    tifffile.imwrite(tmp_path / "a.tif", colour, photometric="rgb", tile=(16, 16))
    found = read(tmp_path / "a.tif", channel="Blue")
    np.testing.assert_array_equal(np.asarray(found.pixels), colour[..., 2:])
    whole = picked(read_image(tmp_path / "a.tif"), "green", "a.tif")
    np.testing.assert_array_equal(whole.pixels, colour[..., 1:2])


def test_a_stored_label_image_keeps_its_numbers(tmp_path):
    file = save_ome(tmp_path / "a.ome.tif", STAINS, NAMES)
    np.testing.assert_array_equal(read_stored(file).pixels, STAINS.transpose(1, 2, 0))
