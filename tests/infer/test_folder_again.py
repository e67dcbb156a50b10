"""A folder predicted into again: what is kept, refused, added, and made anew."""

import json
import os
import shutil

import numpy as np
import pytest
import shapely

import kontur
from kontur import formats
from kontur.errors import InputError
from kontur.infer.folder import predict_folder
from kontur.infer.inputs import find_inputs
from kontur.infer.options import PredictOptions
from kontur.instances import Instances
from tests.infer.painted import Bright, paint, run


def test_what_is_there_is_kept_and_only_the_rest_is_made(images, tmp_path):
    out = tmp_path / "out"
    run(images, out)
    (out / "b.geojson").unlink()
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.geojson")}
    predictor = Bright()
    outcomes = run(images, out, predictor=predictor)
    assert [each.skipped for each in outcomes] == [True, False, True]
    assert predictor.seen == 1
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_another_range_of_intensities_is_refused_or_made_anew(images, tmp_path):
    out, first, other = tmp_path / "out", PredictOptions(contrast=(0, 9)), (10, 20)
    run(images, out, options=first)
    assert all(each.skipped for each in run(images, out, options=first))
    other = PredictOptions(contrast=other)
    with pytest.raises(InputError, match=r"made with other settings \(contrast 0,9, now 10,20\)"):
        run(images, out, options=other)
    assert not any(each.skipped for each in run(images, out, options=other, overwrite=True))
    (made,) = json.loads((out / "predict.json").read_text())["made"]
    assert made["contrast"] == [10, 20]


def test_nothing_is_touched_where_all_is_there(images, tmp_path):
    out = tmp_path / "out"
    run(images, out)
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert all(each.skipped for each in run(images, out))
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before


def test_another_format_is_added_beside_the_first(images, tmp_path):
    out = tmp_path / "out"
    run(images, out)
    before = (out / "a.geojson").stat().st_mtime_ns
    outcomes = run(images, out, outputs=("geojson", "csv"))
    assert not any(each.skipped for each in outcomes)
    assert (out / "a.csv").exists()
    assert (out / "a.geojson").stat().st_mtime_ns == before


def test_an_empty_left_over_is_no_finished_output(images, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.geojson").touch()
    assert [each.skipped for each in run(images, out)] == [False] * 3
    assert len(kontur.read(out / "a.geojson")) == 2


def test_a_folder_of_an_output_s_name_is_none_and_a_store_is_one(images, tmp_path):
    out, outputs = tmp_path / "out", ("ome-zarr",)
    (out / "a.labels.ome.zarr").mkdir(parents=True)
    assert [each.skipped for each in run(images, out, outputs=outputs)] == [False] * 3
    assert len(kontur.read(out / "a.labels.ome.zarr")) == 2
    assert [each.skipped for each in run(images, out, outputs=outputs)] == [True] * 3
    (out / "a.geojson").mkdir()
    first, *others = run(images, out)
    assert "a.geojson, but a folder has that name" in first.failure
    assert [each.skipped for each in others] == [False] * 2


def test_outlines_of_other_settings_are_not_mixed_in(images, tmp_path):
    out = tmp_path / "out"
    run(images, out)
    with pytest.raises(
        InputError, match=r"outlines of a and of 2 more .*score 0.3, now 0.6.*--force"
    ):
        run(images, out, options=PredictOptions(score=0.6))
    paint(tmp_path / "others" / "z.png", (1, 1, 9))
    assert [
        each.objects for each in run(tmp_path / "others", out, options=PredictOptions(score=0.6))
    ] == [1]
    assert len(json.loads((out / "predict.json").read_text())["made"]) == 2


def test_outlines_of_a_region_whose_file_was_edited_are_not_kept(images, tmp_path):
    out, tissue = tmp_path / "out", tmp_path / "tissue.geojson"
    square = Instances.of_valid(np.array([shapely.box(0, 0, 9, 9)]), size=(24, 32))
    formats.write(tissue, square)
    options = PredictOptions(region=str(tissue))
    run(images, out, options=options)
    copy = tissue.rename(tmp_path / "copy.geojson")
    assert all(e.skipped for e in run(images, out, options=PredictOptions(region=str(copy))))
    formats.write(tissue, square.with_polygon(0, shapely.box(0, 0, 20, 20)))
    with pytest.raises(InputError, match="the region of this name was another"):
        run(images, out, options=options)


def test_overwriting_makes_all_anew(images, tmp_path):
    out = tmp_path / "out"
    run(images, out)
    predictor = Bright()
    outcomes = run(
        images, out, predictor=predictor, options=PredictOptions(score=0.6), overwrite=True
    )
    assert predictor.seen == 3
    assert not any(each.skipped for each in outcomes)
    (made,) = json.loads((out / "predict.json").read_text())["made"]
    assert made["score"] == 0.6


def test_what_a_killed_call_made_is_not_mixed_with_other_settings(images, tmp_path):
    out = tmp_path / "out"
    begun = predict_folder(Bright(), find_inputs([images]), tmp_path / "begun")
    next(begun)
    shutil.copytree(tmp_path / "begun", out)  # what a kill leaves
    begun.close()
    with pytest.raises(InputError, match=r"outlines of a .*score 0.3, now 0.6"):
        run(images, out, options=PredictOptions(score=0.6))
    assert [each.skipped for each in run(images, out)] == [True, False, False]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_image_that_changes_after_a_kill_is_outlined_again(
    images, tmp_path, monkeypatch, workers
):
    monkeypatch.setattr(
        "kontur.infer.records.record.PAUSE", 1e9
    )  # the record is not written meanwhile
    begun = predict_folder(Bright(), find_inputs([images]), tmp_path / "out", workers=workers)
    assert [next(begun).skipped for _ in "abc"] == [False] * 3  # none is at work any more
    killed = shutil.copytree(tmp_path / "out", tmp_path / "killed")  # what a kill leaves
    begun.close()
    assert json.loads((killed / "predict.json").read_text())["made"][0]["images"] == {}
    paint(images / "a.png", (3, 3, 7))
    how = {each.input.name: each for each in run(images, killed)}
    assert [how[name].changed for name in "abc"] == [True, False, False]
    assert [how[name].skipped for name in "abc"] == [False, True, True]
    assert not any(each.unverified for each in how.values())
    entered = json.loads((killed / "predict.json").read_text())["made"][0]["images"]
    assert [len(entered[name]["sha256"]) for name in "abc"] == [16, 16, 16]


def test_outlines_that_were_there_before_any_record_are_left_alone(images, tmp_path):
    out = tmp_path / "out"
    run(images / "b.png", out)
    (out / "a.geojson").write_text("{}")
    os.utime(out / "a.geojson", ns=(0, 0))
    outcomes = run(images / "a.png", out, options=PredictOptions(score=0.6))
    assert [each.skipped for each in outcomes] == [True]
    assert (out / "a.geojson").read_text() == "{}"


def test_other_images_of_the_same_names_are_refused_not_skipped(images, tmp_path):
    out = tmp_path / "out"
    run(images, out)
    paint(tmp_path / "day2" / "b.png", (1, 1, 9))
    before = {path: path.read_bytes() for path in out.iterdir()}
    sentence = r"outlines of b that were made of another image than .*day2/b\.png \(.*images/b\.png"
    with pytest.raises(InputError, match=sentence + r".*another --out.*--force"):
        run(tmp_path / "day2", out)
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    assert [each.objects for each in run(tmp_path / "day2", out, overwrite=True)] == [1]


def test_the_same_image_at_another_place_is_skipped(images, tmp_path):
    out = tmp_path / "out"
    run(images, out)
    images.rename(tmp_path / "moved")
    assert [each.skipped for each in run(tmp_path / "moved", out)] == [True] * 3


def test_an_image_that_changed_since_is_outlined_again_in_every_format_it_has(images, tmp_path):
    out = tmp_path / "out"
    run(images, out, outputs=("geojson", "csv"))
    paint(images / "a.png", (4, 4, 6))
    outcomes = run(images, out)
    assert [(each.skipped, each.changed) for each in outcomes] == [
        *((False, True), (True, False), (True, False))
    ]
    assert len(kontur.read(out / "a.geojson")) == len(kontur.read(out / "a.csv")) == 1


@pytest.mark.parametrize("overwrite", [False, True])
def test_files_of_formats_that_nobody_asked_for_are_their_owner_s(images, overwrite):
    run(images, images)
    run(images, images, outputs=("labels",))
    for name in ("a.txt", "a.csv", "data.yaml"):
        (images / name).write_text("my notes")
    paint(images / "a.png", (4, 4, 6))
    outcome, *_ = run(images, images, overwrite=overwrite)
    assert [file.name for file in outcome.left] == ["a.csv", "a.txt"]
    for name in ("a.txt", "a.csv", "data.yaml"):
        assert (images / name).read_text() == "my notes"
    assert len(kontur.read(images / "a.geojson")) == len(kontur.read(images / "a.labels.tif")) == 1
    (made,) = json.loads((images / "predict.json").read_text())["made"]
    assert made["images"]["a"]["outputs"] == ["geojson", "labels"]


def test_another_s_file_of_the_name_is_no_outline_of_other_settings(images, tmp_path):
    out = tmp_path / "out"
    run(images, out)
    for name in "abc":
        (out / f"{name}.geojson").rename(out / f"{name}.txt")
    assert not any(each.skipped for each in run(images, out, options=PredictOptions(score=0.6)))


def test_a_record_of_an_older_build_names_no_outputs_and_others_are_left(images, tmp_path):
    out = tmp_path / "out"
    run(images, out, outputs=("geojson", "csv"))
    record = json.loads((out / "predict.json").read_text())
    for facts in record["made"][0]["images"].values():
        del facts["outputs"]
    (out / "predict.json").write_text(json.dumps(record))
    before = (out / "a.csv").read_text()
    paint(images / "a.png", (4, 4, 6))
    assert [each.left for each in run(images, out)] == [(out / "a.csv",), (), ()]
    assert (out / "a.csv").read_text() == before
    paint(images / "a.png", (4, 4, 7))
    run(images, out, outputs=("csv",))
    assert len(kontur.read(out / "a.geojson")) == len(kontur.read(out / "a.csv")) == 1


def test_an_image_that_became_unreadable_or_went_away_is_not_hidden_by_its_outlines(
    images, tmp_path
):
    out = tmp_path / "out"
    run(images, out)
    (images / "a.png").write_text("notes")
    inputs = find_inputs([images])
    (images / "b.png").unlink()
    outcomes = list(predict_folder(Bright(), inputs, out))
    assert "a.png is not an image" in outcomes[0].failure
    assert f"there is no image {images / 'b.png'}" in outcomes[1].failure
    assert outcomes[2].skipped


def test_another_format_of_other_settings_is_refused_too(images, tmp_path):
    out = tmp_path / "out"
    run(images, out)
    with pytest.raises(InputError, match=r"score 0.3, now 0.6"):
        run(images, out, outputs=("csv",), options=PredictOptions(score=0.6))


def test_a_record_of_an_older_build_is_read_and_its_outlines_stay_unverified(images, tmp_path):
    out = tmp_path / "out"
    run(images, out)
    record = json.loads((out / "predict.json").read_text())
    for facts in record["made"][0]["images"].values():
        for key in ("source", "bytes", "sha256"):
            del facts[key]
    (out / "predict.json").write_text(json.dumps(record))
    outcomes = run(images, out)
    assert [(each.skipped, each.unverified) for each in outcomes] == [(True, True)] * 3
