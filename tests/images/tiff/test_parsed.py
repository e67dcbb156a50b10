"""A TIFF is parsed once for all of its planes, and anew where it has changed."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile

from kontur.errors import InputError
from kontur.files import file_stamp
from kontur.images.image_file import open_image, read_image
from kontur.images.page_count import count_pages
from kontur.images.tiff import parsed as tiff_parsed

FRAMES = np.arange(12, dtype=np.uint8)[:, None, None] * np.ones((1, 9, 10), np.uint8)
KINDS = {"ome": {"ome": True}, "imagej": {"imagej": True}, "pages": {"metadata": None}}


@pytest.fixture(autouse=True)
def none_waits(monkeypatch):
    monkeypatch.setattr(tiff_parsed, "_waiting", type(tiff_parsed._waiting)())


@pytest.fixture
def parsed(monkeypatch):
    """The names of the files that are parsed; a file that was just written counts as settled."""
    names, opened = [], tifffile.TiffFile

    def noted(path):
        names.append(path.name)
        return opened(path)

    monkeypatch.setattr(file_stamp, "SETTLED", -1.0)
    monkeypatch.setattr(tifffile, "TiffFile", noted)
    return names


def film(path, frames=FRAMES, kind="ome"):
    known = {"metadata": {"axes": "TYX"}, "photometric": "minisblack"}
    tifffile.imwrite(path, frames, **{**known, **KINDS[kind]})
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_all_planes_are_read_of_a_file_that_is_parsed_once(tmp_path, parsed, kind):
    path = film(tmp_path / "a.tif", kind=kind)
    for page in range(count_pages(path)):
        for read in (read_image, open_image):
            assert (read(path, page=page).pixels[..., 0] == FRAMES[page]).all()
    assert parsed == ["a.tif"]


def test_a_file_that_was_replaced_is_parsed_anew(tmp_path, parsed):
    path = film(tmp_path / "a.tif")
    assert count_pages(path) == 12
    film(path, FRAMES[:5, 1:])
    assert count_pages(path) == 5
    assert read_image(path, page=4).pixels.shape == (8, 10, 1)
    assert parsed == ["a.tif"] * 2


def test_a_file_that_may_still_be_written_does_not_wait(tmp_path):
    path = film(tmp_path / "a.tif")
    assert read_image(path, page=3).pixels.max() == 3
    assert not tiff_parsed._waiting


def test_threads_that_read_one_file_have_one_each_and_all_are_closed(tmp_path, parsed):
    path = film(tmp_path / "a.tif")
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda page: read_image(path, page=page).pixels.max(), [*range(12)]))
    assert read == [*range(12)]
    assert 1 <= len(parsed) <= 4
    (files,) = tiff_parsed._waiting.values()
    assert all(one.file.filehandle.closed for one in files)


def test_of_many_files_the_last_few_wait(tmp_path, parsed, monkeypatch):
    monkeypatch.setattr(tiff_parsed, "KEPT", 2)
    films = [film(tmp_path / f"{name}.tif") for name in "abc"]
    for path in [*films, *films[1:], films[0]]:
        count_pages(path)
    assert parsed == ["a.tif", "b.tif", "c.tif", "a.tif"]


def test_a_page_that_is_not_there_and_a_channel_leave_the_next_plane_as_it_is(tmp_path, parsed):
    path = film(tmp_path / "a.tif", kind="pages")
    with pytest.raises(InputError, match="has 12 pages"):
        read_image(path, page=12)
    assert (read_image(path, channel=3).pixels[..., 0] == FRAMES[3]).all()
    assert (read_image(path, page=3).pixels[..., 0] == FRAMES[3]).all()
