"""The baseline suits itself to a folder, and is then a model like any other."""

import shutil

import numpy as np
import pytest

from kontur.data.folder import open_folder
from kontur.data.normalisation.normalise import NormaliseConfig
from kontur.data.synthetic import write_dataset
from kontur.errors import InputError
from kontur.images.image_file import read_image
from kontur.infer.fit_baseline import fit_baseline
from kontur.infer.folder_evaluation import evaluate_model
from kontur.infer.load import load
from kontur.infer.options import PredictOptions
from kontur.models import catalog
from kontur.models.archive import write_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("baseline") / "scenes"
    write_dataset(path, 2, size=(56, 64), count=4, radius=(6.0, 9.0), shapes=("blob",), noise=0.02)
    return open_folder(path)


@pytest.fixture(scope="module")
def fitted(folder):
    return fit_baseline(folder, {}, NormaliseConfig())


def test_it_finds_most_objects_and_none_of_its_settings_is_worse_than_the_start(folder, fitted):
    start = fit_baseline(folder, {**fitted.card.config, "polarity": "dark"}, NormaliseConfig())
    scores = {}
    for name, model in {"fitted": fitted, "start": start}.items():
        predictor = load_in_memory(model)
        scores[name] = evaluate_model(predictor, folder).summary.ap(0.5)
    assert scores["fitted"] > 0.6
    assert scores["fitted"] > scores["start"]


def test_it_is_saved_loaded_and_used_like_any_model(folder, fitted, tmp_path):
    path = tmp_path / "baseline.kontur"
    write_model(path, fitted)
    predictor = load(path)
    assert predictor.card == fitted.card
    image = read_image(folder.annotated[0].image).pixels
    found = predictor.predict(image)
    assert len(found) > 0
    assert predictor.predict(image, score=1.0).size == found.size
    assert len(predictor.predict(np.zeros((5, 4), np.uint8))) == 0


def test_images_that_a_range_leaves_black_are_named_where_a_model_is_evaluated(
    folder, fitted, caplog
):
    given = PredictOptions(contrast=(300.0, 4000.0))
    evaluate_model(load_in_memory(fitted), folder, options=given)
    (line,) = caplog.messages
    assert line.startswith(
        f"{', '.join(folder.names)}: its values lie nearly all at or below the range"
    )
    caplog.clear()
    evaluate_model(load_in_memory(fitted), folder, options=PredictOptions(contrast=(0.0, 255.0)))
    assert not caplog.messages


def test_what_is_given_is_not_tuned(folder):
    model = fit_baseline(folder, {"min_distance": 3.25, "level": 1.1}, NormaliseConfig())
    assert (model.card.config["min_distance"], model.card.config["level"]) == (3.25, 1.1)


def test_images_without_objects_and_trainings_are_refused(folder, tmp_path):
    empty = tmp_path / "empty"
    write_dataset(empty, 2, size=(32, 32), count=0)
    with pytest.raises(InputError, match="no object to tune the baseline on"):
        fit_baseline(open_folder(empty), {}, NormaliseConfig())
    with pytest.raises(InputError, match="no network to train; kontur compare tunes it"):
        catalog.segmenter("baseline", None)


def test_one_image_with_objects_among_large_ones_without_is_enough(tmp_path, monkeypatch):
    monkeypatch.setattr("kontur.infer.fit_baseline.MOST_PIXELS", 1)  # one image fills them
    write_dataset(tmp_path, 4, size=(32, 32), count=0)
    write_dataset(tmp_path / "more", 1, size=(32, 32), count=2, radius=(5.0, 7.0))
    for part in ("images", "labels"):
        for file in (tmp_path / "more" / part).iterdir():
            shutil.move(file, tmp_path / part / f"z-{file.name}")
    shutil.rmtree(tmp_path / "more")
    folder = open_folder(tmp_path)
    objects = [len(sample.instances) for sample in folder.samples]
    assert sorted(objects)[:4] == [0] * 4
    assert max(objects) == 2
    model = fit_baseline(
        folder, dict.fromkeys(("smooth", "min_distance", "smallest"), 1), NormaliseConfig()
    )
    assert model.card.training["tuned on"] == 2


def load_in_memory(model):
    from kontur.infer.engines.onnx_engine import OnnxEngine
    from kontur.infer.predict import Predictor

    return Predictor(OnnxEngine(model, threads=1), model.card)
