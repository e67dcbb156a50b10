"""Models by name: shipped ones, files, runs; and what is said where there is none."""

import itertools
import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from kontur.errors import InputError
from kontur.infer import model_files as module
from kontur.infer.engines import onnx_engine, precision_choice
from kontur.infer.load import find_model, load, shipped_models
from kontur.models import archive
from kontur.models.archive import Model, write_model
from tests.models.contract import assert_same


@pytest.fixture
def path(learned, tmp_path):
    path = tmp_path / "some.kontur"
    write_model(path, learned.model)
    return path


def test_a_model_is_loaded_from_its_file_or_its_run(learned, path, pixels, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(path, run / "model.kontur")
    for where in (path, str(path), run):
        assert_same(learned.found, load(where, device="cpu", threads=1).predict(pixels))


def test_a_shipped_model_is_found_by_name_also_beside_a_folder_of_that_name(
    path, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "shipped_models", lambda: {"nuclei": path})
    monkeypatch.chdir(tmp_path)
    assert find_model("nuclei") == path
    (tmp_path / "nuclei").mkdir()
    assert find_model("nuclei") == path
    shutil.copy(path, tmp_path / "nuclei" / "model.kontur")
    assert find_model("nuclei").parent.name == "nuclei"  # a run of that name is what is meant


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nucleo", "no shipped model 'nucleo'; did you mean 'nuclei'"),
        ("zebra", "no shipped model 'zebra'; known are nuclei"),
        ("zebra.kontur", r"no model file zebra\.kontur"),
        ("runs/zebra", "no model file runs/zebra"),
        ("data", r"data is a folder without model\.kontur; give a finished run"),
    ],
)
def test_a_model_that_is_not_there_is_reported_with_the_nearest(
    path, tmp_path, monkeypatch, name, sentence
):
    monkeypatch.setattr(module, "shipped_models", lambda: {"nuclei": path})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    with pytest.raises(InputError, match=sentence):
        load(name)


def test_shipped_models_are_named_after_their_files():
    for name, file in shipped_models().items():
        assert file.name == f"{name}.kontur"
        assert archive.read_card(file).kind == "snake"


def test_files_that_are_no_model_are_reported_when_loading(path, tmp_path):
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="cut short"):
        load(path)
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as content:
        content.writestr("a.txt", "a")
    with pytest.raises(InputError, match=r"other\.zip is not a whole Kontur model"):
        load(other)
    image = tmp_path / "image.png"
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(image)
    with pytest.raises(InputError, match=r"image\.png is not a whole Kontur model"):
        load(image)


def test_a_model_of_an_unknown_kind_is_reported(learned, path):
    card = learned.card.replace(kind="sanke")
    write_model(path, Model(card, learned.model.graphs, learned.model.weights))
    with pytest.raises(InputError, match="no kind of model 'sanke'"):
        load(path, device="cpu")


def test_integers_that_a_model_does_not_have_are_reported(path):
    with pytest.raises(InputError, match=r"no graphs in 8-bit integers .* leave --precision out"):
        load(path, precision="int8")
    assert load(path).engine.precision == "float32"


@pytest.mark.parametrize(("integers", "taken"), [(0.5, "int8"), (1.2, "int8"), (1.3, "float32")])
def test_integers_are_taken_unless_floats_are_clearly_faster(
    learned, path, tmp_path, monkeypatch, integers, taken
):
    """The clock runs slower or faster while a graph in integers does."""
    both = replace(learned.model, int8={"detect": learned.model.graphs["detect"]})
    write_model(tmp_path / "both.kontur", both)
    ticks = itertools.count()

    def clock():  # two readings a run, float32 and integers in turns
        tick = next(ticks)
        return tick // 2 * 10.0 + (tick % 2) * (1.0 if tick % 4 < 2 else integers)

    monkeypatch.setattr(onnx_engine, "clock", clock)
    monkeypatch.setattr(precision_choice, "_chosen", {})
    monkeypatch.setenv(precision_choice.CACHE, str(tmp_path))
    for given, expected in (("auto", taken), ("float32", "float32"), ("int8", "int8")):
        engine = load(tmp_path / "both.kontur", device="cpu", precision=given).engine
        assert engine.precision == expected
    assert load(path, device="cpu").engine.precision == "float32"
