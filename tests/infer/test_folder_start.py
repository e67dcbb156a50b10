"""Before the first image of a folder: what is told once, and what a killed call left is removed."""

import errno
import os
import subprocess
import sys
import tempfile

import pytest

from kontur.data.file_names import CLUSTER_FILE
from kontur.errors import InputError
from kontur.formats.left_overs import hidden_beside
from kontur.infer.options import PredictOptions
from tests.infer.painted import Bright, run

LEAVES = """
import os, sys
from pathlib import Path
from kontur.formats.left_overs import hidden_beside
for name in sys.argv[1:]:
    hidden_beside(Path(name)).write_text("half")
"""


def test_what_a_killed_run_left_of_the_same_outputs_is_removed_and_nothing_else(images, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    of_others = out / "elsewhere.geojson"
    command = [sys.executable, "-c", LEAVES]
    begun = (out / "a.geojson", out / "b.geojson", out / CLUSTER_FILE)
    subprocess.run([*command, *begun, of_others], check=True)
    (dead,) = {path.name.split("-")[3] for path in out.iterdir()}
    being_written = hidden_beside(out / "a.geojson")  # by this process, which lives
    another_machine = out / being_written.name.replace(being_written.name.split("-")[2], "0" * 8)
    another_machine = another_machine.with_name(
        another_machine.name.replace(f"-{os.getpid()}-", f"-{dead}-")
    )
    kept = [being_written, another_machine, out / ".kontur-mine.geojson", out / ".kontur-notes"]
    for path in kept:
        path.write_text("half")
    before = {path.name for path in out.iterdir()}
    run(images, out)
    after = {path.name for path in out.iterdir() if path.name.startswith(".kontur-")}
    assert {path.name for path in kept} < after
    assert len(before - after) == 3  # those of a and b, and of a call with a cluster
    (other,) = after - {path.name for path in kept}
    assert other.split("-")[1] == hidden_beside(of_others).name.split("-")[1]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"region": "1,2,3"}, "a region is x,y,width,height"),
        ({"diameter": 12.0}, "no object size; leave the diameter out"),
        ({"pixel_size": 0.5}, "does not say the size of its pixels"),
        ({"pixel_size": 0.5, "diameter": 3.0}, "both say the scale"),
        ({"contrast": 120.0}, "a contrast is a percentile"),
    ],
)
def test_what_is_wrong_for_every_image_is_told_before_any(images, tmp_path, options, sentence):
    with pytest.raises(InputError, match=sentence):
        run(images, tmp_path / "out", options=PredictOptions(**options))
    assert not (tmp_path / "out").exists()


def test_a_folder_that_may_not_be_written_is_known_before_any_work_by_the_name_of_the_record(
    images, tmp_path, monkeypatch
):
    def refused(*, dir):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    predictor = Bright()
    with pytest.raises(OSError, match=r"could not write: .*predict\.json"):
        run(images, tmp_path / "out", predictor=predictor)
    assert predictor.seen == 0
