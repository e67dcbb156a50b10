"""A folder whose run was killed between the names of two outputs: no mixture, and nothing lost."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tifffile

import kontur
from kontur.errors import InputError
from kontur.files.left_overs import hidden_beside
from kontur.formats import ImageAnnotation
from kontur.infer.options import PredictOptions
from kontur.infer.records.journal import ImageJournal
from kontur.infer.tasks.workers import Threads
from tests.infer.painted import paint, run

WORDS = ("geojson", "csv", "coco", "labels")
ENDINGS = ("geojson", "csv", "coco.json", "labels.tif")


def killed_after(names, out, do, monkeypatch):
    """`do` predicts into `out`; what a kill after so many names of files of `a` would leave."""
    left, replace = out.with_name("killed"), os.replace

    def named(source, target):
        nonlocal names
        replace(source, target)
        if os.path.basename(target).startswith("a."):
            names -= 1
            if names == 0:
                shutil.copytree(out, left)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", named)
        do(out)
    return left


def entry(out):
    return [run["images"]["a"] for run in json.loads((out / "predict.json").read_text())["made"]]


def counts(out):
    return [len(kontur.read(out / f"a.{ending}")) for ending in ENDINGS]


@pytest.mark.parametrize("names", [1, 3])
def test_an_image_that_changes_after_a_kill_between_two_names_is_all_outlined_again(
    images, tmp_path, monkeypatch, names
):
    killed = killed_after(
        names, tmp_path / "out", lambda out: run(images / "a.png", out, outputs=WORDS), monkeypatch
    )
    assert sum((killed / f"a.{ending}").exists() for ending in ENDINGS) == names
    paint(images / "a.png", (4, 4, 6))
    (outcome,) = run(images / "a.png", killed, outputs=WORDS[-names:])
    assert outcome.changed
    there = [len(kontur.read(path)) for path in killed.glob("a.*")]
    assert {*there} == {1}


def test_after_a_kill_between_two_names_the_record_knows_every_format(
    images, tmp_path, monkeypatch
):
    killed = killed_after(
        1, tmp_path / "out", lambda out: run(images / "a.png", out, outputs=WORDS), monkeypatch
    )
    (outcome,) = run(images / "a.png", killed, outputs=WORDS)
    assert (outcome.skipped, outcome.changed, outcome.left) == (False, False, ())
    (made,) = entry(killed)
    assert sorted(made["outputs"]) == sorted(WORDS)
    assert "unfinished" not in made
    assert counts(killed) == [2] * 4
    assert [each.skipped for each in run(images / "a.png", killed, outputs=WORDS)] == [True]


def test_files_that_force_had_not_replaced_yet_are_replaced_by_the_next_run(
    images, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    run(images / "a.png", out, outputs=WORDS)
    paint(images / "a.png", (4, 4, 6))
    higher = {"options": PredictOptions(score=0.6)}
    killed = killed_after(
        2, out, lambda out: run(images / "a.png", out, overwrite=True, **higher), monkeypatch
    )
    assert sorted(counts(killed)) == [1, 1, 2, 2]
    with pytest.raises(InputError, match=r"outlines of a .*score 0.6, now 0.3"):
        run(images / "a.png", killed)
    run(images / "a.png", killed, **higher)
    assert counts(killed) == [1] * 4


def test_after_the_last_name_nothing_is_made_again(images, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "kontur.infer.records.journal.Journal.note", lambda *word: False
    )  # no time for it
    killed = tmp_path / "killed"
    end = "kontur.infer.records.record.Record.add"
    with monkeypatch.context() as patch:
        patch.setattr(end, lambda *word: shutil.copytree(tmp_path / "out", killed))
        run(images / "a.png", tmp_path / "out", outputs=WORDS)
    (outcome,) = run(images / "a.png", killed, outputs=WORDS)
    assert (outcome.skipped, outcome.unverified, outcome.objects) == (True, False, 2)
    (made,) = entry(killed)
    assert (made["objects"], sorted(made["outputs"])) == (2, sorted(WORDS))


def test_a_disk_that_fills_between_two_names_leaves_no_mixture_either(
    images, tmp_path, monkeypatch
):
    out, replace, names = tmp_path / "out", os.replace, []

    def named(source, target):
        if os.path.basename(target).startswith("a."):
            names.append(target)
        if len(names) > 2:
            raise OSError(28, "No space left on device")
        replace(source, target)

    run(images / "a.png", out, outputs=WORDS)
    paint(images / "a.png", (4, 4, 6))
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", named)
        with pytest.raises(OSError, match="could not write"):
            run(images / "a.png", out)
    assert sorted(counts(out)) == [1, 1, 2, 2]
    paint(images / "a.png", (2, 2, 5), (10, 20, 8))  # as it was at first
    run(images / "a.png", out, outputs=WORDS)
    assert counts(out) == [2] * 4


def test_a_stack_is_outlined_again_after_a_kill_between_two_names(tmp_path, monkeypatch):
    film = tmp_path / "a.tif"
    pages = np.zeros((3, 24, 32), np.uint8)
    pages[:, 2:9, 2:9] = 200
    tifffile.imwrite(film, pages, photometric="minisblack")
    options = PredictOptions(page="all")
    killed = killed_after(
        1,
        tmp_path / "out",
        lambda out: run(film, out, outputs=("geojson", "csv"), options=options),
        monkeypatch,
    )
    pages[:, 12:20, 12:20] = 220
    tifffile.imwrite(film, pages, photometric="minisblack")
    run(film, killed, outputs=("geojson", "csv"), options=options)
    for ending in ("geojson", "csv"):
        objects = sum(len(image.instances) for image in read_all(killed / f"a.{ending}"))
        assert objects == 6, ending


def read_all(path) -> list[ImageAnnotation]:
    return [*kontur.formats.read_images(path)]


def test_a_file_that_nobody_recorded_is_told_where_others_are_made_beside_it(images, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.csv").write_text("an older Kontur's")
    first, *others = run(images, out, outputs=("geojson", "csv"))
    assert first.left == (out / "a.csv",)
    assert [each.left for each in others] == [()] * 2


class KilledOnce(Threads):
    """Workers of which one is killed while it writes the files of its first task."""

    def __init__(self, out, monkeypatch):
        super().__init__()
        self.out, self.patch, self.killed = out, monkeypatch, False

    def submit(self, task):
        if not self.killed:
            ended = subprocess.Popen([sys.executable, "-c", ""])
            ended.wait()
            with self.patch.context() as patch:
                patch.setattr(os, "getpid", lambda: ended.pid)
                job = {"outputs": ["geojson"]}
                ImageJournal(self.out / "predict.json", {}, "a", job).begin()
                hidden_beside(self.out / "a.geojson").write_text('{"type": ')
            self.killed = True
        return super().submit(task)


def test_nothing_is_left_of_a_worker_that_was_killed(images, tmp_path, monkeypatch):
    run(images, tmp_path / "alone")
    alone, out = entry(tmp_path / "alone"), tmp_path / "out"
    run(images, out, workers=KilledOnce(out, monkeypatch))
    assert not [*out.glob(".*")]
    assert entry(out) == alone


def test_no_page_is_left_when_all_is_done(images, tmp_path):
    run(images, tmp_path / "out", outputs=WORDS, workers=2)
    assert not [*(tmp_path / "out").glob(".*")]
