"""Images that go away or are replaced while they are predicted: one failure, and no mixture."""

import numpy as np
import pytest
import tifffile

from kontur.formats import images
from kontur.infer.folder import predict_folder
from kontur.infer.inputs import find_inputs
from kontur.infer.options import PredictOptions
from tests.infer.test_stack_prediction import baseline

WAYS = {"tiles": {"tile": 64}, "planes": {"page": "all"}}


@pytest.fixture(autouse=True)
def _every_file_is_large(monkeypatch):
    monkeypatch.setattr(images, "LAZY", 0)
    monkeypatch.setattr(images, "SMALL", 0)


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def way(request):
    return request.param


def draw(path, way, *, side=10):
    """Squares, some in every tile and on every plane."""
    plane = np.zeros((96, 128), np.uint8)
    for row in range(10, 90, 30):
        for column in range(10, 120, 30):
            plane[row : row + side, column : column + side] = 200
    if "page" in way:
        shown = np.stack([plane] * 3)
        tifffile.imwrite(path, shown, photometric="minisblack", metadata={"axes": "TYX"})
    else:
        tifffile.imwrite(path, plane, tile=(32, 32))
    return path


def run(folder, out, way, do=lambda: None, predictor=None):
    """The outcomes of a folder's images by name; `do` is called after two parts of `a`."""

    def on_part(image, done, total):
        if image.name == "a" and done == 2:
            assert total > 2
            do()

    outcomes = predict_folder(
        *(predictor or baseline(), find_inputs([folder]), out),
        options=PredictOptions(**way),
        on_part=on_part,
    )
    return {outcome.input.name: outcome for outcome in outcomes}


def test_an_image_that_goes_away_while_it_is_read_fails_alone(tmp_path, way):
    (tmp_path / "in").mkdir()
    a, _ = (draw(tmp_path / "in" / name, way) for name in ("a.tif", "z.tif"))
    outcomes = run(tmp_path / "in", tmp_path / "out", way, a.unlink)
    assert "there is no image" in outcomes["a"].failure
    assert str(a) in outcomes["a"].failure
    assert (outcomes["z"].failure, outcomes["z"].objects > 0) == (None, True)
    assert not (tmp_path / "out" / "a.geojson").exists()
    assert (tmp_path / "out" / "z.geojson").exists()
