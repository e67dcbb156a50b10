"""What counts as bright: the percentile that a caller gives, or that is found out."""

import numpy as np
import pytest

from kontur.errors import InputError
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.options import PredictOptions
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


@pytest.mark.parametrize("contrast", [99.0, "auto", (0, 255)])
def test_a_model_with_given_moments_has_no_contrast_to_choose(learned, predictor, pixels, contrast):
    moments = {"mode": "moments", "mean": (0.5,), "std": (0.2,)}
    fixed = Predictor(predictor.engine, learned.card.replace(normalise=moments))
    with pytest.raises(InputError, match="leave the contrast out"):
        fixed.predict(pixels, contrast=contrast)


def test_a_model_that_compresses_around_a_median_takes_no_range(learned, predictor, pixels):
    compressing = Predictor(predictor.engine, learned.card.replace(normalise={"compress": 0.1}))
    with pytest.raises(InputError, match="around the median of each image"):
        compressing.predict(pixels, contrast=(0, 255))
    assert len(compressing.predict(pixels, contrast=99.5)) > 0


@pytest.mark.parametrize(
    ("over", "count", "sentence"),
    [
        ("image", 2, "normalises all channels together, so that one range holds for all of them"),
        ("channel", 2, "2 ranges of intensities were given and the model sees 1 channel; give"),
        ("channel", 1, None),
        ("image", 1, None),
    ],
)
def test_a_range_for_each_channel_is_for_models_that_normalise_each_alone(
    learned, predictor, pixels, over, count, sentence
):
    one = Predictor(predictor.engine, learned.card.replace(normalise={"over": over}))
    given = (percentiles_of(pixels),) * count
    if sentence is None:
        assert_same(one.predict(pixels, contrast=given), predictor.predict(pixels))
    else:
        with pytest.raises(InputError, match=sentence):
            one.predict(pixels, contrast=given)


def percentiles_of(image):
    return tuple(np.percentile(image, (1, 99.8)))


@pytest.mark.parametrize("kind", ["8-bit", "16-bit", "signed", "float", "colour"])
def test_a_range_of_the_image_s_own_percentiles_changes_nothing(predictor, pixels, kind):
    image = {
        "8-bit": pixels,
        "16-bit": pixels.astype(np.uint16) * 200 + 300,
        "signed": pixels.astype(np.int16) * 9 - 1000,
        "float": pixels / 255 - 0.25,
        "colour": np.stack([pixels, pixels // 2, pixels // 3], axis=2),
    }[kind]
    seen = predictor.prepare(image).pixels  # colours as their luminance
    plain = predictor.predict(image)
    assert_same(predictor.predict(image, contrast=percentiles_of(seen)), plain)
    assert len(plain) > 0


@pytest.mark.parametrize("options", [{"diameter": "auto"}, {"augment": "flips"}, {"tile": 64}])
def test_a_range_holds_whatever_else_is_asked_for(predictor, pixels, options):
    given = percentiles_of(pixels)
    assert_same(
        predictor.predict(pixels, contrast=given, **options), predictor.predict(pixels, **options)
    )


def test_a_bright_corner_changes_nothing_elsewhere_where_the_range_is_given(predictor, pixels):
    given = percentiles_of(pixels)
    image = np.pad(pixels.astype(np.uint16), ((0, SIDE), (0, 0)), mode="edge")
    bright = image.copy()
    bright[-4:] = 60_000
    found = [predictor.predict(each, contrast=given) for each in (image, bright)]
    above = [each[each.boxes[:, 3] <= SIDE + 1] for each in found]
    assert len(above[0]) == len(above[1]) > 0


def test_a_model_that_learned_with_a_range_predicts_with_it(learned, predictor, pixels):
    given = percentiles_of(pixels)
    card = learned.card.replace(normalise={"mode": "range", "range": given})
    fixed = Predictor(predictor.engine, card)
    assert_same(fixed.predict(pixels), predictor.predict(pixels))
    drowned = np.where(np.arange(len(pixels))[:, None] < 4, 255, pixels).astype(np.uint8)
    assert_same(fixed.predict(drowned), predictor.predict(drowned, contrast=given))
    assert_same(fixed.predict(drowned, contrast=99.8), predictor.predict(drowned))


def test_a_range_in_another_unit_is_told_in_a_line(predictor, pixels, caplog):
    predictor.predict(pixels, contrast=(300, 4000))
    assert "the image: its values lie nearly all at or below the range" in caplog.text
    found = predictor.predict_detailed(pixels, PredictOptions(contrast=(0, 1)))
    assert "nearly all at or above the range" in found.hint
    assert found.contrast == (0.0, 1.0)


def test_auto_keeps_the_plain_contrast_where_nothing_is_drowned(predictor, pixels):
    assert_same(predictor.predict(pixels, contrast="auto"), predictor.predict(pixels))
