"""A folder goes on in the numbers in which it was begun, whoever does the work."""

import json

import numpy as np
import pytest
from PIL import Image

import kontur
from kontur.data.packaged_images import NUCLEI
from kontur.errors import InputError
from kontur.infer.engines.choose_engine import precision_of
from kontur.infer.tasks.workers import Threads
from tests.infer.painted import run


@pytest.fixture
def images(tmp_path):
    with Image.open(NUCLEI.path()) as image:
        part = np.asarray(image.convert("L"))[:64, :64]
    (tmp_path / "images").mkdir()
    for name in "ab":
        Image.fromarray(part).save(tmp_path / "images" / f"{name}.png")
        part = part[::-1]
    return tmp_path / "images"


class Seen(Threads):
    """Workers, here in place of a cluster's, that say in which numbers they were to compute."""

    def begin(self, predictor, work):
        self.precision = precision_of(predictor.engine)
        super().begin(predictor, work)


def predict(images, out, given="auto", **how):
    """In which numbers a folder was predicted, and what its record notes."""
    workers = Seen()
    predictor = kontur.load("nuclei", device="cpu", precision=given)
    run(images, out, predictor=predictor, workers=workers, **how)
    (made,) = json.loads((out / "predict.json").read_text())["made"]
    assert made["precision"] == workers.precision
    return workers.precision


def test_a_predictor_of_python_goes_on_in_the_numbers_that_are_noted(images, tmp_path):
    out = tmp_path / "out"
    assert predict(images / "a.png", out, "float32") == "float32"
    assert predict(images, out) == "float32"
    assert predict(images, out, overwrite=True) == "int8"
    with pytest.raises(InputError, match="precision int8, now float32"):
        predict(images, out, "float32")


def test_another_model_is_not_mixed_with_what_python_made(images, tmp_path):
    run(images, tmp_path / "out", predictor=kontur.load("nuclei", device="cpu"))
    other = tmp_path / "other.kontur"
    other.write_bytes(kontur.infer.load.find_model("nuclei").read_bytes() + b" ")
    with pytest.raises(InputError, match=r"model nuclei, now .*other\.kontur"):
        run(images, tmp_path / "out", predictor=kontur.load(other, device="cpu"))


def test_what_python_made_before_it_noted_the_model_is_gone_on_with(images, tmp_path):
    out = tmp_path / "out"
    predict(images / "a.png", out)
    record = json.loads((out / "predict.json").read_text())
    for name in ("model", "digest", "precision"):
        del record["made"][0][name]
    (out / "predict.json").write_text(json.dumps(record))
    assert predict(images, out) == "int8"
