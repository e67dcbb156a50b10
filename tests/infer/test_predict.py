"""The predictor: every sort of image, every way to ask, and the way back to the image's pixels."""

import numpy as np
import pytest
import shapely
import tifffile
import torch
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image as Picture

from kontur.data.transforms.geometric import scale
from kontur.errors import InputError
from kontur.images.image_file import Image, read_image
from kontur.infer import predict, scale_and_contrast
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.options import PredictOptions
from kontur.infer.predict import Predictor
from tests.infer.painted import Stamp
from tests.models import contract
from tests.models.contract import SIDE, assert_same, assert_sound, best_iou


@pytest.fixture(scope="module")
def predictor(learned):
    return Predictor(OnnxEngine(learned.model, threads=1), learned.card)


# Every sort of array


@pytest.mark.parametrize(
    "convert",
    [
        lambda x: x[..., None],
        lambda x: x.astype(np.uint16) * 257,
        lambda x: x.astype(np.int16) * 100 - 7000,
        lambda x: x.astype(np.uint32) * 16_000_000,
        lambda x: x.astype(np.int64) - 128,
        lambda x: x.astype(">u2"),
        lambda x: (x / 255).astype(np.float32),
        lambda x: x.astype(np.float64) * 1e6,
        lambda x: x.astype(np.float16),
        lambda x: np.repeat(x[..., None], 3, axis=2),
        lambda x: np.dstack([x, x, x, np.full_like(x, 255)]),
        lambda x: np.asfortranarray(x),
        lambda x: x[::-1][::-1],
    ],
    ids=[
        *("one channel", "16 bits", "signed", "32 bits", "64 bits", "big-endian"),
        *("float32", "float64", "float16", "RGB", "RGBA", "columns first", "a view"),
    ],
)
def test_however_the_pixels_are_stored_the_outlines_are_the_same(
    learned, predictor, pixels, convert
):
    before = convert(pixels).copy()
    image = convert(pixels)
    assert_same(learned.found, predictor.predict(image), pixels=0.1, scores=0.01)
    assert_array_equal(image, before)


@pytest.mark.parametrize("name", ["scene.png", "scene.tif", "grey.png"])
def test_a_file_is_predicted_as_its_array(learned, predictor, pixels, tmp_path, name):
    stored = pixels if name == "grey.png" else np.repeat(pixels[..., None], 3, axis=2)
    Picture.fromarray(stored).save(tmp_path / name)
    expected = predictor.predict(stored)
    assert_same(expected, predictor.predict(tmp_path / name), pixels=0, scores=0)
    assert_same(expected, predictor.predict(str(tmp_path / name)), pixels=0, scores=0)


def test_a_mask_is_an_image_too(predictor, pixels):
    assert_sound(predictor.predict(pixels > 100), (SIDE, SIDE))


def test_one_channel_of_several_is_chosen(learned, predictor, pixels):
    several = np.dstack([pixels * 0, pixels * 0, pixels, pixels * 0, pixels * 0])
    assert_same(learned.found, predictor.predict(several, channel=2))
    with pytest.raises(InputError, match="takes 1 channel and the image has 5; choose one"):
        predictor.predict(several)
    with pytest.raises(InputError, match=r"5 channels \(0 to 4\); channel 5 is not among them"):
        predictor.predict(several, channel=5)


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (3, 5000), (17, 31)])
@pytest.mark.parametrize("value", ["noise", 0, 255])
def test_odd_and_constant_images_are_looked_at(predictor, size, value):
    image = np.random.default_rng(0).integers(0, 255, size, dtype=np.uint8)
    if value != "noise":
        image[:] = value
    assert_sound(predictor.predict(image, score=0.05), size)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_no_numbers_are_counted_and_refused(predictor, pixels, bad):
    image = pixels.astype(np.float32)
    image[3, 4:6] = bad
    with pytest.raises(InputError, match="the image: 2 of 4096 pixel values are NaN or infinite"):
        predictor.predict(image)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_stains_are_asked_for_and_never_taken_for_colour(predictor, pixels, tmp_path, count):
    names = ["DAPI", "GFP", "Cy5", "AF750"][:count]
    dark = np.zeros_like(pixels)
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        np.stack([dark, pixels, dark, dark][:count]),
        photometric="minisblack",
        metadata={"axes": "CYX", "Channel": {"Name": names}},
    )
    with pytest.raises(InputError, match=rf"{count} stains \(0: DAPI, 1: .*or grey; choose"):
        predictor.predict(tmp_path / "a.ome.tif")
    expected = predictor.predict(pixels)
    for channel in (1, "gfp"):
        assert_same(predictor.predict(tmp_path / "a.ome.tif", channel=channel), expected)
        assert_same(
            predictor.predict(read_image(tmp_path / "a.ome.tif"), channel=channel), expected
        )
    with pytest.raises(InputError, match="its 3 channels have no name, so not 'GFP'"):
        predictor.predict(np.dstack([pixels] * 3), channel="GFP")


def test_a_model_that_learned_from_stains_takes_as_many_stains(learned, pixels):
    card = learned.card.replace(training={"stains": True})
    predictor = Predictor(OnnxEngine(learned.model, threads=1), card)
    wanted = predictor.config.channels
    three = np.repeat(pixels[..., None], wanted, axis=2)
    found = predictor.predict(Image(three, None, ("unnamed",) * wanted))
    assert_same(found, predictor.predict(three))
    with pytest.raises(InputError, match=f"holds 5 stains .* learned from {wanted} stains"):
        predictor.predict(Image(pixels[..., None].repeat(5, 2), None, ("unnamed",) * 5))


@pytest.mark.parametrize("shape", ["first", "last", "tensor", "list", "Pillow"])
def test_every_kind_of_array_is_outlined_alike(predictor, pixels, shape):
    colour = np.repeat(pixels[..., None], 3, axis=2)
    image = {
        "first": np.moveaxis(colour, 2, 0),
        "last": colour,
        "tensor": torch.from_numpy(np.moveaxis(colour, 2, 0).copy())[None],
        "list": colour.tolist(),
        "Pillow": Picture.fromarray(colour),
    }[shape]
    assert_same(predictor.predict(image), predictor.predict(pixels))


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (np.zeros((4, 4), complex), "complex numbers .complex128"),
        (np.full((4, 4), "a"), "holds words"),
        (np.zeros((0, 4)), "with at least one pixel, got 0 × 4"),
        (np.zeros((4, 4, 0)), "got 4 × 4 × 0"),
        (np.zeros((2, 4, 4, 3)), "2 × 4 × 4 × 3, and one plane is wanted"),
    ],
)
def test_arrays_that_are_no_image_are_refused(predictor, image, sentence):
    with pytest.raises(InputError, match=sentence):
        predictor.predict(image)


# Every way to ask


def test_given_thresholds_take_the_place_of_the_card_s(learned, predictor, pixels):
    assert len(predictor.predict(pixels, score=0.999999)) == 0
    many = predictor.predict(pixels, score=0.01, overlap=1.0)
    fewer = predictor.predict(pixels, score=0.01, overlap=0.0)
    assert len(many) > len(fewer) >= len(learned.found)
    assert (many.scores >= 0.01).all()
    with pytest.raises(InputError, match="'score' is 1\\.5"):
        predictor.predict(pixels, score=1.5)
    with pytest.raises(InputError, match="'overlap' is -1"):
        predictor.predict(pixels, overlap=-1)


def test_objects_below_the_smallest_size_are_left_out(learned, predictor, pixels):
    smallest = float(np.sort(learned.found.areas)[2]) * (1 - 1e-5)  # engines differ by rounding
    found = predictor.predict(pixels, min_size=smallest)
    assert len(found) == len(learned.found) - 2
    assert found.areas.min() >= smallest


def test_candidates_are_all_above_the_lowest_score_and_none_is_suppressed(predictor, pixels):
    expected = predictor.predict(pixels, score=predict.LOWEST_SCORE, overlap=1.0)
    assert_same(predictor.predict_unfiltered(pixels), expected)


def test_examine_says_how_it_went(predictor, pixels):
    seen = predictor.predict_detailed(pixels)
    assert (seen.scale, seen.repaired) == (1.0, 0)
    assert_same(seen.instances, predictor.predict(pixels))


# The way back


def stamped(learned, stamp):
    return Predictor(stamp, learned.card)


@pytest.mark.parametrize("mode", ["percentile", "moments"])
@pytest.mark.parametrize("colours", ["grey", "equal", "red"])
def test_a_network_for_colours_sees_three_channels_whatever_comes(learned, colours, mode):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (20, 35), dtype=np.uint8)
    if colours != "grey":
        others = image if colours == "equal" else image // 4
        image = np.dstack([image, others, others])
    normalise = {} if mode == "percentile" else {"mode": mode, "mean": [0.5] * 3, "std": [0.2] * 3}
    config = {**learned.card.config, "channels": 3}
    card = learned.card.replace(config=config, normalise=normalise)
    stamp = Stamp()
    Predictor(stamp, card).predict(image)
    (seen,) = stamp.seen
    assert seen.shape == (1, 3, 32, 48)
    assert seen.dtype == np.float32
    assert np.array_equal(seen[0, 0], seen[0, 1]) is (colours != "red")
    assert np.array_equal(seen[0, 1], seen[0, 2])


@pytest.mark.parametrize("size", [(16, 32), (17, 33), (61, 75), (13, 21)])
def test_padding_moves_nothing_and_shows_the_mirror_image(learned, size):
    stamp = Stamp()
    image = np.random.default_rng(0).random((*size, 1), dtype=np.float32)
    found = stamped(learned, stamp).predict(image)
    assert found.size == size
    assert_allclose(found.boxes, [stamp.box], atol=1e-5)
    (seen,) = stamp.seen
    whole = stamped(learned, stamp).prepare(image)
    prepared = whole.normalisation.apply(whole.pixels).transpose(2, 0, 1)[None]
    assert [side % 16 for side in seen.shape[2:]] == [0, 0]
    assert max(a - b for a, b in zip(seen.shape[2:], size, strict=True)) < 16
    assert_array_equal(seen[..., : size[0], : size[1]], prepared)
    if seen.shape[3] > size[1]:
        assert_array_equal(seen[..., : size[0], size[1]], prepared[..., -1])


@pytest.mark.parametrize("size", [(250, 333), (64, 64), (37, 41)])
@pytest.mark.parametrize("diameter", [44.0, 33.0, 11.0, 7.0, 5.5])
def test_what_is_seen_at_another_scale_is_put_back_exactly(learned, size, diameter):
    """The factor is exact although the canvas has whole pixels: 250 / 4 = 62.5."""
    factor = learned.card.object_size / diameter
    box = np.array([0.3, 0.2, 0.6, 0.8]) * np.array([size[1], size[0]] * 2) * factor
    box = np.round(box * 16) / 16  # where shapes start
    stamp = Stamp(tuple(box))
    seen = stamped(learned, stamp).predict_detailed(
        np.zeros(size, np.uint8), PredictOptions(diameter=diameter)
    )
    assert seen.scale == pytest.approx(factor)
    assert seen.instances.size == size
    assert_allclose(seen.instances.boxes, [box / factor], rtol=1e-5)


def test_a_scene_three_times_larger_has_outlines_three_times_larger(learned, predictor):
    large = scale(learned.sample, 3.0)
    found = predictor.predict(large.image, diameter=3 * learned.card.object_size)
    assert found.size == (3 * SIDE, 3 * SIDE)
    assert_sound(found, found.size)
    assert len(found) == len(learned.found)
    assert best_iou(learned.found.scale(3, 3), found).mean() > 0.85
    assert best_iou(large.instances, found).mean() > 0.8


@pytest.mark.parametrize("kind", contract.KINDS)
@pytest.mark.parametrize("working", [0.5, 0.4])
def test_a_model_that_learned_at_a_working_scale_outlines_images_as_they_are(kind, working):
    """What learned the scene at scale w of images 1 / w as large sees in these what it learned."""
    known = contract.learned(kind)
    large = scale(known.sample, 1 / working)
    card = known.card.replace(scale=working, object_size=known.card.object_size / working)
    shrinking = Predictor(OnnxEngine(known.model, threads=1), card)
    found = shrinking.predict(large.image)
    assert found.size == large.size
    assert_sound(found, large.size)
    assert len(found) == len(known.found)
    assert best_iou(large.instances, found).mean() > 0.75
    by_diameter = Predictor(OnnxEngine(known.model, threads=1), known.card).predict(
        large.image, diameter=known.card.object_size / working
    )
    assert_same(found, by_diameter)
    assert_same(found, shrinking.predict(large.image, diameter=card.object_size))
    tuned_on = shrinking.predict_unfiltered(large.image)
    assert tuned_on.size == large.size
    assert best_iou(found, tuned_on).min() > 0.9


def test_the_outlines_after_every_stage_are_of_the_image_as_it_is(learned):
    card = learned.card.replace(scale=0.5)
    shrinking = Predictor(OnnxEngine(learned.model, threads=1), card)
    large = scale(learned.sample, 2.0)
    stages = shrinking.outlines_by_stage(large.image)
    assert all(found.size == large.size for found in stages.values())
    assert best_iou(large.instances, stages["octagon"]).mean() > 0.6


def test_a_diameter_and_a_working_scale_are_multiplied(learned):
    stamp = Stamp()
    card = learned.card.replace(scale=0.5, object_size=40.0)
    seen = Predictor(stamp, card).predict_detailed(
        np.zeros((128, 256), np.uint8), PredictOptions(diameter=80.0)
    )
    assert stamp.seen[0].shape[2:] == (32, 64)
    assert seen.scale == 0.5  # beside the card's own
    assert_allclose(seen.instances.boxes, [np.array(stamp.box) * 4])


def test_the_scale_at_which_the_model_is_surest_is_found_and_set_by_what_it_finds(learned):
    class Judge(Stamp):
        """Sure of an object of 10 × 10 where the image is half as large, unsure elsewhere."""

        def detect(self, images):
            features, scores, boxes = super().detect(images)
            return features, scores * (0.9 if images.shape[2] == 48 else 0.1), boxes

    stamp = Judge((8.0, 4.0, 18.0, 14.0))
    seen = stamped(learned, stamp).predict_detailed(
        np.zeros((96, 96), np.uint8), PredictOptions(diameter="auto")
    )
    side = 20 * (23 / 32) ** 0.5  # in the image; the octagon of a diamond has 23/32 of its box
    assert seen.scale == pytest.approx(learned.card.object_size / side, rel=0.02)


def test_an_image_without_anything_is_taken_as_it_is(predictor):
    assert (
        predictor.predict_detailed(
            np.zeros((40, 40), np.uint8), PredictOptions(diameter="auto")
        ).scale
        == 1.0
    )


def test_of_a_large_image_only_the_middle_decides_about_the_scale(learned, monkeypatch):
    monkeypatch.setattr(scale_and_contrast, "AUTO_PIXELS", 32 * 64)
    stamp = Stamp()
    stamped(learned, stamp).predict(np.zeros((64, 128), np.uint8), diameter="auto")
    assert len(stamp.seen) == len(scale_and_contrast.AUTO_SCALES) + 1
    assert stamp.seen[0].shape[2:] == (32, 64)


@pytest.mark.parametrize("diameter", [0.0, -3.0, float("nan"), 1e-3, 1e6])
def test_a_diameter_that_cannot_be_is_refused(predictor, pixels, diameter):
    with pytest.raises(InputError, match=r"side of a typical object in pixels.*learned 11.*got"):
        predictor.predict(pixels, diameter=diameter)


def test_a_model_that_saw_no_objects_knows_no_diameter(learned, pixels):
    unknown = Predictor(
        OnnxEngine(learned.model, threads=1), learned.card.replace(object_size=None)
    )
    with pytest.raises(InputError, match=r"has no object size.*leave the diameter out"):
        unknown.predict(pixels, diameter=20.0)


def test_all_outlines_together_are_not_shifted(learned, predictor):
    """A half-pixel slip anywhere on the way would show as a common shift."""
    truth, found = learned.sample.instances, predictor.predict(learned.sample.image)
    nearest = shapely.STRtree(truth.polygons).nearest(shapely.centroid(found.polygons))
    a, b = (
        shapely.get_coordinates(shapely.centroid(each))
        for each in (truth.polygons[nearest], found.polygons)
    )
    assert np.abs((a - b).mean(axis=0)).max() < 0.25


def test_the_stages_come_nearer_to_the_truth_from_the_octagon_on(learned, predictor, pixels):
    stages = predictor.outlines_by_stage(pixels)
    assert list(stages) == ["octagon", "stage 1", "stage 2", "stage 3", "edge"]
    truth = learned.sample.instances
    ious = [best_iou(truth, each).mean() for each in stages.values()]
    assert ious[-1] > ious[0] + 0.05
    assert ious[-1] > 0.8
    assert all(len(each) == 0 for each in predictor.outlines_by_stage(np.zeros((40, 50))).values())
