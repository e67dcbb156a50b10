"""Films and stacks on the command line: files that are one, and what takes long is told."""

import numpy as np
import pytest
import tifffile

from kontur.cli import screen
from tests.images import films


@pytest.mark.parametrize("workers", [1, 2])
def test_linking_and_writing_the_planes_of_a_film_are_told(
    workers, kontur, model, tmp_path, monkeypatch
):
    monkeypatch.setattr(screen, "AGAIN", 0.0)  # seconds between two lines of a log
    tifffile.imwrite(
        tmp_path / "film.tif", np.zeros((3, 32, 32), np.uint8), photometric="minisblack"
    )
    command = ("predict", tmp_path / "film.tif", "--model", model, "--page", "all", "--link")
    more = ("--overlay", "--workers", workers, "--threads", workers)
    shown = kontur(*command, *more, "--out", tmp_path / "out").splitlines()
    told = ("linking film.tif", "writing film.geojson", "writing film.overlay.tif")
    assert {f"{doing}: 2 of 3" for doing in told} <= {*shown}
    shown = kontur(*command, *more, "--out", tmp_path / "other", "--quiet").splitlines()
    assert len(shown) == 1


def test_the_files_of_a_film_are_predicted_as_one(kontur, model, tmp_path):
    films.save(tmp_path / "film", np.zeros((3, 32, 32), np.uint8))
    output = kontur(
        *("predict", tmp_path / "film", "--model", model, "--out", tmp_path / "out"),
        *("--page", "all"),
    )
    assert "objects in 1 image" in output
    assert "2 files (f1.ome.tif, f2.ome.tif) left out: one image with f0.ome.tif" in output
