"""Frames of a film that are files of their own, which nothing links."""

import shutil

import numpy as np
import pytest
import tifffile
from PIL import Image

from kontur.errors import InputError
from kontur.images.image_file import open_image
from kontur.infer.options import PredictOptions
from kontur.infer.stacks import stack_prediction
from tests.infer.painted import run

LINKED = {"outputs": ("geojson",), "options": PredictOptions(page="all", link=True)}


@pytest.fixture
def film(tmp_path):
    """Four frames with a square that moves."""
    frames = np.zeros((4, 24, 32), np.uint8)
    for t, frame in enumerate(frames):
        frame[4 + t : 12 + t, 5:13] = 200 + t
    path = tmp_path / "film.tif"
    tifffile.imwrite(path, frames, photometric="minisblack")
    return path


def frames_of(film, folder, *, colours=False):
    folder.mkdir()
    for page, frame in enumerate(tifffile.imread(film)):
        pixels = np.stack([frame] * 3, axis=-1) if colours else frame
        Image.fromarray(pixels).save(folder / f"{page:02}.png")
    return folder


def test_frames_as_files_are_not_linked_each_by_itself(film, tmp_path):
    frames = frames_of(film, tmp_path / "frames")
    with pytest.raises(InputError, match=r"these 4 images have one page each; make one film"):
        run(frames, tmp_path / "out", **LINKED)
    assert not (tmp_path / "out").exists()
    assert len(run(frames, tmp_path / "out", options=PredictOptions(page="all"))) == 4
    shutil.copy(film, frames)
    outcomes = run(frames, tmp_path / "out2", **LINKED)
    assert ["one page" in (each.hint or "") for each in outcomes] == [True] * 4 + [False]


@pytest.mark.parametrize("colours", [False, True])
def test_the_command_that_an_error_names_makes_a_film_of_frames(
    film, tmp_path, monkeypatch, colours
):
    frames = sorted(frames_of(film, tmp_path / "frames", colours=colours).iterdir())
    monkeypatch.chdir(tmp_path / "frames")
    monkeypatch.setattr("sys.argv", ["-c", *map(str, frames)])
    _, code, rest = stack_prediction.FILM.split('"')
    assert rest == ""
    exec(code, {})
    made = tmp_path / "frames" / "film.tif"
    pages = [open_image(made, page=page).pixels[..., 0] for page in range(4)]
    np.testing.assert_array_equal(pages, tifffile.imread(film))
    stack_prediction.check_is_one_stack(made)
