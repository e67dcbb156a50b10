"""Images in OME-Zarr: every version, stacks, channels, levels, and stores that are no image."""

import json

import numpy as np
import pytest
import zarr

from kontur.errors import InputError
from kontur.images import image_file
from kontur.images.ome_zarr import image as ome_zarr
from tests.images import stores

PIXELS = np.arange(2 * 3 * 20 * 24, dtype=np.uint16).reshape(2, 3, 20, 24)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_plane_comes_with_its_channels_and_the_size_of_a_pixel(tmp_path, version):
    store = stores.save(tmp_path / "a.ome.zarr", PIXELS[0], "cyx", version=version, side=0.25)
    image = image_file.read_image(store)
    np.testing.assert_array_equal(image.pixels, PIXELS[0].transpose(1, 2, 0))
    assert image.pixels.dtype == np.uint16
    assert image.pixel_size == 0.25
    one = image_file.read_image(store, channel=2).pixels
    np.testing.assert_array_equal(one[..., 0], PIXELS[0, 2])


def test_a_stack_wants_a_page_and_says_where_it_lies(tmp_path):
    store = stores.save(tmp_path / "a.zarr", PIXELS, "tzyx")
    with pytest.raises(
        InputError, match=r"time series of 2 frames and z-stack of 3 planes.*0 to 5"
    ):
        image_file.read_image(store)
    with pytest.raises(InputError, match="has 6 pages"):
        image_file.read_image(store, page=6)
    image = image_file.read_image(store, page=4)
    np.testing.assert_array_equal(image.pixels[..., 0], PIXELS[1, 1])
    assert (image.plane.t, image.plane.z, image.plane.page) == (1, 1, 4)


def test_channels_are_stains_by_name_but_not_red_green_and_blue(tmp_path):
    named = stores.save(tmp_path / "a.zarr", PIXELS[0], "cyx", omero=["DAPI", "GFP", "Cy5"])
    assert image_file.read_image(named).stains == ("DAPI", "GFP", "Cy5")
    colour = stores.save(tmp_path / "b.zarr", PIXELS[0], "cyx", omero=["Red", "green", "Blue"])
    assert image_file.read_image(colour).stains == ()
    bare = stores.save(tmp_path / "c.zarr", PIXELS[0], "cyx")
    assert image_file.read_image(bare).stains == ("unnamed",) * 3


def test_a_window_of_a_level_is_read_alone(tmp_path):
    store = stores.save(tmp_path / "a.zarr", PIXELS[0], "cyx", levels=2, side=0.5)
    image = ome_zarr.open_image(store)
    assert (image.size, image.pixel_sizes, image.pages) == ((20, 24), (0.5, 1.0), 1)
    window = image.read(level=1, rows=slice(2, 5), columns=slice(1, 9), channel=1)
    np.testing.assert_array_equal(window[..., 0], PIXELS[0, 1, ::2, ::2][2:5, 1:9])
    for chunk in (store / "s0" / "0" / "1").rglob("*"):  # the chunks of other rows are not opened
        chunk.unlink() if chunk.is_file() else None
    np.testing.assert_array_equal(image.read(rows=slice(0, 16))[..., 0], PIXELS[0, 0, :16])


def test_axes_of_versions_before_the_axes_had_names(tmp_path):
    store = stores.save(tmp_path / "a.zarr", PIXELS[None], "tczyx")
    words = json.loads((store / ".zattrs").read_text())
    del (
        words["multiscales"][0]["axes"],
        words["multiscales"][0]["datasets"][0]["coordinateTransformations"],
    )
    (store / ".zattrs").write_text(json.dumps(words))
    image = image_file.read_image(store, page=1)
    np.testing.assert_array_equal(image.pixels, PIXELS[:, 1].transpose(1, 2, 0))
    assert image.pixel_size is None


def test_pixels_that_are_not_square_or_have_no_unit_have_no_size(tmp_path):
    assert (
        image_file.read_image(
            stores.save(tmp_path / "a.zarr", PIXELS[0], "cyx", side=None)
        ).pixel_size
        is None
    )
    store = stores.save(tmp_path / "b.zarr", PIXELS[0], "cyx")
    words = json.loads((store / ".zattrs").read_text())
    words["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"] = [1, 1, 2]
    (store / ".zattrs").write_text(json.dumps(words))
    assert image_file.read_image(store).pixel_size is None


def test_an_array_without_metadata_is_read_by_its_shape(tmp_path):
    zarr.save_array(str(tmp_path / "a.zarr"), PIXELS[0])
    assert image_file.read_image(tmp_path / "a.zarr").pixels.shape == (20, 24, 3)


def test_a_plate_and_a_series_name_their_images(tmp_path):
    plate = tmp_path / "plate.zarr"
    wells = [{"path": "A/1"}, {"path": "B/2"}]
    zarr.create_group(str(plate), zarr_format=2, attributes={"plate": {"wells": wells}})
    stores.save(plate / "A" / "1" / "0", PIXELS[0], "cyx")
    with pytest.raises(InputError, match=r"a plate of 2 images; name .*A/1/0 to .*B/2/0"):
        image_file.read_image(plate)
    assert image_file.read_image(plate / "A" / "1" / "0").pixels.shape == (20, 24, 3)
    series = tmp_path / "series.zarr"
    zarr.create_group(str(series), zarr_format=2, attributes={"bioformats2raw.layout": 3})
    stores.save(series / "0", PIXELS[0], "cyx")
    assert image_file.read_image(series).pixels.shape == (20, 24, 3)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"axes": []}, "has the axes none; wanted one y"),
        ({"axes": [{"name": "y"}, {"name": "x"}]}, "2 axes and arrays of 3 dimensions"),
        ({"datasets": []}, "damaged or cut short"),
        ({"datasets": [{"path": "../../secret"}]}, "damaged or cut short"),
        ({"datasets": 7}, "damaged or cut short"),
    ],
)
def test_metadata_that_does_not_fit_is_one_sentence(tmp_path, change, sentence):
    store = stores.save(tmp_path / "a.zarr", PIXELS[0], "cyx")
    words = json.loads((store / ".zattrs").read_text())
    words["multiscales"][0] |= change
    (store / ".zattrs").write_text(json.dumps(words))
    with pytest.raises(InputError, match=sentence):
        image_file.read_image(store)


def test_a_store_that_claims_too_much_is_refused_before_room_is_made(tmp_path):
    store = stores.save(tmp_path / "a.zarr", PIXELS[0], "cyx")
    words = json.loads((store / "s0" / ".zarray").read_text())
    (store / "s0" / ".zarray").write_text(json.dumps({**words, "shape": [3, 10**9, 10**9]}))
    with pytest.raises(InputError, match=r"claims .* bytes of pixels and has only"):
        image_file.read_image(store)
    (store / "s0" / ".zarray").write_text(json.dumps({**words, "chunks": [3, 10**6, 10**6]}))
    with pytest.raises(InputError, match=r"claims|damaged"):
        image_file.read_image(store)


@pytest.mark.parametrize(
    ("version", "file", "change", "reason"),
    [
        (2, ".zarray", {"compressor": {"id": "jpegxl99"}}, "codec not available.*jpegxl99"),
        (3, "zarr.json", {"codecs": [{"name": "jpegxl99"}]}, "Unknown codec: 'jpegxl99'"),
    ],
)
def test_a_sound_store_of_a_codec_that_is_not_here_is_not_called_damaged(
    tmp_path, version, file, change, reason
):
    path = tmp_path / "a.zarr"
    zarr.create_array(str(path), shape=(8, 8), dtype="uint8", zarr_format=version)
    header = json.loads((path / file).read_text())
    (path / file).write_text(json.dumps(header | change))
    with pytest.raises(InputError, match=rf"cannot be read \({reason}.*\); write it again, with"):
        image_file.read_image(path)
