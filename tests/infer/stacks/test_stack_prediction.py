"""Films and stacks: every plane predicted, its place kept, one in memory, and none done twice."""

import json
import shutil
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
import shapely
import tifffile

from kontur import formats
from kontur.errors import InputError
from kontur.formats.tracks import tracks_of
from kontur.infer.outputs import keeps_pages
from kontur.infer.stacks import plane_store, stack_prediction
from kontur.infer.unfinished import Unfinished
from tests.infer.stacks.films import baseline, long_film, run


def test_every_frame_is_predicted_its_time_kept_and_its_tracks_numbered(film, tmp_path):
    (outcome,) = run(film, tmp_path / "out", "geojson", page="all", link=True)
    assert (outcome.failure, outcome.objects) == (None, 9)
    entries = formats.read_images(tmp_path / "out" / "film.geojson")
    assert [entry.instances.plane.t for entry in entries] == [0, 1, 2, 3]
    content = json.loads((tmp_path / "out" / "film.geojson").read_text())
    tracks = {}
    for feature in content["features"]:
        time = feature["geometry"].get("plane", {}).get("t", 0)
        tracks.setdefault(feature["properties"]["measurements"]["track"], []).append(time)
    assert tracks == {1: [0, 1, 2, 3], 2: [0, 1, 2, 3], 3: [3]}
    assert run(film, tmp_path / "out", "geojson", page="all", link=True)[0].skipped


def test_a_range_holds_for_every_frame_and_one_that_holds_no_value_is_pointed_out(film, tmp_path):
    (outcome,) = run(film, tmp_path / "out", "geojson", page="all", contrast=(0, 250))
    assert (outcome.objects, outcome.contrast) == (9, (0.0, 250.0))
    assert outcome.hint is None or "range" not in outcome.hint
    (outcome,) = run(film, tmp_path / "dark", "geojson", page="all", contrast=(200, 4000))
    assert "at or below the range" in outcome.hint


def test_a_frame_of_all_is_what_the_frame_alone_gives(film, tmp_path):
    run(film, tmp_path / "out", "geojson", page="all")
    run(film, tmp_path / "one", "geojson", page=2)
    every = formats.read(tmp_path / "out" / "film.geojson", page=2)
    alone = formats.read(tmp_path / "one" / "film.geojson")
    assert shapely.equals_exact(every.polygons, alone.polygons, 1e-9).all()


def test_what_cannot_keep_pages_and_tracks_without_pages_are_refused_before_any_work(
    film, tmp_path
):
    with pytest.raises(InputError, match="coco cannot say on which page an object lies"):
        run(film, tmp_path / "out", "geojson", "coco", page="all")
    with pytest.raises(InputError, match="it needs --page all"):
        run(film, tmp_path / "out", "geojson", link=True)
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="one plane is looked at at a time"):
        baseline().predict(film, page="all")


@pytest.mark.parametrize("word", stack_prediction.TRACKS_AS_IDS)
def test_an_object_of_several_planes_has_one_number_in_a_label_volume(word, film, tmp_path):
    run(film, tmp_path / "out", word, page="all", link=True)
    run(film, tmp_path / "plain", word, page="all")
    name = f"film{formats.WRITABLE[word].ending}"
    linked, plain = (
        [one.instances for one in formats.read_images(tmp_path / out / name)]
        for out in ("out", "plain")
    )
    assert [sorted(one.ids.tolist()) for one in linked] == [[1, 2]] * 3 + [[1, 2, 3]]
    assert [one.ids.tolist() for one in plain] == [[1, 2], [3, 4], [5, 6], [7, 8, 9]]
    assert [one.plane.t for one in linked] == [0, 1, 2, 3]


@pytest.mark.parametrize("word", [word for word in formats.WRITABLE if keeps_pages(word, "all")])
def test_every_output_of_a_film_has_the_tracks(word, film, tmp_path):
    run(film, tmp_path, word, page="all", link=True)
    read = formats.read_images(tmp_path / f"film{formats.WRITABLE[word].ending}")
    as_ids = word == "nifti"  # which has no place beside the numbers of its pixels
    tracks = [one.instances.ids if as_ids else tracks_of(one.instances) for one in read]
    assert [sorted(each.tolist()) for each in tracks] == [[1, 2]] * 3 + [[1, 2, 3]]


def kill_at(page):
    def kill(image, done, total):
        if done == page:
            raise KeyboardInterrupt

    return kill


def test_of_many_planes_two_are_held_and_the_objects_of_a_few(tmp_path, opened, monkeypatch):
    film, objects, most = long_film(tmp_path / "film.tif", 15), [], []
    taken = plane_store.PlaneStore._plane

    def noted(self, page):
        plane = taken(self, page)
        objects.append(weakref.ref(plane.instances.outlines))
        most.append(sum(one() is not None for one in objects))
        return plane

    monkeypatch.setattr(plane_store.PlaneStore, "_plane", noted)
    run(film, tmp_path / "out", "geojson", "geoparquet", "geojsonl", page="all", link=True)
    pages, alive = opened
    assert pages == list(range(15))
    assert max(alive) <= 2
    assert max(most) <= plane_store.RECENT + 3
    assert len(most) > 3 * 15  # of which each was read again to be linked and written


def test_a_run_that_is_killed_goes_on_with_the_missing_planes(film, tmp_path, opened):
    pages, _ = opened
    words = ("geojson", "geoparquet")
    run(film, tmp_path / "expected", *words, page="all", link=True)
    with pytest.raises(KeyboardInterrupt):
        run(film, tmp_path / "out", *words, page="all", link=True, on_page=kill_at(3))
    kept = tmp_path / "out" / ".film.planes"
    names = sorted(file.name.split(".")[0] for file in kept.iterdir())
    assert names == ["0", "1", "2", "planes"]
    (cut,) = kept.glob("1.*.npz")
    cut.write_bytes(cut.read_bytes()[:200])
    pages.clear()
    (outcome,) = run(film, tmp_path / "out", *words, page="all", link=True)
    assert pages == [1, 3]
    assert outcome.objects == 9
    for ending in (".geojson", ".geo.parquet"):
        files = [tmp_path / folder / f"film{ending}" for folder in ("out", "expected")]
        assert files[0].read_bytes() == files[1].read_bytes()
    assert not kept.exists()


def test_planes_that_several_workers_predict_are_those_of_one(tmp_path, opened):
    film, (pages, _), threads, told = long_film(tmp_path / "film.tif", 12), opened, set(), []
    run(film, tmp_path / "one", "geojson", page="all", link=True)

    def told_of(image, done, total):
        told.append((done, total))
        threads.update(one.name for one in threading.enumerate())

    pages.clear()
    how = {"page": "all", "link": True, "workers": 3, "on_page": told_of}
    run(film, tmp_path / "three", "geojson", **how)
    assert sorted(pages) == list(range(12))
    assert told == [(done, 12) for done in range(1, 13)]
    assert len([name for name in threads if name.startswith("ThreadPool")]) >= 3
    texts = [(tmp_path / name / "film.geojson").read_text() for name in ("one", "three")]
    assert texts[0] == texts[1]


def test_a_plane_that_cannot_be_looked_at_is_named(film, tmp_path):
    frames = tifffile.imread(film).astype(np.float32)
    frames[2] = np.nan
    tifffile.imwrite(film, frames, imagej=True, metadata={"axes": "TYX"})
    (outcome,) = run(film, tmp_path / "out", "geojson", page="all")
    assert outcome.failure is not None
    assert outcome.failure.startswith(f"{film}, page 2: 12288 of 12288 pixel values are NaN")
    assert not (tmp_path / "out" / "film.geojson").exists()


def test_planes_of_other_settings_or_of_another_film_are_not_taken(film, tmp_path, opened):
    pages, _ = opened
    for least in (0.0, 300.0):
        how = {"page": "all", "min_size": least, "on_page": kill_at(2)}
        with pytest.raises(KeyboardInterrupt):
            run(film, tmp_path / "out", "geojson", **how)
    assert pages == [0, 1, 0, 1]
    stack = tifffile.imread(film)[::-1]
    tifffile.imwrite(film, stack, imagej=True, metadata={"axes": "TYX"})
    run(film, tmp_path / "out", "geojson", page="all", min_size=300.0)
    assert pages == [0, 1, 0, 1, 0, 1, 2, 3]


def test_planes_that_vanish_before_they_are_written_are_predicted_again(film, tmp_path):
    """As where another process that works on the folder has finished the film meanwhile."""
    run(film, tmp_path / "expected", "geojson", page="all")

    def finish(image, done, total):
        for file in (tmp_path / "out" / ".film.planes").glob("*.npz"):
            file.unlink()

    run(film, tmp_path / "out", "geojson", page="all", on_page=finish)
    assert not (tmp_path / "out" / ".film.planes").exists()
    texts = [(tmp_path / name / "film.geojson").read_text() for name in ("out", "expected")]
    assert texts[0] == texts[1]


def test_runs_of_other_settings_at_the_same_time_take_no_plane_of_each_other(film, tmp_path):
    run(film, tmp_path / "expected", "geojson", page="all")

    def other(image, done, total):
        if done == 2:
            how = {"page": "all", "min_size": 300.0, "on_page": kill_at(4)}
            with pytest.raises(KeyboardInterrupt):
                run(film, tmp_path / "out", "geojson", **how)

    run(film, tmp_path / "out", "geojson", page="all", on_page=other)
    texts = [(tmp_path / name / "film.geojson").read_text() for name in ("out", "expected")]
    assert texts[0] == texts[1]


def test_planes_that_were_all_lost_are_predicted_once_more_not_for_every_pass(
    film, tmp_path, opened
):
    pages, _ = opened

    def lose(image, done, total):
        if done == total:
            shutil.rmtree(tmp_path / "out" / ".film.planes")

    words = ("geojson", "geoparquet", "geojsonl")
    run(film, tmp_path / "out", *words, page="all", link=True, on_page=lose)
    assert pages == [*range(4)] * 2


def test_a_folder_that_vanishes_before_a_part_is_written_is_not_brought_back(tmp_path, monkeypatch):
    parts = Unfinished(tmp_path / "parts", "planes", {"of": 1})
    parts.begin(3)
    there = Path.is_dir

    def vanish(path):
        was = there(path)
        shutil.rmtree(tmp_path / "parts", ignore_errors=True)
        return was

    monkeypatch.setattr(Path, "is_dir", vanish)
    parts.add("0", {"a": np.zeros(3)})
    assert not (tmp_path / "parts").exists()


def test_of_a_stack_that_cannot_be_read_nothing_stays(film, tmp_path):
    film.write_text("no film")
    assert run(film, tmp_path / "out", "geojson", page="all")[0].failure is not None
    assert not list((tmp_path / "out").glob(".*"))


def test_a_folder_that_vanishes_while_a_part_is_written_costs_the_part_alone(tmp_path, monkeypatch):
    parts = Unfinished(tmp_path / "parts", "planes", {"of": 1})
    parts.begin(3)
    monkeypatch.setattr(np, "savez", lambda file, **arrays: shutil.rmtree(tmp_path / "parts"))
    parts.add("0", {"a": np.zeros(3)})
    assert parts.load("0") is None
    assert not (tmp_path / "parts").exists()


def test_planes_in_tiles_are_planes_in_one_view(film, tmp_path):
    for name, tile in (("whole", None), ("tiled", 64)):
        run(film, tmp_path / name, "geojson", page="all", tile=tile, link=True)
    whole, tiled = (
        formats.read_images(tmp_path / name / "film.geojson") for name in ("whole", "tiled")
    )
    for one, other in zip(whole, tiled, strict=True):
        order = [np.lexsort(each.instances.boxes.T) for each in (one, other)]
        polygons = [each.instances.polygons[i] for each, i in zip((one, other), order, strict=True)]
        assert shapely.equals_exact(*polygons, 1e-3).all()


def test_all_pages_after_one_leave_no_file_of_the_one(film, tmp_path):
    out, words = tmp_path / "out", ("geojson", "csv", "coco", "overlay")
    run(film, out, *words, page=0)
    (out / "film.txt").write_text("mine")
    with pytest.raises(InputError, match="made with other settings"):
        run(film, out, "geojson", page="all")
    (outcome,) = run(film, out, "geojson", page="all", overwrite=True)
    assert [file.name for file in outcome.removed] == ["film.coco.json", "film.overlay.png"]
    assert [file.name for file in outcome.left] == ["film.txt"]
    names = ["film.csv", "film.geojson", "film.txt", "predict.json"]
    assert sorted(file.name for file in out.iterdir()) == names
    for name in names[:2]:
        read = {one.instances.plane.t: one for one in formats.read_images(out / name)}
        assert [len(read[t].instances) for t in range(4)] == [2, 2, 2, 3]
    run(film, out, "geojson", page=2, overwrite=True)
    for name in names[:2]:
        assert [one.instances.plane.t for one in formats.read_images(out / name)] == [2]
    assert run(film, out, "csv", page=2)[0].skipped


def test_where_all_pages_cannot_be_predicted_the_files_of_one_stay(film, tmp_path):
    run(film, tmp_path / "out", "coco", page=0)
    frames = tifffile.imread(film)
    one_by_one(film, frames[0], frames[1, 1:])
    assert run(film, tmp_path / "out", "geojson", page="all", overwrite=True)[0].failure
    assert (tmp_path / "out" / "film.coco.json").exists()


def one_by_one(path, *frames, **options):
    """Each image a series of its own."""
    with tifffile.TiffWriter(path, **options) as file:
        for frame in frames:
            file.write(frame, photometric="minisblack", contiguous=False)


def test_pages_that_are_no_planes_of_one_stack_are_refused_before_any_is_predicted(
    film, tmp_path, opened
):
    frames = tifffile.imread(film)
    one_by_one(film, frames[0], frames[1, :90, :100], frames[2])
    (outcome,) = run(film, tmp_path / "out", "geojson", "geojsonl", page="all")
    told = f"{film} is not one stack: page 1 is 90×100 pixels and page 0 96×128; predict each page "
    assert outcome.failure.startswith(f"{told}into a folder of its own, with --page N --out DIR")
    one_by_one(film, frames[0], frames[1], ome=True)
    (outcome,) = run(film, tmp_path / "out", "geojson", page="all")
    assert "not one stack: pages 0 and 1 are of separate images" in outcome.failure
    assert opened[0] == []
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["predict.json"]


def test_frames_that_were_written_one_by_one_are_a_film(film, tmp_path):
    run(film, tmp_path / "expected", "geojson", page="all", link=True)
    one_by_one(film, *tifffile.imread(film))
    run(film, tmp_path / "out", "geojson", page="all", link=True)
    read = [
        {one.instances.plane: one.instances.boxes.tolist() for one in formats.read_images(path)}
        for path in (tmp_path / "out" / "film.geojson", tmp_path / "expected" / "film.geojson")
    ]
    assert read[0] == read[1]
