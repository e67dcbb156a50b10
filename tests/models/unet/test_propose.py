"""Pixels to objects: perfect probabilities give the objects back, each setting does its work."""

import functools
import time

import numpy as np
import pytest
import shapely

from kontur.data.synthetic import scene
from kontur.evaluate import evaluate_all
from kontur.instances import Instances
from kontur.models import catalog
from kontur.models.card import Thresholds
from kontur.models.graphs import Graphs
from kontur.models.unet.config import UNetConfig
from kontur.models.unet.encode import encode
from tests.models import contract
from tests.models.contract import assert_sound

decode = functools.partial(contract.decode, "unet")
ALL = Thresholds(score=0.0)


def found_in(probabilities, config, thresholds=ALL):
    """What is decoded of one image's probabilities (k, h, w)."""
    size = probabilities.shape[1:]
    image = np.zeros((1, config.channels, *size), np.float32)
    graphs = Graphs({"segment": lambda images: [probabilities[None].astype(np.float32)]})
    (decoded,) = decode(graphs, image, config, thresholds, [size])
    assert decoded.repaired == 0
    assert_sound(decoded.instances, size)
    return decoded.instances


def perfect(instances, config):
    """Probabilities of 0 and 1 that say what the targets say."""
    targets = encode(instances, config)
    pixels = np.eye(config.pixel_classes)[np.maximum(targets.pixels[0], 0)]
    if config.object_classes:
        votes = np.eye(config.object_classes)[np.maximum(targets.labels[0], 0)]
        pixels = np.concatenate([pixels, votes], axis=-1)
    return pixels.transpose(2, 0, 1)


def painted(rows, **settings):
    """Pixel classes drawn with letters: . background, i interior, b border."""
    classes = np.array([[".ib".index(letter) for letter in row] for row in rows])
    return np.eye(3)[classes].transpose(2, 0, 1), UNetConfig(decode=settings)


TOUCHING = {"count": 14, "touching": 0.5}  # and of all shapes
APART = {"count": 8, "touching": 0.0, "shapes": ("ellipse",), "radius": (8.0, 12.0)}


@pytest.mark.parametrize(
    ("method", "objects", "least"),
    [
        ("grow", TOUCHING, 0.9),
        ("watershed", APART, 1.0),
        ("watershed", TOUCHING, 0.3),  # it cuts at necks, and no border tells it where objects meet
    ],
)
def test_perfect_pixels_give_the_objects_back(method, objects, least):
    rng = np.random.default_rng(1)
    truth = [scene(rng, size=(120, 140), **objects).instances for _ in range(4)]
    config = UNetConfig(decode={"method": method})
    found = [found_in(perfect(each, config), config) for each in truth]
    assert evaluate_all(zip(truth, found, strict=True)).ap(0.8) >= least


def test_grown_interiors_keep_touching_objects_apart():
    pair = Instances.of([shapely.box(2, 2, 12, 14), shapely.box(12, 2, 24, 14)], size=(16, 26))
    config = UNetConfig()
    found = found_in(perfect(pair, config), config)
    assert sorted(found.areas) == [120, 144]
    assert shapely.equals(found.polygons[0], pair.polygons[int(found.areas[0] == 144)])


def test_a_watershed_cuts_at_the_neck_without_any_border():
    two = shapely.Point(14, 16).buffer(11).union(shapely.Point(33, 16).buffer(11))
    one = Instances.of([two], size=(32, 48))
    config = UNetConfig(decode={"method": "watershed"})
    pixels = perfect(one, config.replace(task="semantic"))
    found = found_in(np.concatenate([pixels, np.zeros((1, 32, 48))]), config)
    assert len(found) == 2
    np.testing.assert_allclose(found.boxes[:, [0, 2]].max(), 44, atol=1)
    joined = config.replace(decode={"method": "watershed", "min_distance": 24.0})
    assert len(found_in(np.concatenate([pixels, np.zeros((1, 32, 48))]), joined)) == 1


def test_opening_cuts_a_bridge_between_seeds_and_closing_joins_the_foreground():
    bridge = ["iiiii...iiiii"] * 2 + ["iiiiiiiiiiiii"] + ["iiiii...iiiii"] * 2
    assert len(found_in(*painted(bridge))) == 1
    assert len(found_in(*painted(bridge, opening=1.0))) == 2
    gap = ["iiiii.iiiii"] * 5
    apart = found_in(*painted(gap))
    closed = found_in(*painted(gap, closing=1.0))
    assert (len(apart), len(closed)) == (2, 2)  # closing makes no seed
    assert closed.areas.sum() > apart.areas.sum() == 50


def test_opening_before_the_watershed_cuts_off_what_is_narrower_than_the_disc():
    burr = ["........."] + [".iiiii..."] * 2 + [".iiiiiii."] + [".iiiii..."] * 2 + ["........."]
    whole = found_in(*painted(burr, method="watershed"))
    opened = found_in(*painted(burr, method="watershed", opening=1.0))
    assert (whole.areas.tolist(), opened.areas.tolist()) == ([27], [22])  # corners too
    assert opened.boxes.tolist() == [[1, 1, 7, 6]]


SPOTS = ["aaa.aaa", "a.a.aaa", "aaaaaaa", ".......", "b......"]  # a bridge, a hole, a single pixel


@pytest.mark.parametrize(
    ("settings", "areas"),
    [
        ({}, [("a", 18), ("b", 1)]),
        ({"holes": "fill"}, [("a", 19), ("b", 1)]),
        ({"smallest": 2}, [("a", 18)]),
        ({"opening": 1.0}, [("a", 3), ("a", 8)]),
        ({"closing": 1.0}, [("a", 21), ("b", 1)]),
        ({"foreground": 0.9}, [("a", 9)]),
    ],
    ids=str,
)
def test_every_setting_of_decoding_works_on_semantic_classes(settings, areas):
    config = UNetConfig(classes=("a", "b"), task="semantic", decode=settings)
    classes = np.array([[".ab".index(letter) for letter in row] for row in SPOTS])
    pixels = np.eye(3)[classes].transpose(2, 0, 1)
    pixels[:, :, :4] = 0.6 * pixels[:, :, :4] + 0.2 * (
        1 - pixels[:, :, :4]
    )  # the left is less sure
    found = found_in(pixels, config)
    assert sorted(zip([config.classes[i] for i in found.labels], found.areas, strict=True)) == areas


def test_holes_are_kept_or_filled_and_small_objects_left_out():
    ring = ["iiiii...", "i...i.i.", "i...i...", "iiiii..."]
    kept = found_in(*painted(ring))
    assert sorted(kept.areas) == [1, 14]
    assert [len(p.interiors) for p in kept.polygons[np.argsort(kept.areas)]] == [0, 1]
    assert sorted(found_in(*painted(ring, holes="fill")).areas) == [1, 20]
    assert found_in(*painted(ring, smallest=2)).areas.tolist() == [14]


def test_scores_are_mean_probabilities_of_not_being_background_and_sort():
    config = UNetConfig()
    pixels = np.zeros((3, 4, 9))
    pixels[0] = 1
    for columns, sure in ((slice(0, 3), 0.7), (slice(5, 8), 0.9)):
        pixels[:, :2, columns] = np.array([1 - sure, sure, 0])[:, None, None]
    found = found_in(pixels, config)
    np.testing.assert_allclose(found.scores, [0.9, 0.7], atol=1e-6)
    assert found.boxes[:, 0].tolist() == [5, 0]
    assert len(found_in(pixels, config, Thresholds(score=0.8))) == 1
    assert len(found_in(pixels, config.replace(decode={"foreground": 0.8}))) == 1
    assert len(found_in(pixels, config.replace(decode={"seed": 0.8}))) == 1


def test_the_class_of_an_object_is_that_of_most_of_its_pixels():
    config = UNetConfig(classes=("a", "b"))
    objects = Instances.of(
        [shapely.box(0, 0, 6, 6), shapely.box(8, 0, 14, 6)],
        [1, 0],
        size=(8, 16),
        classes=("a", "b"),
    )
    probabilities = perfect(objects, config)
    probabilities[3:, :2, 0:6] = np.array([1.0, 0.0])[:, None, None]  # a third says otherwise
    found = found_in(probabilities, config)
    assert found.labels[np.argsort(found.boxes[:, 0])].tolist() == [1, 0]
    assert found.classes == ("a", "b")


def test_semantic_classes_become_regions_class_by_class_with_holes():
    config = UNetConfig(classes=("a", "b"), task="semantic")
    ring = shapely.box(1, 1, 9, 9) - shapely.box(3, 3, 7, 7)
    objects = Instances.of(
        [ring, shapely.box(3, 3, 7, 7), shapely.box(9, 1, 14, 9)],
        [0, 1, 1],
        size=(10, 16),
        classes=("a", "b"),
    )
    found = found_in(perfect(objects, config), config)
    order = np.lexsort((found.boxes[:, 0], found.labels))
    assert found.labels[order].tolist() == [0, 1, 1]
    for place, expected in zip(order, (0, 1, 2), strict=True):
        both = found.polygons[place], objects.polygons[expected]
        # Corners are round where objects touch: the inner square has four pixels a side.
        assert shapely.intersection(*both).area / shapely.union(*both).area > 0.8
    closed = config.replace(decode={"closing": 3.0, "opening": 1.0})
    assert_sound(found_in(perfect(objects, closed), closed), (10, 16))


def test_padding_is_cut_off_and_a_batch_is_decoded_image_by_image():
    config = UNetConfig(channels=1)
    whole = np.zeros((2, 3, 16, 16), np.float32)
    whole[0, 1] = whole[1, 0] = 1
    graphs = Graphs({"segment": lambda images: [whole]})
    sizes = [(10, 13), (16, 16)]
    first, second = contract.decode(
        "unet", graphs, np.zeros((2, 1, 16, 16), np.float32), config, ALL, sizes
    )
    assert first.instances.polygons[0].equals(shapely.box(0, 0, 13, 10))
    assert (len(first.instances), len(second.instances)) == (1, 0)


@pytest.mark.parametrize("settings", [
    {}, {"method": "watershed"}, {"closing": 2.0, "holes": "fill", "smallest": 3},
])  # fmt: skip
@pytest.mark.parametrize("task", ["instances", "semantic"])
def test_noise_nan_and_certainty_everywhere_give_sound_objects_or_none(settings, task):
    config = UNetConfig(classes=("a", "b"), task=task, decode=settings)
    rng = np.random.default_rng(0)
    noise = rng.dirichlet(np.ones(3), (40, 50)).transpose(2, 0, 1)
    votes = rng.dirichlet(np.ones(2), (40, 50)).transpose(2, 0, 1)
    shape = np.concatenate([noise, votes]) if task == "instances" else noise
    assert len(found_in(shape, config)) > 0
    assert len(found_in(np.full_like(shape, np.nan), config)) == 0
    full = np.zeros_like(shape)
    full[1] = 1
    assert len(found_in(full, config)) == 1


def test_a_thousand_pixels_squared_with_four_hundred_objects_take_a_moment():
    rng = np.random.default_rng(0)
    part = scene(rng, size=(128, 128), count=7, radius=(8, 14), touching=0.3).instances
    for method in ("grow", "watershed"):
        config = UNetConfig(decode={"method": method})
        probabilities = np.tile(perfect(part, config), (1, 8, 8))
        start = time.process_time()
        found = found_in(probabilities, config)
        assert time.process_time() - start < 1.5
        assert len(found) >= 400 * 0.9


def test_in_a_tile_the_box_of_a_watershed_s_object_shows_the_background_that_it_goes_by():
    config = UNetConfig(channels=1, decode={"method": "watershed"})
    probabilities = np.zeros((1, 3, 48, 48), np.float32)
    probabilities[0, 0], probabilities[0, 1, 10:31, 12:33] = 1, 1
    probabilities[0, 0, 10:31, 12:33] = 0
    graphs = Graphs({"segment": lambda images: [probabilities]})
    given = (graphs, np.zeros((1, 1, 48, 48), np.float32), config, 0.5, [(48, 48)])
    (whole,) = catalog.family("unet").propose(*given, within=None)
    (tile,) = catalog.family("unet").propose(*given, within=(0, 0, 48, 48))
    assert whole.boxes.tolist() == [[12, 10, 33, 31]]
    assert tile.boxes.tolist() == [[12 - 11, 10 - 11, 33 + 11, 31 + 11]]  # the middle lies 11 deep
    assert tile.polygons[0].equals(whole.polygons[0])
