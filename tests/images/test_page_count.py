"""How many pages a file has is how many pages can be read of it."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from kontur.errors import InputError
from kontur.images.image_file import read_image
from kontur.images.page_count import check_is_one_stack, count_pages

GREY = np.arange(40 * 50, dtype=np.uint8).reshape(40, 50)


def written(folder, kind):
    path = folder / f"a.{kind}"
    if kind == "gif":
        frames = [Image.fromarray(GREY // k) for k in (1, 2, 3)]
        frames[0].save(path, save_all=True, append_images=frames[1:])
    elif kind == "npy":
        np.save(path, np.stack([GREY] * 12))
    elif kind == "tif":
        tifffile.imwrite(
            path, np.stack([GREY] * 4), photometric="minisblack", metadata={"axes": "ZYX"}
        )
    elif kind == "png":
        Image.fromarray(GREY).save(path)
    else:
        tifffile.imwrite(
            path, np.stack([np.stack([GREY] * 3)] * 2), imagej=True, metadata={"axes": "TZYX"}
        )
    return path


@pytest.mark.parametrize(
    ("kind", "pages"), [("png", 1), ("gif", 3), ("npy", 12), ("tif", 4), ("tiff", 6)]
)
def test_every_page_that_is_counted_can_be_read_and_no_more(tmp_path, kind, pages):
    path = written(tmp_path, kind)
    assert count_pages(path) == pages
    last = read_image(path, page=pages - 1)
    assert last.pixels.shape[:2] == GREY.shape
    with pytest.raises(InputError):
        read_image(path, page=pages)


@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3), (3, 40, 50)])
def test_an_array_that_is_one_image_has_one_page(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    assert count_pages(tmp_path / "a.npy") == 1


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="no image"):
        count_pages(tmp_path / "a.png")


@pytest.mark.parametrize("odd", [0, 7])
def test_the_page_of_another_size_is_the_one_that_is_named(tmp_path, odd):
    path = tmp_path / "film.tif"
    with tifffile.TiffWriter(path) as film:
        for page in range(12):
            frame = GREY[:30] if page == odd else GREY
            film.write(frame, photometric="minisblack", contiguous=False, metadata=None)
    usual = 1 if odd == 0 else 0
    with pytest.raises(
        InputError, match=f"page {odd} is 30×50 pixels and page {usual} 40×50; predict each"
    ):
        check_is_one_stack(path)
