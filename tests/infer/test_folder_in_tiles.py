"""Folders of images too large for one view: constant memory, and a run that is killed goes on."""

import pytest
import tifffile

import kontur
from kontur.images import image_file
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.folder import predict_folder
from kontur.infer.inputs import find_inputs
from kontur.infer.options import PredictOptions
from kontur.infer.predict import Predictor
from kontur.infer.tiling import tiled
from kontur.infer.tiling.tiled import TiledImage
from tests.infer.tiling.test_tiled import mosaic, unmatched
from tests.models import contract

WORDS = ("geojson", "csv", "geoparquet", "labels")
ENDINGS = (".geojson", ".csv", ".geo.parquet", ".labels.tif")


@pytest.fixture(scope="module")
def predictor():
    learned = contract.learned("snake")
    return Predictor(OnnxEngine(learned.model, threads=1), learned.card)


@pytest.fixture
def slide(tmp_path, monkeypatch):
    """A tiled file of which windows are read, and room for views of 448 pixels alone."""
    monkeypatch.setattr(image_file, "LAZY", 0)
    monkeypatch.setattr(image_file, "SMALL", 0)
    monkeypatch.setattr(tiled, "BUDGET", 300 * 448**2)
    path = tmp_path / "slide.tif"
    tifffile.imwrite(path, mosaic(8, 8, (460, 450))[..., 0], tile=(64, 64), compression="zlib")
    return path


def run(predictor, slide, out, **how):
    return list(predict_folder(predictor, find_inputs([slide]), out, **how))


def test_every_output_holds_the_objects_of_the_whole_image(predictor, slide, tmp_path):
    told = []
    (outcome,) = run(
        predictor,
        slide,
        tmp_path / "out",
        outputs=(*WORDS, "overlay"),
        on_part=lambda image, done, total: told.append((image.name, done, total)),
    )
    count = told[-1][2]
    assert count == 9
    assert told == [("slide", done, count) for done in range(1, count + 1)]
    tiled.BUDGET = 1e12
    whole = predictor.predict(tifffile.imread(slide))
    assert outcome.objects == len(whole) > 100
    for ending in ENDINGS:
        found = kontur.read(tmp_path / "out" / f"slide{ending}")
        assert found.size == (460, 450)
        if ending == ".labels.tif":  # an object may be hidden by others there
            assert set(found.ids) <= set(range(1, len(whole) + 1))
            assert len(found) >= len(whole) - 3
        else:
            assert sorted(found.ids) == list(range(1, len(whole) + 1))
            assert unmatched(whole, found) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *(f"slide{ending}" for ending in (*ENDINGS, ".overlay.png")),
        "predict.json",
    }


@pytest.fixture
def looked_at(monkeypatch):
    """The tiles that the network looks at, by row and column."""
    seen, candidates = [], TiledImage.candidates

    def noted(self, tile, thresholds):
        seen.append((tile.row, tile.column))
        return candidates(self, tile, thresholds)

    monkeypatch.setattr(TiledImage, "candidates", noted)
    return seen


def kill_at(number):
    def kill(image, done, total):
        if done == number:
            raise KeyboardInterrupt

    return kill


def test_a_run_that_is_killed_goes_on_with_the_missing_tiles(predictor, slide, tmp_path, looked_at):
    run(predictor, slide, tmp_path / "expected")
    every, out = list(looked_at), tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(predictor, slide, out, on_part=kill_at(7))
    assert not (out / "slide.geojson").exists()
    assert len(list((out / ".slide.tiles").glob("*.npz"))) == 7
    next((out / ".slide.tiles").glob("0-1.*.npz")).write_bytes(b"half")
    looked_at.clear()
    tiled.BUDGET *= 2  # more memory than before: the tiles that are there decide
    run(predictor, slide, out)
    assert looked_at == [(0, 1), *every[7:]]
    written = (out / "slide.geojson").read_bytes()
    assert written == (tmp_path / "expected" / "slide.geojson").read_bytes()
    assert not (out / ".slide.tiles").exists()


def test_runs_of_other_settings_at_the_same_time_take_no_tile_of_each_other(
    predictor, slide, tmp_path
):
    few, many = PredictOptions(score=0.99), PredictOptions(score=0.5)
    run(predictor, slide, tmp_path / "expected", options=many)

    def other(image, done, total):
        if done == 3:
            with pytest.raises(KeyboardInterrupt):
                run(predictor, slide, tmp_path / "out", options=few, on_part=kill_at(5))

    run(predictor, slide, tmp_path / "out", options=many, on_part=other)
    files = [tmp_path / folder / "slide.geojson" for folder in ("out", "expected")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert not (tmp_path / "out" / ".slide.tiles").exists()


def test_tiles_of_other_settings_or_of_another_image_are_not_taken(
    predictor, slide, tmp_path, looked_at
):
    out = tmp_path / "out"
    for options in (PredictOptions(score=0.5), PredictOptions(score=0.6)):
        with pytest.raises(KeyboardInterrupt):
            run(predictor, slide, out, options=options, on_part=kill_at(2))
    assert looked_at == [(0, 0), (0, 1)] * 2
    tifffile.imwrite(slide, tifffile.imread(slide)[::-1], tile=(64, 64), compression="zlib")
    with pytest.raises(KeyboardInterrupt):
        run(predictor, slide, out, options=PredictOptions(score=0.6), on_part=kill_at(1))
    assert looked_at == [*[(0, 0), (0, 1)] * 2, (0, 0)]
