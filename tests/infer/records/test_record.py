import json
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

import kontur
from kontur.errors import InputError
from kontur.files import left_overs
from kontur.infer.records.record import Record, journal_of
from kontur.infer.records.record_file import FOLDER_CONTRAST
from kontur.infer.records.source_file import SourceFile

NOW = {"model": "nuclei", "digest": "a" * 16, "score": 0.3}


def note(folder, settings, **images):
    record = Record(folder, settings)
    for name, results in images.items():
        record.add(name, results, None)
    record.finish()


def write(record, name, results):
    record.add(name, results, None)
    record._write()


def made(folder):
    return json.loads((folder / "predict.json").read_text())["made"]


def test_a_record_says_what_was_made_how_and_by_which_version(tmp_path):
    record = Record(tmp_path, NOW)
    record.add("b", {"objects": 2}, SourceFile("b.png", 9, "0" * 16))
    record.add("a", {"objects": 1}, None)
    record.finish()
    written = json.loads((tmp_path / "predict.json").read_text())
    b = {"objects": 2, "source": "b.png", "bytes": 9, "sha256": "0" * 16}
    images = {"a": {"objects": 1}, "b": b}
    assert written == {"kontur": kontur.__version__, "made": [{**NOW, "images": images}]}


def test_the_names_of_files_are_flushed_once_at_the_end_before_the_journal_goes(
    tmp_path, monkeypatch
):
    seen = []

    def flush_folder(folder):
        hidden = [file for file in folder.iterdir() if file.name != "predict.json"]
        seen.append((sorted(made(folder)[0]["images"]), len(hidden)))

    monkeypatch.setattr("kontur.infer.records.record.flush_folder", flush_folder)
    record = Record(tmp_path, NOW)
    record.begin()
    record.add("a", {}, None)
    record.add("b", {}, None)
    assert seen == []
    record.finish()
    assert seen == [(["a", "b"], 1)]
    assert len([*tmp_path.iterdir()]) == 1
    Record(tmp_path, NOW).finish()  # of a call that has found nothing to do
    assert len(seen) == 1


def test_a_second_call_with_the_same_settings_goes_on(tmp_path):
    note(tmp_path, NOW, a={})
    note(tmp_path, NOW, b={})
    (run,) = Record(tmp_path, NOW).runs
    assert sorted(run.images) == ["a", "b"]
    assert Record(tmp_path, NOW).difference(run) == ""


def test_calls_that_overlap_keep_each_other_s_images(tmp_path):
    first, second = Record(tmp_path, NOW), Record(tmp_path, NOW)
    first.add("a", {}, None)
    second.add("b", {}, None)
    first.add("c", {}, None)
    second.finish()
    first.finish()
    assert list(made(tmp_path)[0]["images"]) == ["a", "b", "c"]


@pytest.fixture
def killed(tmp_path, monkeypatch):
    """A folder in which a process was killed after it had entered a, and finished b and c."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: ended.pid)
        record = Record(tmp_path, NOW)
        record.begin()
        record.note("a", {"objects": 1}, None)
        record.add("a", {"objects": 1}, None)
        record._write()
        record.note("b", {"objects": 2}, None)
        record.note("c", {"objects": 3}, SourceFile("c.png", 9, "0" * 16))
    return tmp_path


def test_what_a_killed_process_had_finished_is_entered(killed):
    (hidden,) = killed.glob(".*")
    hidden.write_text(hidden.read_text() + '{"torn')
    assert list(made(killed)[0]["images"]) == ["a"]
    record = Record(killed, NOW)
    assert record.results_of("b") == {"objects": 2}
    assert record.results_of("c")["sha256"] == "0" * 16
    record.complete()
    assert {name: of["objects"] for name, of in made(killed)[0]["images"].items()} == {
        **{"a": 1, "b": 2, "c": 3}
    }
    assert [path.name for path in killed.iterdir()] == ["predict.json"]


def test_what_it_had_finished_stays_under_its_own_settings(killed):
    note(killed, NOW | {"score": 0.6}, c={"objects": 7})
    before, now = made(killed)
    assert (before["score"], now["score"]) == (0.3, 0.6)
    assert sorted(before["images"]) == ["a", "b"]
    assert now["images"] == {"c": {"objects": 7}}


def test_of_two_entries_of_an_image_the_later_one_counts_whatever_the_clock_says(killed):
    (hidden,) = killed.glob(".*")
    for objects in (8, 9):
        hidden.write_text(hidden.read_text() + json.dumps({"a": {"objects": objects}}) + "\n")
        os.utime(hidden, ns=(0, 0))
        assert Record(killed, NOW).results_of("a") == {"objects": objects}
        note(killed, NOW, a={"objects": 1})  # a process that knew of the other entry
        moment = (killed / "predict.json").stat().st_mtime_ns
        for age in (-1, 0, 1):  # files that are written at once may have one time
            os.utime(hidden, ns=(moment + age, moment + age))
            assert Record(killed, NOW).results_of("a") == {"objects": 1}
    assert Record(killed, NOW).results_of("b") == {"objects": 2}


def test_a_record_does_not_speak_of_journals_that_are_gone(killed):
    (hidden,) = killed.glob(".*")
    note(killed, NOW, d={})
    written = json.loads((killed / "predict.json").read_text())
    assert written["journals"] == {hidden.name: 2}
    record = Record(killed, NOW)
    record.begin()
    write(record, "e", {})
    record.finish()
    assert "journals" not in json.loads((killed / "predict.json").read_text())
    assert sorted(made(killed)[0]["images"]) == ["a", "b", "c", "d", "e"]


def test_a_kill_while_the_record_is_written_loses_nothing(tmp_path, monkeypatch):
    record = Record(tmp_path, NOW)
    record.begin()
    record.note("b", {"objects": 2}, None)
    monkeypatch.setattr(
        "kontur.infer.records.journal.Journal.renew", lambda *word: None
    )  # killed before
    write(record, "a", {"objects": 1})
    note(tmp_path, NOW | {"score": 0.6}, a={"objects": 9})
    known = Record(tmp_path, NOW)
    assert [known.results_of(name) for name in "ab"] == [{"objects": 9}, {"objects": 2}]


def test_what_another_process_made_later_stays_where_this_one_is_killed_after_writing(
    tmp_path, monkeypatch
):
    """The journal that a kill leaves is no later than the record, into which it was read."""
    record, other = Record(tmp_path, NOW), Record(tmp_path, NOW | {"score": 0.6})
    record.begin()
    record.note("a", {"objects": 1}, None)
    other.begin()
    other.note("a", {"objects": 2}, None)
    write(other, "c", {})
    monkeypatch.setattr("kontur.infer.records.journal.Journal.renew", lambda *word: None)
    write(record, "b", {})
    assert Record(tmp_path, NOW).results_of("a") == {"objects": 2}


def test_of_an_image_that_two_processes_make_the_later_one_counts(tmp_path):
    record, other = Record(tmp_path, NOW), Record(tmp_path, NOW | {"score": 0.6})
    record.begin()
    record._next = float("inf")
    record.add("a", {"objects": 1}, None)  # not written yet
    other.begin()
    write(other, "a", {"objects": 2})
    other.finish()
    record.finish()
    assert Record(tmp_path, NOW).results_of("a") == {"objects": 2}


def test_a_journal_that_another_process_holds_open_ends_no_run(tmp_path, monkeypatch):
    record = Record(tmp_path, NOW)
    record.begin()

    unlink = Path.unlink

    def refuse(path, **options):
        if path.name == record._journal.name:
            raise PermissionError(13, "in use", str(path))
        unlink(path, **options)

    with monkeypatch.context() as windows:
        windows.setattr(Path, "unlink", refuse)
        write(record, "a", {"objects": 1})
        write(record, "b", {"objects": 2})
        record.finish()
    assert {*made(tmp_path)[0]["images"]} == {"a", "b"}
    assert Record(tmp_path, NOW).results_of("b") == {"objects": 2}


def test_a_record_that_holds_all_that_journals_say_is_not_written_again(
    tmp_path, elsewhere, monkeypatch
):
    with elsewhere():
        killed = Record(tmp_path, NOW)
        killed.begin()
    killed.note("a", {"objects": 1}, None)
    Record(tmp_path, NOW).complete()
    before = (tmp_path / "predict.json").stat()
    Record(tmp_path, NOW).complete()
    after = (tmp_path / "predict.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert Record(tmp_path, NOW).results_of("a") == {"objects": 1}


@pytest.fixture
def elsewhere(monkeypatch):
    """Within it this is another machine, whose left-overs stay."""

    @contextmanager
    def moved():
        with monkeypatch.context() as patch:
            patch.setattr(left_overs, "this_machine", lambda: "deadbeef")
            yield

    return moved


def test_an_image_redone_after_a_kill_elsewhere_stays_under_the_new_settings(tmp_path, elsewhere):
    with elsewhere():
        killed = Record(tmp_path, NOW)
        killed.begin()
    killed.note("a", {"objects": 1}, None)
    killed.note("c", {"objects": 1}, None)
    record = Record(tmp_path, NOW | {"score": 0.6})
    assert record.run_of("a").settings == NOW
    record.begin()
    for name in ("a", "b", "d"):
        write(record, name, {"objects": 2})
        before, now = made(tmp_path)
        assert (before["score"], list(before["images"])) == (0.3, ["c"])
        assert now["images"]["a"] == {"objects": 2}


def test_an_image_that_another_worker_finished_stays_finished(tmp_path, elsewhere):
    results = {"objects": 1, "outputs": ["geojson"]}
    record = Record(tmp_path, NOW)
    record.begin()
    with elsewhere():  # a worker of a cluster, killed between two names
        journal_of("a", results, None, out=tmp_path, settings=NOW).begin()
    for name in ("b", "a", "c", "d"):
        write(record, name, results)
        assert ("unfinished" in made(tmp_path)[0]["images"]["a"]) == (name == "b")
    assert not Record(tmp_path, NOW).is_unfinished("a")


@pytest.mark.parametrize("dumper", ["this", "another"])
def test_an_image_that_is_begun_anew_after_a_write_is_unfinished_until_it_ends(
    tmp_path, elsewhere, dumper
):
    results = {"objects": 1, "outputs": ["geojson"]}
    record = Record(tmp_path, NOW)
    record.begin()
    write(record, "a", results)
    if dumper == "another":
        note(tmp_path, NOW, z=results)
    with elsewhere():
        journal = journal_of("a", results, None, out=tmp_path, settings=NOW)
        journal.begin()
    os.utime(journal.file, ns=(0, 0))  # of a machine whose clock is late
    write(record, "b", results)
    assert "unfinished" in made(tmp_path)[0]["images"]["a"]
    journal.end()
    write(record, "c", results)
    assert made(tmp_path)[0]["images"]["a"] == results


def test_what_another_call_wrote_counts_over_a_journal_from_before(tmp_path, elsewhere):
    results = {"objects": 1, "outputs": ["geojson"]}
    record = Record(tmp_path, NOW)
    record.begin()
    with elsewhere():
        journal_of("a", results, None, out=tmp_path, settings=NOW).begin()
    note(tmp_path, NOW, a=results)
    write(record, "b", results)
    assert made(tmp_path)[0]["images"] == {"a": results, "b": results}


@pytest.mark.parametrize(
    ("before", "now", "difference"),
    [
        ({"precision": "int8"}, {"precision": "float32"}, "precision int8, now float32"),
        ({"precision": "float32"}, {"precision": "int8"}, "precision float32, now int8"),
        ({}, {"precision": "int8"}, "precision float32, now int8"),  # an older build's
        ({}, {"precision": "float32"}, ""),
    ],
)
def test_outlines_of_another_precision_are_not_mixed(tmp_path, before, now, difference):
    note(tmp_path, {**NOW, **before}, a={})
    (run,) = Record(tmp_path, {**NOW, **now}).runs
    assert Record(tmp_path, {**NOW, **now}).difference(run) == difference


def test_tracks_that_an_older_build_numbered_are_gone_on_with(tmp_path):
    """It named the option by how objects were linked then."""
    note(tmp_path, {**NOW, "link": "overlap"}, a={})
    for link, difference in ((True, ""), (None, "link True, now not set")):
        record = Record(tmp_path, {**NOW, "link": link})
        assert record.difference(record.run_of("a")) == difference
    write(Record(tmp_path, {**NOW, "link": True}), "b", {})
    (one,) = made(tmp_path)
    assert (one["link"], set(one["images"])) == (True, {"a", "b"})


def test_other_settings_are_named_by_what_differs(tmp_path):
    note(tmp_path, NOW, a={})
    for change, sentence in (
        ({"score": 0.5}, "score 0.3, now 0.5"),
        ({"digest": "b" * 16}, "the model of this name was another"),
        ({"digest": "b" * 16, "model": "x.kontur"}, "model nuclei, now x.kontur"),
        ({"model": "copies/nuclei.kontur"}, ""),  # the same file by another name
        ({"contrast": (100.0, 4000.5)}, "contrast not set, now 100,4000.5"),
        ({"an_option_of_later": None}, ""),
    ):
        record = Record(tmp_path, NOW | change)
        assert record.difference(record.run_of("a")) == sentence


def test_a_range_of_intensities_is_the_same_before_and_after_it_was_written(tmp_path):
    note(tmp_path, {**NOW, "contrast": (100.0, 4000.0)}, a={})
    record = Record(tmp_path, {**NOW, "contrast": (100.0, 4000.0)})
    assert record.difference(record.run_of("a")) == ""
    other = Record(tmp_path, {**NOW, "contrast": (100.0, 200.0)})
    assert other.difference(other.run_of("a")) == "contrast 100,4000, now 100,200"
    each = Record(tmp_path, {**NOW, "contrast": ((1.0, 4000.5), (0.0, 9.0))})
    assert each.difference(each.run_of("a")) == "contrast 100,4000, now 1,4000.5;0,9"
    percentile = Record(tmp_path, {**NOW, "contrast": 99.0})
    assert percentile.difference(percentile.run_of("a")) == "contrast 100,4000, now 99.0"


def test_a_region_is_what_its_file_holds_whatever_its_name(tmp_path):
    before = {**NOW, "region": "tissue.geojson", "region_digest": "c" * 16}
    note(tmp_path / "now", before, a={})
    note(tmp_path / "older", {**NOW, "region": "tissue.geojson"}, a={})
    for folder, change, sentence in (
        ("now", {"region": "copy.geojson"}, ""),
        ("now", {"region_digest": "d" * 16}, "the region of this name was another"),
        ("now", {"region": "1,2,3,4", "region_digest": None}, "region tissue.geojson, now 1,2,3,4"),
        ("older", {}, "the region of this name may have been another"),
    ):
        now = {key: value for key, value in {**before, **change}.items() if value}
        record = Record(tmp_path / folder, now)
        assert record.difference(record.run_of("a")) == sentence


def test_an_image_stands_under_the_last_run_only(tmp_path):
    note(tmp_path, NOW, a={"objects": 1})
    note(tmp_path, {**NOW, "score": 0.5}, a={"objects": 3})
    (run,) = made(tmp_path)
    assert (run["score"], run["images"]) == (0.5, {"a": {"objects": 3}})


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"made": 3}', '{"made": [{}]}', '{"made": [{"images": {"a": 1}}]}']
)
def test_a_foreign_predict_json_is_refused_not_overwritten(tmp_path, text):
    (tmp_path / "predict.json").write_text(text)
    with pytest.raises(InputError, match=r"predict\.json is not a record"):
        Record(tmp_path, NOW)


def test_a_range_that_another_process_has_settled_outlives_a_third_one_of_other_settings(tmp_path):
    first, second, third = (Record(tmp_path, {"score": score}) for score in (0.5, 0.5, 0.4))
    assert first.settle(FOLDER_CONTRAST, [0, 1]) == [0, 1]
    third.begin()
    third.add("b", {}, None)
    third.finish()
    assert second.settle(FOLDER_CONTRAST, [0, 2]) == [0, 1]
    assert Record(tmp_path, {"score": 0.5}).noted(FOLDER_CONTRAST) == [0, 1]


def test_a_run_whose_images_were_all_made_anew_goes_with_its_range(tmp_path):
    for score in (0.5, 0.4):
        record = Record(tmp_path, {"score": score, FOLDER_CONTRAST: {"range": [0, score]}})
        record.add("a", {}, None)
        record.finish()
    (run,) = Record(tmp_path, {}).runs
    assert run.settings["score"] == 0.4
