"""What counts as bright: the percentile that a caller gives, or that is found out."""

import numpy as np
import pytest

from kontur.errors import InputError
from kontur.infer.onnx_engine import OnnxEngine
from kontur.infer.predict import Predictor
from tests.models.contract import SIDE, assert_same


@pytest.fixture(scope="module")
def predictor(learned):
    return Predictor(OnnxEngine(learned.model, threads=1), learned.card)


def test_a_lower_contrast_brings_up_what_a_bright_object_drowns(predictor, pixels):
    plain = predictor.predict(pixels)
    drowned = np.pad(pixels.astype(np.float64), ((0, SIDE), (0, 0)), mode="edge")
    drowned[-4:] = 60.0 * float(pixels.max())  # a strip of 3 % that sets the 99.8th percentile

    def above(found):
        return found[found.boxes[:, 3] <= SIDE + 1]

    dark, bright = (above(predictor.predict(drowned, contrast=each)) for each in (None, 96.0))
    assert len(dark) < len(bright) <= len(plain)
    assert len(bright) > len(plain) / 2


@pytest.mark.parametrize("contrast", [0.5, 101.0])
def test_a_contrast_that_is_no_percentile_is_refused(predictor, pixels, contrast):
    with pytest.raises(InputError, match="a contrast is a percentile between 1 and 100"):
        predictor.predict(pixels, contrast=contrast)


def test_a_model_with_given_moments_has_no_contrast_to_choose(learned, predictor, pixels):
    moments = {"mode": "moments", "mean": (0.5,), "std": (0.2,)}
    fixed = Predictor(predictor.engine, learned.card.replace(normalise=moments))
    with pytest.raises(InputError, match="leave --contrast out"):
        fixed.predict(pixels, contrast=99.0)


def test_auto_keeps_the_plain_contrast_where_nothing_is_drowned(predictor, pixels):
    assert_same(predictor.predict(pixels, contrast="auto"), predictor.predict(pixels))
