import errno
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import kontur
from kontur import formats
from kontur.data.file_names import CLUSTER_FILE
from kontur.errors import InputError
from kontur.files.left_overs import hidden_beside
from kontur.formats import read_images
from kontur.infer import outputs
from kontur.infer.folder import predict_folder
from kontur.infer.inputs import find_inputs
from kontur.infer.options import PredictOptions
from kontur.instances import Instances
from tests.data import drawn
from tests.images import films
from tests.infer.painted import Bright, paint, run

ENDINGS = {  # of all outputs of an image that is no stack
    word: ending for word, ending in outputs.ENDINGS.items() if word != outputs.STACK_OVERLAY
}

LEAVES = """
import os, sys
from pathlib import Path
from kontur.files.left_overs import hidden_beside
for name in sys.argv[1:]:
    hidden_beside(Path(name)).write_text("half")
"""


def test_each_image_gives_its_outputs_and_the_record_its_numbers(images, tmp_path):
    out = tmp_path / "out"
    outcomes = run(images, out, outputs=tuple(ENDINGS))
    assert [each.objects for each in outcomes] == [2, 0, 1]
    assert [each.failure for each in outcomes] == [None] * 3
    expected = {name + ending for name in "abc" for ending in ENDINGS.values()}
    assert {path.name for path in out.iterdir()} == expected | {"predict.json", "data.yaml"}
    for ending in (".geojson", ".labels.tif", ".coco.json", ".csv"):
        assert sorted(kontur.read(out / f"a{ending}").areas) == [25, 64]
        assert len(kontur.read(out / f"b{ending}")) == 0
    (made,) = json.loads((out / "predict.json").read_text())["made"]
    assert made["score"] == 0.3  # the card's
    content = (images / "a.png").read_bytes()
    assert made["images"]["a"] == {
        **{"objects": 2, "repaired": 1, "scale": 1.0, "contrast": None, "range": [0, 201]},
        **{"outputs": [*ENDINGS]},
        **{"source": "../images/a.png", "bytes": len(content)},
        "sha256": hashlib.sha256(content).hexdigest()[:16],
    }


def test_an_image_that_fails_is_reported_and_the_others_are_made(images, tmp_path):
    (images / "b.png").write_text("these are my notes")
    tifffile.imwrite(images / "d.tif", np.zeros((1, 1), np.uint8))
    outcomes = {each.input.name: each for each in run(images, tmp_path / "out")}
    assert "b.png is not an image that Kontur reads" in outcomes["b"].failure
    assert f"{images / 'd.tif'}: too small" in outcomes["d"].failure
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("a.geojson", "c.geojson", "predict.json")
    }


def test_an_output_folder_that_cannot_be_written_stops_before_any_work(images, tmp_path):
    (tmp_path / "file").write_text("a file")
    predictor = Bright()
    with pytest.raises(OSError, match="file") as caught:
        run(images, tmp_path / "file" / "out", predictor=predictor)
    assert str(tmp_path / "file") in str(caught.value.filename)
    assert predictor.seen == 0


def test_a_format_whose_package_is_missing_stops_before_any_work(images, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "roifile", None)
    predictor = Bright()
    with pytest.raises(InputError, match=r"ImageJ ROIs needs the package roifile.*\[imagej\]"):
        run(images, tmp_path / "out", predictor=predictor, outputs=("geojson", "imagej"))
    assert predictor.seen == 0


def test_predictions_do_not_lie_among_annotations_and_lie_beside_plain_images(images, tmp_path):
    annotated = drawn.labelled(tmp_path / "cells", ["a"])
    for out in (annotated, annotated / "labels"):
        with pytest.raises(InputError, match="among which predictions would be mixed"):
            run(images, out, overwrite=True)
        assert not list(out.glob("*.geojson"))
    run(images, images)
    assert [each.skipped for each in run(images, images)] == [True] * 3


def test_what_is_predicted_of_the_rest_lies_beside_what_a_person_outlined(images):
    formats.write(images / "a.geojson", Instances.empty((8, 8)))

    def predict(names, word):
        rest = find_inputs([images / f"{name}.png" for name in names])
        return list(predict_folder(Bright(), rest, images, outputs=(word,)))

    for names, word in (("bc", "csv"), ("abc", "csv")):
        with pytest.raises(InputError, match=r"images with annotations \(a\.geojson\)"):
            predict(names, word)
    assert len(predict("bc", "geojson")) == 2
    assert len(kontur.read(images / "a.geojson")) == 0


def test_a_file_where_the_output_folder_is_wanted_is_reported(images, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match=r"wants a folder, and .*out is a file"):
        run(images, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "a file"


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("a.ome.zarr", "a.ome.zarr is a store of Zarr by its name; give another --out"),
        ("a.zarr.zip", "a.zarr.zip is a store"),
        ("plate.ozx/out", "plate.ozx is a store"),
        ("s3:/bucket/out", "s3://bucket/out is none; copy them from one afterwards"),
    ],
)
def test_where_no_output_can_lie_is_told_before_any_work(
    images, tmp_path, monkeypatch, out, sentence
):
    monkeypatch.chdir(tmp_path)
    predictor = Bright()
    with pytest.raises(InputError, match=f"--out wants a folder.*, and {sentence}"):
        run(images, Path(out), predictor=predictor)
    assert predictor.seen == 0
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


@pytest.mark.parametrize("ending", [".tif", ".zip", ".png", ".geojson"])
def test_a_folder_may_have_the_ending_of_a_file(images, tmp_path, ending):
    assert not any(each.failure for each in run(images, tmp_path / f"out{ending}"))


def test_a_full_disk_ends_the_call_and_leaves_what_is_finished(images, tmp_path, monkeypatch):
    stream = formats.stream_image

    def full(path, *rest, **named):
        if Path(path).name == "b.geojson":
            raise OSError(28, "could not write: No space left on device", str(path))
        return stream(path, *rest, **named)

    monkeypatch.setattr(formats, "stream_image", full)
    out = tmp_path / "out"
    with pytest.raises(OSError, match="No space left"):
        run(images, out)
    assert {path.name for path in out.iterdir()} == {"a.geojson", "predict.json"}
    assert list(json.loads((out / "predict.json").read_text())["made"][0]["images"]) == ["a"]


def test_stopping_in_the_middle_keeps_and_records_what_is_finished(images, tmp_path):
    class Interrupted(Bright):
        def predict_detailed(self, image, options):
            if self.seen == 2:
                raise KeyboardInterrupt
            return super().predict_detailed(image, options)

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(images, out, predictor=Interrupted())
    assert list(json.loads((out / "predict.json").read_text())["made"][0]["images"]) == ["a", "b"]
    assert [each.skipped for each in run(images, out)] == [True, True, False]


class Failing(Bright):
    """Fails at the second image."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def predict_detailed(self, image, options):
        if self.seen == 1:
            self.seen += 1
            raise self.error
        return super().predict_detailed(image, options)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        Exception("[ONNXRuntimeError] : Failed to allocate memory for requested buffer of size 9"),
        Exception("[ONNXRuntimeError] : Exception during initialization: std::bad_alloc"),
    ],
)
def test_an_engine_without_memory_fails_that_image_alone(images, tmp_path, error):
    outcomes = run(images, tmp_path / "out", predictor=Failing(error))
    assert [each.failure is None for each in outcomes] == [True, False, True]
    assert f"{images / 'b.png'} does not fit into memory" in outcomes[1].failure


def test_a_defect_of_the_engine_keeps_its_traceback(images, tmp_path):
    with pytest.raises(RuntimeError, match="shapes"):
        run(images, tmp_path / "out", predictor=Failing(RuntimeError("shapes do not match")))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_utf8_is_an_image_like_any_other(images, tmp_path):
    strange = os.fsdecode(b"caf\xe9.png")
    (images / "b.png").rename(images / strange)
    out = tmp_path / "out"
    outcomes = run(images, out, outputs=tuple(ENDINGS))
    assert [each.failure for each in outcomes] == [None] * 3
    for ending in ENDINGS.values():
        assert (out / os.fsdecode(b"caf\xe9" + ending.encode())).exists()
    made = json.loads((out / "predict.json").read_text(encoding="utf-8"))["made"]
    assert list(made[0]["images"]) == ["a", "c", "caf\\xe9"]
    assert all(each.skipped for each in run(images, out, outputs=tuple(ENDINGS)))


def test_a_name_too_long_for_its_outputs_fails_alone(images, tmp_path):
    (images / "b.png").rename(images / ("b" * 250 + ".png"))
    outcomes = run(images, tmp_path / "out", outputs=("coco",))
    assert [each.failure is None for each in outcomes] == [True, False, True]
    assert "its name is too long" in outcomes[1].failure


def test_a_folder_that_cannot_be_written_is_not_one_image_s_failure(images, tmp_path):
    with pytest.raises(OSError, match="quota"):
        run(images, tmp_path / "out", predictor=Failing(OSError(errno.EDQUOT, "quota exceeded")))


WORKER = """
import sys
from pathlib import Path
from kontur.infer.folder import predict_folder
from kontur.infer.inputs import find_inputs
from tests.infer.painted import Bright

for _ in predict_folder(Bright(), find_inputs([sys.argv[1]]), Path(sys.argv[2])):
    pass
"""


def test_processes_that_work_on_one_folder_lose_no_entry(tmp_path):
    out, processes = tmp_path / "out", []
    for worker in range(3):
        for number in range(5):
            paint(tmp_path / str(worker) / f"{worker}{number}.png", (2, 2, 5))
        words = [sys.executable, "-c", WORKER, str(tmp_path / str(worker)), str(out)]
        processes.append(subprocess.Popen(words))
    assert [process.wait(120) for process in processes] == [0, 0, 0]
    (made,) = json.loads((out / "predict.json").read_text())["made"]
    assert list(made["images"]) == [f"{i}{j}" for i in range(3) for j in range(5)]
    assert len(list(out.iterdir())) == 16


def test_objects_of_another_size_than_learned_and_none_at_all_give_a_hint(images, tmp_path):
    Image.fromarray(np.arange(120, dtype=np.uint8).reshape(10, 12)).save(images / "b.png")
    paint(images / "c.png", *((0, 26 * i, 24) for i in range(5)), size=(24, 130))
    paint(images / "d.png")
    predictor = Bright()
    predictor.card = predictor.card.replace(object_size=6.0)
    hints = [each.hint for each in run(images, tmp_path / "out", predictor=predictor)]
    assert hints[0] is None  # 5 and 8 pixels
    assert "nothing was found; the model learned objects of 6 pixels: --diameter auto" in hints[1]
    assert "a typical object measures 24 pixels, the model learned 6" in hints[2]
    assert "it is constant" in hints[3]
    again = run(
        images,
        tmp_path / "again",
        predictor=predictor,
        options=PredictOptions(diameter=6.0),
    )
    assert [each.hint for each in again] == [None] * 3 + [hints[3]]


def test_label_images_take_over_the_side_of_a_pixel(images, tmp_path):
    pixels = np.zeros((40, 50), np.uint8)
    pixels[5:15, 5:15] = 255
    images = tmp_path / "scaled"
    images.mkdir()
    scale = {"axes": "YX", "PhysicalSizeX": 0.325, "PhysicalSizeY": 0.325}
    tifffile.imwrite(images / "a.ome.tif", pixels, metadata=scale)
    run(images, tmp_path / "out", outputs=("labels",))
    (entry,) = read_images(tmp_path / "out" / "a.labels.tif")
    assert entry.pixel_size == 0.325


def test_the_files_of_a_film_are_predicted_as_one_in_python_too(tmp_path, caplog):
    films.save(tmp_path / "film", np.full((3, 8, 9), 200, np.uint8))
    (outcome,) = run(tmp_path / "film", tmp_path / "out", options=PredictOptions(page="all"))
    assert (outcome.input.name, outcome.objects) == ("f0", 3)
    assert "2 files (f1.ome.tif, f2.ome.tif) left out: one image with f0.ome.tif" in caplog.text


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


def test_what_another_machine_left_goes_when_nothing_was_written_to_it_for_a_day(images, tmp_path):
    out, machine = tmp_path / "out", hidden_beside(tmp_path).name.split("-")[2]
    out.mkdir()

    def left(output, *, days, within=""):
        place = hidden_beside(out / output)
        place = place.with_name(place.name.replace(f"-{machine}-", "-00000000-"))
        if within:
            (place / within).mkdir(parents=True)
        else:
            place.write_text("half")
        os.utime(place, (time.time() - 86_400 * days,) * 2)
        return place

    gone = [left("a.geojson", days=1.1), left("c.geojson", days=30)]
    kept = [
        left("a.geojson", days=0.9),
        left("a.geojson", days=3, within="0"),  # a folder in which something was written since
        left("other.geojson", days=3),
        left(CLUSTER_FILE, days=3),  # by which workers know that a command goes on
        left("predict.json", days=3),  # a journal, which waits for the next image
    ]
    run(images, out)
    assert [place.exists() for place in gone] == [False] * len(gone)
    assert [place.exists() for place in kept] == [True] * len(kept)


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
