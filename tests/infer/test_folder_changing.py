"""Images that go away or are replaced while they are predicted: one failure, and no mixture."""

import os
import shutil

import numpy as np
import pytest
import tifffile

from kontur.images import image_file
from kontur.infer.folder import predict_folder
from kontur.infer.inputs import find_inputs
from kontur.infer.options import PredictOptions
from kontur.infer.predict import Predictor
from kontur.infer.records.source_file import SourceFile
from tests.images import stores
from tests.infer.stacks.films import baseline

WAYS = {"tiles": {"tile": 64}, "planes": {"page": "all"}}


@pytest.fixture(autouse=True)
def _every_file_is_large(monkeypatch):
    monkeypatch.setattr(image_file, "LAZY", 0)
    monkeypatch.setattr(image_file, "SMALL", 0)


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
    os.utime(path, (side, side))  # clocks of disks tick every few milliseconds
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
    assert f"{a} was changed, replaced or removed while" in outcomes["a"].failure
    assert (outcomes["z"].failure, outcomes["z"].objects > 0) == (None, True)
    assert not (tmp_path / "out" / "a.geojson").exists()
    assert (tmp_path / "out" / "z.geojson").exists()


def test_an_image_that_is_replaced_while_it_is_read_gives_no_mixture(tmp_path, way):
    (tmp_path / "in").mkdir()
    out = tmp_path / "out"
    a, _ = (draw(tmp_path / "in" / name, way) for name in ("a.tif", "z.tif"))
    other = draw(tmp_path / "other.tif", way, side=14)
    outcomes = run(tmp_path / "in", out, way, lambda: os.replace(other, a))
    assert f"{a} was changed, replaced or removed while" in outcomes["a"].failure
    assert (outcomes["z"].failure, outcomes["z"].objects > 0) == (None, True)
    assert sorted(path.name for path in out.iterdir()) == ["predict.json", "z.geojson"]
    again = run(tmp_path / "in", out, way)
    assert (again["a"].failure, again["z"].skipped) == (None, True)
    run(tmp_path / "in", tmp_path / "expected", way)
    files = [folder / "a.geojson" for folder in (out, tmp_path / "expected")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_of_a_store_that_changes_while_it_is_read_nothing_is_kept(tmp_path):
    pytest.importorskip("zarr")
    store, out = tmp_path / "in" / "a.ome.zarr", tmp_path / "out"
    drawn = tifffile.imread(draw(tmp_path / "a.tif", {}))
    stores.save(store, drawn, "YX")

    def change():
        shutil.rmtree(store)
        stores.save(store, drawn[::-1], "YX")

    outcomes = run(tmp_path / "in", out, {"tile": 64}, change)
    assert f"{store} was changed, replaced or removed while" in outcomes["a"].failure
    assert [path.name for path in out.iterdir()] == ["predict.json"]


class Replacing(Predictor):
    """A predictor that does something to the image once that is open and measured."""

    def plan(self, *image, **how):
        found = super().plan(*image, **how)
        self.do()
        return found


@pytest.mark.parametrize("lazy", [True, False])
def test_an_image_in_one_view_is_the_one_that_was_recorded(tmp_path, monkeypatch, lazy):
    monkeypatch.setattr(image_file, "LAZY", 0 if lazy else 1 << 26)
    image = draw(tmp_path / "a.tif", {})
    other = draw(tmp_path / "other.tif", {}, side=14)
    expected = run(image, tmp_path / "expected", {})["a"]
    predictor = baseline()
    replacing = Replacing(predictor.engine, predictor.card)
    replacing.do = lambda: other.exists() and os.replace(other, image)
    outcome = run(image, tmp_path / "out", {}, predictor=replacing)["a"]
    if lazy:  # its pixels are read after that
        assert "changed, replaced or removed" in outcome.failure
        assert not (tmp_path / "out" / "a.geojson").exists()
    else:
        assert (outcome.failure, outcome.objects) == (None, expected.objects)


def test_an_image_that_is_replaced_after_its_content_was_noted_is_not_recorded_as_that(
    tmp_path, monkeypatch
):
    image, other = draw(tmp_path / "a.tif", {}), draw(tmp_path / "other.tif", {}, side=14)
    noted = SourceFile.of

    def replaced(*where):
        found = noted(*where)
        os.replace(other, image)
        return found

    monkeypatch.setattr(SourceFile, "of", replaced)
    assert "changed, replaced or removed" in run(image, tmp_path / "out", {})["a"].failure
    assert not (tmp_path / "out" / "a.geojson").exists()
