"""One range for all images of a prediction: what it is, and that each is predicted in it."""

import json

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_allclose, assert_array_equal

from kontur.data.folder import open_folder
from kontur.data.normalisation.normalise import NormaliseConfig
from kontur.errors import InputError
from kontur.images import lazy_pixels
from kontur.images.lazy_pixels import OpenImage
from kontur.infer import folder_contrast
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.folder import predict_folder
from kontur.infer.folder_contrast import FolderContrast, measure_folder, outside
from kontur.infer.folder_evaluation import evaluate_model
from kontur.infer.inputs import find_inputs
from kontur.infer.options import PredictOptions
from kontur.infer.predict import Predictor
from kontur.infer.records.record import Record
from kontur.infer.records.record_file import RecordedRun

FOLDER = PredictOptions(contrast="folder")
RNG = np.random.default_rng(7)


class TwoChannels(Predictor):
    """What measuring asks of a predictor whose model normalises each of its channels alone."""

    def __init__(self, predictor):
        super().__init__(predictor.engine, predictor.card)
        self.card = predictor.card.replace(training={"stains": True})
        self.normalise = NormaliseConfig(over="channel")
        self.config = predictor.config.replace(channels=2)


@pytest.fixture(scope="module")
def predictor(learned):
    return Predictor(OnnxEngine(learned.model, threads=1), learned.card)


@pytest.fixture
def pieces(tmp_path, pixels):
    """A plate of three exposures: as it is, dim, and a field that is nearly empty."""
    folder = tmp_path / "pieces"
    folder.mkdir()
    for name, values in (
        ("a", pixels * np.uint16(10)),
        ("b", pixels * np.uint16(4) + 30),
        ("c", np.arange(pixels.size, dtype=np.uint16).reshape(pixels.shape) % 40),
    ):
        tifffile.imwrite(folder / f"{name}.tif", values)
    return folder


def run(predictor, images, out, **how):
    how = {"options": FOLDER, **how}
    return list(predict_folder(predictor, find_inputs(images), out, **how))


def made(out):
    return json.loads((out / "predict.json").read_text())["made"]


def shown(*images):
    return [
        (str(number), lambda image=image: OpenImage(image, None))
        for number, image in enumerate(images)
    ]


def random(shape, top=4000, dtype=np.uint16):
    return RNG.integers(0, top, shape).astype(dtype)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_range_is_that_of_all_pixels_and_each_image_is_predicted_in_it(
    predictor, pieces, tmp_path, workers
):
    outcomes = run(predictor, [pieces], tmp_path / "out", workers=workers)
    every = np.concatenate([tifffile.imread(file).ravel() for file in sorted(pieces.iterdir())])
    given = tuple(np.percentile(every, (1, 99.8)))
    assert {outcome.contrast for outcome in outcomes} == {given}
    fixed = PredictOptions(contrast=given)
    run(predictor, [pieces], tmp_path / "fixed", options=fixed)
    for name in "abc":
        one, other = ((tmp_path / out / f"{name}.geojson") for out in ("out", "fixed"))
        assert one.read_bytes() == other.read_bytes()
    assert {outcome.input.name: outcome.objects for outcome in outcomes}["c"] == 0
    (record,) = made(tmp_path / "out")
    assert record["contrast"] == "folder"
    assert record["folder_contrast"]["range"] == list(given)
    assert record["folder_contrast"]["stored"] == "uint16"


@pytest.mark.parametrize("contrast", [None, "auto", 98.0])
def test_the_record_has_the_range_of_each_image_which_gives_the_same_when_it_is_typed(
    predictor, pieces, tmp_path, contrast
):
    run(predictor, [pieces], tmp_path / "own", options=PredictOptions(contrast=contrast))
    noted = made(tmp_path / "own")[0]["images"]
    for name in "abc":
        options = PredictOptions(contrast=tuple(noted[name]["range"]))
        run(predictor, [pieces / f"{name}.tif"], tmp_path / name, options=options)
        one, other = (tmp_path / out / f"{name}.geojson" for out in ("own", name))
        assert one.read_bytes() == other.read_bytes()
    high = {None: 99.8, 98.0: 98.0}.get(contrast)
    if high:
        values = tifffile.imread(pieces / "b.tif")
        assert noted["b"]["range"] == [*np.percentile(values, (1, high))]


def test_another_subset_gives_what_its_own_range_gives_to_the_bit(predictor, pieces, tmp_path):
    ranges = set()
    for names in ("ab", "bc", "c"):
        files, out = [pieces / f"{name}.tif" for name in names], tmp_path / names
        (given,) = {outcome.contrast for outcome in run(predictor, files, out / "folder")}
        run(predictor, files, out / "given", options=PredictOptions(contrast=given))
        for name in names:
            one, other = ((out / way / f"{name}.geojson") for way in ("folder", "given"))
            assert one.read_bytes() == other.read_bytes()
        ranges.add(given)
    assert len(ranges) == 3


def test_a_later_call_takes_the_range_that_was_noted_and_says_what_lies_beyond(
    predictor, pieces, pixels, tmp_path, caplog
):
    out = tmp_path / "out"
    (first, *_) = run(predictor, [pieces / "a.tif", pieces / "b.tif"], out)
    (out / "b.geojson").unlink()
    tifffile.imwrite(pieces / "d.tif", pixels * np.uint16(100))
    outcomes = run(predictor, [pieces], out)
    assert [outcome.skipped for outcome in outcomes] == [True, False, False, False]
    assert {outcome.contrast for outcome in outcomes[1:]} == {first.contrast}
    assert "1 new or changed image (d.tif) with values beyond" in caplog.text
    assert len(made(out)) == 1
    caplog.clear()
    assert all(outcome.skipped for outcome in run(predictor, [pieces], out))
    assert not caplog.text
    with pytest.raises(InputError, match="contrast folder, now not set"):
        run(predictor, [pieces], out, options=PredictOptions())
    again = run(predictor, [pieces], out, overwrite=True)
    assert again[0].contrast[1] > first.contrast[1]
    assert len(made(out)) == 1


def test_some_images_made_anew_stay_in_the_range_of_the_others(predictor, pieces, tmp_path):
    out = tmp_path / "out"
    (first, *_) = run(predictor, [pieces / "a.tif", pieces / "b.tif"], out)
    (again,) = run(predictor, [pieces / "b.tif"], out, overwrite=True)
    assert again.contrast == first.contrast
    assert len(made(out)) == 1
    assert [each.skipped for each in run(predictor, [pieces], out)] == [True, True, False]
    ranges = [(1.75, 163.98200000001), (2, 2550.4)]
    now, before = ({"folder_contrast": {"range": each}} for each in ranges)
    told = Record(out, now).difference(RecordedRun(before))
    assert told == "the range of --contrast folder 2,2550, now 1.75,164"


def test_an_image_that_changed_in_place_is_compared_as_a_new_one(
    predictor, pieces, pixels, tmp_path, caplog
):
    out = tmp_path / "out"
    run(predictor, [pieces], out)
    tifffile.imwrite(pieces / "b.tif", pixels * np.uint16(100))
    outcomes = run(predictor, [pieces], out)
    assert [outcome.skipped for outcome in outcomes] == [True, False, True]
    assert "1 new or changed image (b.tif) with values beyond" in caplog.text
    before = (out / "b.geojson").read_bytes()
    tifffile.imwrite(pieces / "b.tif", pixels)
    with pytest.raises(InputError, match=r"stored alike, .* uint16 \(those before\) and uint8 \(b"):
        run(predictor, [pieces], out)
    assert (out / "b.geojson").read_bytes() == before


def test_a_run_that_was_killed_before_its_first_image_has_noted_the_range(
    predictor, pieces, tmp_path
):
    images = find_inputs([pieces / "a.tif", pieces / "b.tif"])
    begun = predict_folder(predictor, images, tmp_path / "out", options=FOLDER)
    given = next(begun).contrast
    begun.close()
    (tmp_path / "out" / "a.geojson").unlink()
    outcomes = run(predictor, [pieces], tmp_path / "out")
    assert {outcome.contrast for outcome in outcomes} == {given}


def test_of_processes_that_begin_together_the_first_to_note_its_range_decides(
    predictor, pieces, tmp_path, monkeypatch
):
    bright, others = find_inputs([pieces / "a.tif"]), [pieces / "b.tif", pieces / "c.tif"]
    given = []

    def measure_meanwhile(*images, **how):
        monkeypatch.undo()
        first = predict_folder(predictor, bright, tmp_path / "out", options=FOLDER)
        given.append(next(first).contrast)
        first.close()
        return measure_folder(*images, **how)

    monkeypatch.setattr("kontur.infer.folder.measure_folder", measure_meanwhile)
    outcomes = run(predictor, others, tmp_path / "out")
    assert {outcome.contrast for outcome in outcomes} == {*given}
    (settings,) = made(tmp_path / "out")
    assert sorted(settings["images"]) == ["a", "b", "c"]


def test_a_range_is_settled_anew_unless_another_process_has_done_so_meanwhile(tmp_path):
    first, second, other = (Record(tmp_path, {"score": score}) for score in (0.5, 0.5, 0.4))
    assert first.settle("range", [0, 1]) == [0, 1]
    assert second.settle("range", [0, 2]) == [0, 1]
    assert other.settle("range", [0, 3]) == [0, 3]
    finished = Record(tmp_path, {"score": 0.5, "range": [0, 1]})
    finished.add("a", {}, None)
    finished.finish()
    assert Record(tmp_path, {"score": 0.5}).settle("range", [0, 4]) == [0, 4]  # all made anew


def test_tiles_and_planes_are_in_the_range_of_all(predictor, pieces, pixels, tmp_path):
    seen = []
    options = FOLDER.replace(tile=64)
    how = {"options": options, "on_measured": lambda *counts: seen.append(counts)}
    tiled = run(predictor, [pieces], tmp_path / "tiled", **how)
    whole = run(predictor, [pieces], tmp_path / "whole")
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert [each.objects for each in tiled] == [each.objects for each in whole]
    assert {each.contrast for each in tiled} == {each.contrast for each in whole}
    film = np.stack([tifffile.imread(pieces / f"{name}.tif") for name in "abc"])
    tifffile.imwrite(tmp_path / "film.tif", film, imagej=True, metadata={"axes": "TYX"})
    (planes,) = run(
        predictor, [tmp_path / "film.tif"], tmp_path / "film", options=FOLDER.replace(page="all")
    )
    assert planes.contrast == whole[0].contrast
    assert planes.objects == sum(each.objects for each in whole)


def test_images_of_unlike_depth_are_refused_in_a_sentence(predictor, pieces, pixels, tmp_path):
    tifffile.imwrite(pieces / "d.tif", pixels)
    with pytest.raises(InputError, match=r"uint16 \(a.tif, b.tif and 1 more\) and uint8"):
        run(predictor, [pieces], tmp_path / "out")
    run(predictor, [pieces / "a.tif"], tmp_path / "out")
    with pytest.raises(InputError, match=r"stored alike, .* uint16 \(those before\) and uint8"):
        run(predictor, [pieces], tmp_path / "out")
    doubles = measure_folder(predictor, shown(*(pixels[..., None] / d for d in (1.0, 2.0))))
    assert doubles.stored == "float"


def test_what_cannot_be_read_is_left_out_and_told_by_its_prediction(predictor, pieces, tmp_path):
    (pieces / "notes.tif").write_text("these are my notes")
    outcomes = run(predictor, [pieces], tmp_path / "out")
    assert [outcome.failure is None for outcome in outcomes] == [True, True, True, False]
    with pytest.raises(InputError, match=r"over which a contrast .*notes.tif is not an"):
        run(predictor, [pieces / "notes.tif"], tmp_path / "none")
    tifffile.imwrite(pieces / "black.tif", np.zeros((20, 30), np.uint16))
    with pytest.raises(InputError, match=r"1 image \(black.tif\) lie between 0 and 0, of which no"):
        run(predictor, [pieces / "black.tif"], tmp_path / "black")


def test_a_folder_is_evaluated_in_the_range_of_its_images(predictor, pieces, pixels, tmp_path):
    pieces.rename(tmp_path / "images")
    (tmp_path / "masks").mkdir()
    for name in "abc":
        found = predictor.predict(pixels) if name != "c" else predictor.predict(pixels)[:0]
        tifffile.imwrite(tmp_path / "masks" / f"{name}.tif", found.label_image().astype(np.uint16))
    truth, seen = open_folder(tmp_path), []
    made = evaluate_model(
        predictor, truth, options=FOLDER, on_measured=lambda *counts: seen.append(counts)
    )
    every = np.concatenate([truth.samples[i].image.ravel() for i in range(3)])
    given = tuple(np.percentile(every, (1, 99.8)))
    assert made.contrast == given
    assert seen[-1] == (3, 3)
    fixed = evaluate_model(predictor, truth, options=PredictOptions(contrast=given))
    assert [i.predicted_count for i in made.images] == [i.predicted_count for i in fixed.images]
    assert made.images[2].predicted_count == 0 < made.images[0].predicted_count


def test_a_single_image_has_no_folder(predictor, pixels):
    with pytest.raises(InputError, match="measured over all images of a prediction, and this is a"):
        predictor.predict(pixels, contrast="folder")


def test_a_pixel_counts_alike_in_large_and_small_images(predictor, monkeypatch):
    """Also where of a large image every second pixel is looked at."""
    monkeypatch.setattr(folder_contrast, "SAMPLED", 1000)
    small, large = random((20, 30, 1)), np.repeat(np.repeat(random((40, 50, 1), 900), 2, 0), 2, 1)
    every = np.concatenate([small.ravel(), large.ravel()])
    low, high = measure_folder(predictor, shown(small, large)).range
    assert_allclose((low, high), np.percentile(every, (1, 99.8)), atol=8)
    monkeypatch.setattr(folder_contrast, "MOST", 1)
    assert measure_folder(predictor, shown(small, large)).range == tuple(
        np.percentile(small, (1, 99.8))
    )


def test_an_image_of_which_some_bands_are_read_counts_as_all_of_its_pixels(predictor, monkeypatch):
    monkeypatch.setattr(lazy_pixels, "BAND", 1 << 8)  # 16 rows; the last of the 51 bands is 7
    large, small = np.full((807, 16, 1), 200, np.uint8), random((241, 16, 1), 100, np.uint8)
    every = np.concatenate([small.ravel(), large.ravel()])
    share = 100 * small.size / every.size
    seeing = Predictor(predictor.engine, predictor.card)
    for high in (share - 0.5, share + 0.5, 60):
        seeing.normalise = NormaliseConfig(high=high)
        measured = measure_folder(seeing, shown(large, small))
        assert_allclose(measured.range, np.percentile(every, (1, high)), atol=2)


def test_planes_are_evenly_spaced_over_films_of_unlike_length(tmp_path, monkeypatch):
    for name, count in (("a", 6), ("b", 2)):
        film = np.zeros((count, 8, 9), np.uint8)
        tifffile.imwrite(tmp_path / f"{name}.tif", film, imagej=True, metadata={"axes": "TYX"})
    monkeypatch.setattr(folder_contrast, "MOST", 4)
    chosen = folder_contrast.opened(find_inputs([tmp_path]), FOLDER.replace(page="all"))
    assert [name for name, _ in chosen] == [
        *("a.tif page 0", "a.tif page 2", "a.tif page 4"),
        "b.tif page 0",
    ]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_one_image_has_the_range_of_its_own_percentiles(predictor, dtype):
    image = random((50, 60, 1), 250, dtype)
    measured = measure_folder(predictor, shown(image))
    own = predictor.prepare(image).normalisation
    assert measured.range == measured.within == (own.low[0], own.high[0])


def test_channels_that_are_normalised_alone_have_ranges_of_their_own(predictor):
    images = [random((30, 40, 2)) // np.uint16([1, 9]) for _ in range(3)]
    seeing = TwoChannels(predictor)
    measured = measure_folder(seeing, shown(*images))
    pixels = np.concatenate([image.reshape(-1, 2) for image in images])
    assert_array_equal(measured.range, np.percentile(pixels, (1, 99.8), axis=0).T)
    note = json.loads(json.dumps(measured.noted()))
    assert FolderContrast.of_note(note) == measured
    assert outside(seeing, shown(*images), measured) is None
    swapped = [image[..., ::-1] for image in images[:2]]
    assert "2 new or changed images (0, 1) with values beyond" in outside(
        seeing, shown(*swapped), measured
    )


def test_images_of_other_channels_are_refused_where_each_has_a_range_of_its_own(predictor):
    two, grey, seeing = random((30, 40, 2)), random((30, 40, 1)), TwoChannels(predictor)
    with pytest.raises(
        InputError, match=r"as many channels, and theirs are 2 \(0, 1\) and 1 \(2\)"
    ):
        measure_folder(seeing, shown(two, two, grey))
    for before, later in ((two, grey), (grey, two)):
        with pytest.raises(InputError, match=r"theirs are . \(those before\) and . \(0\)"):
            outside(seeing, shown(later), measure_folder(seeing, shown(before)))
    equal = np.repeat(grey, 2, axis=2)  # is measured as one column, and of two channels
    ranges = measure_folder(seeing, shown(two, equal)).range
    assert_array_equal(ranges[0], np.percentile([two[..., 0], equal[..., 0]], (1, 99.8)))


def test_few_bright_pixels_on_an_even_ground_are_not_lost(predictor):
    image = np.full((80, 80, 1), 5, np.uint8)
    image[3, 4] = 200
    assert measure_folder(predictor, shown(image, image)).range == (5.0, 200.0)
