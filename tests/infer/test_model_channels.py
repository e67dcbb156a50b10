"""A model of one channel looks at it in every image, and says where it is not there."""

import numpy as np
import pytest
import tifffile

from kontur.errors import InputError
from kontur.images.image_file import open_image, read_image
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.predict import Predictor
from tests.models.contract import assert_same


@pytest.mark.parametrize("channel", [1, "gfp"])
def test_a_model_that_learned_from_one_channel_looks_at_it(learned, pixels, tmp_path, channel):
    card = learned.card.replace(channel=channel)
    predictor = Predictor(OnnxEngine(learned.model, threads=1), card)
    dark = np.zeros_like(pixels)
    file = tmp_path / "a.ome.tif"
    metadata = {"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"]}}
    tifffile.imwrite(file, np.stack([dark, pixels]), photometric="minisblack", metadata=metadata)
    for image in (file, read_image(file), open_image(file), pixels, pixels[..., None]):
        assert_same(learned.found, predictor.predict(image))
    assert_same(learned.found, predictor.session(file).instances)
    given = predictor.predict(file, channel=0)
    assert_same(given, predictor.predict(dark))
    assert len(given) < len(learned.found)


def test_a_learned_channel_of_an_array_is_one_of_its_colours(learned, pixels):
    colour = np.dstack([pixels * 0, pixels, pixels * 0])
    for channel in (1, "green"):
        card = learned.card.replace(channel=channel)
        predictor = Predictor(OnnxEngine(learned.model, threads=1), card)
        assert_same(learned.found, predictor.predict(colour))


def test_an_image_without_the_channel_that_was_learned_says_what_it_has(learned, pixels):
    colour = np.dstack([pixels] * 3)
    for channel, lacking in (
        ("DAPI", "no channel 'DAPI'; it has 0: red, 1: green, 2: blue"),
        (4, r"3 channels \(0 to 2\); channel 4 is not among them"),
    ):
        card = learned.card.replace(channel=channel)
        predictor = Predictor(OnnxEngine(learned.model, threads=1), card)
        sentence = (
            rf"learned from channel {channel!r}, and the image has {lacking}; give .*--channel"
        )
        with pytest.raises(InputError, match=sentence):
            predictor.predict(colour)
        assert_same(learned.found, predictor.predict(colour, channel=2))
