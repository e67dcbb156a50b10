"""From a trained model and a folder to a model that has learned from reward."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

import kontur
from kontur.data.synthetic import write_dataset
from kontur.edit.reinforce import reinforce
from kontur.errors import InputError
from kontur.models.archive import read_model, write_model
from tests.models import contract

SHORT = 0.03  # minutes: some updates of each kind


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of images, noise apart the scene that the snake beside it knows by heart."""
    folder, sample = tmp_path_factory.mktemp("reinforce"), contract.learning_scene()
    rng = np.random.default_rng(0)
    for made in ("images", "labels"):
        (folder / "data" / made).mkdir(parents=True)
    for number in range(6):
        noisy = sample.image[..., 0] + rng.normal(0, 2, sample.size)
        pixels = np.clip(noisy, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "data" / "images" / f"{number}.png")
        labels = sample.instances.label_image(np.uint16)
        Image.fromarray(labels).save(folder / "data" / "labels" / f"{number}.png")
    write_model(folder / "snake.kontur", contract.learned("snake").model)
    return folder


def run(place, name, **options):
    lines = []
    out = reinforce(
        place / "data",
        model=place / "snake.kontur",
        out=place / name,
        minutes=SHORT,
        report=lines.append,
        **options,
    )
    return read_model(out), lines


@pytest.fixture(scope="module")
def with_agent(place):
    """The model with an agent, and what was reported."""
    return run(place, "agent.kontur")


def test_an_agent_is_written_beside_the_snake_whose_weights_stay(place, with_agent):
    before = read_model(place / "snake.kontur")
    after, lines = with_agent
    assert set(after.graphs) == {*before.graphs, "polish"}
    for name, value in before.weights.items():
        assert_array_equal(after.weights[name], value)
    assert after.card.config["polish"]["kind"] == "agent"
    assert after.card.training["reinforced"]["method"] == "agent"
    assert 0 < after.card.scores["rough IoU"] < 1
    assert any("imitation" in line for line in lines)
    assert any("reward" in line for line in lines)
    predictor = kontur.load(place / "agent.kontur", device="cpu")
    image = contract.learning_scene().image
    plain, polished = (predictor.predict(image, polish=each) for each in (False, True))
    contract.assert_same(plain, kontur.load(place / "snake.kontur", device="cpu").predict(image))
    assert_array_equal(polished.scores, plain.scores)
    with pytest.raises(InputError, match="no agent"):
        kontur.load(place / "snake.kontur", device="cpu").predict(image, polish=True)


def test_an_agent_is_trained_anew_where_there_is_one(place, with_agent):
    again = reinforce(
        place / "data",
        model=place / "agent.kontur",
        out=place / "second.kontur",
        minutes=SHORT,
        seed=1,
        report=lambda line: None,
    )
    first, second = with_agent[0], read_model(again)
    assert set(first.graphs) == set(second.graphs)
    different = [
        name
        for name, value in first.weights.items()
        if not np.array_equal(value, second.weights[name])
    ]
    assert different
    assert all(name.startswith("polish.") for name in different)


def test_a_fine_tuned_snake_is_no_worse_on_what_it_is_checked_on(place):
    after, lines = run(place, "tuned.kontur", method="snake")
    assert set(after.graphs) == set(read_model(place / "snake.kontur").graphs)
    scores = after.card.scores
    assert lines[0].startswith("own outlines IoU 0.")
    if "own IoU" in scores:  # else the snake as it was is still the best
        assert scores["own IoU, fine-tuned"] > scores["own IoU"]
    kontur.load(place / "tuned.kontur", device="cpu").predict(contract.learning_scene().image)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"method": "agents"}, 'a method is "agent" or "snake"'),
        ({"out": "."}, "is a folder; --out is the .kontur file"),
        ({"model": "nuclii"}, "no shipped model 'nuclii'"),
        ({"data": "nowhere"}, "nowhere"),
    ],
)
def test_what_cannot_be_done_is_said(place, changes, sentence):
    options = {
        "data": place / "data",
        "model": place / "snake.kontur",
        "out": place / "never.kontur",
    } | {name: place if value == "." else value for name, value in changes.items()}
    with pytest.raises(InputError, match=sentence):
        reinforce(options.pop("data"), minutes=SHORT, **options)
    assert not (place / "never.kontur").exists()


def test_a_model_without_contours_has_nothing_to_correct(place):
    write_model(place / "unet.kontur", contract.learned("unet").model)
    with pytest.raises(InputError, match="no contours to correct; use one of the kind snake"):
        reinforce(place / "data", model=place / "unet.kontur", out=place / "never.kontur")


def test_a_folder_without_objects_is_answered(place, tmp_path):
    write_dataset(tmp_path, 6, size=(64, 64), count=0)
    with pytest.raises(InputError, match="no object with a contour"):
        reinforce(tmp_path, model=place / "snake.kontur", out=place / "never.kontur")
    assert not (place / "never.kontur").exists()
