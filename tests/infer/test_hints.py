"""What to try where an image does not fit what the model learned."""

import re

import numpy as np
import pytest

from kontur.data.normalisation.normalise import NormaliseConfig, measure_normalisation
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.folder import predict_folder
from kontur.infer.hints import channel_hint, labels_hint, size_hint, values_hint
from kontur.infer.inputs import find_inputs
from kontur.infer.options import DEFAULT_OPTIONS, PredictOptions
from kontur.infer.predict import Predictor
from kontur.models.card import Card
from tests.data import drawn
from tests.infer.painted import Bright

SIGNAL = np.random.default_rng(0).integers(0, 255, (20, 30), dtype=np.uint8)
CARD = Card(kind="snake", config={}, version="0")


def coloured(*shares):
    return np.stack([(SIGNAL * share).astype(np.uint8) for share in shares], axis=2)


@pytest.mark.parametrize(
    ("shares", "word"),
    [((1, 0, 0), "red"), ((0, 0, 1), "blue"), ((0, 1, 0.02), "green")],
)
def test_a_stain_coloured_in_one_channel_is_pointed_out(shares, word):
    sentence = channel_hint(coloured(*shares), CARD, DEFAULT_OPTIONS)
    assert f"only the {word} channel" in sentence
    assert f"--channel {['red', 'green', 'blue'].index(word)}" in sentence


def test_constant_channels_beside_it_carry_no_signal_whatever_their_value():
    image = coloured(0, 0, 1)
    image[..., 0] = 200
    assert "blue" in channel_hint(image, CARD, DEFAULT_OPTIONS)


@pytest.mark.parametrize(
    "image",
    [
        coloured(1, 1, 1),
        coloured(1, 0.2, 0),
        coloured(0, 0, 0),
        SIGNAL[..., None],
        np.dstack([SIGNAL] * 4),
        np.zeros((0, 4, 3), np.uint8),
    ],
    ids=["grey", "two stains", "black", "one channel", "four channels", "empty"],
)
def test_other_images_are_not_remarked_on(image):
    assert channel_hint(image, CARD, DEFAULT_OPTIONS) is None


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ((255, 4000), "nearly all at or below the range:"),
        ((-100, 0), "nearly all at or above the range:"),
        ((0, 10), "up to more than 10 times beyond the range"),
        ((0, 1), "at or above the range"),
        ((0, 255), None),
        ((100, 120), None),
        ((20, 60_000), None),  # dim, but not black
    ],
)
def test_a_range_that_hardly_holds_a_value_of_the_image_is_pointed_out(given, word):
    fixed = measure_normalisation(SIGNAL[..., None], NormaliseConfig(mode="range", range=given))
    sentence = values_hint(fixed)
    assert sentence is None if word is None else word in sentence
    assert values_hint(measure_normalisation(SIGNAL[..., None])) is None
    assert values_hint(measure_normalisation(SIGNAL[:0, :, None], fixed.config)) is None


@pytest.mark.parametrize("value", [0, 7, np.nan])
def test_of_a_constant_image_it_is_said_that_it_is_constant(value):
    image = np.full((20, 30, 1), value, np.float32)
    assert "it is constant" in values_hint(measure_normalisation(image))
    given = NormaliseConfig(mode="range", range=(100, 4000))
    assert "it is constant" in values_hint(measure_normalisation(image, given))
    image[3, 4:6, 0] = 9, 8
    assert "constant" not in str(values_hint(measure_normalisation(image, given)))
    assert values_hint(measure_normalisation(image)) is None


@pytest.mark.parametrize(("count", "word"), [(0, "nothing was found"), (1, None), (4, None)])
def test_few_objects_say_nothing_about_the_size_of_a_typical_one(count, word):
    card = CARD.replace(object_size=17.0)
    sentence = size_hint(np.full(count, 36.0), card, DEFAULT_OPTIONS)
    assert sentence is None if word is None else word in sentence
    assert "measures 6 pixels" in size_hint(np.full(5, 36.0), card, DEFAULT_OPTIONS)
    assert size_hint(np.full(5, 300.0), card, DEFAULT_OPTIONS) is None


def test_a_range_between_a_dark_channel_and_a_bright_one_is_not_remarked_on():
    dark, bright = SIGNAL // 25, 100 + SIGNAL // 2
    for channels in ((dark, bright), (bright, dark)):
        fixed = NormaliseConfig(mode="range", range=(20, 60), over="channel")
        assert values_hint(measure_normalisation(np.dstack(channels), fixed)) is None


def test_a_channel_that_was_chosen_is_not_advised():
    assert channel_hint(coloured(0, 0, 1), CARD, PredictOptions(channel=2)) is None
    assert channel_hint(coloured(0, 0, 1), CARD.replace(channel=2), DEFAULT_OPTIONS) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"min_size": 1},
            'a typical object measures .* the model learned 100, .*: diameter="auto" ',
        ),
        ({"score": 1.0}, 'the image: nothing was found; .* 100 pixels: diameter="auto" measures'),
        ({"diameter": 100.0}, None),
    ],
)
def test_in_python_a_line_tells_of_objects_of_another_size(learned, pixels, caplog, changes, words):
    card = learned.card.replace(object_size=100.0)
    predictor = Predictor(OnnxEngine(learned.model, threads=1), card)
    predictor.predict(pixels, **changes)
    if words is None:
        assert caplog.text == ""
    else:
        assert re.search(words, caplog.text)
        assert len(caplog.records) == 1


def test_of_a_range_for_each_channel_the_one_that_does_not_fit_is_named():
    image = np.dstack([SIGNAL // 25, 100 + SIGNAL // 2])
    for ranges, what in (
        (((0, 9), (90, 300)), None),
        (((90, 300), (0, 9)), "the values of channel 0 lie nearly all at or below the range"),
        (((0, 9), (0, 9)), "the values of channel 1 lie nearly all at or above the range"),
    ):
        fixed = NormaliseConfig(mode="range", range=ranges, over="channel")
        sentence = values_hint(measure_normalisation(image, fixed))
        assert sentence is None if what is None else sentence.startswith(what)
    grey = measure_normalisation(
        SIGNAL[..., None],
        NormaliseConfig(mode="range", over="channel", range=((0, 255), (300, 400))),
    )
    assert values_hint(grey).startswith("the values of channel 1 lie nearly all at or below")


def test_label_images_and_masks_in_place_of_images_are_pointed_out(tmp_path):
    labels = drawn.squares()
    for pixels in (labels, (labels > 0) * np.uint8(255), (labels > 0)):
        assert "as of a label image or a mask" in labels_hint(pixels[:, :, None])
    assert labels_hint(np.dstack([labels] * 3)) is not None
    for pixels in (SIGNAL, labels * 0, labels / 2, (labels == 1) * np.uint8(200)):
        assert labels_hint(pixels[:, :, None]) is None
    path = drawn.save(tmp_path / "a.png", np.kron(labels, np.ones((2, 2), np.uint16)))
    (outcome,) = predict_folder(Bright(), find_inputs([path]), tmp_path / "out")
    assert "as of a label image" in outcome.hint
